"""The one gate to the public: what of an incident file and its bulletins everybody may read.

Pure. A ``PublicThread`` is made here and nowhere else, from published bulletins for the public and from what is marked
public beside them. Contacts, messages, reports, notes, names of members and of staff have no field to go into.

Small counts point at somebody, so counts of reports and members below ``SMALL`` are not shown, as in ``counts``.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct, structs

from raabta.model.bulletin import Bulletin
from raabta.model.incident import Incident, Party, Promise, Statement
from raabta.model.publication import (
    PublicLink,
    PublicPromise,
    PublicStatement,
    PublicThread,
    PublicUpdate,
    is_public,
)
from raabta.model.vocabulary import SMALL

OVER: Final = frozenset({"resolved", "reviewed"})
"""States of an incident in which it is over, though its thread may promise a report."""


class Surroundings(Struct, frozen=True, kw_only=True):
    """What stands around the bulletins of an incident. Empty for other kinds of thread."""

    incident: Incident | None = None
    parties: tuple[Party, ...] = ()
    statements: tuple[Statement, ...] = ()
    promises: tuple[Promise, ...] = ()
    n_reports: int = 0


def public_thread(bulletins: Sequence[Bulletin], around: Surroundings) -> PublicThread:
    """Make what is public of a thread.

    Args:
        bulletins: Of one thread, in any order; drafts and what is not for the public are left out here.
        around: The incident with what belongs to it.

    Raises:
        ValueError: Nothing of it is public, or the bulletins are of several threads.
    """
    told = sorted(filter(is_public, bulletins), key=lambda one: one.sequence)
    if not told or len({one.thread_id for one in told}) != 1:
        message = "a public thread needs published bulletins of one thread. Publish one: raabta bulletin publish"
        raise ValueError(message)
    first, newest, incident = told[0], told[-1], around.incident
    updates = tuple(_update(one, told) for one in told)
    return PublicThread(
        id=newest.thread_id,
        kind=newest.kind,
        incident_kind=incident.kind if incident else "unknown",
        state=newest.incident_state,
        severity=newest.severity,
        component_ids=_all("component_ids", told),
        operator_ids=_all("operator_ids", told),
        started_at=incident.started_at if incident else updates[0].at,
        ended_at=incident.ended_at if incident and newest.incident_state in OVER else None,
        next_update_at=newest.next_update_at,
        is_open=newest.incident_state not in OVER if first.kind == "incident" else not newest.final,
        evidence_class=newest.evidence_class,
        probability_percent=newest.probability_percent,
        updates=updates,
        statements=_statements(around),
        promises=_promises(around),
        links=_links(incident),
        n_reports=_shown(around.n_reports),
        n_members=_shown(len(incident.member_ids)) if incident else None,
        sequence=newest.sequence,
    )


def read_thread(content: str) -> PublicThread:
    """Read a public thread back from a publication's content."""
    return msgspec.json.decode(content, type=PublicThread)


def _update(bulletin: Bulletin, told: Sequence[Bulletin]) -> PublicUpdate:
    if bulletin.published_at is None:
        message = f"bulletin {bulletin.id} is published without a time: the register is damaged. Restore it."
        raise ValueError(message)
    kept = structs.asdict(bulletin)
    same = {name: kept[name] for name in PublicUpdate.__struct_fields__ if name in kept}
    corrected_by = next((one.id for one in reversed(told) if one.corrects_id == bulletin.id), "")
    return PublicUpdate(**same, at=bulletin.published_at, corrected_by=corrected_by)


def _all(name: str, told: Sequence[Bulletin]) -> tuple[str, ...]:
    """Give what any update named, the newest first: a thread stays with a component that it once concerned."""
    return tuple(dict.fromkeys(id_ for one in reversed(told) for id_ in getattr(one, name)))


def _statements(around: Surroundings) -> tuple[PublicStatement, ...]:
    parties = {party.id: party for party in around.parties}
    found = []
    for one in sorted(around.statements, key=lambda one: (one.at, one.id)):
        party = parties.get(one.party_id)
        if one.public and party is not None:
            names = {"party_en": party.name_en, "party_ur": party.name_ur or party.name_en}
            found.append(
                PublicStatement(**names, at=one.at, text_en=one.text_en, text_ur=one.text_ur, source=one.source)
            )
    return tuple(found)


def _promises(around: Surroundings) -> tuple[PublicPromise, ...]:
    parties = {party.id: party for party in around.parties}
    found = []
    for one in sorted(around.promises, key=lambda one: (one.made_at, one.id)):
        party = parties.get(one.party_id)
        if not one.public or (one.party_id and party is None):
            continue
        names: dict[str, Any] = {"party_en": party.name_en, "party_ur": party.name_ur or party.name_en} if party else {}
        kept = structs.asdict(one)
        same = {name: kept[name] for name in PublicPromise.__struct_fields__ if name in kept}
        found.append(PublicPromise(**names, **same))
    return tuple(found)


def _links(incident: Incident | None) -> tuple[PublicLink, ...]:
    links = incident.links if incident else ()
    return tuple(PublicLink(url=one.url, title=one.title) for one in links if one.public)


def _shown(number: int) -> int | None:
    return number if number >= SMALL else None
