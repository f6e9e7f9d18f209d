"""Attacks on the list, named as TUF's specification names them: each is refused, and the last good list stands.

Afterwards the honest repository is taken as before. Who stole the online key can spoil that too, by versions that are
ahead of the honest ones: until new root metadata names another key, as the last but one test shows.
"""

import datetime as dt
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from raabta.model.exemption import LeaseList
from raabta.pipeline.publishing import read_published
from raabta.remedy.canonical import canonical
from raabta.remedy.keys import SigningKey
from raabta.remedy.repository import (
    EXEMPTIONS,
    LEASES,
    draft_leases,
    draft_root,
    draft_snapshot,
    draft_targets,
    draft_timestamp,
    version_of,
)
from tests.cases.leasing import NOW, a_lease, key_of
from tests.cases.publisher import (
    ONLINE,
    ROOT_KEYS,
    TARGETS_KEYS,
    Gateway,
    Publisher,
    a_list,
    an_entry,
    by,
    mirror_of,
    role_keys,
    signing_key,
)

DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    made = Publisher(tmp_path / "repository")
    made.root()
    made.publish(a_list(1))
    return made


@pytest.fixture
def gateway(tmp_path: Path, publisher: Publisher) -> Gateway:
    """It has pulled serial 1."""
    made = Gateway(tmp_path / "state", publisher.folder, (publisher.folder / "metadata/1.root.json").read_bytes())
    assert made.pull().list == a_list(1)
    return made


def refused(gateway: Gateway, mirror: Path, *, words: str, now: dt.datetime = NOW) -> None:
    before = gateway.serial
    with pytest.raises(ValueError, match=words):
        gateway.pull(url=mirror.as_uri(), now=now)
    assert gateway.serial == before


def forge(
    mirror: Path,
    *,
    targets: bytes = b"",
    leases: bytes = b"",
    version: int = 50,
    life: dt.timedelta = DAY,
    key: SigningKey = ONLINE,
) -> None:
    """What who stole the online key can do: name any signed targets, make leases, at versions and times of theirs."""
    current = read_published(mirror)
    assert current
    signed = leases or current.leases
    snapshot = by(
        draft_snapshot(targets or current.targets, signed, version=version, expires_at=NOW + life),
        key,
    )
    timestamp = by(draft_timestamp(snapshot, version=version, expires_at=NOW + life), key)
    write_roles(mirror, targets or current.targets, signed, snapshot)
    (mirror / "metadata/timestamp.json").write_bytes(timestamp)


def write_roles(mirror: Path, targets: bytes, leases: bytes, snapshot: bytes) -> None:
    for role, raw in (("targets", targets), ("leases", leases), ("snapshot", snapshot)):
        (mirror / f"metadata/{version_of(raw)}.{role}.json").write_bytes(raw)


def write_target(mirror: Path, name: str, raw: bytes) -> None:
    (mirror / f"targets/{sha256(raw).hexdigest()}.{name}").write_bytes(raw)


# --- rollback -------------------------------------------------------------------------------------------------


def test_rollback_of_the_whole_repository(gateway: Gateway, publisher: Publisher, tmp_path: Path) -> None:
    old = mirror_of(publisher.folder, tmp_path / "mirror")
    publisher.publish(a_list(2))
    assert gateway.pull().list.serial == 2
    refused(gateway, old, words="older than what was seen here before")
    assert gateway.pull().list.serial == 2


def test_rollback_of_the_snapshot_with_the_stolen_online_key(
    gateway: Gateway, publisher: Publisher, tmp_path: Path
) -> None:
    old = (publisher.folder / "metadata/1.snapshot.json").read_bytes()
    publisher.publish(a_list(2))
    gateway.pull()
    mirror = mirror_of(publisher.folder, tmp_path / "mirror")
    timestamp = draft_timestamp(old, version=9, expires_at=NOW + DAY)
    (mirror / "metadata/timestamp.json").write_bytes(by(timestamp, ONLINE))
    refused(gateway, mirror, words="New snapshot version must be >= 2, got version 1")


def test_rollback_of_targets_with_the_stolen_online_key(gateway: Gateway, publisher: Publisher, tmp_path: Path) -> None:
    old = (publisher.folder / "metadata/1.targets.json").read_bytes()
    publisher.publish(a_list(2))
    gateway.pull()
    mirror = mirror_of(publisher.folder, tmp_path / "mirror")
    forge(mirror, targets=old)
    refused(gateway, mirror, words=r"Expected targets\.json version")


def test_rollback_of_the_leases_role(gateway: Gateway, publisher: Publisher, tmp_path: Path) -> None:
    old = (publisher.folder / "metadata/1.leases.json").read_bytes()
    publisher.refresh(leases=[])
    gateway.pull()
    mirror = mirror_of(publisher.folder, tmp_path / "mirror")
    forge(mirror, leases=old)
    refused(gateway, mirror, words=r"Expected leases\.json version")


def test_rollback_of_root_by_hiding_the_new_one(gateway: Gateway, publisher: Publisher, tmp_path: Path) -> None:
    """Two targets keys were stolen and revoked; who saw the new root does not fall back to the old."""
    publisher.root(
        role_keys(targets=(TARGETS_KEYS[2].public, signing_key("new-1").public, signing_key("new-2").public))
    )
    publisher.publish(a_list(2), by_keys=(TARGETS_KEYS[2], signing_key("new-1")))
    assert gateway.pull().versions["root"] == 2
    mirror = mirror_of(publisher.folder, tmp_path / "mirror")
    (mirror / "metadata/2.root.json").unlink()
    evil = canonical(a_list(9, an_entry(source="198.18.200.1/32")))
    write_target(mirror, EXEMPTIONS, evil)
    forge(mirror, targets=by(targets_of(evil, 9), *TARGETS_KEYS[:2]))
    refused(gateway, mirror, words="not signed by enough of the keys")
    assert gateway.serial == 2


def test_an_older_serial_under_newer_metadata_is_refused(gateway: Gateway, publisher: Publisher) -> None:
    publisher.publish(a_list(5))
    gateway.pull()
    publisher.publish(a_list(4))
    refused(gateway, publisher.folder, words="the list has serial 4, older than 5")


def test_two_lists_with_one_serial_are_refused(gateway: Gateway, publisher: Publisher) -> None:
    publisher.publish(a_list(1, an_entry(2)))
    refused(gateway, publisher.folder, words="another list than the one here has its serial 1")


def targets_of(raw: bytes, version: int, *, online: SigningKey = ONLINE) -> bytes:
    return draft_targets(raw, online=online.public, version=version, expires_at=NOW + 30 * DAY)


# --- freeze ---------------------------------------------------------------------------------------------------


def test_freeze_is_noticed_after_a_day(gateway: Gateway, publisher: Publisher) -> None:
    assert gateway.pull(now=NOW + 24 * HOUR - dt.timedelta(seconds=1)).fresh_until == NOW + 24 * HOUR
    refused(gateway, publisher.folder, words="timestamp.json is expired", now=NOW + 24 * HOUR)
    publisher.refresh(now=NOW + 25 * HOUR)
    assert gateway.pull(now=NOW + 25 * HOUR).fresh_until == NOW + 49 * HOUR


def test_freeze_with_the_stolen_online_key_ends_with_what_was_signed_offline(
    gateway: Gateway, publisher: Publisher, tmp_path: Path
) -> None:
    mirror = mirror_of(publisher.folder, tmp_path / "mirror")
    empty = canonical(LeaseList(recipient="north", serial=9, made_at=NOW, expires_at=NOW + 400 * DAY))
    write_target(mirror, LEASES, empty)
    leases = by(draft_leases(empty, version=50, expires_at=NOW + 400 * DAY), ONLINE)
    forge(mirror, leases=leases, life=400 * DAY)
    assert gateway.pull(url=mirror.as_uri(), now=NOW + 29 * DAY).list.serial == 1
    refused(gateway, mirror, words="New targets is expired", now=NOW + 31 * DAY)


def test_an_expired_root_is_refused(gateway: Gateway, publisher: Publisher) -> None:
    publisher.refresh(now=NOW + 366 * DAY)
    refused(gateway, publisher.folder, words=r"Final root\.json is expired", now=NOW + 366 * DAY)


# --- mix and match --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["snapshot", "targets", "leases"])
def test_mix_and_match_of_old_files_under_new_names(
    gateway: Gateway, publisher: Publisher, tmp_path: Path, role: str
) -> None:
    publisher.publish(a_list(2))
    mirror = mirror_of(publisher.folder, tmp_path / "mirror")
    (mirror / f"metadata/2.{role}.json").write_bytes((mirror / f"metadata/1.{role}.json").read_bytes())
    refused(gateway, mirror, words="a file is not the one that was signed")
    assert gateway.pull().list.serial == 2


def test_mix_and_match_of_another_recipients_list(gateway: Gateway, publisher: Publisher, tmp_path: Path) -> None:
    """The same holders sign for all recipients; who stole this one's online key serves it another's list."""
    south = Publisher(tmp_path / "repository", recipient="south", online=ONLINE)
    south.root()
    south.publish(a_list(7, recipient="south"))
    assert gateway.pull(url=south.folder.as_uri()).list.recipient == "north"
    south.publish(a_list(8, recipient="south"))
    refused(gateway, south.folder, words="is for 'south', not for 'north'")


def test_each_recipient_has_an_online_key_so_a_mirror_cannot_serve_it_anothers_timestamp(
    gateway: Gateway, publisher: Publisher, tmp_path: Path
) -> None:
    south = Publisher(tmp_path / "repository", recipient="south", online=signing_key("online-south"))
    south.root()
    south.publish(a_list(7, recipient="south"))
    refused(gateway, south.folder, words="timestamp was signed by 0/1 keys")
    assert gateway.pull().list.serial == 1


# --- wrong key, threshold -------------------------------------------------------------------------------------


def test_a_repository_signed_by_others_is_refused(gateway: Gateway, tmp_path: Path) -> None:
    thief = signing_key("thief")
    other = Publisher(tmp_path / "other", online=thief)
    other.root()
    other.publish(a_list(9))
    refused(gateway, other.folder, words="timestamp was signed by 0/1 keys")


def test_a_new_root_needs_the_old_roots_holders(gateway: Gateway, publisher: Publisher, tmp_path: Path) -> None:
    thieves = [signing_key(f"thief-{number}") for number in range(3)]
    mirror = mirror_of(publisher.folder, tmp_path / "mirror")
    draft = draft_root(role_keys(root=thieves), version=2, expires_at=NOW + 365 * DAY)
    for keys in (thieves, [*thieves, ROOT_KEYS[0]]):
        (mirror / "metadata/2.root.json").write_bytes(by(draft, *keys))
        refused(gateway, mirror, words="root was signed by [01]/2 keys")
    assert gateway.pull().versions["root"] == 1


def test_a_root_that_jumps_over_a_version_is_not_asked_for(gateway: Gateway, publisher: Publisher) -> None:
    draft = draft_root(role_keys(), version=3, expires_at=NOW + 365 * DAY)
    (publisher.folder / "metadata/3.root.json").write_bytes(by(draft, *ROOT_KEYS))
    assert gateway.pull().versions["root"] == 1
    (publisher.folder / "metadata/2.root.json").write_bytes(by(draft, *ROOT_KEYS))
    refused(gateway, publisher.folder, words="Expected root version 2 instead got version 3")


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param((), id="nobody"),
        pytest.param(TARGETS_KEYS[:1], id="one-of-two"),
        pytest.param((TARGETS_KEYS[0], ROOT_KEYS[0], ONLINE), id="one-and-keys-of-other-roles"),
    ],
)
def test_a_list_below_the_threshold_is_refused(
    gateway: Gateway, publisher: Publisher, tmp_path: Path, keys: tuple[SigningKey, ...]
) -> None:
    mirror = mirror_of(publisher.folder, tmp_path / "mirror")
    evil = canonical(a_list(2))
    write_target(mirror, EXEMPTIONS, evil)
    forge(mirror, targets=by(targets_of(evil, 2), *keys))
    refused(gateway, mirror, words="targets was signed by [01]/2 keys")
    with pytest.raises(ValueError, match="of 2 signatures that count are there"):
        publisher.publish(a_list(2), by_keys=keys)


# --- tampering, a lying mirror --------------------------------------------------------------------------------


def test_one_changed_entry_is_noticed(gateway: Gateway, publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish(a_list(2))
    mirror = mirror_of(publisher.folder, tmp_path / "mirror")
    path = next(
        path for path in (mirror / "targets").glob(f"*.{EXEMPTIONS}") if b'"serial":2,"version"' in path.read_bytes()
    )
    path.write_bytes(path.read_bytes().replace(b"198.18.0.2/32", b"198.18.0.9/32"))
    refused(gateway, mirror, words="a file is not the one that was signed")
    assert gateway.pull().list.serial == 2


@pytest.mark.parametrize("role", ["timestamp", "2.snapshot", "2.targets", "2.leases"])
@pytest.mark.parametrize(
    "lie",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>404</html>", id="a-page"),
        pytest.param(b"{}", id="no-fields"),
        pytest.param(b"[" * 10_000, id="deep"),
        pytest.param(b'{"signatures":[],"signed":{"_type":"root"}}', id="another-type"),
    ],
)
def test_a_mirror_that_serves_something_else(
    gateway: Gateway, publisher: Publisher, tmp_path: Path, role: str, lie: bytes
) -> None:
    publisher.publish(a_list(2))
    mirror = mirror_of(publisher.folder, tmp_path / "mirror")
    (mirror / f"metadata/{role}.json").write_bytes(lie)
    refused(gateway, mirror, words="The last good list stands")
    assert gateway.pull().list.serial == 2


@pytest.mark.parametrize("name", ["timestamp", "2.snapshot", "2.targets", "2.leases"])
def test_a_mirror_without_a_file_is_a_failure_of_the_network_not_an_attack(
    gateway: Gateway, publisher: Publisher, tmp_path: Path, name: str
) -> None:
    publisher.publish(a_list(2))
    mirror = mirror_of(publisher.folder, tmp_path / "mirror")
    (mirror / f"metadata/{name}.json").unlink()
    with pytest.raises(OSError, match="a file is not there"):
        gateway.pull(url=mirror.as_uri())
    assert gateway.serial == 1
    assert gateway.pull().list.serial == 2


def test_a_list_that_is_not_canonical_is_refused_though_it_is_signed(
    gateway: Gateway, publisher: Publisher, tmp_path: Path
) -> None:
    mirror = mirror_of(publisher.folder, tmp_path / "mirror")
    raw = canonical(a_list(2)).replace(b'{"country"', b'{ "country"')
    write_target(mirror, EXEMPTIONS, raw)
    forge(mirror, targets=by(targets_of(raw, 2), *TARGETS_KEYS))
    refused(gateway, mirror, words="not in canonical form")


def test_a_list_that_has_ended_is_refused(gateway: Gateway, publisher: Publisher) -> None:
    publisher.publish(a_list(2, expires_at=NOW))
    refused(gateway, publisher.folder, words="the list ended on 2026-11-22")


def test_a_hash_that_is_a_path_names_no_file_here(gateway: Gateway, publisher: Publisher, tmp_path: Path) -> None:
    mirror = mirror_of(publisher.folder, tmp_path / "mirror")
    raw = by(draft_leases(b"{}", version=50, expires_at=NOW + DAY), ONLINE)
    digest = sha256(b"{}").hexdigest()
    evil = draft_leases(b"{}", version=50, expires_at=NOW + DAY).replace(digest.encode(), b"../../evil")
    assert evil != raw
    forge(mirror, leases=by(evil, ONLINE))
    refused(gateway, mirror, words="is no SHA-256")
    assert not list(tmp_path.rglob("*evil*"))


# --- a list that no rule may let pass -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("0.0.0.0/0", id="everything"),
        pytest.param("198.18.0.0/16", id="too-wide"),
        pytest.param("10.0.0.1/32", id="bogon"),
        pytest.param("104.16.0.1/32", id="cdn"),
    ],
)
@pytest.mark.parametrize("side", ["source", "destination"])
def test_a_list_that_would_exempt_too_much_is_refused_though_all_holders_signed_it(
    gateway: Gateway, publisher: Publisher, side: str, source: str
) -> None:
    entry = msgspec.structs.replace(an_entry(), **{side: source})
    publisher.publish(a_list(2, entry), by_keys=TARGETS_KEYS)
    refused(gateway, publisher.folder, words="break a rule, so the whole list is refused")
    publisher.publish(a_list(3))
    assert gateway.pull().list.serial == 3


# --- the stolen online key ------------------------------------------------------------------------------------


def test_a_stolen_online_key_cannot_add_an_entry(gateway: Gateway, publisher: Publisher, tmp_path: Path) -> None:
    """The delegated role names a list of its own: it is asked for leases only."""
    mirror = mirror_of(publisher.folder, tmp_path / "mirror")
    evil = canonical(a_list(9, an_entry(source="198.18.200.1/32")))
    write_target(mirror, EXEMPTIONS, evil)
    write_target(mirror, LEASES, evil)
    named = draft_leases(evil, version=51, expires_at=NOW + DAY)
    forge(mirror, leases=by(named, ONLINE), version=51)
    refused(gateway, mirror, words="this is no LeaseList|not in canonical form")
    named = draft_leases(evil, version=52, expires_at=NOW + DAY).replace(b'"leases.json"', b'"exemptions.json"')
    forge(mirror, leases=by(named, ONLINE), version=52)
    refused(gateway, mirror, words=r"the repository has no leases\.json")


def test_a_stolen_online_key_cannot_sign_targets(gateway: Gateway, publisher: Publisher, tmp_path: Path) -> None:
    mirror = mirror_of(publisher.folder, tmp_path / "mirror")
    evil = canonical(a_list(9, an_entry(source="198.18.200.1/32")))
    write_target(mirror, EXEMPTIONS, evil)
    forge(mirror, targets=by(targets_of(evil, 9), ONLINE))
    refused(gateway, mirror, words="targets was signed by 0/2 keys")


def test_a_stolen_online_key_cannot_give_a_lease(gateway: Gateway, publisher: Publisher, tmp_path: Path) -> None:
    """It signs leases of a device of the thief's, for a grant that is not there, and a changed one of a member's."""
    mirror = mirror_of(publisher.folder, tmp_path / "mirror")
    honest = a_lease()
    thief = key_of("thief's device")
    stolen = LeaseList(
        recipient="north",
        serial=9,
        made_at=NOW,
        expires_at=NOW + DAY,
        leases=(
            a_lease(key=thief, id="l-" + "2" * 16, address="198.18.200.1/32"),
            a_lease(key=thief, id="l-" + "3" * 16, grant_id="g-" + "z" * 16),
            a_lease(id="l-" + "4" * 16, address="198.18.200.1/32", signature=honest.signature),
            a_lease(id="l-" + "5" * 16, hours=13),
            honest,
        ),
    )
    write_target(mirror, LEASES, canonical(stolen))
    forge(mirror, leases=by(draft_leases(canonical(stolen), version=50, expires_at=NOW + DAY), ONLINE))
    found = gateway.pull(url=mirror.as_uri())
    assert found.list == a_list(1)
    assert found.leases == (honest,)
    assert {finding.subject for finding in found.refused if finding.hard} >= {f"l-{n * 16}" for n in "2345"}


def test_after_a_theft_new_root_metadata_ends_it_even_where_versions_were_driven_up(
    gateway: Gateway, publisher: Publisher, tmp_path: Path
) -> None:
    """Fast forward: the thief signs enormous versions, so that the honest ones look old. A new online key undoes it."""
    mirror = mirror_of(publisher.folder, tmp_path / "mirror")
    empty = canonical(LeaseList(recipient="north", serial=2**52, made_at=NOW, expires_at=NOW + DAY))
    write_target(mirror, LEASES, empty)
    forge(mirror, leases=by(draft_leases(empty, version=2**31, expires_at=NOW + DAY), ONLINE), version=2**31)
    gateway.pull(url=mirror.as_uri())
    refused(gateway, publisher.folder, words="older than what was seen here before")
    publisher.online = signing_key("online-2")
    publisher.root()
    publisher.publish(a_list(2))
    assert gateway.pull().list.serial == 2
    refused(gateway, mirror, words="not signed by enough of the keys")


def test_the_stolen_keys_file_of_leases_cannot_fill_the_disk(
    gateway: Gateway, publisher: Publisher, tmp_path: Path
) -> None:
    mirror = mirror_of(publisher.folder, tmp_path / "mirror")
    draft = draft_leases(b"{}", version=50, expires_at=NOW + DAY).replace(b'"length":2', b'"length":20000000')
    forge(mirror, leases=by(draft, ONLINE))
    refused(gateway, mirror, words=r"leases\.json would have 20000000 bytes")
