"""What all pages have around them: head, menu, languages, the same page on other mirrors, and what nothing may load.

Templates are compiled once and escape whatever is put into them. The policy in each page's head forbids scripts,
pictures, fonts and requests of every kind but for the site's own style sheet; forms go to the desk alone.
"""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape
from msgspec import Struct, structs

from raabta.model.bulletin import Language
from raabta.model.site import Site
from raabta.publish.site import paths
from raabta.publish.site.packing import pack, room_beside
from raabta.publish.site.speech import Speech, host_of, is_web, speech_of

_HERE: Final = Path(__file__).parent
N_MIRRORS: Final = 8
"""In a page's foot; the page about the site has all."""
_MENU: Final = ("now", "history", "subscribe", "report", "about")
_ICON: Final = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' "
    "rx='4' fill='%230b5563'/%3E%3Cpath d='M3 9h2l2-5 2 8 2-3h2' fill='none' stroke='%23fff' stroke-width='1.6'/%3E"
    "%3C/svg%3E"
)
FEEDS: Final = (
    ("feed.atom", "application/atom+xml", "Atom"),
    ("feed.rss", "application/rss+xml", "RSS"),
    ("feed.json", "application/feed+json", "JSON Feed"),
    ("calendar.ics", "text/calendar", "iCalendar"),
)
"""Of each language: file, media type, name."""
_HOST: Final = re.compile(r"[A-Za-z0-9.:\[\]-]+")
"""With a port. Anything else could say more in a policy than a host."""
_MAIL: Final = re.compile(r"[^\s@<>\"'&?,;:]{1,64}@[A-Za-z0-9.-]{1,190}")


class Feed(Struct, frozen=True, kw_only=True):
    """A feed that a page's head names."""

    type: str
    path: str
    title: Markup


class Head(Struct, frozen=True, kw_only=True):
    """What a page says of itself. ``path`` is its own; ``current`` the menu's entry that it belongs to, or ""."""

    path: str
    title: str
    description: str = ""
    current: str = ""
    feeds: tuple[Feed, ...] = ()
    first: str = ""
    """Of a further page of a list: the first one. Other languages may have fewer pages."""


class Turn(Struct, frozen=True, kw_only=True):
    """Where in a long list a page stands. ``path`` is the first page's."""

    page: int
    pages: int
    path: str

    def at(self, page: int) -> str:
        """Give the path of one of its pages."""
        return self.path if page == 1 else f"{self.path.removesuffix('.html')}.{page}.html"


@cache
def environment() -> Environment:
    """Give the templates. They are compiled when they are first used, and then kept."""
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        keep_trailing_newline=True,
    )


@cache
def template(name: str) -> Template:
    """Give a template by its name, without ".html"."""
    return environment().get_template(f"{name}.html")


@cache
def style() -> bytes:
    """Give style.css."""
    lines = (_HERE / "data" / "style.css").read_text(encoding="utf-8").splitlines()
    return "".join(line.strip() for line in lines if line.strip()).encode()


def render_page(name: str, head: Head, *, speech: Speech, **values: object) -> bytes:
    """Make one page.

    Args:
        name: Of its template, which fills the frame.
        head: What it says of itself.
        speech: Who speaks.
        values: What the template shows.
    """
    site = speech.site
    up = paths.up(head.path)
    return (
        template(name)
        .render(
            s=speech,
            t=speech.word,
            w=speech.shared,
            up=up,
            head=head,
            frame=frame_of(site, speech.language),
            around=_around(site, speech.language, up, head.current),
            others=_others(head, speech, up),
            quoted=quote(head.path),
            **values,
        )
        .encode("utf-8", "replace")  # halves of surrogate pairs, which no file can hold
    )


def render_list(
    name: str, head: Head, *, speech: Speech, pieces: Sequence[Markup], **values: object
) -> dict[str, bytes]:
    """Make the pages of a long list. Its template gets ``pieces`` (the page's own) and ``turn`` beside ``values``.

    Args:
        name: Of the template.
        head: Of the first page.
        speech: Who speaks.
        pieces: Rendered rows, in order.
        values: What else the template shows, the same on every page.
    """
    bare = render_page(name, head, speech=speech, pieces=(), turn=Turn(page=9998, pages=9999, path=head.path), **values)
    packed = pack(pieces, room_bytes=room_beside(frame_bytes=len(bare), style_bytes=len(style())))
    made: dict[str, bytes] = {}
    for number, page_pieces in enumerate(packed, 1):
        turn = Turn(page=number, pages=len(packed), path=head.path)
        own = structs.replace(head, path=turn.at(number), first=head.path)
        made[own.path] = render_page(name, own, speech=speech, pieces=page_pieces, turn=turn, **values)
    return made


class Mirror(Struct, frozen=True, kw_only=True):
    """An address where the site is."""

    url: str
    name: Markup


class Frame(Struct, frozen=True, kw_only=True):
    """What is the same around all pages of a language."""

    policy: str
    menu: tuple[tuple[str, str], ...]
    mirrors: tuple[Mirror, ...]
    n_more_mirrors: int
    feeds: tuple[Feed, ...]
    contact: str
    icon: str = _ICON


class Around(Struct, frozen=True, kw_only=True):
    """Parts of the frame that are the same on many pages: rendered once."""

    head: Markup
    feeds: Markup
    menu: Markup
    foot: Markup


@lru_cache(maxsize=256)
def _around(site: Site, language: Language, up: str, current: str) -> Around:
    frame, speech = frame_of(site, language), speech_of(site, language)
    made: Any = environment().get_template("around.html").module
    return Around(
        head=made.head(frame),
        feeds=made.feeds(frame, up),
        menu=made.menu(frame, up, current, speech.word),
        foot=made.foot(frame, up, speech, speech.word),
    )


@lru_cache(maxsize=16)
def frame_of(site: Site, language: Language) -> Frame:
    """Give what is the same around all pages of a language."""
    speech = speech_of(site, language)
    known = [url for url in dict.fromkeys((site.url, *site.mirrors)) if is_web(url)]
    shown = known[:N_MIRRORS] if len(known) > 1 else []
    named = {"now": paths.front_path(language), "history": paths.history_path(language)}
    return Frame(
        policy=_policy(site),
        menu=tuple((name, named.get(name) or paths.fixed_path(name, language)) for name in _MENU),
        mirrors=tuple(Mirror(url=url, name=speech.technical(host_of(url))) for url in shown),
        n_more_mirrors=max(0, len(known) - N_MIRRORS),
        feeds=tuple(
            Feed(type=type_, path=paths.feed_path(name, language), title=escape(title)) for name, type_, title in FEEDS
        ),
        contact=site.contact if _MAIL.fullmatch(site.contact) else "",
    )


def _policy(site: Site) -> str:
    """The Content-Security-Policy of every page: nothing but the own style sheet; forms go to the desk alone."""
    parts = urlsplit(site.desk_url)
    fit = is_web(site.desk_url) and _HOST.fullmatch(parts.netloc)
    desk = f"{parts.scheme}://{parts.netloc}" if fit else "'none'"
    return f"default-src 'none'; style-src 'self'; img-src data:; form-action {desk}; base-uri 'none'"


def _others(head: Head, speech: Speech, up: str) -> list[tuple[Speech, str]]:
    """The same page in the site's other languages."""
    own = f"{speech.language}/"
    rest = (head.first or head.path).removeprefix(own)
    return [
        (speech_of(speech.site, language), f"{up}{language}/{rest}")
        for language in speech.site.languages
        if language != speech.language
    ]
