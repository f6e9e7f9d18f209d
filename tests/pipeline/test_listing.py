"""From the register to a list, in one transaction."""

import datetime as dt
import itertools
from collections.abc import Iterator

import msgspec
import pytest

from raabta.model.exemption import LeaseGrant, Restriction, Review
from raabta.model.register import Case, Consent, MemberEndpoint, Organisation, Person, Proof
from raabta.pipeline.listing import LIST_LIVES, compile_from, view_of
from raabta.registry.secrets import RegisterKey
from raabta.registry.store import Records, Register, open_register
from raabta.remedy.canonical import canonical
from tests.cases.linting import DAY, NOW, RECIPIENT, TABLES, endpoint, grant, restriction

MEMBER = "o-aaaaaaaaaaaaaaaa"
KEY = RegisterKey(identity=bytes(32), seal=bytes(range(32)))


@pytest.fixture
def register() -> Iterator[Register]:
    numbers = itertools.count()
    with open_register(
        "sqlite://", key=KEY, now=lambda: NOW, new_id=lambda kind: f"{kind}{next(numbers):016d}"
    ) as made:
        yield made


def fill(records: Records, *, proved: bool = True) -> None:
    """A company with papers, consent, an approved application and a proved address; a device with a grant."""
    device = grant(organisation_ref=MEMBER)
    gateway = endpoint(
        id="e-gateway",
        direction="remote_gateway",
        prefix="198.19.1.2/32",
        remote="",
        asn=64510,
        device_keys=(device.device_key,),
    )
    records.add(
        Organisation(
            id=MEMBER,
            legal_name="Example Software House",
            legal_form="private_limited",
            country="pk",
            registration_checked_on=NOW.date(),
            created_at=NOW,
            changed_at=NOW,
        )
    )
    records.add(Person(id="p-1", organisation_id=MEMBER, name="Zahra Qureshi", created_at=NOW))
    records.add_all([endpoint(), gateway])
    records.add(
        Case(
            id="c-1",
            organisation_id=MEMBER,
            endpoint_ids=("e-aaaaaaaaaaaaaaaa", "e-gateway"),
            kind="pk.A",
            status="approved",
            created_at=NOW,
            changed_at=NOW,
        )
    )
    records.add(
        Consent(id="n-1", organisation_id=MEMBER, purpose="exemption_list", recipient="north", given_at=NOW - DAY)
    )
    records.add_all([RECIPIENT])
    records.add(device)
    records.add(restriction())
    if proved:
        records.add_all([proof("f-1", "e-aaaaaaaaaaaaaaaa", "198.18.1.2"), proof("f-2", "e-gateway", "198.19.1.2")])


def proof(id_: str, endpoint_id: str, subject: str) -> Proof:
    return Proof(
        id=id_,
        organisation_id=MEMBER,
        endpoint_id=endpoint_id,
        kind="acme_http",
        subject=subject,
        challenge="x",
        status="proved",
        issued_at=NOW - 2 * DAY,
        proved_at=NOW - DAY,
        expires_at=NOW + 50 * DAY,
    )


def test_a_proved_approved_consenting_member_is_in_the_list_of_its_operator(register: Register) -> None:
    with register.change() as records:
        fill(records)
    with register.look() as records:
        made = compile_from(records, "north", tables=TABLES, now=NOW)
    assert [(one.source, one.evidence_level) for one in made.list.entries] == [("198.18.1.2/32", 2)]
    assert [(one.destination, one.evidence_level) for one in made.list.grants] == [("198.19.1.2/32", 2)]
    assert [one.id for one in made.list.restrictions] == [restriction().id]
    assert made.list.expires_at - made.list.made_at == LIST_LIVES
    assert {(one.subject, one.reason) for one in made.left_out} == {("e-gateway", "no_source")}


def test_a_list_names_no_member_no_person_and_no_secret(register: Register) -> None:
    with register.change() as records:
        fill(records)
    with register.look() as records:
        raw = canonical(compile_from(records, "north", tables=TABLES, now=NOW).list)
    for text in ("Example", "Zahra", "Head office", MEMBER, "e-aaaaaaaaaaaaaaaa", RECIPIENT.reference_key):
        assert text.encode() not in raw


def test_without_a_proof_in_force_nothing_is_listed(register: Register) -> None:
    with register.change() as records:
        fill(records)
    with register.look() as records:
        later = compile_from(records, "north", tables=TABLES, now=NOW + 51 * DAY)
    assert (later.list.entries, later.list.grants) == ((), ())
    assert {one.reason for one in later.left_out if one.subject != "e-gateway"} == {"evidence"}


def test_papers_alone_are_level_one_and_nothing_level_zero(register: Register) -> None:
    with register.change() as records:
        fill(records, proved=False)
    with register.look() as records:
        view = view_of(records, now=NOW)
    assert view.evidence == {"e-aaaaaaaaaaaaaaaa": 1, "e-gateway": 1, grant().id: 1}


def test_the_next_list_follows_the_one_before(register: Register) -> None:
    with register.change() as records:
        fill(records)
    with register.look() as records:
        first = compile_from(records, "north", tables=TABLES, now=NOW)
        second = compile_from(records, "north", tables=TABLES, now=NOW + DAY, previous=first.list)
    assert (first.list.serial, second.list.serial) == (1, 2)
    assert [one.serial for one in second.list.entries] == [1]
    assert second.list.entries == first.list.entries


def test_a_withdrawn_consent_takes_the_member_out(register: Register) -> None:
    with register.change() as records:
        fill(records)
        consent = next(records.find(Consent))
        records.put(msgspec.structs.replace(consent, withdrawn_at=NOW))
    with register.look() as records:
        assert compile_from(records, "north", tables=TABLES, now=NOW).list.entries == ()


def test_a_review_in_the_register_reaches_the_list(register: Register) -> None:
    review = Review(id="v-1", subject="e-cloud", rules=("shared.cloud",), by="a person", reason="reserved", at=NOW)
    cloud = endpoint(id="e-cloud", remote="198.19.11.1", port=443)
    with register.change() as records:
        fill(records)
        records.add(cloud)
        records.add(msgspec.structs.replace(proof("f-3", "e-cloud", "198.18.1.2")))
        case = next(records.find(Case))
        records.put(msgspec.structs.replace(case, endpoint_ids=(*case.endpoint_ids, "e-cloud")))
    with register.look() as records:
        without = compile_from(records, "north", tables=TABLES, now=NOW)
    with register.change() as records:
        records.add(review)
    with register.look() as records:
        reviewed = compile_from(records, "north", tables=TABLES, now=NOW)
    assert len(without.list.entries) == 1
    assert {one.reviewed for one in reviewed.list.entries} == {"", "shared.cloud"}


def test_an_unknown_recipient_is_told_what_to_do(register: Register) -> None:
    with register.look() as records, pytest.raises(LookupError, match="raabta list recipient add"):
        compile_from(records, "nobody", tables=TABLES, now=NOW)


def test_an_empty_register_gives_an_empty_list(register: Register) -> None:
    with register.change() as records:
        records.add(RECIPIENT)
    with register.look() as records:
        made = compile_from(records, "north", tables=TABLES, now=NOW, expires_at=NOW + dt.timedelta(days=1))
    assert (made.list.entries, made.list.expires_at) == ((), NOW + DAY)


def test_everything_that_a_list_needs_is_read(register: Register) -> None:
    with register.change() as records:
        fill(records)
    with register.look() as records:
        view = view_of(records, now=NOW)
    kinds = (MemberEndpoint, Case, Consent, LeaseGrant, Restriction)
    found = (view.endpoints, view.cases, view.consents, view.grants, view.restrictions)
    assert [type(rows[0]) for rows in found] == list(kinds)
    assert view.country == "pk"
