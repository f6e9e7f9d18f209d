"""An evidence pack out of an incident file: what its recipient gets, and a line for all that stays here.

What never goes: contacts, letters, notes of the desk, names of staff, who reported, which members are hit, what one
member lost. Statements, promises and questions go where they are public, or where the recipient is their party.
"""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from msgspec import structs

from raabta import __version__
from raabta.model.incident import Attachment, ImpactNote, Party, Promise, Question, TimelineLine
from raabta.model.pack import PackContent, PackParty, PackPromise, PackQuestion, Withheld
from raabta.model.publication import Publication, is_public
from raabta.model.site import Site
from raabta.model.vocabulary import SMALL
from raabta.pipeline.informing.desk.attachments import read_attachment
from raabta.pipeline.informing.incidents import find_incident, read_file
from raabta.publish.pack.archive import pack_files, write_archive
from raabta.publish.pack.names import safe_name
from raabta.publish.public import read_thread
from raabta.registry import Records
from raabta.registry.incidents.timeline import IncidentRecords, make_timeline
from raabta.remedy.keys import SigningKey
from raabta.remedy.minisign import minisign, minisign_public

_ABOUT_PEOPLE: Final = frozenset({"report", "member", "note on losses"})
"""Counts of these are not told where they are small: they could point at somebody."""


class PackOrder(NamedTuple):
    """Which pack is wanted. ``recipient`` is the id of a party of the incident, or a name."""

    incident_id: str
    recipient: str
    id: str
    made_at: dt.datetime


def make_pack(records: Records, order: PackOrder, *, site: Site, folder: Path, key: SigningKey) -> bytes:
    """Make an evidence pack.

    Args:
        records: Of the register.
        order: Which one.
        site: Who speaks.
        folder: Where attached files stand.
        key: The site's; signs.

    Raises:
        LookupError: There is no such incident.
        ValueError: An attached file is not what was attached, or all together are too large.
        OSError: An attached file cannot be read.
    """
    content = assemble_pack(records, order, site=site)
    attached = {one.id: read_attachment(folder, one) for one in content.attachments}

    def sign(raw: bytes) -> str:
        return minisign(raw, key, comment=f"raabta pack={content.id} incident={content.incident.id}")

    files = pack_files(content, attached)
    return write_archive(content, files, sign=sign, public_key=minisign_public(key.public))


def assemble_pack(records: Records, order: PackOrder, *, site: Site) -> PackContent:
    """Say what goes into a pack, and what stays.

    Raises:
        LookupError: There is no such incident.
    """
    whole = read_file(records, find_incident(records, order.incident_id).id)
    theirs = order.recipient if order.recipient in whole.parties else None
    goes = _what_goes(whole, theirs)
    names = {party.id: party.name_en for party in whole.parties.values()}
    publication = records.get(Publication, whole.incident.id)
    return PackContent(
        id=order.id,
        incident=structs.replace(goes.incident, steps=(), causes=()),
        site=site,
        recipient=names[theirs] if theirs else order.recipient,
        made_at=order.made_at,
        software=f"raabta {__version__}",
        parties=tuple(map(_without_contact, whole.parties.values())),
        causes=goes.incident.causes,
        statements=goes.statements,
        promises=tuple(_promise(one, names) for one in goes.promises),
        questions=tuple(map(_question, goes.questions)),
        timeline=tuple(_lines(goes)),
        updates=read_thread(publication.content).updates if publication else (),
        attachments=goes.attachments,
        withheld=tuple(_withheld(records, whole, goes)),
        n_reports=len(whole.reported_at) if len(whole.reported_at) >= SMALL or not whole.reported_at else None,
    )


def _what_goes(whole: IncidentRecords, theirs: str | None) -> IncidentRecords:
    """Give an incident's records as the recipient sees them: without the desk's own, and without names of staff."""
    incident = structs.replace(
        whole.incident,
        member_ids=(),
        opened_by="",
        steps=tuple(structs.replace(step, by="", note="") for step in whole.incident.steps),
        causes=tuple(structs.replace(cause, by="") for cause in whole.incident.causes),
    )
    return structs.replace(
        whole,
        incident=incident,
        messages=(),
        notes=(),
        promises=tuple(one for one in whole.promises if one.public or one.party_id == theirs),
        statements=tuple(
            structs.replace(one, by="") for one in whole.statements if one.public or one.party_id == theirs
        ),
        questions=tuple(
            one
            for one in whole.questions
            if one.state != "draft" and (one.public or (theirs and one.party_id == theirs))
        ),
        attachments=tuple(_with_names(one for one in whole.attachments if not one.withheld)),
        bulletins=tuple(one for one in whole.bulletins if is_public(one)),
    )


def _lines(goes: IncidentRecords) -> Iterable[TimelineLine]:
    """Give the timeline without names of staff, and without hours in which few reported."""
    for line in make_timeline(goes):
        if line.what != "report" or line.public:
            yield structs.replace(line, by="")


def _withheld(records: Records, whole: IncidentRecords, goes: IncidentRecords) -> Iterable[Withheld]:
    notes = len(whole.notes) + sum(1 for step in whole.incident.steps if step.note)
    losses = records.count(ImpactNote, incident_id=whole.incident.id)
    others = sum(
        len(all_) - len(some)
        for all_, some in (
            (whole.promises, goes.promises),
            (whole.statements, goes.statements),
            (whole.questions, goes.questions),
        )
    )
    contacts = sum(1 for one in whole.parties.values() if one.email or one.phone or one.contact_name)
    counts: tuple[tuple[str, str, int], ...] = (
        ("letter or call", "what is written to a desk stays between the two", len(whole.messages)),
        ("contact", "people's names, addresses and numbers", contacts),
        ("note of the desk", "working notes, not evidence", notes),
        ("report", "who reported, and their words; their number is given", len(whole.reported_at)),
        ("member", "members that are hit did not agree to be named", len(whole.incident.member_ids)),
        ("note on losses", "only sums over several members are shown", losses),
        ("bulletin", "not published to everybody", len(whole.bulletins) - len(goes.bulletins)),
        ("statement, promise or question", "between the desk and another party", others),
    )
    for what, why, n in counts:
        if n:
            yield Withheld(what=what, why=why, n=None if what in _ABOUT_PEOPLE and n < SMALL else n)
    for attachment in whole.attachments:
        if attachment.withheld:
            yield Withheld(what=f"attached file ({attachment.kind})", why=attachment.withheld, n=1)


def _with_names(attachments: Iterable[Attachment]) -> list[Attachment]:
    """Give attachments names that may stand in a pack, each once in its folder."""
    named: list[Attachment] = []
    taken: set[tuple[str, str]] = set()
    for one in attachments:
        name = safe_name(one.name, fallback=one.id)
        if (one.kind, name.casefold()) in taken:
            name = f"{one.id}-{name}"[:100].rstrip("-.")
        taken.add((one.kind, name.casefold()))
        named.append(structs.replace(one, name=name, by=""))
    return named


def _without_contact(party: Party) -> PackParty:
    return PackParty(
        id=party.id,
        role=party.role,
        name_en=party.name_en,
        name_ur=party.name_ur,
        desk=party.desk,
        reference=party.reference,
    )


def _promise(promise: Promise, names: dict[str, str]) -> PackPromise:
    return PackPromise(
        party=names.get(promise.party_id, ""),
        words=promise.words_en,
        made_at=promise.made_at,
        due_at=promise.due_at,
        put_off=promise.put_off,
        state=promise.state,
    )


def _question(question: Question) -> PackQuestion:
    return PackQuestion(
        asked_of=question.asked_of,
        text=question.text_en,
        asked_at=question.asked_at,
        due_at=question.due_at,
        answer=question.answer,
        answered_at=question.answered_at,
    )
