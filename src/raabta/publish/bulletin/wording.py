"""A bulletin in words: parts with headings for pages and mails, and plain text for mails, chats and messengers.

Takes what is published (``PublicUpdate``) as well as what is still being written (``Bulletin``). Every time carries its
zone; in Urdu, what runs from left to right (host names, addresses, times) is isolated (``publish.bidi``).
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from raabta.model.bulletin import Bulletin, BulletinText, Language
from raabta.model.publication import PublicUpdate
from raabta.model.site import Site
from raabta.publish.bidi import isolate_text
from raabta.publish.moments import digits, say_moment
from raabta.publish.words import say

_LABELS: Final = Path(__file__).with_name("data") / "labels.toml"
TEXT_PARTS: Final = ("correction", "known", "not_known", "stated", "workaround")
"""In the order in which they are read: what was wrong before comes first."""


class Part(NamedTuple):
    """One part of a bulletin. ``name`` is its field, for a style or a test."""

    name: str
    heading: str
    text: str


def text_in(told: Bulletin | PublicUpdate, *, language: Language) -> BulletinText:
    """Give the text in a language, or the one there is.

    Raises:
        ValueError: The bulletin has no text at all.
    """
    found = {text.language: text for text in told.texts}
    if not found:
        message = f"bulletin {told.id} has no text. Write one: raabta bulletin change"
        raise ValueError(message)
    return found.get(language) or next(iter(found.values()))


def title(told: Bulletin | PublicUpdate, *, language: Language) -> str:
    """Give the title alone."""
    return text_in(told, language=language).title


def subject(told: Bulletin | PublicUpdate, site: Site, *, language: Language) -> str:
    """Give the subject of a message: who speaks, the title, and the state where it is an incident."""
    name = site.name_ur if language == "ur" else site.name_en
    state = state_behind(told, language=language)
    return f"[{name}] {title(told, language=language)}{f' — {state}' if state else ''}"


def state_behind(told: Bulletin | PublicUpdate, *, language: Language) -> str:
    """Give the state that a title does not say itself: "" where it begins with it, and where there is none."""
    if told.incident_state is None:
        return ""
    state = say("state", told.incident_state, language=language)
    begins = " ".join(title(told, language=language).split()).casefold().startswith(state.casefold())
    return "" if begins else state


def parts(told: Bulletin | PublicUpdate, site: Site, *, language: Language) -> list[Part]:
    """Give all parts that have something to say, in the order in which they are read. Nothing is isolated yet.

    Args:
        told: What is said.
        site: Names of components, operators and products; the time zone.
        language: In which.
    """
    return [part for part in _all_parts(told, site, language=language) if part.text]


def plain(told: Bulletin | PublicUpdate, site: Site, *, language: Language) -> str:
    """Give the whole bulletin as plain text, without a link.

    Args:
        told: What is said.
        site: Names of components, operators and products; the time zone.
        language: In which.

    Returns:
        Lines that end with a line feed: title, time of publication, parts.
    """
    head = title(told, language=language)
    at = told.published_at if isinstance(told, Bulletin) else told.at
    lines = [head, "=" * min(len(head), 72)]
    if at is not None:
        lines.append(f"{_label('published', language)}: {say_moment(at, site, language=language)}")
    for part in parts(told, site, language=language):
        long = part.name in TEXT_PARTS
        lines += ["", part.heading, part.text, ""] if long else [": ".join(filter(None, (part.heading, part.text)))]
    whole = "\n".join(_without_double_blanks(lines)).strip() + "\n"
    return isolate_text(whole, digits=site.digits) if language == "ur" else whole


def say_names(ids: tuple[str, ...], names: dict[str, str], *, language: Language) -> str:
    """Join names of components, operators or products; an id that the settings know no more stays an id."""
    return ("، " if language == "ur" else ", ").join(names.get(id_, id_) for id_ in ids)


def component_names(site: Site, *, language: Language) -> dict[str, str]:
    """Give the name of each component; one without a name in Urdu keeps its English one."""
    return {one.id: (language == "ur" and one.name_ur) or one.name_en for one in site.components}


def cause_words(told: Bulletin | PublicUpdate, site: Site, *, language: Language) -> str:
    """Say the class of the evidence for the cause, and its probability: never one without the other.

    It stands behind the word "Cause", so that of a cause which nobody has shown it does not say that word again.
    """
    if told.evidence_class == "none":
        words = say("part", "not_established", language=language)
    else:
        words = say("evidence", told.evidence_class, language=language)
    if told.probability_percent is None:
        return words
    comma = "،" if language == "ur" else ","
    percent = digits(f"{told.probability_percent}%", site.digits, language=language)
    return f"{words}{comma} {say('part', 'probability', language=language).lower()} {percent}"


def next_words(told: Bulletin | PublicUpdate, site: Site, *, language: Language) -> Part:
    """Say when the next update comes, or that none is planned."""
    if told.next_update_at is None:
        return Part("next_update", "", say("part", "no_further_update", language=language) if told.final else "")
    heading = say("part", "next_update", language=language)
    return Part("next_update", heading, say_moment(told.next_update_at, site, language=language))


def _all_parts(told: Bulletin | PublicUpdate, site: Site, *, language: Language) -> Iterator[Part]:
    text = text_in(told, language=language)
    if told.incident_state is not None:
        yield _part("state", say("state", told.incident_state, language=language), language)
        yield _part("severity", say("severity", told.severity, language=language), language)
    for name, known in (("components", site.components), ("operators", site.operators)):
        names = {one.id: one.name_ur if language == "ur" else one.name_en for one in known}
        ids = told.component_ids if name == "components" else told.operator_ids
        yield _part(name, say_names(ids, names, language=language), language)
    yield from _meeting(told, site, language=language)
    yield from _advisory(told, site, language=language)
    for name in TEXT_PARTS:
        yield Part(name, say("part", name, language=language), getattr(text, name))
    if told.incident_state is not None:
        yield Part("cause", say("part", "cause", language=language), cause_words(told, site, language=language))
    yield next_words(told, site, language=language)


def _meeting(told: Bulletin | PublicUpdate, site: Site, *, language: Language) -> Iterator[Part]:
    for one in told.meeting:
        for name, at in (("starts", one.starts_at), ("ends", one.ends_at)):
            yield _part(name, say_moment(at, site, language=language), language)
        yield _part("place", (language == "ur" and one.place_ur) or one.place_en, language)
        yield _part("url", one.url, language)


def _advisory(told: Bulletin | PublicUpdate, site: Site, *, language: Language) -> Iterator[Part]:
    """Say what is affected, but for versions and identifiers that the bulletin's text says already."""
    names = {one.id: one.name for one in site.products}
    known = f"\n{text_in(told, language=language).known}\n"

    def untold(value: str) -> str:
        return "" if re.search(rf"(?<![\w.-]){re.escape(value)}(?![\w-]|\.\w)", known) else value

    for one in told.advisory:
        yield _part("products", say_names(one.products, names, language=language), language)
        yield _part("affected", untold(one.affected), language)
        yield _part("fixed", untold(one.fixed), language)
        yield _part("identifiers", ", ".join(filter(None, map(untold, one.identifiers))), language)
        yield _part("score", one.score, language)


def _part(name: str, text: str, language: Language) -> Part:
    return Part(name, _label(name, language), text)


def _label(name: str, language: Language) -> str:
    return _labels()[name][language]


@cache
def _labels() -> dict[str, dict[Language, str]]:
    return msgspec.toml.decode(_LABELS.read_bytes(), type=dict[str, dict[Language, str]])


def _without_double_blanks(lines: list[str]) -> Iterator[str]:
    earlier = ""
    for line in lines:
        if line or earlier:
            yield line
        earlier = line
