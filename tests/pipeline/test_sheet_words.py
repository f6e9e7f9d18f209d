"""What a holder reads before signing: every key of a root, every change of a list, and nothing a terminal obeys."""

from pathlib import Path

import msgspec
import pytest

from raabta.model.exemption import ExemptionEntry, ExemptionList
from raabta.pipeline.publishing import folder_of, publish_list, publish_root
from raabta.pipeline.sheet_words import SHOWN_MAX, describe
from raabta.pipeline.signing import Sheet, make_list_sheet, make_root_sheet
from raabta.remedy.canonical import canonical
from raabta.remedy.repository import RoleKeys
from tests.cases.leasing import NOW
from tests.cases.publisher import (
    DAY,
    ONLINE,
    RECIPIENT,
    ROOT_KEYS,
    TARGETS_KEYS,
    a_list,
    an_entry,
    by,
    no_lint,
    role_keys,
    signing_key,
)


def root_sheet(tmp_path: Path, keys: RoleKeys, name: str = "root") -> Sheet:
    return make_root_sheet(tmp_path / name, keys, recipient=RECIPIENT, repository=tmp_path / "repository", now=NOW)


def list_sheet(tmp_path: Path, listed: ExemptionList) -> Sheet:
    place = {"recipient": RECIPIENT, "repository": tmp_path / "repository", "now": NOW}
    return make_list_sheet(tmp_path / f"list-{listed.serial}", listed, lint=no_lint, **place)  # type: ignore[arg-type]


@pytest.fixture
def published(tmp_path: Path) -> Sheet:
    """The first root, which is published then."""
    sheet = root_sheet(tmp_path, role_keys(), "root-1")
    publish_root(folder_of(tmp_path / "repository", "north"), by(sheet.draft, *ROOT_KEYS[:2]))
    return sheet


def publish(tmp_path: Path, *entries: ExemptionEntry) -> None:
    listed = a_list(1, *entries)
    signed = by(list_sheet(tmp_path, listed).draft, *TARGETS_KEYS[:2])
    place = folder_of(tmp_path / "repository", "north")
    publish_list(place, signed, exemptions=canonical(listed), online=ONLINE, now=NOW)


def test_a_first_root_is_told_with_every_key_whole_and_its_thresholds(published: Sheet) -> None:
    words = describe(published)
    for key in (*ROOT_KEYS, *TARGETS_KEYS, ONLINE):
        assert f"{key.public.public}  {key.public.name}" in words
    assert "root (who may sign): 2 of these 3 must sign" in words
    assert "targets (lists): 2 of these 3 must sign" in words
    assert "timestamp (online): 1 of these 1 must sign" in words
    assert "snapshot (online): 1 of these 1 must sign" in words
    assert "no root was published before" in words
    assert max(map(len, words.splitlines())) <= 80


def test_a_new_root_is_held_against_the_published_one_role_by_role(tmp_path: Path, published: Sheet) -> None:
    online = signing_key("online-2")
    keys = role_keys(root=(*ROOT_KEYS[:2], signing_key("root-dania")), online=online, targets_threshold=1)
    words = describe(root_sheet(tmp_path, keys))
    _, _, changes = words.partition("Changes  since version 1, which is published:\n")
    assert changes.splitlines()[:8] == [
        "  root (who may sign): + root-dania",
        "  root (who may sign): - root-chand",
        "  targets (lists): 1 must sign, 2 before",
        "  timestamp (online): + online-2",
        "  timestamp (online): - online",
        "  snapshot (online): + online-2",
        "  snapshot (online): - online",
        "By the keys of the old root:",
    ]
    assert (
        "By the keys of the new root:\nSigned   0 of 2: nobody\nMissing  root-ayesha, root-bilal, root-dania" in words
    )


def test_a_key_that_took_the_name_of_another_is_a_change(tmp_path: Path, published: Sheet) -> None:
    thief = msgspec.structs.replace(signing_key("thief").public, name="root-chand")
    keys = role_keys()
    words = describe(root_sheet(tmp_path, msgspec.structs.replace(keys, root=(*keys.root[:2], thief))))
    assert "root (who may sign): + root-chand\n" in words
    assert "root (who may sign): - root-chand\n" in words
    assert thief.public in words


def test_a_root_that_changes_no_key_says_so(tmp_path: Path, published: Sheet) -> None:
    assert "Changes  since version 1, which is published: none" in describe(root_sheet(tmp_path, role_keys()))


def test_a_name_cannot_drive_the_terminal_or_add_lines(tmp_path: Path) -> None:
    evil = msgspec.structs.replace(TARGETS_KEYS[0].public, name="a\x1b[2K\nSigned   2 of 2" + "x" * 90)
    words = describe(root_sheet(tmp_path, role_keys(targets=(evil, *role_keys().targets[1:]))))
    assert "\x1b" not in words
    assert "\nSigned   2 of 2" not in words
    assert max(map(len, words.splitlines())) <= 150


def test_a_list_is_told_with_what_comes_goes_and_changes(tmp_path: Path, published: Sheet) -> None:
    publish(tmp_path, an_entry(1), an_entry(2), an_entry(3))
    moved = an_entry(2, source="198.18.9.9/32")
    renewed = an_entry(3, not_after=NOW + 85 * DAY)
    words = describe(list_sheet(tmp_path, a_list(2, moved, renewed, an_entry(4, destination="", port=0))))
    assert "For      north (North Networks), networks AS64500" in words
    assert "Entries  3: 1 new, 1 gone since serial 1" in words
    _, _, changes = words.partition("under the same id\n")
    assert changes.splitlines() == [
        "  ~ x-0000000000000002  198.18.9.9 -> 198.19.0.7:51820/udp",
        "      before: 198.18.0.3 -> 198.19.0.7:51820/udp",
        "  + x-0000000000000004  198.18.0.5 -> any:any/udp",
        "  - x-0000000000000001  198.18.0.2 -> 198.19.0.7:51820/udp",
        "Signed   0 of 2: nobody",
        "Missing  targets-ayesha, targets-bilal, targets-chand",
    ]


def test_of_many_changes_the_first_are_told_and_the_rest_counted(tmp_path: Path, published: Sheet) -> None:
    words = describe(list_sheet(tmp_path, a_list(1, *map(an_entry, range(100)))))
    assert words.count("\n  + ") == SHOWN_MAX
    assert "\n  and 81 more" in words, "a hundred entries and a grant of leases"


def test_a_grant_of_leases_that_comes_is_told_too(tmp_path: Path, published: Sheet) -> None:
    publish(tmp_path)
    (grant,) = a_list().grants
    more = msgspec.structs.replace(grant, id="g-new", device_key="A" * 43 + "=")
    words = describe(list_sheet(tmp_path, a_list(2, an_entry(serial=1), grants=(grant, more))))
    assert f"  + g-new  leases of device AAAAAAAA… -> 198.19.0.9:{grant.port}/udp" in words
