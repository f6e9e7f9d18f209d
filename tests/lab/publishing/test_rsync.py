"""A mirror on another machine: real rsync through OpenSSH's server on loopback."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from raabta.hub.mirrors.planning import Brought, Deadline, Load, RsyncTarget, read_target
from raabta.hub.mirrors.rsync import bring_by_rsync
from tests.cases.releases import FILES, all_files, make_load
from tests.lab.publishing.ssh import Host, serving_ssh


@pytest.fixture
def host(tmp_path: Path, require: Callable[..., None]) -> Iterator[Host]:
    require("sshd", "ssh", "ssh-keygen", "rsync")
    with serving_ssh(tmp_path / "ssh") as found:
        yield found


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return tmp_path / "site"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The mirror's folder at the other host, which is this one."""
    return tmp_path / "far" / "status"


def bring(load: Load, host: Host, place: Path, *, port: int | None = None) -> Brought:
    target = read_target(host.mirror(place, port=port), base=Path())
    assert isinstance(target, RsyncTarget)
    return bring_by_rsync(load, target, name="far", deadline=Deadline(60))


def test_builds_are_sent_shown_linked_and_pruned(host: Host, site: Path, place: Path) -> None:
    assert bring(make_load(site, FILES, serial=1), host, place).n_sent == len(FILES) + 2
    assert all_files(place / "current") == FILES
    later = {**FILES, "index.html": b"front 2"}
    del later["en/incident/in-two.html"]
    assert bring(make_load(site, later, serial=2), host, place).n_sent == 3
    assert all_files(place / "current") == later
    assert (place / "current/style.css").samefile(place / "releases/1/style.css")
    for serial in (3, 4):
        bring(make_load(site, later, serial=serial), host, place)
    assert sorted(path.name for path in (place / "releases").iterdir()) == ["2", "3", "4"]
    assert (place / "current").readlink() == Path("releases/4")


def test_a_file_of_the_same_size_that_changed_within_a_second_is_sent(host: Host, site: Path, place: Path) -> None:
    bring(make_load(site, FILES, serial=1), host, place)
    later = {**FILES, "index.html": FILES["index.html"].replace(b"1", b"2")}
    bring(make_load(site, later, serial=2), host, place)
    assert all_files(place / "current") == later


def test_what_a_killed_run_left_is_taken_up_or_cleared(host: Host, site: Path, place: Path) -> None:
    bring(make_load(site, FILES, serial=1), host, place)
    for part in (".2.part", ".3.part"):
        (place / "releases" / part / "en").mkdir(parents=True)
        (place / "releases" / part / "en" / "junk.html").write_bytes(b"half")
    bring(make_load(site, FILES, serial=3), host, place)
    assert all_files(place / "current") == FILES
    assert sorted(path.name for path in (place / "releases").iterdir()) == ["1", "3"]


def test_a_run_killed_before_the_link_was_turned_is_finished(host: Host, site: Path, place: Path) -> None:
    bring(make_load(site, FILES, serial=1), host, place)
    load = make_load(site, {**FILES, "index.html": b"front 2"}, serial=2)
    bring(load, host, place)
    (place / "current").unlink()
    (place / "current").symlink_to("releases/1")
    bring(load, host, place)
    assert (place / "current/index.html").read_bytes() == b"front 2"


def test_a_newer_build_of_somebody_else_is_left_alone(host: Host, site: Path, place: Path) -> None:
    old = make_load(site, FILES, serial=1)
    bring(make_load(site, FILES, serial=2), host, place)
    assert bring(old, host, place).newer == 2


def test_asked_for_in_full_a_file_spoilt_over_there_is_sent_again(host: Host, site: Path, place: Path) -> None:
    bring(make_load(site, FILES, serial=1), host, place)
    spoilt = place / "releases/1/style.css"
    times = spoilt.stat()
    spoilt.write_bytes(b"BODY{}")
    os.utime(spoilt, ns=(times.st_atime_ns, times.st_mtime_ns))
    bring(make_load(site, FILES, serial=2, full=True), host, place)
    assert all_files(place / "current") == FILES


def test_a_host_that_refuses_is_told_in_its_words(host: Host, site: Path, place: Path) -> None:
    load = make_load(site, FILES, serial=1)
    with pytest.raises(OSError, match=r"ssh ended with 255 and said: .*refused"):
        bring(load, host, place, port=1)


def test_a_folder_that_cannot_be_written_is_told_in_the_hosts_words(host: Host, site: Path, place: Path) -> None:
    place.parent.mkdir()
    place.write_text("a file")
    with pytest.raises(OSError, match="ssh ended with 1 and said: mkdir: "):
        bring(make_load(site, FILES, serial=1), host, place)


def test_a_folder_with_other_releases_over_there_is_refused_and_not_touched(
    host: Host, site: Path, place: Path
) -> None:
    for month in range(1, 6):
        (place / f"releases/20230{month}01000000").mkdir(parents=True)
    (place / "current").symlink_to("releases/20230401000000")
    (place / ".current.new").write_text("mine")
    before = sorted(place.rglob("*"))
    with pytest.raises(OSError, match="is none of ours, and builds of a site come and go"):
        bring(make_load(site, FILES, serial=20250101000000), host, place)
    assert sorted(place.rglob("*")) == before


def test_a_folder_of_other_things_over_there_is_refused(host: Host, site: Path, place: Path) -> None:
    place.mkdir(parents=True)
    (place / "notes.txt").write_text("mine")
    with pytest.raises(OSError, match="is none of ours"):
        bring(make_load(site, FILES, serial=1), host, place)
    assert [path.name for path in place.iterdir()] == ["notes.txt"]


def test_an_empty_disk_over_there_and_a_mirror_without_marker_are_taken(host: Host, site: Path, place: Path) -> None:
    (place / "lost+found").mkdir(parents=True)
    bring(make_load(site, FILES, serial=1), host, place)
    (place / ".raabta-site").unlink()
    bring(make_load(site, FILES, serial=2), host, place)
    assert (place / ".raabta-site").is_file()
    assert all_files(place / "current") == FILES


def test_over_there_only_our_releases_go_and_a_link_of_somebody_else_stays(host: Host, site: Path, place: Path) -> None:
    bring(make_load(site, FILES, serial=10), host, place)
    (place / "releases/5").mkdir()
    for serial in range(11, 15):
        bring(make_load(site, FILES, serial=serial), host, place)
    assert sorted(path.name for path in (place / "releases").iterdir()) == ["12", "13", "14", "5"]
    (place / "current").unlink()
    (place / "current").symlink_to("/srv/www")
    with pytest.raises(OSError, match="current over there is none of ours"):
        bring(make_load(site, FILES, serial=15), host, place)
    assert (place / "current").readlink() == Path("/srv/www")
