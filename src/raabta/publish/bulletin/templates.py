"""Templates: texts to begin with, filled with the same values in both languages, so that both say the same.

A template is data (``data/templates.toml``): per part of a bulletin, lines in both languages with {names}. A line is
left out, in both languages, where one of its names has no value. Times are said with their zone, and names of
components and operators in each language.
"""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct

from raabta.model.bulletin import LANGUAGES, BulletinKind, BulletinText, Language
from raabta.model.incident import IncidentState
from raabta.model.site import Site
from raabta.publish.bulletin.wording import TEXT_PARTS, say_names
from raabta.publish.moments import digits, say_moment

_FILE: Final = Path(__file__).with_name("data") / "templates.toml"
_NAME: Final = re.compile(r"\{([a-z_]+)\}")
_STOP: Final = re.compile(r"([.۔!?؟])[.۔]")
"""A value that ends with a full stop, before the line's own."""

AskKind = Literal["text", "line", "moment", "number", "components", "operators"]

Both = dict[Language, str]

Value = str | int | dt.datetime | tuple[str, ...] | Both
"""A text in both languages, a line, a moment, a number, or ids."""


class Ask(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"source": "from"}):
    """One value of a template. ``source`` names the field of the incident, meeting or advisory that has it."""

    kind: AskKind
    words: str
    source: str = ""
    optional: bool = False


class Template(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lines of each part, and what is asked for them."""

    kind: BulletinKind | Literal["any"]
    help: str
    title: Both
    known: tuple[Both, ...]
    not_known: tuple[Both, ...] = ()
    stated: tuple[Both, ...] = ()
    workaround: tuple[Both, ...] = ()
    correction: tuple[Both, ...] = ()
    asks: dict[str, Ask]
    state: IncidentState | None = None
    """The state that such a bulletin tells."""
    final: bool = False


@cache
def all_templates() -> dict[str, Template]:
    """Give all templates by name."""
    return msgspec.toml.decode(_FILE.read_bytes(), type=dict[str, Template])


def template_of(name: str) -> Template:
    """Give a template.

    Raises:
        ValueError: There is none of this name.
    """
    found = all_templates().get(name)
    if found is None:
        message = f"template: there is no {name!r}. There are: {', '.join(all_templates())}."
        raise ValueError(message)
    return found


def missing_values(template: Template, values: Mapping[str, Value]) -> list[str]:
    """Name what must still be given: ``news_en`` and ``news_ur`` for a text, ``started`` for anything else."""
    found: list[str] = []
    for name, ask in template.asks.items():
        value = values.get(name)
        if ask.kind == "text":
            both = value if isinstance(value, dict) else {}
            given = [bool(both.get(language)) for language in LANGUAGES]
            if any(given) or not ask.optional:
                found += [
                    f"{name}_{language}" for language, is_there in zip(LANGUAGES, given, strict=True) if not is_there
                ]
        elif value in (None, "", ()) and not ask.optional:
            found.append(name)
    return found


def fill(template: Template, values: Mapping[str, Value], *, site: Site) -> tuple[BulletinText, ...]:
    """Fill a template in both languages.

    Args:
        template: Which.
        values: By the names in ``template.asks``.
        site: Names of components and operators, the time zone, the digits.

    Raises:
        ValueError: A value is missing or unknown.
    """
    strange = [name for name in values if name not in template.asks]
    missing = missing_values(template, values)
    if strange or missing:
        names = ", ".join(template.asks)
        message = (
            f"the template has no value {strange[0]!r}. It has: {names}."
            if strange
            else f"values are missing: {', '.join(missing)}. Give each with --set {missing[0]}=…"
        )
        raise ValueError(message)
    return tuple(_text(template, values, site, language=language) for language in LANGUAGES)


def _text(template: Template, values: Mapping[str, Value], site: Site, *, language: Language) -> BulletinText:
    said = {name: _say(ask, values.get(name), site, language=language) for name, ask in template.asks.items()}
    parts = {part: "\n".join(_lines(getattr(template, part), said, language=language)) for part in TEXT_PARTS}
    title = "".join(_lines((template.title,), said, language=language))
    return BulletinText(language=language, title=title, **parts)


def _lines(lines: tuple[Both, ...], said: Mapping[str, str], *, language: Language) -> Iterator[str]:
    for both in lines:
        line = both[language]
        if all(said[name] for name in _NAME.findall(line)):
            yield _STOP.sub(r"\1", _NAME.sub(lambda found: said[found[1]], line))


def _say(ask: Ask, value: Value | None, site: Site, *, language: Language) -> str:
    match value:
        case None:
            return ""
        case dict():
            return value.get(language, "").strip()
        case dt.datetime():
            return say_moment(value, site, language=language)
        case tuple():
            known = site.components if ask.kind == "components" else site.operators
            names = {one.id: one.name_ur if language == "ur" else one.name_en for one in known}
            return say_names(value, names, language=language)
        case int():
            return digits(str(value), site.digits, language=language)
        case _:
            return value.strip()
