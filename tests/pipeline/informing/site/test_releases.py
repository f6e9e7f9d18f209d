"""Builds beside each other: whatever is killed when, ``current`` shows one that is whole."""

import os
import threading
from pathlib import Path

import pytest

from raabta.pipeline.informing.site.releases import (
    Growing,
    current_serial,
    highest_serial,
    locked,
    prune,
    release_of,
)
from raabta.publish.manifest import describe
from tests.cases.releases import FILES, all_files, make_release


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "releases").iterdir())


def test_a_release_is_shown_by_a_link_that_a_web_server_can_follow(tmp_path: Path) -> None:
    make_release(tmp_path, FILES, serial=1)
    assert all_files(tmp_path / "current") == FILES
    assert (tmp_path / "current").readlink() == Path("releases/1")


def test_the_folder_may_be_moved(tmp_path: Path) -> None:
    make_release(tmp_path / "here", FILES, serial=1)
    (tmp_path / "here").rename(tmp_path / "there")
    assert all_files(tmp_path / "there" / "current") == FILES


def test_all_may_read_what_is_published_whatever_the_umask_is(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        make_release(tmp_path / "site", FILES, serial=1)
    finally:
        os.umask(before)
    place = tmp_path / "site" / "current" / "en" / "incident"
    assert place.stat().st_mode & 0o777 == 0o755
    assert (place / "in-one.html").stat().st_mode & 0o777 == 0o644


def test_a_build_that_was_killed_shows_nothing_and_is_cleared_by_the_next(tmp_path: Path) -> None:
    make_release(tmp_path, FILES, serial=1)
    with locked(tmp_path):
        Growing(tmp_path, 2).write("index.html", b"half")
    assert current_serial(tmp_path) == 1
    assert names(tmp_path) == [".2.part", "1"]
    make_release(tmp_path, FILES, serial=3)
    assert names(tmp_path) == ["1", "3"]


def test_a_kept_file_is_the_same_file_and_a_written_one_leaves_the_old_release_as_it_was(tmp_path: Path) -> None:
    make_release(tmp_path, FILES, serial=1)
    with locked(tmp_path):
        growing = Growing(tmp_path, 2)
        growing.keep(release_of(tmp_path, 1), [describe(*one) for one in FILES.items() if one[0] != "index.html"])
        growing.write("index.html", b"front 2")
        growing.show()
    assert (tmp_path / "releases/1/index.html").read_bytes() == FILES["index.html"]
    assert (tmp_path / "current/index.html").read_bytes() == b"front 2"
    assert (tmp_path / "current/style.css").samefile(tmp_path / "releases/1/style.css")


def test_the_release_before_the_last_three_becomes_the_next_and_holds_just_what_it_should(tmp_path: Path) -> None:
    for serial in (1, 2, 3):
        make_release(tmp_path, FILES, serial=serial)
    first = tmp_path / "releases/1"
    inode = (first / "style.css").stat().st_ino
    (first / "style.css").unlink()
    (first / "style.css").write_bytes(b"cut")  # whatever happened to it
    (first / "en/junk.html").write_bytes(b"?")
    (first / "en/link").symlink_to(tmp_path)
    (first / "ur/index.html").unlink()
    later = {**FILES, "index.html": b"front 4", "en/notice/new.html": b"new"}
    del later["en/incident/in-two.html"]
    make_release(tmp_path, later, serial=4)
    assert names(tmp_path) == ["2", "3", "4"]
    assert all_files(tmp_path / "current") == later
    assert (tmp_path / "current/style.css").stat().st_ino == inode
    assert all_files(tmp_path / "releases/3") == FILES


def test_the_shown_release_never_becomes_the_next(tmp_path: Path) -> None:
    for serial in (1, 2, 3):
        make_release(tmp_path, FILES, serial=serial)
    (tmp_path / "current").unlink()
    (tmp_path / "current").symlink_to("releases/1")  # somebody went back
    with locked(tmp_path):
        Growing(tmp_path, 4)
    assert all_files(tmp_path / "current") == FILES


def test_the_last_three_releases_stay_and_the_shown_one_always(tmp_path: Path) -> None:
    for serial in range(1, 6):
        make_release(tmp_path, FILES, serial=serial, spare=False)
    (tmp_path / "releases/1.state").write_text("{}")
    (tmp_path / "current").unlink()
    (tmp_path / "current").symlink_to("releases/2")  # somebody went back
    with locked(tmp_path):
        prune(tmp_path)
    assert names(tmp_path) == ["2", "3", "4", "5"]
    assert highest_serial(tmp_path) == 5


def test_a_folder_of_something_else_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "current").mkdir()
    with pytest.raises(ValueError, match="this is no release of a site"):
        current_serial(tmp_path)


def test_two_builds_never_mix_the_second_one_waits(tmp_path: Path) -> None:
    order = []
    inside, go_on = threading.Event(), threading.Event()

    def first() -> None:
        with locked(tmp_path):
            inside.set()
            go_on.wait(10)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    assert inside.wait(10)
    with pytest.raises(OSError, match="another build is still writing"), locked(tmp_path, wait_s=0):
        pass
    go_on.set()
    with locked(tmp_path, wait_s=10):
        order.append("second")
    thread.join(10)
    assert order == ["first", "second"]


def test_a_file_that_was_written_anew_is_not_taken_back_from_an_old_release(tmp_path: Path) -> None:
    for serial in (1, 2, 3):
        make_release(tmp_path, FILES, serial=serial)
    (tmp_path / "releases/1/style.css").write_bytes(b"BODY{}")  # one file in three releases, as long as it was
    make_release(tmp_path, FILES, serial=4, spare=False)
    make_release(tmp_path, FILES, serial=5)
    assert all_files(tmp_path / "current") == FILES
