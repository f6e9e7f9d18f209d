"""A bulletin for a chat service: a few lines with the state, what is known, the next update and a link.

Services cut or part long texts each in their own way, and parts can get lost: so the text is short from the start.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from raabta.model.bulletin import Bulletin, Language
from raabta.model.site import Site
from raabta.publish.bidi import isolate_text
from raabta.publish.bulletin.wording import next_words, parts, subject
from raabta.publish.message.letters import Letter

KNOWN_CHARACTERS_MAX: Final = 400
NOTE_CHARACTERS_MAX: Final = 1900
"""Discord takes 2,000, the least of the services that are allowed (hub.outbox.chat)."""
CHOSEN: Final = ("correction", "starts", "place", "known", "workaround")
"""Parts of a bulletin, in the order in which they stand there."""
REPEATED: Final = "(may be a repetition)"


class Note(Struct, frozen=True, kw_only=True):
    """A text for one channel of a chat service. ``channel`` is its name in the settings."""

    channel: str
    text: str


def chat_text(told: Bulletin, site: Site, *, languages: Sequence[Language], url: str, repeated: bool = False) -> str:
    """Write a bulletin for a chat service.

    Args:
        told: The bulletin.
        site: Who speaks.
        languages: In which, in order.
        url: Its page; "" where it has none.
        repeated: An earlier try may have arrived.
    """
    each = [_lines(told, site, language=language) for language in languages]
    tail = [line for line in (url, REPEATED if repeated else "") if line]
    room = NOTE_CHARACTERS_MAX - sum(len(line) + 1 for line in tail)
    return "\n".join([_cut("\n\n".join(each), room), *tail])


def letter_text(letters: Sequence[Letter]) -> str:
    """Write any other message for a chat service."""
    return _cut("\n\n".join(f"{letter.subject}\n{letter.plain}".strip() for letter in letters), NOTE_CHARACTERS_MAX)


def _lines(told: Bulletin, site: Site, *, language: Language) -> str:
    found = {part.name: part for part in parts(told, site, language=language)}
    lines = [subject(told, site, language=language)]
    chosen = (found[name] for name in CHOSEN if name in found)
    lines += [_cut(f"{part.heading}: {part.text}", KNOWN_CHARACTERS_MAX) for part in chosen]
    following = next_words(told, site, language=language)
    lines.append(f"{following.heading}: {following.text}" if following.heading else following.text)
    text = "\n".join(line for line in lines if line)
    return isolate_text(text) if language == "ur" else text


def _cut(text: str, n_most: int) -> str:
    return text if len(text) <= n_most else f"{text[: n_most - 1].rstrip()}…"
