"""Members, end points and cases for tests: ordinary ones, of which a test changes what it is about."""

import datetime as dt
from typing import Any

import msgspec

from raabta.model.register import Case, CaseStep, MemberEndpoint, Organisation, Person

NOW = dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC)


def company(**fields: Any) -> Organisation:
    row = Organisation(
        id="o-saffron",
        legal_name="Saffron Systems (Private) Limited",
        trade_name="زعفران سسٹمز",
        legal_form="private_limited",
        country="PK",
        registration_number="0123456",
        tax_number="7654321-0",
        created_at=NOW,
        changed_at=NOW,
    )
    return msgspec.structs.replace(row, **fields)


def freelancer(**fields: Any) -> Organisation:
    row = Organisation(
        id="o-bilal", legal_name="Bilal", legal_form="individual", country="PK", created_at=NOW, changed_at=NOW
    )
    return msgspec.structs.replace(row, **fields)


def focal_person(**fields: Any) -> Person:
    row = Person(
        id="p-ayesha",
        organisation_id="o-saffron",
        name="Ayesha Ahmed",
        email="it@saffron.example",
        phone="+92 300 0000000",
        role="Head of IT",
        identity_kind="national_identity_card",
        identity_hash="00ff",
        identity_seen_at=NOW,
        identity_seen_by="officer-1",
        created_at=NOW,
    )
    return msgspec.structs.replace(row, **fields)


def endpoint(**fields: Any) -> MemberEndpoint:
    row = MemberEndpoint(
        id="e-lahore",
        organisation_id="o-saffron",
        direction="member_source",
        prefix="203.0.113.7/32",
        asn=64601,
        operator="north",
        protocol="wireguard",
        remote="198.51.100.7/32",
        port=51820,
        purpose="client's private network",
        valid_from=NOW,
        valid_until=NOW + dt.timedelta(days=300),
        created_at=NOW,
    )
    return msgspec.structs.replace(row, **fields)


def case(kind: str = "pk.A", *statuses: tuple[str, float], **fields: Any) -> Case:
    """A case that went through statuses, each with the hours after its beginning."""
    steps: list[Any] = [("draft", 0.0), *statuses]
    row = Case(
        id="c-1",
        organisation_id="o-saffron",
        endpoint_ids=("e-lahore",),
        kind=kind,
        status=steps[-1][0],
        steps=tuple(CaseStep(status=status, at=NOW + dt.timedelta(hours=hours)) for status, hours in steps),
        created_at=NOW,
        changed_at=NOW + dt.timedelta(hours=steps[-1][1]),
    )
    return msgspec.structs.replace(row, **fields)
