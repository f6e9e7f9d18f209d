"""An incident's timeline, made from its records. Pure.

What was written to a party, or by it, is confidential: without ``with_contents`` a line says only that it was written.
Reports of members and visitors are counted by the hour, never shown one by one.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from raabta.model.bulletin import Bulletin
from raabta.model.incident import (
    EVIDENCE_CLASSES,
    Attachment,
    Incident,
    Message,
    Party,
    Promise,
    Question,
    Statement,
    TimelineLine,
    TimelineNote,
)
from raabta.model.publication import is_public
from raabta.model.vocabulary import SMALL
from raabta.registry.incidents.steps import utc

SayTime = Callable[[dt.datetime], str]


class IncidentRecords(Struct, frozen=True, kw_only=True):
    """All that belongs to one incident, of all who write in it."""

    incident: Incident
    parties: Mapping[str, Party] = {}
    messages: tuple[Message, ...] = ()
    promises: tuple[Promise, ...] = ()
    statements: tuple[Statement, ...] = ()
    notes: tuple[TimelineNote, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    questions: tuple[Question, ...] = ()
    bulletins: tuple[Bulletin, ...] = ()
    reported_at: tuple[dt.datetime, ...] = ()


def make_timeline(
    whole: IncidentRecords, *, say_time: SayTime = utc, with_contents: bool = False
) -> list[TimelineLine]:
    """Give the lines, the earliest first; what happened at the same moment in the order of the records' ids.

    Args:
        whole: The incident's records.
        say_time: Writes a time within words.
        with_contents: Whether subjects of messages are shown: in the house only.
    """
    lines = [
        *_of_incident(whole.incident),
        *_of_messages(whole, with_contents=with_contents),
        *(line for promise in whole.promises for line in _of_promise(promise, whole, say_time)),
        *(_of_statement(statement, whole) for statement in whole.statements),
        *(
            TimelineLine(what="note", at=note.at, words=note.text, by=note.by, record_id=note.id)
            for note in whole.notes
        ),
        *(_of_bulletin(one) for one in whole.bulletins if one.published_at is not None),
        *(_of_attachment(attachment) for attachment in whole.attachments),
        *_of_reports(whole.reported_at),
        *(line for question in whole.questions for line in _of_question(question)),
    ]
    return sorted(lines, key=lambda line: line.at)


def party_name(parties: Mapping[str, Party], party_id: str) -> str:
    """Name a party with its desk; "we" where there is none."""
    party = parties.get(party_id)
    if party is None:
        return "we"
    return f"{party.name_en} ({party.desk})" if party.desk else party.name_en


def _of_incident(incident: Incident) -> Iterator[TimelineLine]:
    yield TimelineLine(
        what="opened",
        at=incident.created_at,
        words=f"Opened: {incident.title_en}",
        by=incident.opened_by,
        record_id=incident.id,
    )
    if incident.started_at < incident.created_at:
        yield TimelineLine(
            what="note", at=incident.started_at, words="It began (as far as is known)", record_id=incident.id
        )
    before = ""
    for step in incident.steps:
        relapse = " (it came back)" if step.state == "confirmed" and before in {"resolved", "reviewed"} else ""
        words = f"State: {step.state.replace('_', ' ')}{relapse}{f' · {step.note}' if step.note else ''}"
        yield TimelineLine(what="step", at=step.at, words=words, by=step.by, record_id=incident.id)
        before = step.state
    for cause in incident.causes:
        if cause.evidence_class == "none":
            words = "Cause: not established"
        else:
            words = (
                f"Cause: {cause.words_en} · {EVIDENCE_CLASSES[cause.evidence_class]} · {cause.probability_percent} %"
            )
        yield TimelineLine(what="cause", at=cause.at, words=words, by=cause.by, record_id=incident.id)


_WAYS: Final = {
    "email": "E-mail",
    "phone": "Call",
    "meeting": "Meeting",
    "portal": "Ticket",
    "letter": "Letter",
    "chat": "Chat",
}


def _of_messages(whole: IncidentRecords, *, with_contents: bool) -> Iterator[TimelineLine]:
    for message in whole.messages:
        side = "to" if message.direction == "to_them" else "from"
        said = f": {_gist(message)}" if with_contents else ""
        words = f"{_WAYS[message.way]} {side} {party_name(whole.parties, message.party_id)}{said}"
        yield TimelineLine(what="message", at=message.at, words=words, by=message.by, record_id=message.id)


def _gist(message: Message) -> str:
    return message.subject or message.text.partition("\n")[0][:120]


def _of_promise(promise: Promise, whole: IncidentRecords, say_time: SayTime) -> Iterator[TimelineLine]:
    party = party_name(whole.parties, promise.party_id)
    first_due_at = promise.put_off[0] if promise.put_off else promise.due_at
    words = f"{_capital(party)} promised: {promise.words_en}, until {say_time(first_due_at)}"
    yield TimelineLine(
        what="promise", at=promise.made_at, words=words, by=promise.by, record_id=promise.id, public=promise.public
    )
    if promise.settled_at is None:
        return
    late = " late" if promise.state == "kept" and promise.settled_at > promise.due_at else ""
    words = f"Promise {promise.state}{late}: {promise.words_en} ({party})"
    yield TimelineLine(
        what="promise_settled",
        at=promise.settled_at,
        words=words,
        by=promise.by,
        record_id=promise.id,
        public=promise.public,
    )


def _of_statement(statement: Statement, whole: IncidentRecords) -> TimelineLine:
    source = f" [{statement.source}]" if statement.source else ""
    said = " ".join(statement.text_en.split())
    words = f"{_capital(party_name(whole.parties, statement.party_id))} stated: {said}{source}"
    return TimelineLine(
        what="statement", at=statement.at, words=words, by=statement.by, record_id=statement.id, public=statement.public
    )


def _of_bulletin(bulletin: Bulletin) -> TimelineLine:
    title = next((text.title for text in bulletin.texts if text.language == "en"), "")
    corrects = " (a correction)" if bulletin.corrects_id else ""
    words = f"Bulletin {bulletin.sequence} published{corrects}: {title}"
    at = bulletin.published_at or bulletin.changed_at
    return TimelineLine(
        what="bulletin", at=at, words=words, by=bulletin.published_by, record_id=bulletin.id, public=is_public(bulletin)
    )


def _of_attachment(attachment: Attachment) -> TimelineLine:
    words = f"{_capital(attachment.kind)} attached: {attachment.name}"
    return TimelineLine(
        what="attachment", at=attachment.added_at, words=words, by=attachment.by, record_id=attachment.id
    )


def _of_reports(times: Iterable[dt.datetime]) -> Iterator[TimelineLine]:
    by_hour = Counter(at.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0) for at in times)
    for hour, n_reports in sorted(by_hour.items()):
        words = f"{n_reports:,} report{'' if n_reports == 1 else 's'} of members and visitors in this hour"
        yield TimelineLine(what="report", at=hour, words=words, public=n_reports >= SMALL)


def _of_question(question: Question) -> Iterator[TimelineLine]:
    if question.asked_at is not None:
        words = f"{question.asked_of} was asked: {question.text_en}"
        yield TimelineLine(
            what="question",
            at=question.asked_at,
            words=words,
            by=question.by,
            record_id=question.id,
            public=question.public,
        )
    if question.answered_at is not None:
        words = (
            f"{question.asked_of} answered: {question.answer}" if question.answer else f"{question.asked_of} refused"
        )
        yield TimelineLine(
            what="answer", at=question.answered_at, words=words, record_id=question.id, public=question.public
        )


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
