"""An update as a text for messengers: what is the matter, what one can do, when the next word comes, and where.

A text that is passed on loses its date and its source, so it says both itself. It has at most 900 characters, which
messengers show without "read more". Title, times, cause and link always stand there; what one can do is cut, and what
is known is cut first.
"""

from typing import Final

from raabta.model.bulletin import Language
from raabta.model.publication import PublicThread, PublicUpdate
from raabta.model.site import Site
from raabta.publish.bulletin.statements import say_statement
from raabta.publish.bulletin.wording import cause_words, next_words
from raabta.publish.feeds.cleaning import cleaned, one_line, shortened
from raabta.publish.feeds.items import (
    Item,
    fitted,
    in_direction,
    site_name,
    statements_of,
    text_of,
    title_of,
    update_url,
)
from raabta.publish.moments import say_moment
from raabta.publish.words import say

CHARACTERS_MAX: Final = 900
_TITLE_MAX: Final = 160
_NAME_MAX: Final = 80
_ADVICE_MAX: Final = 240
_STATED_MAX: Final = 200
_STATEMENT_MAX: Final = 360
"""With the party, the time and the source."""
_GAP: Final = "\n\n"


def share_text(thread: PublicThread, update: PublicUpdate, *, site: Site, language: Language) -> str:
    """Give an update as a text to pass on.

    Args:
        thread: The thread.
        update: Which of its updates.
        site: Who speaks.
        language: In which.

    Returns:
        Lines, at most 900 characters with the line feed at the end, the link last. Only an address of the site that is
        itself too long makes more.
    """
    site, item = cleaned(site), cleaned(Item(thread, update))

    def shown(text: str) -> str:
        return in_direction(text, site, language=language)

    head = "\n".join(map(shown, _head(item, site, language=language)))
    cause, following = _cause(item, site, language=language), _following(item, site, language=language)
    link = update_url(item, site, language=language)
    rest = CHARACTERS_MAX - len("\n".join([head, *map(shown, [*cause, *following]), link])) - 2 * len(_GAP)
    beside = _statement(item, site, language=language, n_most=min(rest, _STATEMENT_MAX))
    tail = "\n".join([*map(shown, cause), *beside, *map(shown, following), link])
    rest = CHARACTERS_MAX - len(head) - len(tail) - len(_GAP) - 1
    text = text_of(item.update, language=language)
    advice = f"{say('part', 'workaround', language=language)}: {one_line(text.workaround)}"
    n_most = min(rest - len(_GAP), _ADVICE_MAX) if text.workaround.strip() else 0
    advice = fitted(advice, site, language=language, n_most=n_most)
    rest -= len(advice) + len(_GAP) if advice else 0
    known = fitted(one_line(f"{text.correction} {text.known}"), site, language=language, n_most=rest - len(_GAP))
    return _GAP.join(part for part in (head, known, advice, tail) if part) + "\n"


def _head(item: Item, site: Site, *, language: Language) -> list[str]:
    name = shortened(site_name(site, language=language), _NAME_MAX)
    at = say_moment(item.update.at, site, language=language)
    return [shortened(title_of(item, language=language), _TITLE_MAX), f"{name}{'،' if language == 'ur' else ','} {at}"]


def _cause(item: Item, site: Site, *, language: Language) -> list[str]:
    lines: list[str] = []
    for meeting in item.update.meeting:
        lines.append(say_moment(meeting.starts_at, site, language=language))
        lines.append(shortened(one_line((language == "ur" and meeting.place_ur) or meeting.place_en), _TITLE_MAX))
    if item.update.incident_state is not None:
        lines.append(f"{say('part', 'cause', language=language)}: {cause_words(item.update, site, language=language)}")
        if told := one_line(text_of(item.update, language=language).stated):
            lines.append(shortened(f"{say('part', 'stated', language=language)}: {told}", _STATED_MAX))
    return [line for line in lines if line]


def _statement(item: Item, site: Site, *, language: Language, n_most: int) -> list[str]:
    """Say what was stated last, beside our cause: as much of it as there is room for, and the source if it fits."""
    newest = statements_of(item)[:1]
    if not newest:
        return []
    long, short = (
        say_statement(newest[0], site, language=language, n_most=n_letters)
        for n_letters in (_STATED_MAX, _STATED_MAX // 2)
    )
    lines = (long.line, long._replace(source="").line, short.line, short._replace(source="").line)
    shown = (in_direction(line, site, language=language) for line in lines)
    fitting = next((line for line in shown if len(line) <= n_most), "")
    return list(filter(None, [fitting or fitted(lines[-1], site, language=language, n_most=n_most)]))


def _following(item: Item, site: Site, *, language: Language) -> list[str]:
    following = next_words(item.update, site, language=language)
    return list(filter(None, [f"{following.heading}: {following.text}" if following.heading else following.text]))
