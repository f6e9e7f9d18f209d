"""What pages say, as HTML of one language: words, names, times, numbers, and what people wrote.

Whatever an editor, a member or a party wrote comes in as plain text and leaves escaped; in Urdu with Latin runs
isolated and the digits of the site (``publish.bidi``). Nothing but what is made here is ever marked as safe HTML.
"""

import datetime as dt
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
from markupsafe import Markup, escape

from raabta.model.bulletin import BulletinText, Language
from raabta.model.publication import PublicUpdate
from raabta.model.site import Component, Operator, Site
from raabta.publish.bidi import isolate_html, isolate_text, without_controls
from raabta.publish.moments import digits, iso, say_day, say_moment, say_month
from raabta.publish.words import say

DIRECTION: Final[dict[Language, str]] = {"en": "ltr", "ur": "rtl"}

_FILE: Final = Path(__file__).with_name("data") / "words.toml"
_URL: Final = re.compile(r"https?://[^\s<>\"'`«»،؛۔]{3,500}")
_URL_ENDS: Final = ".,;:!?)]}…"
_NOT_IN_URL: Final = re.compile(r"[\x00-\x20<>\"'`\\]|[^\x00-\x7f]")
_PLACE: Final = re.compile(r"\{[a-z]+\}")
_PLACE_NAME: Final = re.compile(r"\{([a-z]+)\}")
_BREAK: Final = re.compile(r"\n[ \t]*\n\s*")
_TO_CUT: Final = 200
"""Letters of a beginning: what messengers show of a link, and three lines on a phone."""


@cache
def _page_words() -> dict[str, dict[str, dict[Language, str]]]:
    return msgspec.toml.decode(_FILE.read_bytes(), type=dict[str, dict[str, dict[Language, str]]])


@lru_cache(maxsize=16)
def speech_of(site: Site, language: Language) -> "Speech":
    """Give the one who speaks a language for a site; the same one every time, since it keeps what it has said."""
    return Speech(site, language)


class Speech:
    """Says things in one language, with the names, zone and digits of a site."""

    def __init__(self, site: Site, language: Language) -> None:
        self.site: Final = site
        self.language: Final[Language] = language
        self.direction: Final = DIRECTION[language]
        self.components: Final[dict[str, Component]] = {one.id: one for one in site.components}
        self.operators: Final[dict[str, Operator]] = {one.id: one for one in site.operators}
        self.products: Final = {one.id: one.name for one in site.products}
        self.moment = lru_cache(maxsize=4096)(self._moment)
        self.day = lru_cache(maxsize=4096)(self._day)
        self._word = cache(self._fixed_word)
        self._pattern = cache(self._word_pattern)
        self._shared = cache(self._shared_word)
        self.name: Final = self.either(site.name_en, site.name_ur)

    # --- words of ours ---

    def word(self, group: str, name: str, /, **values: object) -> Markup:
        """Say words of pages (``data/words.toml``); values are escaped unless they are HTML made here."""
        if not values:
            return self._word(group, name)
        pattern, names = self._pattern(group, name)
        return fill(pattern, *[values[one] for one in names])

    def shared(self, group: str, name: str) -> Markup:
        """Say words that feeds and mails have too (``publish/data/words.toml``)."""
        return self._shared(group, name)

    def number(self, number: int) -> str:
        """Say a number, with the digits of the site."""
        return digits(f"{number:,}", self.site.digits, language=self.language)

    def duration(self, start: dt.datetime, end: dt.datetime) -> Markup:
        """Say how long something took, in the two largest units: "5 hours 55 minutes"."""
        minutes = max(0, int((end - start).total_seconds()) // 60)
        units = (("day", minutes // 1440), ("hour", minutes // 60 % 24), ("minute", minutes % 60))
        told = [(name, n) for name, n in units if n] or [("minute", 0)]
        return Markup(" ").join(
            self.word("duration", name) if n == 1 else self.word("duration", f"{name}s", n=self.number(n))
            for name, n in told[:2]
        )

    # --- times ---

    def _moment(self, at: dt.datetime) -> Markup:
        return self._time(iso(at), say_moment(at, self.site, language=self.language))

    def _day(self, at: dt.datetime) -> Markup:
        return self._time(iso(at), say_day(at, self.site, language=self.language))

    def month(self, month: str) -> Markup:
        """Say a month as ``2024-11``."""
        return self._time(month, say_month(month, self.site, language=self.language))

    def _time(self, machine: str, words: str) -> Markup:
        return fill('<time datetime="{}">{}</time>', machine, self.text(words))

    # --- what people wrote ---

    def text(self, text: str) -> Markup:
        """Show a text in one line."""
        if self.language == "ur":
            return isolate_html(text, digits=self.site.digits)
        return escape(without_controls(text))

    def plain(self, text: str) -> str:
        """Give a text for where no markup can be: a title, an attribute."""
        text = " ".join(text.split())
        return isolate_text(text, digits=self.site.digits) if self.language == "ur" else without_controls(text)

    def description(self, text: str) -> str:
        """Give the beginning of a text for where no markup can be."""
        return self.plain(shortened(text))

    def blocks(self, text: str) -> Markup:
        """Show a text of several paragraphs, parted by blank lines; addresses of web pages become links."""
        found = (part.strip() for part in _BREAK.split(text))
        shown = "".join(f"<p>{self._lines(part)}</p>" for part in found if part)
        return Markup(shown)  # noqa: S704  made of escaped lines

    def _lines(self, text: str) -> str:
        return "<br>".join("".join(self._linked(line)) for line in text.split("\n"))

    def _linked(self, line: str) -> Iterator[Markup]:
        if "://" not in line:
            yield self.text(line)
            return
        end = 0
        for found in _URL.finditer(line):
            url = found[0].rstrip(_URL_ENDS)
            yield self.text(line[end : found.start()])
            yield self.link(url, url)
            end = found.start() + len(url)
        yield self.text(line[end:])

    def either(self, english: str, urdu: str) -> Markup:
        """Show a name or text that is kept in both languages; where ours is missing, the other one, marked as such."""
        if self.language == "en":
            return self.text(english) if english else self._foreign(urdu, "ur")
        return self.text(urdu) if urdu else self._foreign(english, "en")

    def either_plain(self, english: str, urdu: str) -> str:
        """Give such a text for where no markup can be."""
        return self.plain((self.language == "ur" and urdu) or english or urdu)

    def either_blocks(self, english: str, urdu: str) -> Markup:
        """Show such a text of several paragraphs."""
        own, other = (english, urdu) if self.language == "en" else (urdu, english)
        if own:
            return self.blocks(own)
        speech = self.other()
        shown = speech.blocks(other)
        return fill('<div lang="{}" dir="{}">{}</div>', speech.language, speech.direction, shown)

    def other(self) -> "Speech":
        """Give the one who speaks the other language."""
        return speech_of(self.site, "ur" if self.language == "en" else "en")

    def _foreign(self, text: str, language: Language) -> Markup:
        if not text:
            return Markup("")
        shown = isolate_html(text, digits=self.site.digits) if language == "ur" else escape(without_controls(text))
        return fill('<span lang="{}" dir="{}">{}</span>', language, DIRECTION[language], shown)

    def technical(self, text: str) -> Markup:
        """Show host names, versions, identifiers: from left to right, with their own digits."""
        return fill('<bdi dir="ltr">{}</bdi>', without_controls(text))

    def link(self, url: str, words: str | Markup = "") -> Markup:
        """Link to a page elsewhere; what is no web address is shown as text."""
        if not words or words == url:
            words = self.technical(url)
        elif not isinstance(words, Markup):
            words = fill("<bdi>{}</bdi>", without_controls(words))
        return fill('<a href="{}" rel="nofollow">{}</a>', url, words) if is_web(url) else escape(words)

    # --- names of the settings ---

    def component(self, id_: str) -> Markup:
        """Name a component; one that the settings know no more keeps its id."""
        one = self.components.get(id_)
        return self.either(one.name_en, one.name_ur) if one else self.technical(id_)

    def operator(self, id_: str) -> Markup:
        """Name an operator likewise."""
        one = self.operators.get(id_)
        return self.either(one.name_en, one.name_ur) if one else self.technical(id_)

    def comma(self) -> Markup:
        """Give what stands between two names."""
        return Markup("، ") if self.language == "ur" else Markup(", ")

    # --- an update's words ---

    def text_of(self, update: PublicUpdate) -> tuple["Speech", BulletinText]:
        """Give an update's text in this language, or the other one with who speaks that."""
        for text in update.texts:
            if text.language == self.language:
                return self, text
        text = update.texts[0] if update.texts else BulletinText(language=self.language, title=update.id)
        return speech_of(self.site, text.language), text

    def _fixed_word(self, group: str, name: str) -> Markup:
        return self.text(_page_words()[group][name][self.language])

    def _word_pattern(self, group: str, name: str) -> tuple[str, tuple[str, ...]]:
        """Give words with places in braces as a pattern, and the names of the places."""
        words = _page_words()[group][name][self.language]
        texts = "{}".join(self.text(text) for text in _PLACE.split(words))
        return texts, tuple(found[1] for found in _PLACE_NAME.finditer(words))

    def _shared_word(self, group: str, name: str) -> Markup:
        return self.text(say(group, name, language=self.language))


def fill(pattern: str, *values: object) -> Markup:
    """Put values into a pattern of ours, each at a ``{}``: escaped, unless they are HTML made here.

    What ``Markup.format`` does, in a tenth of its time, which is a third of that of a page.
    """
    texts = _texts_of(pattern)
    made = [texts[0]]
    for value, text in zip(values, texts[1:], strict=True):
        made += (value if isinstance(value, Markup) else str(escape(value)), text)
    return Markup("".join(made))  # noqa: S704  patterns are ours, and values were escaped


@cache
def _texts_of(pattern: str) -> list[str]:
    return pattern.split("{}")


def is_web(url: str) -> bool:
    """Say whether an address may be linked: http or https, with a host, without signs that no address holds."""
    if _NOT_IN_URL.search(url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def shortened(text: str, *, n_most: int = _TO_CUT) -> str:
    """Give the beginning of a text, in one line, cut after a word."""
    text = " ".join(text.split())
    return text if len(text) <= n_most else f"{text[: n_most - 1].rsplit(' ', 1)[0]}…"


def host_of(url: str) -> str:
    """Give the host of an address, with its port: how a mirror is called."""
    return urlsplit(url).netloc or url
