from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from raabta.model.exemption import Lease, LeaseGrant, Recipient, Review
from raabta.model.incident import Incident, MemberReport, Party, PartyRole
from raabta.model.register import Case, Organisation, Person
from raabta.model.subscription import Delivery, DeliveryState, Subscriber
from raabta.registry import Register
from raabta.registry.deletion import (
    forget,
    parties_that_stay,
    remove_organisation,
    remove_person,
    settle_key,
    waiting_key,
)
from raabta.registry.schema import KINDS
from raabta.registry.secrets import read_key, write_key
from raabta.registry.store import read_fingerprint
from tests.registry.specimens import DEVICE_KEY, KEY, NOW, OTHER_KEY, endpoint, opened, organisation, person


def a_grant(id_: str, device_key: str, reference: str = "x") -> LeaseGrant:
    return LeaseGrant(
        id=id_,
        device_key=device_key,
        destination="185.1.2.3/32",
        port=1,
        organisation_ref=reference,
        evidence_level=2,
        basis="pk.A",
        not_before=NOW,
        not_after=NOW,
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A register with two members, of whom o-a is going to leave."""
    write_key(tmp_path / "key", KEY)
    with opened(f"sqlite:///{tmp_path}/r") as register, register.change() as records:
        records.add(organisation(legal_name="Vanishing Ltd", domains=("vanishing.pk",)))
        records.add(organisation("o-b", legal_name="Staying Ltd", sponsor_id="o-a"))
        records.add_all([person(name="Vanishing Person"), person("p-b", organisation_id="o-b", name="Staying Person")])
        records.add_all(
            [endpoint(site="Vanishing site", device_keys=(DEVICE_KEY,)), endpoint("e-b", organisation_id="o-b")]
        )
        records.add(Case(id="c-a", organisation_id="o-a", kind="pk.A", created_at=NOW, changed_at=NOW))
        records.add(Review(id="v-a", subject="e-a", rules=("x",), by="Vanishing", reason="Vanishing", at=NOW))
        records.add_all([a_grant("g-a", DEVICE_KEY), a_grant("g-ref", "other", "ref-of-a"), a_grant("g-b", "theirs")])
        records.add(Lease(id="l-a", grant_id="g-a", address="", nonce="", asked_at=NOW, not_before=NOW, not_after=NOW))
        records.add(Recipient(id="op", name="Operator", reference_key="secret"))
    return tmp_path


@contextmanager
def register_in(place: Path) -> Iterator[Register]:
    with opened(f"sqlite:///{place}/r", key=read_key(place / "key")) as register:
        yield register


def forget_a(place: Path) -> dict[str, int]:
    with register_in(place) as register:
        return forget(
            register,
            lambda records: remove_organisation(records, "o-a", references=["ref-of-a"]),
            new_key=OTHER_KEY,
            key_file=place / "key",
        )


def test_all_that_is_an_organisations_own_goes_and_nothing_else(place: Path) -> None:
    assert forget_a(place) == {
        "leases": 1,
        "lease_grants": 2,
        "reviews": 1,
        "people": 1,
        "member_endpoints": 1,
        "cases": 1,
        "organisations": 1,
    }
    with register_in(place) as register, register.look() as records:
        left = {KINDS[kind]: records.count(kind) for kind in KINDS if records.count(kind)}
        sponsored = records.get(Organisation, "o-b")
    assert left == {"organisations": 1, "people": 1, "member_endpoints": 1, "lease_grants": 1, "recipients": 1}
    assert sponsored is not None
    assert sponsored.sponsor_id == ""


def test_what_was_deleted_stands_in_no_file(place: Path) -> None:
    forget_a(place)
    written = b"".join(file.read_bytes() for file in place.iterdir())
    assert b"Staying Ltd" in written
    assert [word for word in (b"Vanishing", b"vanishing.pk", b"o-a", b"e-a") if word in written] == []


def test_old_copies_cannot_be_opened_with_the_new_key(place: Path) -> None:
    (place / "copy").write_bytes((place / "r").read_bytes())
    forget_a(place)
    assert read_key(place / "key") == OTHER_KEY
    with pytest.raises(ValueError, match="sealed with another key"):
        opened(f"sqlite:///{place}/copy", key=read_key(place / "key"))


def test_what_stays_opens_with_the_new_key(place: Path) -> None:
    forget_a(place)
    with register_in(place) as register, register.look() as records:
        assert [found.name for found in records.find(Person)] == ["Staying Person"]
        assert [found.reference_key for found in records.find(Recipient)] == ["secret"]


def test_a_person_alone_can_be_forgotten(place: Path) -> None:
    with register_in(place) as register:
        forget(register, lambda records: remove_person(records, "p-a"), new_key=OTHER_KEY, key_file=place / "key")
        with register.look() as records:
            assert [found.id for found in records.find(Person)] == ["p-b"]


def test_deleting_what_is_not_there_changes_nothing(place: Path) -> None:
    with register_in(place) as register, pytest.raises(LookupError, match="o-x: no organisation has this id"):
        forget(register, lambda records: remove_organisation(records, "o-x"), new_key=OTHER_KEY, key_file=place / "key")
    assert read_key(place / "key") == KEY
    assert [file.name for file in place.glob("key*")] == ["key"]


def test_a_crash_before_the_commit_leaves_the_old_key_in_force(place: Path) -> None:
    write_key(waiting_key(place / "key", OTHER_KEY.fingerprint), OTHER_KEY)
    settle_key(place / "key", read_fingerprint(f"sqlite:///{place}/r"))
    assert read_key(place / "key") == KEY


def test_a_crash_after_the_commit_is_mended_by_the_next_command(place: Path) -> None:
    with register_in(place) as register:
        forget(register, lambda records: remove_organisation(records, "o-a"), new_key=OTHER_KEY, key_file=None)
    write_key(waiting_key(place / "key", OTHER_KEY.fingerprint), OTHER_KEY)
    settle_key(place / "key", read_fingerprint(f"sqlite:///{place}/r"))
    assert read_key(place / "key") == OTHER_KEY
    assert [file.name for file in place.glob("key*")] == ["key"]


def test_the_old_keys_file_is_overwritten(place: Path) -> None:
    (place / "link").hardlink_to(place / "key")
    forget_a(place)
    assert set((place / "link").read_bytes()) == {0}


def test_incident_files_and_subscriptions_stay_without_who_left(place: Path) -> None:
    with register_in(place) as register, register.change() as records:
        records.add_all([an_incident("in-a", ("o-a", "o-b")), an_incident("in-b", ("o-b",))])
        records.add_all([a_report("rp-a", "o-a"), a_report("rp-b", "o-b")])
        records.add_all([a_subscriber("su-a", "o-a"), a_subscriber("su-b", "o-b")])
    forget_a(place)
    with register_in(place) as register, register.look() as records:
        assert [found.member_ids for found in records.find(Incident)] == [("o-b",), ("o-b",)]
        reports = [(found.member_id, found.words, found.contact) for found in records.find(MemberReport)]
        assert reports == [("", "", ""), ("o-b", "words of o-b", "o-b@example.pk")]
        assert [found.member_id for found in records.find(Subscriber)] == ["", "o-b"]
    assert [file.name for file in place.iterdir() if b"o-a" in file.read_bytes()] == []


def test_nothing_is_sent_any_more_about_reports_of_who_left(place: Path) -> None:
    def sent_about(report_id: str, state: DeliveryState = "waiting") -> Delivery:
        return Delivery(
            id=f"acknowledge/{report_id}/{state}",
            channel="email",
            reason="acknowledge",
            subject_id=report_id,
            to_id=report_id,
            state=state,
            created_at=NOW,
            next_try_at=NOW,
        )

    with register_in(place) as register, register.change() as records:
        records.add_all([a_report("rp-a", "o-a"), a_report("rp-b", "o-b")])
        records.add_all([sent_about("rp-a"), sent_about("rp-a", "sent"), sent_about("rp-b")])
    forget_a(place)
    with register_in(place) as register, register.look() as records:
        left = [(one.subject_id, one.state) for one in records.find(Delivery)]
    assert left == [("rp-a", "sent"), ("rp-b", "waiting")]


def test_contacts_of_who_leaves_are_found_in_incident_files_by_name_domain_and_people(place: Path) -> None:
    def a_party(id_: str, role: PartyRole = "member", **fields: str) -> Party:
        return Party(id=id_, incident_id="in-a", role=role, **{"name_en": "X"} | fields, created_at=NOW)

    with register_in(place) as register, register.change() as records:
        records.add_all(
            [
                a_party("pa-name", name_en="VANISHING Ltd"),
                a_party("pa-domain", email="amina@Vanishing.pk"),
                a_party("pa-person", contact_name="Vanishing Person"),
                a_party("pa-other", name_en="Staying Ltd", email="a@staying.pk"),
                a_party("pa-operator", role="operator", name_en="Vanishing Ltd"),
            ]
        )
        assert [one.id for one in parties_that_stay(records, "o-a")] == ["pa-domain", "pa-name", "pa-person"]
        assert parties_that_stay(records, "o-nothing") == []


def an_incident(id_: str, member_ids: tuple[str, ...]) -> Incident:
    return Incident(
        id=id_,
        title_en="x",
        member_ids=member_ids,
        started_at=NOW,
        opened_by="Sana",
        created_at=NOW,
        changed_at=NOW,
    )


def a_report(id_: str, member_id: str) -> MemberReport:
    contact = f"{member_id}@example.pk"
    return MemberReport(
        id=id_,
        code=id_,
        way="web",
        target="cdn",
        words=f"words of {member_id}",
        contact=contact,
        member_id=member_id,
        reported_at=NOW,
    )


def a_subscriber(id_: str, member_id: str) -> Subscriber:
    return Subscriber(
        id=id_, channel="email", address="x", address_hash=id_, member_id=member_id, created_at=NOW, asked_at=NOW
    )
