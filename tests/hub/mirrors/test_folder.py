"""A mirror that is a folder."""

import os
from pathlib import Path

import pytest

from raabta.hub.mirrors.folder import bring_to_folder
from raabta.hub.mirrors.planning import Brought, Deadline, Load
from tests.cases.releases import FILES, all_files, make_load


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return tmp_path / "site"


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    return tmp_path / "mirror"


def bring(load: Load, mirror: Path) -> Brought:
    return bring_to_folder(load, mirror, name="m", deadline=Deadline(30))


def test_the_first_time_all_is_copied(site: Path, mirror: Path) -> None:
    assert bring(make_load(site, FILES, serial=1), mirror).n_sent == len(FILES) + 2
    assert all_files(mirror / "current") == FILES
    assert not (mirror / "current/style.css").samefile(site / "current/style.css")


def test_later_only_what_changed_is_copied_and_what_is_gone_goes(site: Path, mirror: Path) -> None:
    bring(make_load(site, FILES, serial=1), mirror)
    later = {**FILES, "index.html": b"front 2", "en/notice/bu-x.html": b"new"}
    del later["en/incident/in-two.html"]
    brought = bring(make_load(site, later, serial=2), mirror)
    assert (brought.n_sent, brought.n_removed) == (4, 1)
    assert all_files(mirror / "current") == later
    assert (mirror / "current/style.css").samefile(mirror / "releases/1/style.css")


def test_a_second_time_nothing_is_done(site: Path, mirror: Path) -> None:
    load = make_load(site, FILES, serial=1)
    bring(load, mirror)
    assert bring(load, mirror) == Brought(name="m")


def test_a_newer_build_of_somebody_else_is_left_alone(site: Path, mirror: Path) -> None:
    old = make_load(site, FILES, serial=1)
    bring(make_load(site, FILES, serial=2), mirror)
    assert bring(old, mirror) == Brought(name="m", newer=2)


def test_a_run_that_was_killed_before_it_showed_the_release_is_finished(site: Path, mirror: Path) -> None:
    bring(make_load(site, FILES, serial=1), mirror)
    load = make_load(site, {**FILES, "index.html": b"front 2"}, serial=2)
    bring(load, mirror)
    (mirror / "current").unlink()
    (mirror / "current").symlink_to("releases/1")
    bring(load, mirror)
    assert (mirror / "current/index.html").read_bytes() == b"front 2"


def test_files_that_vanished_or_were_cut_at_the_mirror_are_copied_again(site: Path, mirror: Path) -> None:
    bring(make_load(site, FILES, serial=1), mirror)
    (mirror / "releases/1/style.css").unlink()
    (mirror / "releases/1/en/incident/in-one.html").write_bytes(b"cut")
    bring(make_load(site, FILES, serial=2), mirror)
    assert all_files(mirror / "current") == FILES


def test_a_mirror_whose_manifest_is_spoilt_gets_all_anew(site: Path, mirror: Path) -> None:
    bring(make_load(site, FILES, serial=1), mirror)
    (mirror / "releases/1/manifest.json").write_bytes(b"?")
    assert bring(make_load(site, FILES, serial=2), mirror).n_sent == len(FILES) + 2


def test_asked_for_in_full_all_is_copied_anew(site: Path, mirror: Path) -> None:
    bring(make_load(site, FILES, serial=1), mirror)
    (mirror / "releases/1/style.css").write_bytes(b"BODY{}")  # as long as it was
    bring(make_load(site, FILES, serial=2, full=True), mirror)
    assert all_files(mirror / "current") == FILES


def test_a_deadline_that_passed_leaves_the_old_build(site: Path, mirror: Path) -> None:
    bring(make_load(site, FILES, serial=1), mirror)
    with pytest.raises(TimeoutError):
        bring_to_folder(make_load(site, FILES, serial=2), mirror, name="m", deadline=Deadline(0))
    assert (mirror / "current").readlink() == Path("releases/1")


def test_a_file_of_the_same_size_that_was_changed_at_the_mirror_is_copied_again(site: Path, mirror: Path) -> None:
    bring(make_load(site, FILES, serial=1), mirror)
    (mirror / "releases/1/style.css").write_bytes(b"BODY{}")
    for serial in range(2, 7):
        bring(make_load(site, FILES, serial=serial), mirror)
        assert all_files(mirror / "current") == FILES


def test_a_change_that_hides_its_time_is_found_within_some_builds(site: Path, mirror: Path) -> None:
    bring(make_load(site, FILES, serial=1), mirror)
    spoilt = mirror / "releases/1/style.css"
    times = spoilt.stat()
    spoilt.write_bytes(b"BODY{}")
    os.utime(spoilt, ns=(times.st_atime_ns, times.st_mtime_ns))
    for serial in range(2, 80):
        bring(make_load(site, FILES, serial=serial), mirror)
    assert all_files(mirror / "current") == FILES


def test_a_folder_of_something_else_is_refused_and_not_touched(site: Path, mirror: Path) -> None:
    (mirror / "releases/20230101000000").mkdir(parents=True)
    with pytest.raises(ValueError, match="holds other things"):
        bring(make_load(site, FILES, serial=1), mirror)
    assert [path.name for path in mirror.rglob("*")] == ["releases", "20230101000000"]
