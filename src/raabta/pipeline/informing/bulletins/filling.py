"""Templates, filled from what is known: the incident, the meeting, the advisory, the bulletin that is corrected.

What somebody typed takes precedence: ``news_en``, ``started`` and so on, as the template asks for them.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import Struct, structs

from raabta.model.bulletin import LANGUAGES, Advisory, Bulletin, BulletinText, Language, Meeting
from raabta.model.incident import Incident
from raabta.model.site import Site
from raabta.publish.bulletin.templates import Both, Template, Value, all_templates, fill
from raabta.publish.words import say

_LANGUAGE_ENDS: Final[dict[str, Language]] = {"_en": "en", "_ur": "ur"}


class Known(Struct, frozen=True, kw_only=True):
    """What a template may take its values from."""

    incident: Incident | None = None
    meeting: Meeting | None = None
    advisory: Advisory | None = None
    corrects: Bulletin | None = None
    earlier: tuple[Bulletin, ...] = ()
    """Of the same thread, the newest first: a title that the incident lacks in one language stands there."""


def known_values(template: Template, known: Known, *, site: Site) -> dict[str, Value]:
    """Give the values of a template that are known already."""
    sources = _sources(known, site)
    found = {name: sources.get(ask.source) for name, ask in template.asks.items()}
    return {name: value for name, value in found.items() if value not in (None, "", ())}


def typed_values(
    template: Template, typed: Mapping[str, str], *, read_moment: Callable[[str, str], dt.datetime]
) -> dict[str, Value]:
    """Read what was typed as ``--set NAME=VALUE``.

    Args:
        template: Which names there are, and of which kind.
        typed: As ``{"news_en": …, "news_ur": …, "started": "14:00"}``.
        read_moment: Reads a time; the second argument is the name, for an error.

    Raises:
        ValueError: There is no such name, or it is no number.
    """
    made: dict[str, Value] = {}
    for key, text in typed.items():
        name, language = _name_of(template, key)
        ask = template.asks[name]
        if language is not None:
            both: Both = dict(_both(made.get(name)))
            made[name] = both | {language: text}
        elif ask.kind == "moment":
            made[name] = read_moment(text, f"--set {key}")
        elif ask.kind == "number":
            made[name] = _number(key, text)
        else:
            is_list = ask.kind in {"components", "operators"}
            made[name] = tuple(filter(None, text.replace(",", " ").split())) if is_list else text
    return made


def fill_template(
    template: Template, typed: Mapping[str, Value], *, known: Known, site: Site
) -> tuple[BulletinText, ...]:
    """Fill a template with what is known and what was typed."""
    values = known_values(template, known, site=site)
    for name, value in typed.items():
        before = values.get(name)
        values[name] = {**_both(before), **value} if isinstance(value, dict) else value
    return tuple(_with_cause(one, template, known) for one in fill(template, values, site=site))


def _with_cause(text: BulletinText, template: Template, known: Known) -> BulletinText:
    """Add the words of the incident's cause where a template has no place for them.

    The class of its evidence and its probability stand on the page by themselves: they need to say of what.
    """
    cause = known.incident.causes[-1] if known.incident and known.incident.causes else None
    if cause is None or cause.evidence_class == "none" or "cause" in template.asks or known.corrects is not None:
        return text
    words = cause.words_ur if text.language == "ur" else cause.words_en
    if not words or not (cause.words_en and cause.words_ur) or words in text.known:
        return text
    line = f"{say('part', 'cause', language=text.language)}: {words}"
    unknown = "\n".join(one for one in text.not_known.split("\n") if one != _NO_CAUSE[text.language])
    return structs.replace(text, known="\n".join(filter(None, (text.known, line))), not_known=unknown)


_NO_CAUSE: Final[dict[Language, str]] = {"en": "The cause is not established.", "ur": "وجہ ثابت نہیں ہوئی۔"}
"""A line of templates, left out where there is a cause."""


def _both(value: Value | None) -> Both:
    return value if isinstance(value, dict) else {}


def _name_of(template: Template, key: str) -> tuple[str, Language | None]:
    if key in template.asks and template.asks[key].kind != "text":
        return key, None
    name, language = key[:-3], _LANGUAGE_ENDS.get(key[-3:])
    if name in template.asks and template.asks[name].kind == "text" and language is not None:
        return name, language
    names = [f"{name}_{one}" for name, ask in template.asks.items() if ask.kind == "text" for one in LANGUAGES]
    names += [name for name, ask in template.asks.items() if ask.kind != "text"]
    message = f"--set {key}: the template has no such value. It has: {', '.join(names)}."
    raise ValueError(message)


def _number(key: str, text: str) -> int:
    if not text.strip().isdecimal():
        message = f"--set {key}: {text!r} is no whole number. Write digits."
        raise ValueError(message)
    return int(text)


def _sources(known: Known, site: Site) -> dict[str, Value | None]:
    made: dict[str, Value | None] = {}
    if (incident := known.incident) is not None:
        made |= {
            "title": _pair(incident.title_en, incident.title_ur or _told_title(incident.title_en, known.earlier)),
            "started_at": incident.started_at,
            "ended_at": incident.ended_at,
            "component_ids": incident.component_ids,
            "operator_ids": incident.operator_ids,
        }
        if incident.causes:
            made["cause"] = _pair(incident.causes[-1].words_en, incident.causes[-1].words_ur)
    if (wrong := known.corrects) is not None:
        titles = {text.language: text.title for text in wrong.texts}
        made |= {"title": _pair(titles.get("en", ""), titles.get("ur", "")), "told_at": wrong.published_at}
    if (meeting := known.meeting) is not None:
        made |= {"starts_at": meeting.starts_at, "ends_at": meeting.ends_at}
        made["place"] = _pair(meeting.place_en, meeting.place_ur)
    if (advisory := known.advisory) is not None:
        names = {one.id: one.name for one in site.products}
        made |= {"affected": advisory.affected, "fixed": advisory.fixed}
        made["product"] = ", ".join(names.get(id_, id_) for id_ in advisory.products)
        made["identifier"] = ", ".join(advisory.identifiers)
    return made


def _told_title(title_en: str, earlier: Sequence[Bulletin]) -> str:
    """Find an incident's title in Urdu among its bulletins: "VPNs fail" beside "Cause identified: VPNs fail" too."""
    found = (
        _title_within(bulletin, template, title_en) for bulletin in earlier for template in all_templates().values()
    )
    return next(filter(None, found), "")


def _title_within(bulletin: Bulletin, template: Template, title_en: str) -> str:
    """Give an incident's title in Urdu from a bulletin whose English title is this template's; else ""."""
    titles = {text.language: text.title for text in bulletin.texts}
    if titles.get("en") != template.title["en"].replace("{title}", title_en):
        return ""
    before, _, after = template.title["ur"].partition("{title}")
    urdu = titles.get("ur", "")
    fits = urdu.startswith(before) and urdu.endswith(after)
    return urdu[len(before) : len(urdu) - len(after)] if fits else ""


def _pair(english: str, urdu: str) -> Both | None:
    both: Both = {"en": english, "ur": urdu}
    return {language: text for language, text in both.items() if text} or None
