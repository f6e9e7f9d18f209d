"""Pages that only the settings change: how to be told, how to report, and who speaks.

Forms go to the desk's host (``hub.forms``), whose names of fields stand here. Where there is none, the pages say what
works without: feeds, and a mail.
"""

from collections.abc import Iterable
from typing import Final, get_args

from markupsafe import Markup

from raabta.model.bulletin import BulletinKind
from raabta.model.incident import EVIDENCE_CLASSES, Symptom
from raabta.model.site import Site
from raabta.publish.site import paths
from raabta.publish.site.frame import Head, render_page, style
from raabta.publish.site.packing import weight
from raabta.publish.site.speech import Speech, host_of, is_web, speech_of

CHOICES_BYTES_MAX: Final = 9_000
"""Of one list of choices. A site with more has the whole list on the desk's form. Judgement."""
_MARKUP_BYTES: Final = 80
"""Around one choice."""

_CODE: Final = {"dir": "ltr", "autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}
_EXTRA: Final = {
    "address_extra": {
        "dir": "ltr",
        "required": "",
        "maxlength": "1000",
        "inputmode": "email",
        "autocomplete": "email",
        "spellcheck": "false",
    },
    "target_extra": _CODE | {"maxlength": "300", "inputmode": "url"},
    "place_extra": {"maxlength": "80", "autocomplete": "address-level2"},
    "contact_extra": {"dir": "ltr", "maxlength": "254", "autocomplete": "email"},
    "code_extra": _CODE | {"maxlength": "12", "required": ""},
}
"""Further attributes of fields."""
_FEEDS: Final = (("feed.atom", "atom"), ("feed.rss", "rss"), ("feed.json", "json"), ("calendar.ics", "ics"))

Option = tuple[str, Markup | str]
"""A value, and what is shown: HTML, or plain text where no markup can be."""


def render_fixed(site: Site) -> dict[str, bytes]:
    """Make what only the settings change: style.css, and subscribe, report and about in each language."""
    made = {paths.STYLE: style()}
    for language in site.languages:
        speech = speech_of(site, language)
        for page in (_subscribe(speech), _report(speech), _about(speech)):
            made |= page
    return made


def _subscribe(speech: Speech) -> dict[str, bytes]:
    site = speech.site
    feeds: list[Option] = [
        (paths.feed_path(file, speech.language), speech.word("subscribe", f"feed_{name}")) for file, name in _FEEDS
    ]
    feeds += [
        ("cap/index.atom", speech.word("subscribe", "feed_cap")),
        ("api/v2/summary.json", speech.word("subscribe", "feed_api")),
    ]
    component_feeds = _fitting(
        (paths.component_feed_path(one.id, speech.language), speech.component(one.id)) for one in site.components
    )
    languages: list[Option] = [(one, speech_of(site, one).word("language", "name")) for one in site.languages]
    if len(languages) > 1:
        languages.append(("both", speech.word("subscribe", "both")))
    return _page(
        "subscribe",
        speech,
        ways=[(way, speech.word("subscribe", way)) for way in ("email", "webhook")],
        languages=languages,
        components=_fitting((one.id, speech.component(one.id)) for one in site.components),
        kinds=[(kind, speech.shared("bulletin", kind)) for kind in get_args(BulletinKind)],
        products=_fitting((one.id, speech.technical(one.name)) for one in site.products),
        feeds=feeds,
        component_feeds=component_feeds,
    )


def _report(speech: Speech) -> dict[str, bytes]:
    return _page(
        "report",
        speech,
        components=_fitting((one.id, speech.either_plain(one.name_en, one.name_ur)) for one in speech.site.components),
        operators=_fitting((one.id, speech.either_plain(one.name_en, one.name_ur)) for one in speech.site.operators),
        symptoms=[(name, speech.shared("symptom", name)) for name in get_args(Symptom)],
    )


def _about(speech: Speech) -> dict[str, bytes]:
    site = speech.site
    known = [url for url in dict.fromkeys((site.url, *site.mirrors)) if is_web(url)]
    return _page(
        "about",
        speech,
        classes=tuple(EVIDENCE_CLASSES),
        mirrors=[(url, speech.technical(host_of(url))) for url in known],
        key=site.key,
        site_url=site.url,
    )


def _page(name: str, speech: Speech, **values: object) -> dict[str, bytes]:
    site = speech.site
    path = paths.fixed_path(name, speech.language)
    title = speech.word(name, "title").striptags()
    whose = speech.either_plain(site.name_en, site.name_ur)
    head = Head(path=path, title=f"{title} – {whose}", current=name)
    desk = site.desk_url if is_web(site.desk_url) else ""
    return {path: render_page(name, head, speech=speech, desk=desk, **_EXTRA, **values)}


def _fitting(options: Iterable[Option]) -> list[Option]:
    """Give as many of the choices as there is room for."""
    left = CHOICES_BYTES_MAX
    shown: list[Option] = []
    for value, words in options:
        left -= len(value) + weight(words) + _MARKUP_BYTES
        if left < 0:
            break
        shown.append((value, words))
    return shown
