"""A register to try things in, and records for it."""

import datetime as dt
import itertools
from base64 import b64encode
from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct

from raabta.model.exemption import Lease, LeaseGrant, LogLeaf, Recipient, Restriction, Review
from raabta.model.register import Case, CaseStep, Consent, Document, MemberEndpoint, Organisation, Person, Proof
from raabta.registry import Register, RegisterKey, open_register

NOW: Final = dt.datetime(2026, 11, 23, 10, 30, 0, 123456, tzinfo=dt.UTC)
LATER: Final = NOW + dt.timedelta(hours=3)
KEY: Final = RegisterKey(seal=b"s" * 32, identity=b"i" * 32)
OTHER_KEY: Final = RegisterKey(seal=b"t" * 32, identity=b"i" * 32)
IDENTITY_NUMBER: Final = "35202-1234567-1"
DEVICE_KEY: Final = b64encode(b"d" * 32).decode()


def ids() -> Callable[[str], str]:
    """Count ids: o-0000000000000001 and so on."""
    numbers = itertools.count(1)
    return lambda prefix: f"{prefix.rstrip('-')}-{next(numbers):016}"


def opened(url: str = "sqlite://", key: RegisterKey = KEY) -> Register:
    """Open a register; in memory, where nothing is said."""
    return open_register(url, key=key, now=lambda: NOW, new_id=ids())


def organisation(id_: str = "o-a", **fields: Any) -> Organisation:
    """Make an organisation."""
    given: dict[str, Any] = {"legal_name": f"Company {id_}", "legal_form": "private_limited", "country": "pk"}
    return Organisation(id=id_, **({"created_at": NOW, "changed_at": NOW} | given | fields))


def person(id_: str = "p-a", **fields: Any) -> Person:
    """Make a focal person."""
    given: dict[str, Any] = {"organisation_id": "o-a", "name": "Zainab Secretname", "email": "zainab@example.pk"}
    return Person(id=id_, created_at=NOW, **(given | fields))


def endpoint(id_: str = "e-a", **fields: Any) -> MemberEndpoint:
    """Make an end point."""
    given: dict[str, Any] = {
        "organisation_id": "o-a",
        "direction": "member_source",
        "prefix": "39.40.1.1/32",
        "asn": 17557,
        "remote": "185.1.2.3/32",
        "port": 51820,
        "protocol": "wireguard",
        "valid_from": NOW,
        "valid_until": NOW + dt.timedelta(days=365),
    }
    return MemberEndpoint(id=id_, created_at=NOW, **(given | fields))


SPECIMENS: Final[tuple[Struct, ...]] = (
    organisation(domains=("example.pk", "مثال.pk"), registration_checked_on=dt.date(2026, 1, 31)),
    person(identity_hash="0f", identity_seen_at=NOW),
    endpoint(device_keys=(DEVICE_KEY,), cgnat=True),
    Proof(id="f-a", organisation_id="o-a", kind="dns_txt", subject="example.pk", challenge="x", issued_at=NOW),
    Case(
        id="c-a",
        organisation_id="o-a",
        kind="pk.A",
        documents=(Document(kind="letter", seen_at=NOW),),
        steps=(CaseStep(status="draft", at=NOW), CaseStep(status="evidence", at=LATER, reason="more")),
        created_at=NOW,
        changed_at=LATER,
    ),
    Consent(id="n-a", organisation_id="o-a", purpose="contact", recipient="op", given_at=NOW),
    Recipient(id="op", name="Operator", asns=(17557, 2**32 - 1), reference_key="00ff"),
    LeaseGrant(
        id="g-a",
        device_key=DEVICE_KEY,
        destination="185.1.2.3/32",
        port=51820,
        organisation_ref="o-a",
        evidence_level=2,
        basis="pk.A",
        not_before=NOW,
        not_after=LATER,
    ),
    Lease(id="l-a", grant_id="g-a", address="39.40.1.1/32", nonce="n", asked_at=NOW, not_before=NOW, not_after=LATER),
    Restriction(
        id="r-a", target="198.51.100.7/32", reason="malware", basis="b", owner="x", not_before=NOW, not_after=LATER
    ),
    Review(id="v-a", subject="e-a", rules=("prefix.too_wide", "asn.other"), by="Z", reason="ours", at=NOW),
    LogLeaf(index=0, at=NOW, event="entry_added", subject_hash="00", reason="new"),
)
"""One of every kind, parents before children."""
