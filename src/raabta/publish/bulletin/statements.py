"""What parties stated officially, beside a bulletin of ours on an incident: for mails, calls, chats and texts to share.

A bulletin carries what was public of its thread when it was published, so that all who get it get the same.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from msgspec import structs

from raabta.model.bulletin import Bulletin, Language
from raabta.model.publication import PublicStatement, PublicUpdate
from raabta.model.site import Site
from raabta.publish.moments import say_moment
from raabta.publish.words import say

STATEMENTS_MAX: Final = 3
"""Beside one bulletin; the thread's page has all."""
TEXT_CHARACTERS_MAX: Final = 300
"""Of a statement in a message; the thread's page has all of it. Judgement."""
SOURCE_CHARACTERS_MAX: Final = 200


class Stated(NamedTuple):
    """A statement in words. ``source`` is "" where there is none, or where it is too long for a message."""

    who: str
    """The party, and when, with the zone."""
    text: str
    source: str

    @property
    def line(self) -> str:
        """All of it in one line."""
        return f"{self.who}: “{self.text}”{f' ({self.source})' if self.source else ''}"


def statements_beside(
    told: Bulletin | PublicUpdate, statements: Iterable[PublicStatement]
) -> tuple[PublicStatement, ...]:
    """Choose what stands beside a bulletin: what was stated until then, newest first; only beside an incident."""
    at = told.published_at or told.created_at if isinstance(told, Bulletin) else told.at
    if told.incident_state is None:
        return ()
    known = (one for one in statements if one.at <= at)
    return tuple(sorted(known, key=lambda one: one.at, reverse=True)[:STATEMENTS_MAX])


def say_statement(one: PublicStatement, site: Site, *, language: Language, n_most: int = TEXT_CHARACTERS_MAX) -> Stated:
    """Say who stated what, when and where. Nothing is isolated yet.

    Args:
        one: What was stated; where it is kept in one language only, that one is given.
        site: The time zone.
        language: In which.
        n_most: Characters of the text.
    """
    party, text = (one.party_ur, one.text_ur) if language == "ur" else (one.party_en, one.text_en)
    comma = "،" if language == "ur" else ","
    at = say_moment(one.at, site, language=language)
    who = f"{party or one.party_en or one.party_ur}{comma} {at}"
    source = " ".join(one.source.split())
    if len(source) > SOURCE_CHARACTERS_MAX:
        source = ""
    elif source:
        source = f"{say('part', 'source', language=language)}: {source}"
    return Stated(who, _beginning(text or one.text_en or one.text_ur, n_most), source)


def begun(one: PublicStatement) -> PublicStatement:
    """Give a statement with no more of its texts than a message has."""
    return structs.replace(
        one,
        text_en=_beginning(one.text_en, TEXT_CHARACTERS_MAX),
        text_ur=_beginning(one.text_ur, TEXT_CHARACTERS_MAX),
    )


def _beginning(text: str, n_most: int) -> str:
    """Give the beginning of a text in one line, cut after a word."""
    text = " ".join(text.split())
    return text if len(text) <= n_most else f"{text[: n_most - 1].rsplit(' ', 1)[0]}…"
