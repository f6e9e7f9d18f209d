"""A repository on disk: written so that no reader sees half, renewed, tidied."""

import datetime as dt
import fcntl
from pathlib import Path

import pytest

from raabta.model.exemption import LeaseList
from raabta.pipeline.publishing import folder_of, publish_list, read_published
from raabta.remedy.canonical import canonical, read_canonical
from raabta.remedy.repository import read_targets
from tests.cases.leasing import NOW, a_lease
from tests.cases.publisher import TARGETS_KEYS, Publisher, a_list, role_keys, signing_key

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    made = Publisher(tmp_path)
    made.root()
    return made


def leases_in(publisher: Publisher) -> LeaseList:
    published = read_published(publisher.folder)
    assert published
    return read_canonical(published.lease_file, LeaseList, name="leases")


def test_what_is_published_is_read_back(publisher: Publisher) -> None:
    done = publisher.publish(a_list(1))
    assert read_published(publisher.folder) == done
    assert done.exemption_file == canonical(a_list(1))
    assert done.versions == {"root": 1, "timestamp": 1, "snapshot": 1, "targets": 1, "leases": 1}


def test_refreshing_keeps_leases_until_their_end_and_takes_new_ones(publisher: Publisher) -> None:
    publisher.publish(a_list(1))
    lease = a_lease(hours=4)
    publisher.refresh(leases=[lease, a_lease(id="l-" + "2" * 16, grant_id="g-" + "2" * 16)])
    assert leases_in(publisher).leases == (lease,)
    publisher.refresh(now=NOW + 3 * HOUR)
    assert (leases_in(publisher).leases, leases_in(publisher).serial) == ((lease,), 3)
    publisher.refresh(now=NOW + 4 * HOUR)
    assert leases_in(publisher).leases == ()


def test_a_new_list_keeps_the_leases_of_its_grants(publisher: Publisher) -> None:
    publisher.publish(a_list(1))
    publisher.refresh(leases=[a_lease()])
    publisher.publish(a_list(2))
    assert leases_in(publisher).leases == (a_lease(),)
    publisher.publish(a_list(3, grants=()))
    assert leases_in(publisher).leases == ()


def test_a_crash_before_the_timestamp_leaves_the_old_state_and_is_made_good(publisher: Publisher) -> None:
    publisher.publish(a_list(1))
    before = publisher.folder / "metadata/timestamp.json"
    old = before.read_bytes()
    publisher.publish(a_list(2))
    before.write_bytes(old)
    found = read_published(publisher.folder)
    assert found
    assert found.exemption_file == canonical(a_list(1))
    publisher.publish(a_list(2))
    assert (read_published(publisher.folder) or found).exemption_file == canonical(a_list(2))


def test_no_half_file_is_left_under_a_readers_name(publisher: Publisher) -> None:
    publisher.publish(a_list(1))
    assert not list(publisher.folder.rglob("*.new"))
    assert not list(publisher.folder.rglob(".*.new"))


def test_old_versions_are_removed_but_not_what_a_reader_may_be_at(publisher: Publisher) -> None:
    publisher.publish(a_list(1))
    for _ in range(30):
        publisher.refresh()
    names = {path.name for path in (publisher.folder / "metadata").iterdir()}
    assert {"31.snapshot.json", "12.snapshot.json", "1.root.json", "1.targets.json"} <= names
    assert "11.snapshot.json" not in names
    targets = publisher.folder / "targets"
    assert len(list(targets.glob("*.leases.json"))) == 20
    for serial in range(2, 7):
        publisher.publish(a_list(serial))
    assert len(list(targets.glob("*.exemptions.json"))) == 3


def test_two_commands_do_not_publish_at_once(publisher: Publisher) -> None:
    publisher.publish(a_list(1))
    with (publisher.folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(OSError, match="another command is publishing here"):
            publisher.refresh()


def test_another_key_does_not_renew(publisher: Publisher) -> None:
    publisher.publish(a_list(1))
    publisher.online = signing_key("other")
    with pytest.raises(ValueError, match="key 'other' may not renew it, 'online' may"):
        publisher.refresh()


def test_a_replaced_online_key_needs_a_list_signed_anew(publisher: Publisher) -> None:
    publisher.publish(a_list(1))
    publisher.online = signing_key("online-2")
    publisher.root()
    with pytest.raises(ValueError, match="Sign a new list first"):
        publisher.refresh()
    publisher.publish(a_list(2))
    publisher.refresh()


def test_a_root_below_its_threshold_is_not_published(publisher: Publisher) -> None:
    with pytest.raises(ValueError, match=r"1 of 2 signatures .* Not signed: root-bilal, root-chand"):
        publisher.root(by_keys=(signing_key("root-ayesha"),))
    with pytest.raises(ValueError, match="0 of 2 signatures"):
        publisher.root(
            role_keys(root=[signing_key("a"), signing_key("b")]), by_keys=(signing_key("a"), signing_key("b"))
        )


def test_what_was_signed_is_what_is_published(publisher: Publisher) -> None:
    targets = publisher.targets(canonical(a_list(1)), TARGETS_KEYS)
    with pytest.raises(ValueError, match="what was signed is another list"):
        publish_list(publisher.folder, targets, exemptions=canonical(a_list(2)), online=publisher.online, now=NOW)


def test_a_sheet_that_was_overtaken_is_refused(publisher: Publisher) -> None:
    late = publisher.targets(canonical(a_list(1)), TARGETS_KEYS)
    publisher.publish(a_list(1))
    with pytest.raises(ValueError, match="the next list is version 2, not 1"):
        publish_list(publisher.folder, late, exemptions=canonical(a_list(1)), online=publisher.online, now=NOW)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../north", "\0"])
def test_a_recipient_that_is_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name of a folder"):
        folder_of(tmp_path, name)


@pytest.mark.parametrize("name", ["1.snapshot", "1.targets", "1.leases"])
def test_a_missing_file_is_said(publisher: Publisher, name: str) -> None:
    publisher.publish(a_list(1))
    (publisher.folder / f"metadata/{name}.json").unlink()
    with pytest.raises(ValueError, match="missing, though newer metadata names it"):
        publisher.refresh()


def test_lives_are_those_of_the_design(publisher: Publisher) -> None:
    done = publisher.publish(a_list(1))
    assert read_targets(done.targets).expires - NOW == dt.timedelta(days=30)
    assert read_targets(done.leases).expires - NOW == dt.timedelta(hours=24)
