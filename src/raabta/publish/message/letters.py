"""The words of each message, in English and Urdu: a subject, and paragraphs for the plain and the marked-up form."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from raabta.model.bulletin import LANGUAGES, Bulletin, Language
from raabta.model.incident import MemberReport
from raabta.model.publication import PublicStatement
from raabta.model.site import Site
from raabta.model.subscription import Alarm, SubscriberLanguage
from raabta.publish.bidi import isolate_text
from raabta.publish.bulletin.statements import say_statement
from raabta.publish.bulletin.wording import TEXT_PARTS, component_names, parts, say_names, subject, title
from raabta.publish.moments import say_moment
from raabta.publish.words import say

NEXT: Final = ". Next: "
"""Parts what an alarm is about from the command that helps, in ``Alarm.words`` (``registry.incidents.clocks``)."""
OR: Final = "; or: "
"""Parts commands of which one is run; each stands on a line of its own."""
_FILE: Final = Path(__file__).with_name("data") / "letters.toml"


class Paragraph(NamedTuple):
    """A few lines of a message. ``url`` is a link of ours on a line of its own."""

    text: str
    heading: str = ""
    url: str = ""


class Letter(NamedTuple):
    """One message in one language."""

    language: Language
    subject: str
    paragraphs: tuple[Paragraph, ...]

    @property
    def plain(self) -> str:
        """The message as plain text; in Urdu, what runs from left to right is isolated."""
        return "\n\n".join("\n".join(self._lines(one)) for one in self.paragraphs) + "\n"

    def _lines(self, one: Paragraph) -> Iterator[str]:
        for text in (one.heading, one.text):
            if text:
                yield _isolated(text) if self.language == "ur" else text
        if one.url:
            yield one.url


class Body(NamedTuple):
    """What a bulletin says in one language, without what stands beneath it."""

    subject: str
    paragraphs: tuple[Paragraph, ...]


class Links(NamedTuple):
    """Pages that a message leads to; "" where there is none."""

    page: str = ""
    thread: str = ""
    confirm: str = ""
    change: str = ""
    leave: str = ""
    state: str = ""


def languages_of(wish: SubscriberLanguage) -> tuple[Language, ...]:
    """Give the languages of a message, in order."""
    return LANGUAGES if wish == "both" else (wish,)


def bulletin_letter(body: Body, site: Site, *, language: Language, links: Links, repeated: bool = False) -> Letter:
    """Write a bulletin as a message.

    Args:
        body: The bulletin in this language, as ``bulletin_body`` gives it: the same for all who get it.
        site: Who speaks.
        language: In which.
        links: Its page, and pages to change and to leave.
        repeated: An earlier try may have arrived.
    """
    paragraphs = [Paragraph(_say("bulletin", "repeated", language))] if repeated else []
    paragraphs += body.paragraphs
    paragraphs += _links("bulletin", {"page": links.page, "thread": links.thread}, language)
    paragraphs.append(Paragraph(_say("bulletin", "why", language, site=_name(site, language))))
    ways = {"change": links.change, "leave": links.leave}
    if not links.leave:
        ways["leave_by_mail"] = f"mailto:{site.contact}" if site.contact else ""
    paragraphs += _links("bulletin", ways, language)
    return Letter(language, body.subject, tuple(paragraphs))


def bulletin_body(
    told: Bulletin, site: Site, *, language: Language, statements: Sequence[PublicStatement] = ()
) -> Body:
    """Give what a bulletin says in one language.

    Args:
        told: The bulletin.
        site: Names and time zone.
        language: In which.
        statements: What parties stated, to stand beside our cause (``statements.statements_beside``).
    """
    paragraphs = tuple(_bulletin(told, site, language=language, statements=statements))
    return Body(subject(told, site, language=language), paragraphs)


def confirm_letter(site: Site, *, language: Language, links: Links) -> Letter:
    """Write the request to confirm. Nothing in it comes from whoever asked."""
    name = _name(site, language)
    paragraphs = [
        Paragraph(_say("confirm", "asked", language, site=name)),
        Paragraph(_say("confirm", "link", language), url=links.confirm),
        *_links("confirm", {"change": links.change}, language),
        Paragraph(_say("confirm", "ignore", language)),
    ]
    return Letter(language, _say("confirm", "subject", language, site=name), tuple(paragraphs))


def goodbye_letter(site: Site, *, language: Language, again: str) -> Letter:
    """Write the last message to who left."""
    name = _name(site, language)
    paragraphs = [
        Paragraph(_say("goodbye", "done", language, site=name)),
        *_links("goodbye", {"again": again}, language),
    ]
    return Letter(language, _say("goodbye", "subject", language, site=name), tuple(paragraphs))


def acknowledge_letter(report: MemberReport, site: Site, *, language: Language, links: Links) -> Letter:
    """Write to who reported that the report came in."""
    target = say_names((report.target,), component_names(site, language=language), language=language)
    thanks = _say("acknowledge", "thanks", language, target=target, code=report.code)
    paragraphs = [
        Paragraph(thanks),
        *_links("acknowledge", {"state": links.state}, language),
        Paragraph(_say("acknowledge", "forget", language)),
    ]
    return Letter(language, _say("acknowledge", "subject", language, code=report.code), tuple(paragraphs))


def answer_letter(report: MemberReport, site: Site, *, language: Language, links: Links) -> Letter:
    """Write to who reported what became of it."""
    target = say_names((report.target,), component_names(site, language=language), language=language)
    about = _say("answer", "about", language, target=target)
    paragraphs = [
        Paragraph(f"{about}\n{report.closed_because}".strip()),
        *_links("answer", {"page": links.page}, language),
        Paragraph(_say("answer", "forget", language)),
    ]
    return Letter(language, _say("answer", "subject", language, code=report.code), tuple(paragraphs))


def alarm_letter(alarm: Alarm, site: Site, *, language: Language, told_before: Sequence[str] = ()) -> Letter:
    """Write to somebody of the duty list that a clock ran out.

    Args:
        alarm: What ran out. Its words may end with the command that helps (``NEXT``).
        site: The time zone.
        language: In which.
        told_before: Names of those whom earlier levels reached.
    """
    words, next_, command = alarm.words.rpartition(NEXT)
    words = words if next_ else alarm.words
    due = _say("alarm", "due", language, at=say_moment(alarm.due_at, site, language=language))
    if (late_min := int((alarm.raised_at - alarm.due_at).total_seconds()) // 60) > 0:
        due += "\n" + _say("alarm", "late", language, late=_duration(late_min, language))
    names = ("، " if language == "ur" else ", ").join(told_before)
    before = _say("alarm", "before", language, names=names) if names else _say("alarm", "first", language)
    commands = "\n".join(command.split(OR))
    steps = [Paragraph(f"{_say('alarm', 'next', language)}\n{commands}")] if next_ else []
    take_on = Paragraph(f"{_say('alarm', 'do', language)}\nraabta incident acknowledge {alarm.about_id}")
    head = _say("alarm", "subject", language, level=str(alarm.level), words=words)
    return Letter(language, head, (Paragraph(words), Paragraph(due), Paragraph(before), *steps, take_on))


def _duration(minutes: int, language: Language) -> str:
    """Say how long something took, in its two largest units."""
    units = (("day", minutes // 1440), ("hour", minutes // 60 % 24), ("minute", minutes % 60))
    told = [_say("alarm", name if n == 1 else f"{name}s", language, n=str(n)) for name, n in units if n]
    return " ".join(told[:2])


def _bulletin(
    told: Bulletin, site: Site, *, language: Language, statements: Sequence[PublicStatement]
) -> Iterator[Paragraph]:
    at = told.published_at
    when = say_moment(at, site, language=language) if at else ""
    each = parts(told, site, language=language)
    short = [f"{part.heading}: {part.text}" for part in each if _is_short(part.name)]
    yield Paragraph("\n".join(line for line in (when, *short) if line), heading=title(told, language=language))
    for part in each:
        if not _is_short(part.name):
            heading = part.heading if part.name in TEXT_PARTS else ""
            text = part.text if heading or not part.heading else f"{part.heading}: {part.text}"
            yield Paragraph(text, heading=heading)
        if part.name == "cause":
            yield from _statements(statements, site, language=language)


def _statements(statements: Sequence[PublicStatement], site: Site, *, language: Language) -> Iterator[Paragraph]:
    heading = say("part", "statements", language=language)
    for one in statements:
        stated = say_statement(one, site, language=language)
        lines = (f"{stated.who}:", f"“{stated.text}”", stated.source)
        yield Paragraph("\n".join(filter(None, lines)), heading=heading)
        heading = ""


def _is_short(name: str) -> bool:
    return name not in TEXT_PARTS and name not in ("cause", "next_update")


def _links(group: str, urls: "dict[str, str]", language: Language) -> "Iterable[Paragraph]":
    return [Paragraph(_say(group, name, language), url=url) for name, url in urls.items() if url]


def _name(site: Site, language: Language) -> str:
    return site.name_ur if language == "ur" else site.name_en


def _say(group: str, name: str, language: Language, **values: str) -> str:
    """Fill a phrase in one go: what is put in is never looked at again."""
    found = _words()[group][name][language]
    return found.format_map(values) if values else found


@lru_cache(maxsize=1024)
def _isolated(text: str) -> str:
    return isolate_text(text)


@cache
def _words() -> dict[str, dict[str, dict[Language, str]]]:
    return msgspec.toml.decode(_FILE.read_bytes(), type=dict[str, dict[str, dict[Language, str]]])


def join_subjects(letters: Sequence[Letter]) -> str:
    """Give one subject for a message in several languages."""
    return " | ".join(dict.fromkeys(letter.subject for letter in letters))
