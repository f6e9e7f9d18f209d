"""From a delivery to the message that it stands for: who gets it, what it says, or why it is not sent after all.

Two steps. ``look_up`` reads what is needed, many deliveries at once, in the same transaction in which they are started.
``compose`` makes the message of one, without the register: workers do that beside each other.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Final, TypeVar
from urllib.parse import quote, urlsplit

import msgspec
from msgspec import Struct
from sqlalchemy import select

from raabta.model.bulletin import Bulletin, Language
from raabta.model.incident import MemberReport
from raabta.model.publication import Publication, PublicStatement, PublicUpdate
from raabta.model.subscription import Alarm, Delivery, Subscriber
from raabta.pipeline.informing.settings import DutyPerson, Publishing
from raabta.pipeline.informing.subscribing.limits import CONFIRM_WITHIN
from raabta.pipeline.informing.tokens import Purpose, make_token
from raabta.publish.bulletin.statements import begun, statements_beside
from raabta.publish.message import Call, Letter, Mail, MailHead, Note, write_call, write_mail
from raabta.publish.message.chat import chat_text, letter_text
from raabta.publish.message.letters import (
    Body,
    Links,
    acknowledge_letter,
    alarm_letter,
    answer_letter,
    bulletin_body,
    bulletin_letter,
    confirm_letter,
    goodbye_letter,
    languages_of,
)
from raabta.publish.message.mail import return_address
from raabta.publish.message.webhook import marked_as_repeated
from raabta.publish.public import read_thread
from raabta.publish.site.paths import absolute, fixed_path, front_path, thread_path
from raabta.registry.outbox.expanding import concerns
from raabta.registry.outbox.outcome import Outcome
from raabta.registry.records import Records
from raabta.registry.schema import table_of
from raabta.registry.secrets import RegisterKey

Kept = TypeVar("Kept", Subscriber, MemberReport, Alarm)

BULLETINS_AT_HAND: Final = 64
UPDATE_FIELDS: Final = tuple(set(PublicUpdate.__struct_fields__) & set(Bulletin.__struct_fields__))


class Task(Struct, frozen=True, kw_only=True):
    """A delivery with all that its message is made of.

    ``place`` is what it is sent to, for limits of one receiver: a webhook's host and port, a chat channel's name, ""
    for mail.
    """

    delivery: Delivery
    place: str
    bulletin: Bulletin | None = None
    subscriber: Subscriber | None = None
    report: MemberReport | None = None
    alarm: Alarm | None = None
    person: DutyPerson | None = None
    told_before: tuple[str, ...] = ()
    """Whom earlier levels of the alarm reached."""
    statements: tuple[PublicStatement, ...] = ()
    """What parties stated, beside the bulletin."""
    incident_page: bool = False
    """The incident that a report belongs to has a public page."""


class Composer:
    """Makes messages, for one register and its settings."""

    def __init__(self, settings: Publishing, key: RegisterKey) -> None:
        self._settings = settings
        self._site = settings.site
        self._key = key
        self._people = {person.name: person for person in settings.duty}
        self._bulletins: dict[str, Bulletin] = {}
        self._statements: dict[str, tuple[PublicStatement, ...]] = {}
        self._bodies: dict[tuple[str, Language], Body] = {}

    def look_up(self, records: Records, deliveries: Sequence[Delivery], *, now: dt.datetime) -> list[Task | Outcome]:
        """Read what the messages of deliveries are made of.

        Returns:
            For each delivery, in order: its task, or what becomes of it without a try.
        """
        of_reason = {
            reason: [one for one in deliveries if one.reason == reason] for reason in {one.reason for one in deliveries}
        }
        to = {one.to_id for reason in ("bulletin", "confirm", "goodbye") for one in of_reason.get(reason, ())}
        reported = {one.to_id for reason in ("acknowledge", "answer") for one in of_reason.get(reason, ())}
        subscribers = _by_id(records, Subscriber, to)
        reports = _by_id(records, MemberReport, reported)
        with_page = _published(records, {one.incident_id for one in reports.values() if one.incident_id})
        alarms = _by_id(records, Alarm, {one.subject_id for one in of_reason.get("alarm", ())})
        found: list[Task | Outcome] = []
        for one in deliveries:
            match one.reason:
                case "bulletin" | "confirm" | "goodbye":
                    found.append(self._to_subscriber(records, one, subscribers.get(one.to_id), now=now))
                case "acknowledge" | "answer":
                    found.append(_to_reporter(one, reports.get(one.to_id), with_page=with_page))
                case "alarm":
                    found.append(self._to_person(records, one, alarms.get(one.subject_id)))
        return found

    def bulletin(self, records: Records, id_: str) -> Bulletin | None:
        """Give a bulletin: what is published never changes, so it is read once."""
        if id_ not in self._bulletins and (told := records.get(Bulletin, id_)):
            if len(self._bulletins) >= BULLETINS_AT_HAND:
                self._bulletins.clear()
                self._statements.clear()
            self._bulletins[id_] = told
            self._statements[id_] = _statements(records, told)
        return self._bulletins.get(id_)

    def compose(self, task: Task, *, now: dt.datetime) -> Mail | Call | Note:
        """Make the message of a task.

        Raises:
            ValueError: It cannot be made: an address, a secret or a setting is none. The text repeats no address.
        """
        match task.delivery.channel:
            case "email":
                return self._mail(task)
            case "webhook":
                return self._call(task, now=now)
            case "chat":
                return self._note(task)

    # --- who gets it ------------------------------------------------------------------------------------------

    def _to_subscriber(
        self, records: Records, delivery: Delivery, subscriber: Subscriber | None, *, now: dt.datetime
    ) -> Task | Outcome:
        if subscriber is None or not subscriber.address or subscriber.channel != delivery.channel:
            return Outcome(kind="dropped", failure="the subscriber is gone")
        task = Task(delivery=delivery, place=_place(subscriber), subscriber=subscriber)
        match delivery.reason:
            case "bulletin":
                if subscriber.state != "confirmed":
                    return Outcome(kind="dropped", failure=f"the subscriber is {subscriber.state}")
                told = self.bulletin(records, delivery.subject_id)
                if told is None:
                    return Outcome(kind="dropped", failure="the bulletin is gone")
                if not concerns(told, subscriber):  # wishes and membership may have changed since it was addressed
                    return Outcome(kind="dropped", failure="it is not for this subscriber any more")
                return msgspec.structs.replace(task, bulletin=told, statements=self._statements[told.id])
            case "confirm" if subscriber.state == "ended":
                return Outcome(kind="dropped", failure="the subscriber has left")
            case "confirm" if now > delivery.created_at + CONFIRM_WITHIN:
                return Outcome(kind="dropped", failure="the link to confirm would be too old")
            case _:
                return task

    def _to_person(self, records: Records, delivery: Delivery, alarm: Alarm | None) -> Task | Outcome:
        person = self._people.get(delivery.to_id)
        if alarm is None or alarm.acknowledged_at is not None:
            return Outcome(kind="dropped", failure="somebody has taken it on")
        if person is None or not person.email:
            return Outcome(kind="never", failure="the duty list has no e-mail address for this name")
        before = _told_before(records, alarm)
        return Task(delivery=delivery, place="", alarm=alarm, person=person, told_before=before)

    # --- what it says -----------------------------------------------------------------------------------------

    def _mail(self, task: Task) -> Mail:
        mail = self._settings.mail
        if mail is None:
            message = "publishing.toml has no [mail]. Name the mail server there."
            raise ValueError(message)
        one, letters = task.subscriber, self._letters(task)
        links = self._links(task)
        in_list = task.delivery.reason == "bulletin"
        language = "ur" if letters[0].language == "ur" else "en"
        head = MailHead(
            from_name=self._site.name_ur if language == "ur" else self._site.name_en,
            sender=mail.sender,
            to=_address_of(task),
            at=task.delivery.started_at or task.delivery.created_at,
            delivery_id=task.delivery.id,
            return_path=return_address(mail.bounces or mail.sender, self._token("bounce", one.id) if one else ""),
            in_list=in_list,
            leave_url=links.leave if in_list else "",
            leave_mail="" if links.leave or not in_list else self._site.contact,
            thread_id=task.bulletin.thread_id if task.bulletin else "",
            repeated=task.delivery.repeated,
        )
        return write_mail(head, letters)

    def _call(self, task: Task, *, now: dt.datetime) -> Call:
        subscriber, delivery = _required(task), task.delivery
        links = self._links(task)
        data: dict[str, object] = {"site": self._site.url}
        if task.bulletin is not None:
            kind, told = "bulletin.published", task.bulletin
            data |= {
                "thread": {"id": told.thread_id, "kind": told.kind, "audience": told.audience},
                "update": as_update(told),
                "statements": [begun(one) for one in task.statements],
                "urls": {language: self._page(told, language) for language in self._site.languages},
            }
        else:
            kind = f"subscription.{delivery.reason}"
            data |= {"confirm_url": links.confirm, "change_url": links.change}
        call = write_call(
            kind,
            data,
            url=subscriber.address,
            secret=subscriber.secret,
            delivery_id=delivery.id,
            times=(delivery.created_at, now),
        )
        return marked_as_repeated(call) if delivery.repeated else call

    def _note(self, task: Task) -> Note:
        subscriber, told = _required(task), task.bulletin
        if told is None:
            return Note(channel=subscriber.address, text=letter_text(self._letters(task)))
        languages = languages_of(subscriber.language)
        url = self._page(told, languages[0])
        stated, repeated = task.statements, task.delivery.repeated
        text = chat_text(told, self._site, languages=languages, url=url, statements=stated, repeated=repeated)
        return Note(channel=subscriber.address, text=text)

    def _letters(self, task: Task) -> list[Letter]:
        return [self._letter(task, language) for language in _languages(task)]

    def _letter(self, task: Task, language: Language) -> Letter:
        site, links = self._site, self._links(task, language)
        if task.bulletin is not None:
            repeated = task.delivery.repeated
            body = self._body(task.bulletin, language, task.statements)
            return bulletin_letter(body, site, language=language, links=links, repeated=repeated)
        if task.alarm is not None:
            return alarm_letter(task.alarm, site, language=language, told_before=task.told_before)
        if task.report is not None:
            write = answer_letter if task.delivery.reason == "answer" else acknowledge_letter
            return write(task.report, site, language=language, links=links)
        if task.delivery.reason == "goodbye":
            return goodbye_letter(site, language=language, again=self._subscribe_page(language))
        return confirm_letter(site, language=language, links=links)

    def _body(self, told: Bulletin, language: Language, statements: Sequence[PublicStatement]) -> Body:
        """Give a bulletin's words, made once for all who get it. Two threads may make the same: no harm."""
        found = self._bodies.get((told.id, language))
        if found is None:
            if len(self._bodies) >= BULLETINS_AT_HAND:
                self._bodies.clear()
            found = bulletin_body(told, self._site, language=language, statements=statements)
            self._bodies[told.id, language] = found
        return found

    def _links(self, task: Task, language: Language = "en") -> Links:
        desk, one = self._site.desk_url, task.subscriber
        if task.report is not None:
            page = self._incident_page(task, language)
            return Links(state=f"{desk}/report/{quote(task.report.code)}" if desk else "", page=page)
        page = self._page(task.bulletin, language) if task.bulletin else ""
        if one is None or not desk:
            return Links(page=page)
        known = task.delivery.reason == "bulletin" or one.state in ("confirmed", "suspended")
        return Links(
            page=page,
            confirm=f"{desk}/confirm/{self._token('confirm', one.id)}",
            change=f"{desk}/change/{self._token('change', one.id)}" if known else "",
            leave=f"{desk}/leave/{self._token('leave', one.id)}",
        )

    def _incident_page(self, task: Task, language: Language) -> str:
        """Give the page of the incident that a report belongs to; the front page as long as it has none."""
        if task.report is None or not task.report.incident_id:
            return ""
        is_there = task.incident_page
        path = thread_path("incident", task.report.incident_id, language=language) if is_there else front_path(language)
        return absolute(self._site, path)

    def _page(self, told: Bulletin, language: Language) -> str:
        """Give the address of a bulletin's page; what is not for everybody has none."""
        if told.audience != "public":
            return ""
        path = thread_path(told.kind, told.thread_id, language=language)
        return f"{absolute(self._site, path)}#{quote(told.id)}"

    def _subscribe_page(self, language: Language) -> str:
        return absolute(self._site, fixed_path("subscribe", language))

    def _token(self, purpose: Purpose, id_: str) -> str:
        return make_token(self._key, purpose, id_=id_)


def as_update(told: Bulletin) -> PublicUpdate:
    """Give what a bulletin says, without who wrote, changed and approved it."""
    fields = {name: getattr(told, name) for name in UPDATE_FIELDS}
    return PublicUpdate(at=told.published_at or told.created_at, **fields)


def _statements(records: Records, told: Bulletin) -> tuple[PublicStatement, ...]:
    """Read what is public of what parties stated: only what stands on a page goes out."""
    publication = records.get(Publication, told.thread_id) if told.incident_state is not None else None
    return statements_beside(told, read_thread(publication.content).statements) if publication else ()


def _published(records: Records, thread_ids: set[str]) -> set[str]:
    """Give those of some threads that have a page."""
    if not thread_ids:
        return set()
    columns = table_of(Publication).c
    found = records.connection.execute(select(columns.id).where(columns.id.in_(sorted(thread_ids))))
    return {str(row[0]) for row in found}


def _told_before(records: Records, alarm: Alarm) -> tuple[str, ...]:
    """Give the names to whom a message about earlier levels of an alarm went."""
    standing = records.find(Alarm, about_id=alarm.about_id, due_at=alarm.due_at, acknowledged_at=None)
    ids = [one.id for one in standing if one.kind == alarm.kind and one.level < alarm.level]
    sent = records.find(Delivery, subject_id=ids, reason="alarm", state="sent") if ids else ()
    return tuple(sorted({one.to_id for one in sent}))


def _to_reporter(delivery: Delivery, report: MemberReport | None, *, with_page: set[str]) -> Task | Outcome:
    if report is None or "@" not in report.contact:
        return Outcome(kind="dropped", failure="the report has no address to answer to")
    return Task(delivery=delivery, place="", report=report, incident_page=report.incident_id in with_page)


def _by_id(records: Records, kind: type[Kept], ids: Iterable[str]) -> dict[str, Kept]:
    wanted = sorted(ids)
    return {one.id: one for one in records.find(kind, id=wanted)} if wanted else {}


def _place(subscriber: Subscriber) -> str:
    match subscriber.channel:
        case "webhook":
            return urlsplit(subscriber.address).netloc
        case "chat":
            return subscriber.address
        case "email":
            return ""


def _languages(task: Task) -> tuple[Language, ...]:
    if task.subscriber is not None:
        return languages_of(task.subscriber.language)
    if task.report is not None:
        return ("ur",) if task.report.language == "ur" else ("en",)
    return ("en",)


def _address_of(task: Task) -> str:
    if task.subscriber is not None:
        return task.subscriber.address
    if task.report is not None:
        return task.report.contact
    return task.person.email if task.person else ""


def _required(task: Task) -> Subscriber:
    if task.subscriber is None:
        message = f"{task.delivery.reason}: goes by e-mail only."
        raise ValueError(message)
    return task.subscriber
