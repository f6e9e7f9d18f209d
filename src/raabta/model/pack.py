"""The nouns of an evidence pack: what a CDN's or regulator's engineers get, and what they do not, with the reason."""

import datetime as dt
from typing import Final

from msgspec import Struct

from raabta.model.incident import Attachment, Cause, Incident, Statement, TimelineLine
from raabta.model.publication import PublicUpdate
from raabta.model.site import Site

PACK_VERSION: Final = 1


class PackParty(Struct, frozen=True, kw_only=True):
    """Somebody who was asked, without contacts."""

    id: str
    role: str
    name_en: str
    name_ur: str = ""
    desk: str = ""
    reference: str = ""


class PackPromise(Struct, frozen=True, kw_only=True):
    """Who promised what until when."""

    party: str
    words: str
    made_at: dt.datetime
    due_at: dt.datetime
    put_off: tuple[dt.datetime, ...] = ()
    state: str


class PackQuestion(Struct, frozen=True, kw_only=True):
    """What we ask, and what was answered."""

    asked_of: str
    text: str
    asked_at: dt.datetime | None = None
    due_at: dt.datetime | None = None
    answer: str = ""
    answered_at: dt.datetime | None = None


class Withheld(Struct, frozen=True, kw_only=True):
    """Something that is not in the pack, how many of it, and why. ``n`` None: too few to be told."""

    what: str
    why: str
    n: int | None


class PackContent(Struct, frozen=True, kw_only=True):
    """All that a pack says, before it is written. ``software`` and ``knowledge`` name what made the verdicts."""

    id: str
    incident: Incident
    site: Site
    recipient: str
    made_at: dt.datetime
    software: str
    parties: tuple[PackParty, ...] = ()
    causes: tuple[Cause, ...] = ()
    statements: tuple[Statement, ...] = ()
    promises: tuple[PackPromise, ...] = ()
    questions: tuple[PackQuestion, ...] = ()
    timeline: tuple[TimelineLine, ...] = ()
    updates: tuple[PublicUpdate, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    n_reports: int | None = 0
    """None: too few to be told."""


class PackFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file of a pack."""

    path: str
    sha256: str
    size_bytes: int
    words: str = ""


class PackManifest(Struct, frozen=True, kw_only=True):
    """What a pack holds, whose it is, for whom. Signed; every file is listed."""

    id: str
    incident_id: str
    title: str
    publisher: str
    site: str
    recipient: str
    made_at: dt.datetime
    zone: str
    software: str
    files: tuple[PackFile, ...]
    withheld: tuple[Withheld, ...] = ()
    version: int = PACK_VERSION
