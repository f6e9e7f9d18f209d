"""The nouns of what is told: bulletins on incidents, notices, member meetings and security advisories.

A bulletin is one *update*: a thread (an incident, a notice …) has several, and each one is written in both languages,
approved by a second person, published once and never changed: what was wrong is corrected by a bulletin that says so.
"""

import datetime as dt
from typing import Final, Literal

from msgspec import Struct

from raabta.model.incident import EvidenceClass, IncidentState, Severity

BULLETIN_VERSION: Final = 1

BulletinKind = Literal["incident", "notice", "meeting", "advisory"]

Language = Literal["en", "ur"]

LANGUAGES: Final[tuple[Language, ...]] = ("en", "ur")

Audience = Literal["public", "members", "product_users"]
"""``members`` and ``product_users`` are sent to whom they concern, and stand on no page or feed."""


class BulletinText(Struct, frozen=True, kw_only=True):
    """A bulletin in one language. Plain text; a blank line parts paragraphs. Empty parts are left out."""

    language: Language
    title: str
    known: str = ""
    """What is known; for notices, meetings and advisories simply the text."""
    not_known: str = ""
    stated: str = ""
    """Who states what."""
    workaround: str = ""
    correction: str = ""
    """What was wrong before, where this corrects an earlier one."""


class Meeting(Struct, frozen=True, kw_only=True):
    """When and where members meet."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    place_en: str
    place_ur: str = ""
    url: str = ""
    cancelled: bool = False
    """It does not take place: a further bulletin of its thread says so."""


class Advisory(Struct, frozen=True, kw_only=True):
    """What a security advisory is about. ``products`` are ids of the settings' products."""

    products: tuple[str, ...]
    affected: str = ""
    """Versions that are affected."""
    fixed: str = ""
    """Versions that are not."""
    identifiers: tuple[str, ...] = ()
    """Such as CVE-2024-3400."""
    score: str = ""
    """CVSS, as its source gives it."""


class AcceptedDifference(Struct, frozen=True, kw_only=True):
    """A fact that only one language says, and why that is right."""

    fact: str
    reason: str
    by: str


class Bulletin(Struct, frozen=True, kw_only=True):
    """One update of a thread.

    ``thread_id`` is the incident's id, or for other kinds the id of the thread's first bulletin. ``sequence`` counts
    all that was ever published, from 1; 0 is not published. ``approved_hash`` binds the approval to the very words.
    """

    id: str
    thread_id: str
    kind: BulletinKind
    number: int
    """Within its thread, from 1, in the order of writing."""
    texts: tuple[BulletinText, ...]
    incident_state: IncidentState | None = None
    """Of an incident: the state that this update tells."""
    severity: Severity = "none"
    component_ids: tuple[str, ...] = ()
    operator_ids: tuple[str, ...] = ()
    evidence_class: EvidenceClass = "none"
    probability_percent: int | None = None
    next_update_at: dt.datetime | None = None
    """None only where ``final``."""
    final: bool = False
    """No further update is promised: it is over, or it was a single notice."""
    corrects_id: str = ""
    audience: Audience = "public"
    meeting: tuple[Meeting, ...] = ()
    """One, or none."""
    advisory: tuple[Advisory, ...] = ()
    """One, or none."""
    state: Literal["draft", "approved", "published", "withdrawn"] = "draft"
    accepted: tuple[AcceptedDifference, ...] = ()
    author: str
    changed_by: tuple[str, ...] = ()
    """Who changed it after the author, each once: none of them approves."""
    created_at: dt.datetime
    changed_at: dt.datetime
    approved_by: str = ""
    approved_at: dt.datetime | None = None
    approved_hash: str = ""
    published_by: str = ""
    published_at: dt.datetime | None = None
    sequence: int = 0
