"""What the agent keeps: found again by the kernel's name, tidied, and mended after a crash."""

from pathlib import Path

import pytest

from raabta.gateway.judging import name_of
from raabta.gateway.state import KEPT_SERIALS, Load, Store
from tests.cases.gating import NOW, entry, exemptions, load


def _load(serial: int) -> Load:
    return load(exemptions((entry(serial, now=NOW),), now=NOW, serial=serial))


def _name(serial: int) -> str:
    return f"{name_of(_load(serial)).name}{'0' * 12}"


def test_a_load_is_found_by_the_name_that_the_kernel_has_for_it(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.keep_load(_name(1), _load(1))
    assert Store(tmp_path).load_of(_name(1)) == _load(1)
    assert store.load_of(_name(2)) is None


def test_another_lease_or_another_entry_is_another_name() -> None:
    assert name_of(_load(1)) == name_of(_load(1))
    assert name_of(_load(1)).content != name_of(_load(2)).content


def test_the_last_lists_are_kept_and_older_ones_removed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for serial in range(1, KEPT_SERIALS + 3):
        store.keep_load(_name(serial), _load(serial))
        store.note_applied(_name(serial), _load(serial), now=NOW)
    assert [row.serial for row in store.history().rows] == [3, 4, 5, 6, 7]
    assert len(list((tmp_path / "lists").iterdir())) == len(list((tmp_path / "loads").iterdir())) == KEPT_SERIALS


def test_a_note_that_a_crash_left_out_is_written_afterwards(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.keep_load(_name(1), _load(1))
    store.note_applied(_name(1), _load(1), now=NOW)
    store.keep_load(_name(2), _load(2))
    store.recover(_name(2), now=NOW)
    assert [row.marker for row in store.history().rows] == [_name(1), _name(2)]


def test_a_damaged_list_is_told_and_not_loaded(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.keep_load(_name(1), _load(1))
    (place,) = (tmp_path / "lists").iterdir()
    place.write_bytes(place.read_bytes().replace(b"198.18.0.1", b"198.18.0.9"))
    with pytest.raises(ValueError, match="missing or damaged"):
        store.load_of(_name(1))


def test_notes_keep_what_others_wrote(tmp_path: Path) -> None:
    Store(tmp_path).change_notes(held_above=3)
    Store(tmp_path).change_notes(trouble="x")
    assert (Store(tmp_path).notes().held_above, Store(tmp_path).notes().trouble) == (3, "x")


def test_the_key_stays_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first = Store(tmp_path).signing_key().private_bytes_raw()
    assert Store(tmp_path).signing_key().private_bytes_raw() == first
    assert (tmp_path / "gateway-key.pem").stat().st_mode & 0o777 == 0o600
