"""A bulletin for a chat service: a few lines with the state, what is known, the next update and a link.

Services cut or part long texts each in their own way, and parts can get lost: so the text is short from the start.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from raabta.model.bulletin import Bulletin, Language
from raabta.model.publication import PublicStatement
from raabta.model.site import Site
from raabta.publish.bidi import isolate_text
from raabta.publish.bulletin.statements import say_statement
from raabta.publish.bulletin.wording import next_words, parts, subject
from raabta.publish.message.letters import Letter

KNOWN_CHARACTERS_MAX: Final = 400
NOTE_CHARACTERS_MAX: Final = 1900
"""Discord takes 2,000, the least of the services that are allowed (hub.outbox.chat)."""
CHOSEN: Final = ("correction", "starts", "place", "known", "workaround")
"""Parts of a bulletin, in the order in which they stand there."""
SUBJECT_CHARACTERS_MAX: Final = 250
LEAST: Final = 24
"""Characters: a part that could say less than this is left out."""
REPEATED: Final = "(may be a repetition)"


class Note(Struct, frozen=True, kw_only=True):
    """A text for one channel of a chat service. ``channel`` is its name in the settings."""

    channel: str
    text: str


def chat_text(
    told: Bulletin,
    site: Site,
    *,
    languages: Sequence[Language],
    url: str,
    statements: Sequence[PublicStatement] = (),
    repeated: bool = False,
) -> str:
    """Write a bulletin for a chat service.

    Args:
        told: The bulletin.
        site: Who speaks.
        languages: In which, in order.
        url: Its page; "" where it has none.
        statements: What parties stated (``statements.statements_beside``): the newest stands beside our cause.
        repeated: An earlier try may have arrived.
    """
    tail = [line for line in (url, REPEATED if repeated else "") if line]
    room = NOTE_CHARACTERS_MAX - sum(len(line) + 1 for line in tail)
    each_room = (room - 2 * (len(languages) - 1)) // len(languages)
    each = [_lines(told, site, language=language, newest=statements[:1], room=each_room) for language in languages]
    return "\n".join(["\n\n".join(each), *tail])


def letter_text(letters: Sequence[Letter]) -> str:
    """Write any other message for a chat service."""
    return _cut("\n\n".join(f"{letter.subject}\n{letter.plain}".strip() for letter in letters), NOTE_CHARACTERS_MAX)


def _lines(told: Bulletin, site: Site, *, language: Language, newest: Sequence[PublicStatement], room: int) -> str:
    """Write what it says in one language: what must stand there first, then as much of the rest as there is room."""
    found = {part.name: part for part in parts(told, site, language=language)}
    head = _cut(subject(told, site, language=language), SUBJECT_CHARACTERS_MAX)
    following = next_words(told, site, language=language)
    tail = [f"{found['cause'].heading}: {found['cause'].text}"] if told.evidence_class != "none" else []
    tail += [say_statement(one, site, language=language).line for one in newest]
    tail.append(f"{following.heading}: {following.text}" if following.heading else following.text)
    tail = list(filter(None, tail))
    lines = [head]
    for part in (found[name] for name in CHOSEN if name in found):
        left = room - len(_shown("\n".join([*lines, *tail]), language)) - 1
        if left >= LEAST:
            lines.append(_fitted(f"{part.heading}: {part.text}", language, min(KNOWN_CHARACTERS_MAX, left)))
    return _shown(_fitted("\n".join([*lines, *tail]), language, room), language)


def _fitted(text: str, language: Language, n_most: int) -> str:
    """Cut a text so that it has at most so many characters when what runs the other way is isolated."""
    n_letters = n_most
    while (n_over := len(_shown(_cut(text, n_letters), language)) - n_most) > 0:
        n_letters -= n_over
    return _cut(text, n_letters)


def _shown(text: str, language: Language) -> str:
    return isolate_text(text) if language == "ur" else text


def _cut(text: str, n_most: int) -> str:
    return text if len(text) <= n_most else f"{text[: n_most - 1].rstrip()}…"
