"""What all feeds share: which updates they hold, how one is called, where it stands, and its words as HTML.

Newest first, by the sequence in which bulletins were published. The words of an entry are those of the bulletin
(``publish.bulletin.wording``), with what parties had stated until then beside it.
"""

import datetime as dt
import heapq
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from html import escape
from typing import Final, NamedTuple
from urllib.parse import quote, urlsplit

from raabta.model.bulletin import BulletinText, Language
from raabta.model.publication import PublicStatement, PublicThread, PublicUpdate
from raabta.model.site import Site
from raabta.publish.bidi import isolate_text
from raabta.publish.bulletin.statements import statements_beside
from raabta.publish.bulletin.wording import TEXT_PARTS, Part, parts, state_behind, text_in
from raabta.publish.feeds.cleaning import cleaned, one_line, shortened
from raabta.publish.moments import say_moment
from raabta.publish.site.paths import absolute, thread_path
from raabta.publish.words import say

ENTRIES_MAX: Final = 100
"""Of a feed. Readers ask at least daily, and nobody has published more in a day. Judgement."""
NEVER: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
"""When an empty feed was changed: a build's time would change its bytes with every build."""
OVER: Final = ("resolved", "reviewed")
LEAST: Final = 24
"""Characters: a part that could say less than this is left out."""
SUMMARY_CHARACTERS_MAX: Final = 500
"""Of what a list of entries shows; the content has all. Judgement."""

_COUNTRY: Final = re.compile("[A-Za-z]{2}")
_WORDS: Final[dict[str, dict[Language, str]]] = {
    "corrected": {
        "en": "A later update corrects this one.",
        "ur": "بعد کی ایک اطلاع میں اس کی تصحیح کی گئی ہے۔",
    },
    "corrects": {
        "en": "This corrects an earlier update.",
        "ur": "یہ پہلے کی ایک اطلاع کی تصحیح ہے۔",
    },
    "cancelled": {"en": "Cancelled", "ur": "منسوخ"},
    "correction": {"en": "Correction", "ur": "تصحیح"},
    "about": {
        "en": "Disturbances of the internet, notices, meetings and advisories: one entry for every update.",
        "ur": "انٹرنیٹ میں خلل، اعلانات، اجلاس اور حفاظتی ہدایات: ہر اطلاع کے لیے ایک اندراج۔",
    },
}


class Item(NamedTuple):
    """One update, and the thread that it belongs to."""

    thread: PublicThread
    update: PublicUpdate

    @property
    def changed_at(self) -> dt.datetime:
        """When it was last changed: when it was published, or marked as corrected."""
        later = (one.at for one in self.thread.updates if one.id == self.update.corrected_by)
        return max(self.update.at, next(later, self.update.at))


def newest(threads: Iterable[PublicThread], *, n_most: int = ENTRIES_MAX) -> list[Item]:
    """Give the newest updates of threads, newest first, cleaned."""
    every = ((one.sequence, one.id, thread) for thread in threads for one in thread.updates)
    chosen = heapq.nlargest(n_most, every, key=lambda one: one[:2])
    clean = {id(thread): cleaned(thread) for thread in {id(one[2]): one[2] for one in chosen}.values()}
    return [
        next(Item(clean[id(thread)], one) for one in clean[id(thread)].updates if one.id == update_id)
        for _, update_id, thread in chosen
    ]


def newest_at(items: Sequence[Item]) -> dt.datetime:
    """Give when the newest change of a feed was; ``NEVER`` where it is empty."""
    return max((item.changed_at for item in items), default=NEVER)


def phrase(name: str, *, language: Language) -> str:
    """Give words of feeds that pages do not have."""
    return _WORDS[name][language]


def site_name(site: Site, *, language: Language) -> str:
    """Give the name of who speaks."""
    return one_line((language == "ur" and site.name_ur) or site.name_en)


def first_language(site: Site) -> Language:
    """Give the language of formats that have one only: English, where the site has it."""
    return "en" if "en" in site.languages else site.languages[0]


def locale_of(site: Site, *, language: Language) -> str:
    """Give a language as it is spoken in the site's country (RFC 5646): ``ur-PK``."""
    return f"{language}-{site.country.upper()}" if _COUNTRY.fullmatch(site.country) else language


def host_of(site: Site) -> str:
    """Give the host name in the site's address: what ids are made of, so that nobody else makes the same."""
    return urlsplit(site.url).hostname or "localhost"


def thread_url(thread: PublicThread, site: Site, *, language: Language) -> str:
    """Give the address of a thread's page."""
    return absolute(site, thread_path(thread.kind, thread.id, language=language))


def update_url(item: Item, site: Site, *, language: Language) -> str:
    """Give the address of one update on its thread's page."""
    return f"{thread_url(item.thread, site, language=language)}#{quote(item.update.id)}"


def tag_of(item: Item, site: Site, *, language: Language) -> str:
    """Give the id of an update's entry (RFC 4151): the same for ever, and another one in each language."""
    return f"tag:{host_of(site)},{item.update.at.astimezone(dt.UTC):%Y-%m-%d}:{quote(item.update.id)}/{language}"


def title_of(item: Item, *, language: Language) -> str:
    """Give an entry's title: what is told, and of an incident its state."""
    state = state_behind(item.update, language=language) if item.update.texts else ""
    return f"{bare_title(item.update, language=language)}{f' — {state}' if state else ''}"


def bare_title(update: PublicUpdate, *, language: Language) -> str:
    """Give an update's title, with a word before it where it corrects another one or calls a meeting off."""
    told = one_line(text_of(update, language=language).title)
    if any(meeting.cancelled for meeting in update.meeting):
        return f"{phrase('cancelled', language=language)}: {told}"
    return f"{phrase('correction', language=language)}: {told}" if update.corrects_id else told


def name_of(thread: PublicThread, *, language: Language) -> str:
    """Give what a thread is called: the title of its first update that nothing corrects."""
    named = next((one for one in thread.updates if not one.corrected_by), thread.updates[0])
    return one_line(text_of(named, language=language).title)


def text_of(update: PublicUpdate, *, language: Language) -> BulletinText:
    """Give the words in a language, or those there are; empty ones where there are none at all."""
    return text_in(update, language=language) if update.texts else BulletinText(language=language, title=update.id)


def parts_of(item: Item, site: Site, *, language: Language) -> list[Part]:
    """Give the parts of an update that have something to say."""
    return parts(item.update, site, language=language) if item.update.texts else []


def statements_of(item: Item) -> list[PublicStatement]:
    """Give what parties had stated when the update was published, newest first: it stands beside our cause."""
    return list(statements_beside(item.update, item.thread.statements))


def lines_of(item: Item, site: Site, *, language: Language, leave: Collection[str] = ()) -> str:
    """Give all that an update says as lines of plain text, without its title, and what parties had stated.

    Args:
        item: Cleaned.
        site: Names and time zone.
        language: In which.
        leave: Parts that are left out.
    """
    lines = [
        f"{part.heading}: {part.text}" if part.heading else part.text
        for part in parts_of(item, site, language=language)
        if part.name not in leave
    ]
    for stated in statements_of(item):
        party = (language == "ur" and stated.party_ur) or stated.party_en
        lines.append(f"{party}: {(language == 'ur' and stated.text_ur) or stated.text_en}")
    return in_direction("\n".join(lines), site, language=language)


def stated_of(item: Item, *, language: Language) -> str:
    """Give in one line who states what: the bulletin's words, else the newest statement; "" where nobody did."""
    if told := one_line(text_of(item.update, language=language).stated):
        return f"{say('part', 'stated', language=language)}: {told}"
    for stated in statements_of(item)[:1]:
        party = (language == "ur" and stated.party_ur) or stated.party_en
        return one_line(f"{party}: {(language == 'ur' and stated.text_ur) or stated.text_en}")
    return ""


@lru_cache(maxsize=1024)  # three formats and the feeds of components ask for the same words
def html_of(item: Item, site: Site, *, language: Language) -> str:
    """Give an update as HTML that stands alone: no style, no picture, nothing to load.

    Args:
        item: Cleaned (``cleaning.cleaned``).
        site: Names and time zone.
        language: In which; its direction is said within.
    """
    direction = "rtl" if language == "ur" else "ltr"
    blocks = "".join(_blocks(item, site, language=language))
    return f'<div lang="{language}" dir="{direction}">{blocks}</div>'


def summary_of(item: Item, site: Site, *, language: Language) -> str:
    """Give what is known in one line, for lists."""
    known = one_line(text_of(item.update, language=language).known)
    return in_direction(shortened(known, SUMMARY_CHARACTERS_MAX), site, language=language)


def in_direction(text: str, site: Site, *, language: Language) -> str:
    """Give a text with what runs the other way isolated, and digits as the site has them."""
    return isolate_text(text, digits=site.digits) if language == "ur" else text


def fitted(text: str, site: Site, *, language: Language, n_most: int) -> str:
    """Cut a line so that it has at most ``n_most`` characters when what runs the other way is isolated.

    Returns:
        The line; "" where not even a few words fit.
    """
    n_letters = min(len(text), n_most)
    while n_letters > 0 and n_letters >= min(LEAST, len(text)):
        made = in_direction(shortened(text, n_letters), site, language=language)
        if len(made) <= n_most:
            return made
        n_letters -= len(made) - n_most
    return ""


def _blocks(item: Item, site: Site, *, language: Language) -> Iterator[str]:
    def shown(text: str) -> str:
        return escape(in_direction(text, site, language=language))

    url = escape(update_url(item, site, language=language))
    yield f"<p>{shown(say_moment(item.update.at, site, language=language))}</p>"
    for name, other in (("corrected", item.update.corrected_by), ("corrects", item.update.corrects_id)):
        if other:
            yield f"<p><strong>{shown(phrase(name, language=language))}</strong></p>"
    for part in parts_of(item, site, language=language):
        if part.name in TEXT_PARTS:
            yield f"<h3>{shown(part.heading)}</h3>{_paragraphs(part.text, site, language=language)}"
        else:
            heading = f"<strong>{shown(part.heading)}:</strong> " if part.heading else ""
            yield f"<p>{heading}{shown(part.text)}</p>"
    for stated in statements_of(item):
        party = (language == "ur" and stated.party_ur) or stated.party_en
        said = (language == "ur" and stated.text_ur) or stated.text_en
        at = say_moment(stated.at, site, language=language)
        comma = "،" if language == "ur" else ","
        yield f"<p><strong>{shown(f'{party}{comma} {at}')}:</strong></p>"
        quoted = _paragraphs(said, site, language=language)
        source = f"<p>{shown(stated.source)}</p>" if stated.source else ""
        yield f"<blockquote>{quoted}{source}</blockquote>"
    yield f'<p><a href="{url}">{url}</a></p>'


def _paragraphs(text: str, site: Site, *, language: Language) -> str:
    found = (part.strip() for part in text.split("\n\n"))
    shown = (escape(in_direction(part, site, language=language)).replace("\n", "<br>") for part in found if part)
    return "".join(f"<p>{part}</p>" for part in shown)
