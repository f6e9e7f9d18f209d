"""Pages of the forms: HTML, in English or Urdu, that look like the site and load nothing but one style sheet.

Templates escape all that is put into them. In Urdu, Latin runs (host names, addresses) are isolated, so that they read
from left to right (``publish.bidi``). Links are relative: the forms may stand under any path of the desk's host.
"""

import re
from functools import cache
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, Final

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from msgspec import Struct
from starlette.responses import HTMLResponse

from raabta.model.bulletin import Language
from raabta.model.site import Component, Operator, Site
from raabta.pipeline.informing.subscribing.wishes import KINDS, LANGUAGE_CHOICES
from raabta.publish.bidi import FSI, PDI, isolate_text
from raabta.publish.words import all_words

_HERE: Final = Path(__file__).parent
STYLE: Final = (_HERE / "templates" / "style.css").read_bytes()
_BRACES: Final = re.compile(r"\{(\w+)\}")

Choice = tuple[str, str]
"""What is sent, and what is shown."""


class Link(Struct, frozen=True, kw_only=True):
    """A link of a page."""

    url: str
    words: str


class Choices(Struct, frozen=True, kw_only=True):
    """What can be chosen, in one language."""

    languages: list[Choice]
    components: list[Choice]
    kinds: list[Choice]
    products: list[Choice]
    operators: list[Choice]
    symptoms: list[Choice]


class Pages:
    """Renders pages for a site."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._environment = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def page(
        self, template: str, title: str, *, language: Language, status: int = 200, up: str = "", **filled: Any
    ) -> HTMLResponse:
        """Render a page.

        Args:
            template: Its name without ".html".
            title: Of the page.
            language: Of the page.
            status: HTTP's.
            up: What leads from here to the forms' root: "" or "../".
            filled: What the template needs; ``other_url`` leads to the same page in the other language.
        """
        html = self._environment.get_template(f"{template}.html").render(
            {
                "title": title,
                "language": language,
                "up": up,
                "name": self.name(self._site.name_en, self._site.name_ur, language=language),
                "site_url": self._site.url,
                "t": lambda group, name: self.say(group, name, language=language),
                "other_url": "",
                "link": None,
            }
            | filled
        )
        return HTMLResponse(html, status)

    def told(
        self, title: str, *lines: str, language: Language, status: int = 200, up: str = "", **filled: Any
    ) -> HTMLResponse:
        """Render a page that only says something."""
        given = {"lines": lines, "secret": "", "code": ""} | filled
        return self.page("told", title, language=language, status=status, up=up, **given)

    def failed(self, name: str, *, language: Language, status: int, up: str = "", **filled: Any) -> HTMLResponse:
        """Render a page that says what did not work, by the name of its words."""
        title = self.say("error", "title", language=language)
        words = self.say("error", name, language=language)
        return self.told(title, words, language=language, status=status, up=up, **filled)

    def say(self, group: str, name: str, *, language: Language, **filled: str) -> str:
        """Say words of ``data/words.toml``; braces are filled in, and stay isolated."""
        words = form_words()[group][name][language]
        if language == "en":
            return words.format(**filled)
        parts = _BRACES.split(words)  # what is filled in stands at every second place, by its name
        texts = (isolate_text(part, digits=self._site.digits) for part in parts[::2])
        values = (f"{FSI}{filled[name]}{PDI}" for name in parts[1::2])
        return "".join(chain.from_iterable(zip_longest(texts, values, fillvalue="")))

    def knows(self, group: str, name: str) -> bool:
        """Say whether there are such words."""
        return name in form_words()[group]

    def name(self, english: str, urdu: str, *, language: Language) -> str:
        """Say a name in a language."""
        return isolate_text(urdu or english) if language == "ur" else english

    def choices(self, language: Language) -> Choices:
        """Give what can be chosen."""
        symptoms = all_words()["symptom"].items()

        def named(parts: tuple[Component, ...] | tuple[Operator, ...]) -> list[Choice]:
            return [(part.id, self.name(part.name_en, part.name_ur, language=language)) for part in parts]

        return Choices(
            languages=[(one, self.say("choice", one, language=language)) for one in reversed(LANGUAGE_CHOICES)],
            components=named(self._site.components),
            kinds=[(kind, self.say("kinds", kind, language=language)) for kind in KINDS],
            products=[(one.id, self.name(one.name, one.name, language=language)) for one in self._site.products],
            operators=named(self._site.operators),
            symptoms=[(name, words[language]) for name, words in symptoms],
        )


@cache
def form_words() -> dict[str, dict[str, dict[Language, str]]]:
    """Give the words of the forms: group, name, language."""
    raw = (_HERE / "data" / "words.toml").read_bytes()
    return msgspec.toml.decode(raw, type=dict[str, dict[str, dict[Language, str]]])


def masked(address: str) -> str:
    """Show an address to who holds a link, so that they know it again and others learn little of it."""
    local, at, domain = address.rpartition("@")
    if at and "/" not in address:
        return f"{local[:2]}***@{domain}"
    scheme, _, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host}{slash}{path[:6]}{'***' if path else ''}"
