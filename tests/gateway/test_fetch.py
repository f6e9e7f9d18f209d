"""Pulling when all is well, the clock as an argument, and what a crash leaves."""

import datetime as dt
from pathlib import Path

import msgspec
import pytest

from raabta.gateway.fetch import _refuse_versions
from raabta.gateway.kept import read_kept
from tests.cases.leasing import NOW, a_lease
from tests.cases.publisher import BENCH, RECIPIENT, Gateway, Publisher, a_list, an_entry, signing_key

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    made = Publisher(tmp_path / "repository")
    made.root()
    return made


@pytest.fixture
def gateway(tmp_path: Path, publisher: Publisher) -> Gateway:
    return Gateway(tmp_path / "state", publisher.folder, (publisher.folder / "metadata/1.root.json").read_bytes())


def test_what_was_published_is_what_is_pulled(gateway: Gateway, publisher: Publisher) -> None:
    assert gateway.good is None
    publisher.publish(a_list(3, an_entry(1), an_entry(2)))
    publisher.refresh(leases=[a_lease()])
    found = gateway.pull()
    assert found.list == a_list(3, an_entry(1), an_entry(2))
    assert (found.leases, found.refused) == ((a_lease(),), ())
    assert found.versions == {"root": 1, "timestamp": 2, "snapshot": 2, "targets": 1, "leases": 2}
    assert (found.fetched_at, found.fresh_until) == (NOW, NOW + 24 * HOUR)
    assert gateway.good == found


def test_a_first_pull_may_start_from_any_root_of_the_chain(gateway: Gateway, publisher: Publisher) -> None:
    publisher.online = signing_key("online-2")
    publisher.root()
    publisher.root()
    publisher.publish(a_list(1))
    assert gateway.pull().versions["root"] == 3
    assert gateway.pull().versions["root"] == 3


@pytest.mark.parametrize("year", [2001, 2099])
def test_the_time_is_the_one_that_is_given_not_the_machines(tmp_path: Path, year: int) -> None:
    """What python-tuf takes from the machine's clock would fail in one of the two."""
    now = NOW.replace(year=year)
    bound = {"made_at": now, "expires_at": now + 720 * HOUR, "grants": ()}
    entry = an_entry(not_before=now, not_after=now + 900 * HOUR)
    publisher = Publisher(tmp_path / "repository")
    root = publisher.root(expires_at=now + 900 * HOUR)
    publisher.publish(a_list(1, entry, **bound), now=now)
    gateway = Gateway(tmp_path / "state", publisher.folder, root)
    assert gateway.pull(now=now + 23 * HOUR).list.serial == 1
    with pytest.raises(ValueError, match=r"timestamp\.json is expired"):
        gateway.pull(now=now + 25 * HOUR)


def test_a_list_that_is_here_is_not_downloaded_again(gateway: Gateway, publisher: Publisher) -> None:
    publisher.publish(a_list(1))
    gateway.pull()
    for path in (publisher.folder / "targets").glob("*.exemptions.json"):
        path.unlink()
    assert gateway.pull().list.serial == 1


def test_older_files_are_removed(gateway: Gateway, publisher: Publisher) -> None:
    for serial in (1, 2, 3):
        publisher.publish(a_list(serial))
        gateway.pull()
    assert len(list((gateway.state / "good").iterdir())) == 3


def test_a_crash_before_the_last_rename_leaves_the_old_pair(gateway: Gateway, publisher: Publisher) -> None:
    publisher.publish(a_list(1))
    gateway.pull()
    good = gateway.state / "good"
    before = (good / "current.json").read_bytes()
    publisher.publish(a_list(2))
    gateway.pull()
    after = {path.name: path.read_bytes() for path in good.iterdir()}
    publisher_files = {path.name.partition(".")[0]: path for path in (publisher.folder / "targets").iterdir()}
    (good / "current.json").write_bytes(before)
    (good / "current.json.new").write_bytes(after["current.json"][:40])
    kept = read_kept(good)
    assert kept
    for digest in (kept.exemptions, kept.leases):
        (good / f"{digest}.json").write_bytes(publisher_files[digest].read_bytes())
    assert gateway.serial == 1
    assert gateway.pull().list.serial == 2
    assert not (good / "current.json.new").exists()


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"recipient":"north"}'])
def test_damage_on_the_disk_is_said(gateway: Gateway, publisher: Publisher, damage: bytes) -> None:
    publisher.publish(a_list(1))
    gateway.pull()
    kept = read_kept(gateway.state / "good")
    assert kept
    (gateway.state / "good" / f"{kept.exemptions}.json").write_bytes(damage)
    with pytest.raises(ValueError, match="missing or damaged"):
        _ = gateway.good
    assert gateway.pull().list.serial == 1


def test_a_lease_that_ended_since_the_pull_is_not_believed_from_the_disk(
    gateway: Gateway, publisher: Publisher
) -> None:
    publisher.publish(a_list(1))
    publisher.refresh(leases=[a_lease(hours=4)])
    gateway.pull()
    assert gateway.good_at(NOW + 3 * HOUR).leases == (a_lease(hours=4),)
    assert gateway.good_at(NOW + 5 * HOUR).leases == ()


def test_an_entry_that_ended_since_it_was_signed_does_not_refuse_the_list(
    gateway: Gateway, publisher: Publisher
) -> None:
    publisher.publish(a_list(1, an_entry(1), an_entry(2, not_after=NOW + 5 * HOUR)))
    assert len(gateway.pull(now=NOW + 6 * HOUR).list.entries) == 2


def test_a_list_of_another_recipients_networks_is_refused(gateway: Gateway, publisher: Publisher) -> None:
    publisher.publish(a_list(1))
    bench = msgspec.structs.replace(BENCH, recipient=msgspec.structs.replace(RECIPIENT, asns=(64999,)))
    with pytest.raises(ValueError, match="break a rule"):
        gateway.pull(bench=bench)


def test_what_is_no_folder_on_a_server_is_said(gateway: Gateway, publisher: Publisher) -> None:
    publisher.publish(a_list(1))
    with pytest.raises(OSError, match="Write https:// or file://"):
        gateway.pull(url="http://lists.example/north")
    with pytest.raises(OSError, match="a file is not there"):
        gateway.pull(url=(publisher.folder / "nowhere").as_uri())


def test_a_root_that_is_none_is_said(gateway: Gateway, publisher: Publisher) -> None:
    publisher.publish(a_list(1))
    gateway.source = msgspec.structs.replace(gateway.source, root=b"-----BEGIN PUBLIC KEY-----")
    with pytest.raises(ValueError, match="does not hold together"):
        gateway.pull()


def test_a_version_with_two_hundred_digits_is_refused_before_it_becomes_a_name_in_the_kernel() -> None:
    _refuse_versions({"root": 1, "leases": 2**53 - 1}, "repo")
    with pytest.raises(ValueError, match="version of leases"):
        _refuse_versions({"root": 1, "leases": 10**200}, "repo")
