"""Building the site: what is made anew, what is linked, what goes, and that it can be checked."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from raabta.model.publication import PublicThread
from raabta.pipeline.informing.settings import Publishing
from raabta.pipeline.informing.site.building import Built, build_site
from raabta.pipeline.informing.site.key import open_manifest, public_line
from raabta.pipeline.informing.site.releases import current_serial, locked
from raabta.pipeline.informing.site.state import state_file
from raabta.publish.manifest import MANIFEST_FILE, SIGNATURE_FILE, Seen, describe, judge_files, judge_names
from raabta.registry import Register
from tests.cases.publication import NOW, example_site, example_thread, example_threads
from tests.cases.published import put_threads, with_update, withdraw
from tests.cases.releases import KEY, OTHER_KEY, all_files
from tests.registry.specimens import opened

SETTINGS = Publishing(site=example_site())
LATER = NOW + dt.timedelta(minutes=10)


@pytest.fixture
def register() -> Iterator[Register]:
    with opened() as found:
        put(found, *example_threads())
        yield found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "site"


def put(register: Register, *threads: PublicThread) -> None:
    with register.change() as records:
        put_threads(records, threads)


def build(
    register: Register, folder: Path, *, now: dt.datetime = NOW, settings: Publishing = SETTINGS, full: bool = False
) -> Built:
    with register.look() as records:
        return build_site(records, settings, folder=folder, key=KEY, now=now, full=full)


def content(folder: Path) -> dict[str, bytes]:
    return all_files(folder / "current")


def written(folder: Path, earlier: Built) -> set[str]:
    """Files of the shown release that are not those of an earlier one."""
    return {
        path
        for path in content(folder)
        if not (earlier.release / path).exists() or not (earlier.release / path).samefile(folder / "current" / path)
    }


def test_every_thread_component_and_month_has_its_pages_in_both_languages(register: Register, folder: Path) -> None:
    build(register, folder)
    for language in ("en", "ur"):
        for thread in example_threads():
            assert (folder / "current" / language / thread.kind / f"{thread.id}.html").is_file()
        for component in example_site().components:
            assert (folder / "current" / language / "component" / f"{component.id}.html").is_file()
            assert (folder / "current" / language / "component" / f"{component.id}.atom").is_file()
        for name in ("index", "history", "subscribe", "report", "about", "month/2024-11"):
            assert (folder / "current" / language / f"{name}.html").is_file()
        for name in ("feed.atom", "feed.rss", "feed.json", "calendar.ics"):
            assert (folder / "current" / language / name).is_file()
    for name in ("index.html", "style.css", "raabta.pub", "cap/index.atom", "api/v2/summary.json"):
        assert (folder / "current" / name).is_file()


def test_the_signed_manifest_has_every_file_and_no_other(register: Register, folder: Path) -> None:
    built = build(register, folder)
    shown = folder / "current"
    raw, signature = (shown / MANIFEST_FILE).read_bytes(), (shown / SIGNATURE_FILE).read_bytes()
    manifest = open_manifest(raw, signature, key=KEY.public, name="m")
    assert manifest == built.manifest
    found = content(folder)
    seen = {path: Seen(sha256=describe(path, one).sha256, size_bytes=len(one)) for path, one in found.items()}
    assert [*judge_files(manifest.files, seen), *judge_names(manifest, found)] == []
    assert manifest.sequence == max(one.sequence for one in example_threads())
    assert manifest.site == "https://status.example.pk"


def test_without_publications_there_is_a_site_too(tmp_path: Path) -> None:
    with opened() as register:
        built = build(register, tmp_path / "site")
    assert built.manifest.sequence == 0
    assert (tmp_path / "site/current/en/index.html").is_file()


def test_a_second_build_makes_only_what_holds_the_time_and_has_a_higher_serial(
    register: Register, folder: Path
) -> None:
    first = build(register, folder)
    second = build(register, folder, now=LATER)
    assert second.whole_because == ""
    assert written(folder, first) <= {"index.html", "en/index.html", "ur/index.html"}
    assert second.manifest.serial > first.manifest.serial
    assert (second.n_removed, second.n_written + second.n_kept) == (0, len(second.manifest.files))


def test_an_update_makes_only_what_it_touches(register: Register, folder: Path) -> None:
    first = build(register, folder)
    put(register, with_update(example_thread("in-vpn20241110"), sequence=100, at=LATER))
    build(register, folder, now=LATER)
    pages = {path for path in written(folder, first) if path.startswith("en/") and path.count("/") > 1}
    assert "en/incident/in-vpn20241110.html" in pages
    assert pages <= {
        "en/incident/in-vpn20241110.html",
        "en/month/2024-11.html",
        *(
            f"en/component/{id_}.{end}"
            for id_ in example_thread("in-vpn20241110").component_ids
            for end in ("html", "atom")
        ),
    }
    assert "cap/bu-more-100.xml" in written(folder, first)


def test_step_by_step_gives_the_same_bytes_as_all_at_once(register: Register, folder: Path, tmp_path: Path) -> None:
    build(register, folder)
    put(register, with_update(example_thread("in-vpn20241110"), sequence=100, at=LATER))
    build(register, folder, now=LATER)
    put(register, msgspec.structs.replace(example_thread("in-slow2024july"), sequence=101, component_ids=("vpn",)))
    build(register, folder, now=LATER)
    build(register, tmp_path / "whole", now=LATER)
    assert content(folder) == content(tmp_path / "whole")


def test_a_thread_that_moves_to_another_month_and_component_leaves_the_old_ones(
    register: Register, folder: Path, tmp_path: Path
) -> None:
    build(register, folder)
    moved = msgspec.structs.replace(
        example_thread("in-slow2024july"),
        sequence=100,
        started_at=dt.datetime(2024, 2, 17, tzinfo=dt.UTC),
        component_ids=("calls",),
    )
    put(register, moved)
    build(register, folder, now=LATER)
    build(register, tmp_path / "whole", now=LATER)
    assert (folder / "current/en/month/2024-02.html").is_file()
    assert content(folder) == content(tmp_path / "whole")


def test_pages_of_a_thread_that_is_gone_go(register: Register, folder: Path, tmp_path: Path) -> None:
    build(register, folder)
    with register.change() as records:
        withdraw(records, "in-slow2024july")
    built = build(register, folder, now=LATER)
    build(register, tmp_path / "whole", now=LATER)
    assert built.n_removed > 0
    assert not (folder / "current/en/incident/in-slow2024july.html").exists()
    assert content(folder) == content(tmp_path / "whole")


def test_a_long_thread_that_becomes_shorter_leaves_no_further_pages(register: Register, folder: Path) -> None:
    long = example_thread("in-vpn20241110")
    for number in range(60):
        long = with_update(long, sequence=100 + number, at=LATER + dt.timedelta(minutes=number))
    put(register, long)
    build(register, folder)
    assert (folder / "current/en/incident/in-vpn20241110.2.html").is_file()
    put(register, msgspec.structs.replace(example_thread("in-vpn20241110"), sequence=200))
    build(register, folder, now=LATER)
    assert not (folder / "current/en/incident/in-vpn20241110.2.html").exists()


# --- when all is made anew ------------------------------------------------------------------------------------------


def test_other_settings_make_all_anew(register: Register, folder: Path) -> None:
    build(register, folder)
    other = Publishing(site=msgspec.structs.replace(example_site(), name_en="Another name"))
    built = build(register, folder, settings=other, now=LATER)
    assert built.whole_because == "settings, templates or Raabta are new"
    assert b"Another name" in (folder / "current/en/incident/in-vpn20241110.html").read_bytes()


def test_settings_that_no_page_shows_make_nothing_anew(register: Register, folder: Path) -> None:
    build(register, folder)
    assert build(register, folder, settings=Publishing(site=example_site(), first_severity="major")).whole_because == ""


def test_a_component_that_the_settings_know_no_more_has_no_page(register: Register, folder: Path) -> None:
    build(register, folder)
    site = example_site()
    fewer = msgspec.structs.replace(site, components=tuple(one for one in site.components if one.id != "vpn"))
    build(register, folder, settings=Publishing(site=fewer), now=LATER)
    assert not (folder / "current/en/component/vpn.html").exists()


def test_a_newer_raabta_makes_all_anew(register: Register, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(register, folder)
    monkeypatch.setattr("raabta.pipeline.informing.site.state.__version__", "99.0.0")
    assert build(register, folder, now=LATER).whole_because == "settings, templates or Raabta are new"


@pytest.mark.parametrize("spoil", ["state", "manifest", "old state"])
def test_where_the_last_build_cannot_be_trusted_all_is_made_anew(register: Register, folder: Path, spoil: str) -> None:
    first = build(register, folder)
    state = state_file(folder, first.manifest.serial)
    if spoil == "state":
        state.write_bytes(state.read_bytes()[:100])
    elif spoil == "manifest":
        (first.release / MANIFEST_FILE).write_bytes(b"{}")
    else:
        old = state.read_bytes()
        second = build(register, folder, now=LATER)
        state_file(folder, second.manifest.serial).write_bytes(old)
    assert "last build knew" in build(register, folder, now=LATER).whole_because


def test_a_register_brought_back_from_a_copy_makes_all_anew(register: Register, folder: Path) -> None:
    put(register, with_update(example_thread("in-vpn20241110"), sequence=100, at=LATER))
    build(register, folder)
    put(register, example_thread("in-vpn20241110"))
    built = build(register, folder, now=LATER)
    assert built.whole_because == "the register is older than the last build"
    assert not (folder / "current/cap/bu-more-100.xml").exists()


def test_asked_for_in_full_a_spoilt_file_is_made_anew(register: Register, folder: Path) -> None:
    build(register, folder)
    right = content(folder)
    (folder / "current/en/incident/in-vpn20241110.html").write_bytes(b"spoilt")
    assert build(register, folder, full=True).n_kept == 0
    assert content(folder) == right


# --- the folder and the key -----------------------------------------------------------------------------------------


def test_three_releases_are_kept(register: Register, folder: Path) -> None:
    serials = [build(register, folder).manifest.serial for _ in range(5)]
    names = sorted(path.name for path in (folder / "releases").iterdir())
    assert names == sorted([str(one) for one in serials[2:]] + [f"{one}.state" for one in serials[2:]])
    assert current_serial(folder) == serials[-1]


def test_a_build_that_fails_shows_the_old_site(register: Register, folder: Path) -> None:
    first = build(register, folder)
    with register.change() as records:
        records.connection.exec_driver_sql(
            "UPDATE publications SET content = '{', sequence = 999 WHERE id = 'in-vpn20241110'"
        )
    with pytest.raises(ValueError, match="publication in-vpn20241110: "):
        build(register, folder, now=LATER)
    assert current_serial(folder) == first.manifest.serial


def test_settings_that_name_another_key_are_refused(register: Register, folder: Path) -> None:
    site = msgspec.structs.replace(example_site(), key=public_line(OTHER_KEY.public))
    with pytest.raises(ValueError, match=r"site\.key in the settings is not the site's key"):
        build(register, folder, settings=Publishing(site=site))


def test_the_public_key_lies_in_the_site(register: Register, folder: Path) -> None:
    build(register, folder)
    assert (folder / "current/raabta.pub").read_text().splitlines()[1] == public_line(KEY.public)


def test_while_another_build_writes_none_begins(
    register: Register, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("raabta.pipeline.informing.site.building.LOCK_WAIT_S", 0.0)
    with locked(folder), pytest.raises(OSError, match="another build is still writing"):
        build(register, folder)


def test_a_page_that_was_changed_in_the_last_build_is_made_anew_unasked(register: Register, folder: Path) -> None:
    build(register, folder)
    right = content(folder)
    page = folder / "current/en/incident/in-vpn20241110.html"
    page.write_bytes(page.read_bytes().replace(b"incident", b"accident"))
    built = build(register, folder)
    assert built.whole_because == "en/incident/in-vpn20241110.html of the last build is not what it was"
    assert content(folder) == right
