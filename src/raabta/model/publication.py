"""What is public, and nothing else: pages, feeds and messages are made from these nouns alone.

A ``PublicThread`` is made when a bulletin is published (``publish.public``), and is what everybody may read. Contacts,
messages, reports and names of members have no field here.
"""

import datetime as dt
from typing import Final

from msgspec import Struct

from raabta.model.bulletin import Advisory, Bulletin, BulletinKind, BulletinText, Meeting
from raabta.model.incident import EvidenceClass, IncidentKind, IncidentState, Severity

PUBLICATION_VERSION: Final = 1


class PublicUpdate(Struct, frozen=True, kw_only=True):
    """One published bulletin. ``corrected_by`` is the id of the update that corrects it: both stay visible."""

    id: str
    number: int
    sequence: int
    at: dt.datetime
    texts: tuple[BulletinText, ...]
    incident_state: IncidentState | None = None
    severity: Severity = "none"
    component_ids: tuple[str, ...] = ()
    operator_ids: tuple[str, ...] = ()
    evidence_class: EvidenceClass = "none"
    probability_percent: int | None = None
    next_update_at: dt.datetime | None = None
    final: bool = False
    corrects_id: str = ""
    corrected_by: str = ""
    meeting: tuple[Meeting, ...] = ()
    advisory: tuple[Advisory, ...] = ()


class PublicStatement(Struct, frozen=True, kw_only=True):
    """What a party stated, beside our evidence."""

    party_en: str
    party_ur: str
    at: dt.datetime
    text_en: str
    text_ur: str = ""
    source: str = ""


class PublicPromise(Struct, frozen=True, kw_only=True):
    """Who promised what until when, and whether it was kept. An empty party is the publisher.

    A promise that was put off stays: ``put_off`` holds the deadlines that it had before.
    """

    party_en: str = ""
    party_ur: str = ""
    words_en: str
    words_ur: str = ""
    made_at: dt.datetime
    due_at: dt.datetime
    put_off: tuple[dt.datetime, ...] = ()
    state: str
    settled_at: dt.datetime | None = None


class PublicLink(Struct, frozen=True, kw_only=True):
    """A page elsewhere."""

    url: str
    title: str = ""


class PublicThread(Struct, frozen=True, kw_only=True):
    """All that is public of an incident, notice, meeting or advisory. ``updates`` ascend by sequence; one at least.

    ``n_reports`` and ``n_members`` are counts, None where they are too small to be shown.
    """

    id: str
    kind: BulletinKind
    incident_kind: IncidentKind = "unknown"
    state: IncidentState | None = None
    severity: Severity = "none"
    component_ids: tuple[str, ...] = ()
    operator_ids: tuple[str, ...] = ()
    started_at: dt.datetime
    ended_at: dt.datetime | None = None
    next_update_at: dt.datetime | None = None
    is_open: bool
    evidence_class: EvidenceClass = "none"
    probability_percent: int | None = None
    updates: tuple[PublicUpdate, ...]
    statements: tuple[PublicStatement, ...] = ()
    promises: tuple[PublicPromise, ...] = ()
    links: tuple[PublicLink, ...] = ()
    n_reports: int | None = None
    n_members: int | None = None
    sequence: int
    """Of its newest update."""
    version: int = PUBLICATION_VERSION


class Publication(Struct, frozen=True, kw_only=True):
    """A public thread as it is kept: what pages are built from. ``content`` is a ``PublicThread`` as JSON."""

    id: str
    """The thread's."""
    kind: BulletinKind
    sequence: int
    month: str
    """Of its start, in local time: "2024-11"."""
    is_open: bool
    component_ids: tuple[str, ...] = ()
    content: str


class PublicationPlace(Struct, frozen=True, kw_only=True):
    """That a thread concerns a component: so that a component's page needs not look through all. ``id`` joins both."""

    id: str
    component_id: str
    thread_id: str
    sequence: int


class PublishedFile(Struct, frozen=True, kw_only=True):
    """One file of the site, as the manifest lists it."""

    path: str
    """Relative, with "/"."""
    sha256: str
    size_bytes: int


class Manifest(Struct, frozen=True, kw_only=True):
    """All files of the site at one build. Signed (minisign); a mirror is right when it serves just these.

    ``serial`` rises with every build, ``sequence`` is the newest bulletin within. After ``expires_at`` a mirror is
    old, whatever else it says.
    """

    site: str
    """The site's URL."""
    serial: int
    sequence: int
    made_at: dt.datetime
    expires_at: dt.datetime
    files: tuple[PublishedFile, ...]
    version: int = PUBLICATION_VERSION


def is_public(bulletin: Bulletin) -> bool:
    """Say whether a bulletin may stand on a page."""
    return bulletin.state == "published" and bulletin.audience == "public"
