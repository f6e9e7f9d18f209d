"""Grants and leases in the register: who may ask, what is given, what ends."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from raabta.model.exemption import Lease, LeaseGrant, Review
from raabta.model.register import MemberEndpoint, Proof
from raabta.pipeline.leasing import (
    Desk,
    Terms,
    add_grant,
    end_grant,
    end_lease,
    give_lease,
    leases_in_force,
)
from raabta.registry.secrets import RegisterKey
from raabta.registry.store import Register, open_register
from raabta.remedy.leases import LeaseRequest, verify_lease
from raabta.wire.receipt import public_text
from tests.cases.lease_register import DAY, ENDPOINT, ORGANISATION, RECIPIENT, fill
from tests.cases.leasing import (
    ADDRESS,
    CONTROL_KEYS,
    CONTROLS,
    DEVICE,
    NOW,
    a_lease,
    a_receipt,
    key_of,
    tables,
)

TABLES = tables()
DESK = Desk(control_keys=CONTROL_KEYS, tables=TABLES)
KEY = public_text(DEVICE)
CLOUD = "104.16.0.5"
"""Of a content network's published prefixes; the tables of these tests have no network there."""
RULES = ("address.unannounced", "shared.cdn")


@pytest.fixture
def register() -> Iterator[Register]:
    key = RegisterKey(seal=b"s" * 32, identity=b"i" * 32)
    with open_register("sqlite://", key=key, now=lambda: NOW, new_id=lambda prefix: f"{prefix}{'a' * 16}") as found:
        yield found


def granted(register: Register, *, now: dt.datetime = NOW, **changed: Any) -> LeaseGrant:
    terms: dict[str, Any] = {"endpoint_id": ENDPOINT, "device_key": f"ed25519/{KEY}", "recipient": RECIPIENT}
    with register.change() as records:
        return add_grant(records, Terms(**terms | changed), tables=TABLES, now=now, new_id=register.new_id)


def asked(*, at: dt.datetime = NOW, address: str = ADDRESS, id_: str = "l-bbbbbbbbbbbbbbbb") -> LeaseRequest:
    lease = a_lease(id=id_, address=f"{address}/32", asked_at=at, not_before=at, not_after=at + dt.timedelta(hours=4))
    receipts = tuple(a_receipt(control, at=at, address=address) for control in CONTROLS[:2])
    return LeaseRequest(lease=lease, receipts=receipts)


def given(register: Register, request: LeaseRequest, *, now: dt.datetime = NOW) -> Lease:
    with register.change() as records:
        return give_lease(records, request, desk=DESK, now=now)


def in_force(register: Register, *, now: dt.datetime = NOW) -> list[str]:
    with register.look() as records:
        return [lease.id for lease in leases_in_force(records, now=now)]


def test_a_device_is_granted_leases_towards_the_proved_gateway_in_the_operators_networks(register: Register) -> None:
    with register.change() as records:
        fill(records, now=NOW)
    grant = granted(register, max_h=8, days=30)
    assert (grant.destination, grant.port, grant.transport) == ("198.18.40.5/32", 51820, "udp")
    assert (grant.asns, grant.max_h, grant.organisation_ref) == ((64500,), 8, ORGANISATION)
    assert (grant.evidence_level, grant.basis, grant.not_after) == (2, "pk.A", NOW + 30 * DAY)
    with register.look() as records:
        endpoint = records.get(MemberEndpoint, ENDPOINT)
        assert endpoint is not None
        assert endpoint.device_keys == (KEY,)
        assert records.get(LeaseGrant, grant.id) == grant


def test_a_lease_is_given_moved_with_the_device_and_forgotten_when_over(register: Register) -> None:
    with register.change() as records:
        fill(records, now=NOW)
    granted(register)
    given(register, asked())
    assert in_force(register) == ["l-bbbbbbbbbbbbbbbb"]
    soon = NOW + dt.timedelta(hours=2)
    given(register, asked(at=soon, address="198.18.9.9", id_="l-cccccccccccccccc"), now=soon)
    assert in_force(register, now=soon) == ["l-cccccccccccccccc"]
    assert in_force(register, now=soon + dt.timedelta(hours=4)) == []
    with register.look() as records:
        assert records.count(Lease) == 1


def test_a_lease_comes_out_of_the_register_as_the_device_signed_it(register: Register) -> None:
    with register.change() as records:
        fill(records, now=NOW)
    grant = granted(register)
    odd = NOW + dt.timedelta(microseconds=123_457)
    given(register, asked(at=odd))
    with register.look() as records:
        (lease,) = leases_in_force(records, now=NOW)
    assert verify_lease(lease, grant, now=odd, tables=TABLES) == []


def test_the_same_request_or_an_older_one_is_not_given_twice(register: Register) -> None:
    with register.change() as records:
        fill(records, now=NOW)
    granted(register)
    first = asked()
    given(register, asked(at=NOW + dt.timedelta(seconds=60), id_="l-cccccccccccccccc"))
    for late in (first, asked(at=NOW + dt.timedelta(seconds=60), id_="l-cccccccccccccccc")):
        with pytest.raises(ValueError, match="given already"):
            given(register, late)
    assert in_force(register) == ["l-cccccccccccccccc"]


def test_what_the_rules_refuse_is_told_and_leaves_the_register_as_it_was(register: Register) -> None:
    with register.change() as records:
        fill(records, now=NOW)
    granted(register)
    good = asked()
    given(register, good)
    split = msgspec.structs.replace(
        asked(at=NOW + dt.timedelta(seconds=9), id_="l-cccccccccccccccc"),
        receipts=(a_receipt(CONTROLS[0]), a_receipt(CONTROLS[1], address="198.18.7.10")),
    )
    with pytest.raises(ValueError, match=r"lease\.split_nat: two controls saw two addresses"):
        given(register, split)
    with pytest.raises(ValueError, match=r"lease\.cgnat"):
        given(register, asked(at=NOW + dt.timedelta(seconds=9), address="100.64.1.1", id_="l-cccccccccccccccc"))
    assert in_force(register) == [good.lease.id]


def test_a_lease_and_a_grant_can_be_ended(register: Register) -> None:
    with register.change() as records:
        fill(records, now=NOW)
    grant = granted(register)
    lease = given(register, asked())
    with register.change() as records:
        end_lease(records, lease.id)
    assert in_force(register) == []
    with pytest.raises(LookupError, match="lease list"), register.change() as records:
        end_lease(records, lease.id)
    given(register, asked(at=NOW + dt.timedelta(seconds=5)))
    with register.change() as records:
        end_grant(records, grant.id)
    assert in_force(register) == []
    with pytest.raises(LookupError, match="grant list"):
        given(register, asked(at=NOW + dt.timedelta(seconds=9), id_="l-cccccccccccccccc"))
    with register.look() as records:
        endpoint = records.get(MemberEndpoint, ENDPOINT)
        assert endpoint is not None
        assert endpoint.device_keys == ()


def test_a_key_has_one_grant_so_that_two_operators_cannot_compare(register: Register) -> None:
    with register.change() as records:
        fill(records, now=NOW)
    granted(register)
    with pytest.raises(ValueError, match="raabta lease key --key FILE"):
        granted(register)


def test_no_lease_is_given_once_the_end_point_has_ended(register: Register) -> None:
    with register.change() as records:
        fill(records, now=NOW)
    granted(register)
    with register.change() as records:
        endpoint = records.get(MemberEndpoint, ENDPOINT)
        assert endpoint is not None
        records.put(msgspec.structs.replace(endpoint, valid_until=NOW))
    with pytest.raises(ValueError, match="has ended"):
        given(register, asked())


@pytest.mark.parametrize(
    ("terms", "endpoint", "says"),
    [
        pytest.param({"device_key": "x"}, {}, "44 signs", id="no-key"),
        pytest.param({"max_h": 13}, {}, "1 to 12", id="too-long"),
        pytest.param({"max_h": 0}, {}, "1 to 12", id="too-short"),
        pytest.param({"days": 0}, {}, "a day at least", id="no-days"),
        pytest.param({}, {"valid_until": NOW - DAY}, "ended on", id="over"),
        pytest.param(
            {},
            {
                "direction": "member_source",
                "prefix": "",
                "addressing": "mobile",
                "cgnat": True,
                "remote": "198.18.40.5",
            },
            "employer's registered gateway",
            id="cgnat",
        ),
        pytest.param({}, {"direction": "member_source", "remote": ""}, "remote is empty", id="towards-anywhere"),
        pytest.param({}, {"direction": "member_source", "remote": "vpn.example"}, "is a name", id="towards-a-name"),
    ],
)
def test_what_may_not_be_granted_is_refused_with_what_to_try(
    register: Register, terms: dict[str, Any], endpoint: dict[str, Any], says: str
) -> None:
    with register.change() as records:
        fill(records, now=NOW, **endpoint)
    with pytest.raises(ValueError, match=says):
        granted(register, **terms)


@pytest.mark.parametrize(
    ("terms", "says"), [({"endpoint_id": "e-x"}, "endpoint list"), ({"recipient": "nobody"}, "Enter the operator")]
)
def test_a_grant_needs_its_end_point_and_operator(register: Register, terms: dict[str, Any], says: str) -> None:
    with register.change() as records:
        fill(records, now=NOW)
    with pytest.raises(LookupError, match=says):
        granted(register, **terms)


def test_another_devices_signature_is_not_this_ones(register: Register) -> None:
    with register.change() as records:
        fill(records, now=NOW)
    granted(register, device_key=public_text(key_of("another")))
    with pytest.raises(ValueError, match=r"lease\.signature"):
        given(register, asked())


def test_without_a_proof_nothing_is_granted(register: Register) -> None:
    with register.change() as records:
        fill(records, now=NOW, proved=False)
    with pytest.raises(ValueError, match=r"evidence\.too_low"):
        granted(register)


@pytest.mark.parametrize("is_reviewed", [False, True])
def test_a_gateway_at_a_cloud_is_granted_once_a_person_reviewed_it(register: Register, is_reviewed: bool) -> None:
    with register.change() as records:
        fill(records, now=NOW, prefix=f"{CLOUD}/32")
        (proof,) = records.find(Proof)
        records.put(msgspec.structs.replace(proof, subject=CLOUD))
        if is_reviewed:
            review = Review(
                id="v-aaaaaaaaaaaaaaaa",
                subject=ENDPOINT,
                rules=RULES,
                by="officer-1",
                reason="its own",
                at=NOW,
            )
            records.add(review)
    if is_reviewed:
        assert granted(register).reviewed.split() == list(RULES)
    else:
        with pytest.raises(ValueError, match=r"shared\.cdn"):
            granted(register)
