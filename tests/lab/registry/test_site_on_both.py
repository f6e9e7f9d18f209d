"""The site is built from PostgreSQL as from SQLite: the same bytes, whole and step by step."""

import datetime as dt
from pathlib import Path

from raabta.pipeline.informing.settings import Publishing
from raabta.pipeline.informing.site.building import Built, build_site
from raabta.registry import Register
from tests.cases.publication import NOW, example_site, example_thread, example_threads
from tests.cases.published import put_threads, with_update
from tests.cases.releases import KEY, all_files
from tests.registry.specimens import opened

LATER = NOW + dt.timedelta(minutes=10)


def build(register: Register, folder: Path) -> Built:
    with register.look() as records:
        return build_site(records, Publishing(site=example_site()), folder=folder, key=KEY, now=LATER)


def test_the_site_is_the_same_from_both_databases(url: str, tmp_path: Path) -> None:
    with opened(url) as register, opened() as other:
        for each in (register, other):
            with each.change() as records:
                put_threads(records, example_threads())
        build(register, tmp_path / "one")
        for each in (register, other):
            with each.change() as records:
                put_threads(records, [with_update(example_thread("in-vpn20241110"), sequence=100, at=LATER)])
        assert build(register, tmp_path / "one").whole_because == ""
        build(other, tmp_path / "two")
    assert all_files(tmp_path / "one" / "current") == all_files(tmp_path / "two" / "current")
