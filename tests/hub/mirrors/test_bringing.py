"""All mirrors beside each other."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from raabta.hub.mirrors.beside import run_beside
from raabta.hub.mirrors.bringing import bring
from raabta.hub.mirrors.planning import Brought
from raabta.pipeline.informing.settings import Mirror
from raabta.pipeline.informing.site.releases import locked
from tests.cases.releases import FILES, all_files, make_load


@pytest.fixture
def released() -> Iterator[Event]:
    """Lets a job that hangs end with its test."""
    event = Event()
    yield event
    event.set()


def to(tmp_path: Path, *names: str) -> list[Mirror]:
    return [Mirror(name=name, target=str(tmp_path / name)) for name in names]


def test_every_mirror_is_told_when_it_is_done(tmp_path: Path) -> None:
    told: list[Brought] = []
    load = make_load(tmp_path / "site", FILES, serial=1)
    found = bring(load, to(tmp_path, "a", "b"), site=tmp_path / "site", tell=told.append)
    assert [one.name for one in found] == ["a", "b"]
    assert {one.name for one in told} == {"a", "b"}
    assert [one.failure for one in found] == ["", ""]


def test_a_dead_mirror_is_named_and_holds_up_no_other(tmp_path: Path) -> None:
    load = make_load(tmp_path / "site", FILES, serial=1)
    (tmp_path / "dead").write_text("a file where a folder should be")
    mirrors = [*to(tmp_path, "dead", "missing/disk", "alive"), Mirror(name="odd", target="ftp://x")]
    found = bring(load, mirrors, site=tmp_path / "site", tell=lambda _: None)
    assert [bool(one.failure) for one in found] == [True, True, False, True]
    assert "there is no folder" in found[1].failure
    assert all_files(tmp_path / "alive/current") == FILES


def test_a_mirror_that_somebody_holds_fails_by_its_deadline(tmp_path: Path) -> None:
    load = make_load(tmp_path / "site", FILES, serial=1)
    with locked(tmp_path / "held"):
        found = bring(load, to(tmp_path, "held", "free"), site=tmp_path / "site", tell=lambda _: None, deadline_s=0.3)
    assert "another build is still writing" in found[0].failure
    assert found[1].failure == ""
    again = bring(load, to(tmp_path, "held"), site=tmp_path / "site", tell=lambda _: None)
    assert again[0].failure == ""


def test_a_mirror_inside_the_site_is_refused(tmp_path: Path) -> None:
    load = make_load(tmp_path / "site", FILES, serial=1)
    mirrors = [Mirror(name="in", target=str(tmp_path / "site" / "mirror"))]
    (found,) = bring(load, mirrors, site=tmp_path / "site", tell=lambda _: None)
    assert "lies in the site's own folder" in found.failure


def test_a_job_that_hangs_is_given_up(released: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("raabta.hub.mirrors.beside._GRACE_S", 0.0)
    assert run_beside([lambda: released.wait(30), lambda: True], deadline_s=0.2) == [None, True]
