"""A register to try things in, and records for it."""

import datetime as dt
import itertools
from base64 import b64encode
from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct

from raabta.model.bulletin import AcceptedDifference, Advisory, Bulletin, BulletinText, Meeting
from raabta.model.exemption import Lease, LeaseGrant, LogLeaf, Recipient, Restriction, Review
from raabta.model.incident import (
    Attachment,
    Cause,
    ConsultationDraft,
    DraftVersion,
    Escalation,
    ImpactNote,
    ImpactRelease,
    Incident,
    IncidentStep,
    Link,
    MemberReport,
    Message,
    Party,
    Promise,
    Question,
    Statement,
    TimelineNote,
)
from raabta.model.publication import Publication, PublicationPlace
from raabta.model.register import Case, CaseStep, Consent, Document, MemberEndpoint, Organisation, Person, Proof
from raabta.model.subscription import Alarm, Delivery, Dispatch, Subscriber
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
    Incident(
        id="in-a",
        title_en="Sites behind a CDN cannot be reached",
        title_ur="کچھ سائٹس نہیں کھل رہیں",
        component_ids=("cdn", "web"),
        started_at=NOW,
        steps=(IncidentStep(state="reported", at=NOW, by="Amina"),),
        causes=(Cause(at=NOW, by="Amina", evidence_class="measured", probability_percent=70),),
        links=(Link(url="https://example.org/", title="x"),),
        opened_by="Amina",
        created_at=NOW,
        changed_at=LATER,
    ),
    Party(id="pa-a", incident_id="in-a", role="cdn", name_en="CDN", email="noc@example.org", created_at=NOW),
    Message(
        id="me-a",
        incident_id="in-a",
        party_id="pa-a",
        direction="to_them",
        way="email",
        at=NOW,
        text="Why?",
        by="Amina",
    ),
    Promise(
        id="pr-a",
        incident_id="in-a",
        words_en="Repair",
        made_at=NOW,
        due_at=LATER,
        put_off=(NOW,),
        escalations=(Escalation(after_min=30, to="bilal", told_at=NOW),),
        by="Amina",
    ),
    Statement(id="st-a", incident_id="in-a", party_id="pa-a", at=NOW, text_en="A glitch.", by="Amina"),
    TimelineNote(id="nt-a", incident_id="in-a", at=NOW, text="Called.", by="Amina"),
    Attachment(
        id="at-a",
        incident_id="in-a",
        kind="verdict",
        name="v.jsonl",
        sha256="00",
        size_bytes=2**40,
        facts=("state: blocked",),
        added_at=NOW,
        by="Amina",
    ),
    MemberReport(
        id="rp-a", code="K7Q2", way="web", target="cdn", words="slow", contact="a@example.pk", reported_at=NOW
    ),
    Question(id="qu-a", asked_of="Regulator", text_en="Which filter?", by="Amina", created_at=NOW),
    ConsultationDraft(
        id="dr-a",
        title="On filters",
        versions=(DraftVersion(number=1, text="We …", at=NOW, by="Amina"),),
        created_at=NOW,
        changed_at=NOW,
    ),
    ImpactNote(
        id="im-a",
        incident_id="in-a",
        organisation_id="o-a",
        kind="clients_lost",
        number=2,
        from_on=dt.date(2026, 1, 1),
        consent_id="n-a",
        by="Amina",
        created_at=NOW,
    ),
    ImpactRelease(
        id="ir-a",
        incident_id="in-a",
        recipient="public",
        kind="penalty",
        measure="amount",
        currency="PKR",
        total=5,
        n_members=5,
        parts=("im-a/0a",),
        released_at=NOW,
    ),
    Bulletin(
        id="bu-a",
        thread_id="in-a",
        kind="incident",
        number=1,
        texts=(BulletinText(language="en", title="T", known="K"), BulletinText(language="ur", title="ع", known="م")),
        incident_state="confirmed",
        next_update_at=LATER,
        meeting=(Meeting(starts_at=NOW, ends_at=LATER, place_en="Hall"),),
        advisory=(Advisory(products=("router",), identifiers=("CVE-2024-3400",)),),
        accepted=(AcceptedDifference(fact="5", reason="a word", by="Bilal"),),
        author="Amina",
        created_at=NOW,
        changed_at=NOW,
    ),
    Publication(id="in-a", kind="incident", sequence=1, month="2026-11", is_open=True, content="{}"),
    PublicationPlace(id="in-a/cdn", component_id="cdn", thread_id="in-a", sequence=1),
    Subscriber(
        id="su-a",
        channel="email",
        address="someone@example.pk",
        address_hash="0a",
        component_ids=("cdn",),
        kinds=("incident",),
        created_at=NOW,
        asked_at=NOW,
    ),
    Dispatch(id="di-a", bulletin_id="bu-a", created_at=NOW),
    Delivery(
        id="bulletin/bu-a/su-a",
        channel="email",
        reason="bulletin",
        subject_id="bu-a",
        to_id="su-a",
        created_at=NOW,
        next_try_at=NOW,
    ),
    Alarm(id="update/in-a/0", about_id="in-a", kind="update", level=0, due_at=NOW, raised_at=LATER, words="late"),
)
"""One of every kind, parents before children."""
