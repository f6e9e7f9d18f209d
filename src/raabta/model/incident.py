"""The nouns of an incident file: what happened, who was asked, who promised what until when, and what was said.

An incident is public only by its bulletins (``model.bulletin``): nothing here leaves the house by itself. Contacts and
what they wrote are stored encrypted. A cause never stands without the class of its evidence.

Times are aware UTC datetimes. ``_en`` and ``_ur`` are the same words in English and in the country's other language.
"""

import datetime as dt
from typing import Final, Literal

from msgspec import Struct

INCIDENT_VERSION: Final = 1
"""Version of the stored shapes."""

IncidentKind = Literal[
    "unknown",
    "blocking",
    "throttling",
    "vpn",
    "outage",
    "provider_outage",
    "slowdown",
    "detour",
    "data_gap",
    "maintenance",
]

IncidentState = Literal[
    "reported", "confirmed", "cause_sought", "cause_identified", "mitigating", "monitoring", "resolved", "reviewed"
]

INCIDENT_STEPS: Final[dict[str, frozenset[str]]] = {
    "reported": frozenset({"confirmed", "cause_sought", "resolved"}),
    "confirmed": frozenset({"cause_sought", "cause_identified", "mitigating", "monitoring", "resolved"}),
    "cause_sought": frozenset({"cause_identified", "mitigating", "monitoring", "resolved"}),
    "cause_identified": frozenset({"cause_sought", "mitigating", "monitoring", "resolved"}),
    "mitigating": frozenset({"cause_sought", "cause_identified", "monitoring", "resolved"}),
    "monitoring": frozenset({"confirmed", "cause_sought", "cause_identified", "mitigating", "resolved"}),
    "resolved": frozenset({"confirmed", "reviewed"}),
    "reviewed": frozenset({"confirmed"}),
}
"""Which state may follow which. "confirmed" after "resolved" or "reviewed" is a relapse."""

Severity = Literal["none", "minor", "major", "critical"]
"""Statuspage's words for impact."""

EvidenceClass = Literal["none", "reports", "statement", "measured", "corroborated", "reproduced"]

EVIDENCE_CLASSES: Final[dict[str, str]] = {
    "none": "cause not established",
    "reports": "reports of members or visitors only, not measured",
    "statement": "stated by a party, not measured by us",
    "measured": "measured on one network, or without a witness outside",
    "corroborated": "measured on several networks, beside a witness outside",
    "reproduced": "as corroborated, and a change of one thing alone made it come and go",
}
"""From the weakest to the strongest. ``none`` goes without a probability."""

PartyRole = Literal[
    "regulator", "operator", "cable_operator", "cdn", "platform", "exchange", "ministry", "member", "media", "other"
]

PromiseState = Literal["open", "kept", "broken", "withdrawn"]

Symptom = Literal[
    "no_connection", "slow", "vpn_fails", "name_not_found", "certificate_warning", "error_page", "drops", "other"
]

ImpactKind = Literal["clients_lost", "orders_lost", "penalty", "relocation", "hours_lost", "other"]


class Cause(Struct, frozen=True, kw_only=True):
    """What we say of the cause, at one time. The newest one holds.

    ``probability_percent`` is 0 to 100, None exactly where the class is ``none``. ``evidence_ids`` are attachments.
    """

    at: dt.datetime
    by: str
    evidence_class: EvidenceClass
    probability_percent: int | None = None
    words_en: str = ""
    words_ur: str = ""
    evidence_ids: tuple[str, ...] = ()


class IncidentStep(Struct, frozen=True, kw_only=True):
    """One change of an incident's state."""

    state: IncidentState
    at: dt.datetime
    by: str
    note: str = ""


class Link(Struct, frozen=True, kw_only=True):
    """A page elsewhere that belongs to it."""

    url: str
    title: str = ""
    public: bool = True


class Incident(Struct, frozen=True, kw_only=True):
    """One event, from the first report to the review.

    ``component_ids`` and ``operator_ids`` are those of the site's settings (``model.site``), ``member_ids`` are
    organisations that said that they are hit: never public, only their count.
    """

    id: str
    title_en: str
    title_ur: str = ""
    kind: IncidentKind = "unknown"
    state: IncidentState = "reported"
    severity: Severity = "minor"
    component_ids: tuple[str, ...] = ()
    operator_ids: tuple[str, ...] = ()
    member_ids: tuple[str, ...] = ()
    started_at: dt.datetime
    ended_at: dt.datetime | None = None
    next_update_at: dt.datetime | None = None
    """Promised in the last bulletin."""
    steps: tuple[IncidentStep, ...] = ()
    causes: tuple[Cause, ...] = ()
    links: tuple[Link, ...] = ()
    related_ids: tuple[str, ...] = ()
    """Other incidents."""
    opened_by: str
    created_at: dt.datetime
    changed_at: dt.datetime


class Party(Struct, frozen=True, kw_only=True):
    """Somebody who was asked or who acts: a desk, with its contact. Contact fields are stored encrypted."""

    id: str
    incident_id: str
    role: PartyRole
    name_en: str
    name_ur: str = ""
    desk: str = ""
    """Such as "NOC" or "abuse desk"."""
    contact_name: str = ""
    email: str = ""
    phone: str = ""
    reference: str = ""
    """Their ticket."""
    created_at: dt.datetime


class Message(Struct, frozen=True, kw_only=True):
    """What was written or said to a party, or by it. Subject and text are stored encrypted, and never public."""

    id: str
    incident_id: str
    party_id: str
    direction: Literal["to_them", "from_them"]
    way: Literal["email", "phone", "meeting", "portal", "letter", "chat"]
    at: dt.datetime
    subject: str = ""
    text: str
    by: str
    """Who of ours wrote or heard it."""


class Escalation(Struct, frozen=True, kw_only=True):
    """One level up, when a promise is missed: after how many minutes who is told."""

    after_min: int
    to: str
    """A name of the duty list in the settings."""
    told_at: dt.datetime | None = None


class Promise(Struct, frozen=True, kw_only=True):
    """Who promised what until when. ``party_id`` "" means that we promised it.

    A promise that was put off stays: ``put_off`` holds the deadlines that it had before.
    """

    id: str
    incident_id: str
    party_id: str = ""
    words_en: str
    words_ur: str = ""
    made_at: dt.datetime
    due_at: dt.datetime
    put_off: tuple[dt.datetime, ...] = ()
    state: PromiseState = "open"
    settled_at: dt.datetime | None = None
    escalations: tuple[Escalation, ...] = ()
    public: bool = False
    by: str


class Statement(Struct, frozen=True, kw_only=True):
    """What a party stated officially, word for word, with its source. It stands beside our cause, not in its place."""

    id: str
    incident_id: str
    party_id: str
    at: dt.datetime
    text_en: str
    text_ur: str = ""
    source: str = ""
    """Where it was published: a URL, or "press conference"."""
    cause_claimed: str = ""
    public: bool = True
    by: str


class TimelineNote(Struct, frozen=True, kw_only=True):
    """A line of the timeline that somebody wrote."""

    id: str
    incident_id: str
    at: dt.datetime
    text: str
    by: str


class Attachment(Struct, frozen=True, kw_only=True):
    """A file that belongs to an incident: kept once, by its hash, beside the register.

    ``withheld`` is the reason why it does not go into an evidence pack, "" where it does. ``facts`` are what was read
    in it (of verdicts: state, mechanism, probability, networks), as lines "name: value".
    """

    id: str
    incident_id: str
    kind: Literal["measurement", "verdict", "route", "capture", "document", "picture"]
    name: str
    sha256: str
    size_bytes: int
    source: str = ""
    facts: tuple[str, ...] = ()
    withheld: str = ""
    added_at: dt.datetime
    by: str


class MemberReport(Struct, frozen=True, kw_only=True):
    """A member's or visitor's "I cannot reach X". Never sole evidence.

    No address of who reports is kept. ``contact`` and ``words`` are stored encrypted; the contact goes when the report
    is closed. ``target`` is a component's id or a bare host name, never a URL with a path. ``code`` is what the person
    gets, to ask what became of it.
    """

    id: str
    incident_id: str = ""
    group_id: str = ""
    code: str
    way: Literal["web", "email", "phone", "desk"]
    language: str = "en"
    target: str
    operator_id: str = ""
    place: str = ""
    """A town at most."""
    symptom: Symptom = "other"
    words: str = ""
    contact: str = ""
    member_id: str = ""
    began_at: dt.datetime | None = None
    reported_at: dt.datetime
    acknowledged_at: dt.datetime | None = None
    state: Literal["new", "acknowledged", "linked", "closed"] = "new"
    closed_because: str = ""


class Question(Struct, frozen=True, kw_only=True):
    """One technical question of the dossier to an authority, and its answer. ``incident_id`` "" is a standing one."""

    id: str
    incident_id: str = ""
    party_id: str = ""
    asked_of: str
    text_en: str
    text_ur: str = ""
    asked_at: dt.datetime | None = None
    due_at: dt.datetime | None = None
    answer: str = ""
    answered_at: dt.datetime | None = None
    state: Literal["draft", "asked", "answered", "refused", "withdrawn"] = "draft"
    public: bool = False
    by: str
    created_at: dt.datetime


class DraftVersion(Struct, frozen=True, kw_only=True):
    """One version of a consultation draft; earlier ones stay."""

    number: int
    text: str
    at: dt.datetime
    by: str
    note: str = ""


class ConsultationDraft(Struct, frozen=True, kw_only=True):
    """What the association will say in a consultation, in versions."""

    id: str
    incident_id: str = ""
    title: str
    consultation: str = ""
    """Whose, and its reference."""
    respond_by: dt.datetime | None = None
    state: Literal["draft", "circulated", "submitted", "withdrawn"] = "draft"
    versions: tuple[DraftVersion, ...] = ()
    created_at: dt.datetime
    changed_at: dt.datetime


class ImpactNote(Struct, frozen=True, kw_only=True):
    """What an incident cost one member. Shown only in sums over several members, and only with its consent."""

    id: str
    incident_id: str
    organisation_id: str
    kind: ImpactKind
    number: int = 0
    """How many: clients, orders, hours."""
    amount: int = 0
    """In whole units of ``currency``; 0 where it is not known."""
    currency: str = ""
    """ISO 4217."""
    from_on: dt.date | None = None
    until_on: dt.date | None = None
    consent_id: str
    words: str = ""
    by: str
    created_at: dt.datetime


class ImpactRelease(Struct, frozen=True, kw_only=True):
    """One sum of impact notes that was shown to somebody: what may be shown later depends on it.

    ``parts`` are the notes that it was made of, each "note/mark"; a mark is the same for all notes of one member on one
    incident, and says no more than that. They outlive the notes: what was shown cannot be taken back.
    """

    id: str
    incident_id: str
    recipient: str
    """"public", or who else got it."""
    kind: ImpactKind
    measure: Literal["number", "amount"]
    currency: str = ""
    """Of an amount."""
    total: int
    n_members: int
    parts: tuple[str, ...]
    released_at: dt.datetime


class TimelineLine(Struct, frozen=True, kw_only=True):
    """One line of an incident's timeline, made from its records. ``record_id`` says from which."""

    at: dt.datetime
    what: Literal[
        "opened", "step", "cause", "message", "promise", "promise_settled", "statement", "note", "bulletin",
        "attachment", "report", "question", "answer",
    ]  # fmt: skip
    words: str
    by: str = ""
    record_id: str = ""
    public: bool = False
