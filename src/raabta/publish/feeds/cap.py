"""The Common Alerting Protocol, version 1.2 (OASIS, 2010): one alert for every update, and a feed that lists them.

The first update of a thread is an Alert, further ones are Updates that reference all before, the one that says that it
is over is a Cancel. A relapse begins with an Alert again; ``incidents`` joins them all. Meetings warn of nothing, and
stand in the calendar.

How sure we are that it happens (``certainty``) follows from the class of our evidence. CAP's "Extreme" and "Severe" are
about life and property in the first place: our "critical" is Severe at most. Each alert has one ``info`` per language.
Times carry the local offset; identifiers hold no blank, comma, "<" or "&" (section 3.2).
"""

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from typing import Final

from raabta.model.bulletin import BulletinKind, BulletinText, Language
from raabta.model.incident import EvidenceClass, Severity
from raabta.model.publication import PublicThread, PublicUpdate
from raabta.model.site import Site
from raabta.publish.feeds.atom import add_author, add_links, start_feed
from raabta.publish.feeds.cleaning import cleaned, one_line
from raabta.publish.feeds.elements import Element
from raabta.publish.feeds.items import (
    OVER,
    Item,
    first_language,
    fitted,
    host_of,
    in_direction,
    lines_of,
    locale_of,
    newest,
    newest_at,
    site_name,
    tag_of,
    text_of,
    title_of,
    update_url,
)
from raabta.publish.moments import iso, local
from raabta.publish.site.paths import absolute, front_path
from raabta.publish.words import say

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
MEDIA_TYPE: Final = "application/cap+xml"
INDEX_PATH: Final = "cap/index.atom"
ALERTS_MAX: Final = 200
REFERENCES_MAX: Final = 50
"""Of one alert, the newest: a thread of years would repeat a page of them each time. Judgement."""
HEADLINE_CHARACTERS_MAX: Final = 160
"""CAP 1.2, 3.2.2: "should not exceed 160 characters"."""

SEVERITY: Final[dict[Severity, str]] = {
    "none": "Minor",
    "minor": "Minor",
    "major": "Moderate",
    "critical": "Severe",
}
CERTAINTY: Final[dict[EvidenceClass, str]] = {
    "none": "Unknown",
    "reports": "Possible",
    "statement": "Possible",
    "measured": "Likely",
    "corroborated": "Observed",
    "reproduced": "Observed",
}
_CATEGORY: Final[dict[BulletinKind, str]] = {
    "incident": "Infra",
    "notice": "Other",
    "meeting": "Other",
    "advisory": "Security",
}
_COUNTRY: Final[dict[str, dict[Language, str]]] = {"PK": {"en": "Pakistan", "ur": "پاکستان"}}
"""Names of countries; another one is written as its code."""
_UNFIT: Final = re.compile(r"[^A-Za-z0-9._:@-]")


def render(threads: Sequence[PublicThread], site: Site) -> dict[str, bytes]:
    """Make ``cap/index.atom`` and ``cap/ID.xml`` for the newest 200 updates.

    Args:
        threads: Public threads, newest first.
        site: Who speaks, in which country.
    """
    site = cleaned(site)
    items = newest((one for one in threads if has_alerts(one)), n_most=ALERTS_MAX)
    return {alert_path(item.update.id): _alert(item, site) for item in items} | {INDEX_PATH: _index(items, site)}


def has_alerts(thread: PublicThread) -> bool:
    """Say whether a thread warns of something."""
    return thread.kind != "meeting"


def alert_path(update_id: str) -> str:
    """Name the file of an update's alert."""
    return f"cap/{update_id}.xml"


def message_type(item: Item) -> str:
    """Say what an update is among the alerts of its thread: Alert, Update or Cancel."""
    before = [one for one in item.thread.updates if one.sequence < item.update.sequence]
    if not before:
        return "Alert"
    was_over, is_over = _is_over(before[-1]), _is_over(item.update)
    if is_over:
        return "Update" if was_over else "Cancel"
    return "Alert" if was_over else "Update"


def references_of(item: Item) -> list[PublicUpdate]:
    """Give the updates that an alert updates or cancels: back to the Alert that began, oldest first."""
    if message_type(item) == "Alert":
        return []
    found: list[PublicUpdate] = []
    for earlier in sorted(item.thread.updates, key=lambda one: -one.sequence):
        if earlier.sequence >= item.update.sequence:
            continue
        found.append(earlier)
        if message_type(Item(item.thread, earlier)) == "Alert" or len(found) == REFERENCES_MAX:
            break
    return found[::-1]


def _is_over(update: PublicUpdate) -> bool:
    return update.incident_state in OVER


def _alert(item: Item, site: Site) -> bytes:
    alert = Element("alert", {"xmlns": NAMESPACE})
    alert.add("identifier", _name(item.update.id))
    alert.add("sender", _sender(site))
    alert.add("sent", _time(item.update.at, site))
    alert.add("status", "Actual")
    alert.add("msgType", message_type(item))
    alert.add("scope", "Public")
    if item.update.incident_state is not None:
        alert.add("note", say("state", item.update.incident_state, language="en"))
    referenced = (f"{_sender(site)},{_name(one.id)},{_time(one.at, site)}" for one in references_of(item))
    alert.add_if("references", " ".join(referenced))
    alert.add("incidents", _name(item.thread.id))
    for language in site.languages:
        _add_info(alert, item, site, language=language)
    return alert.document()


def _add_info(alert: Element, item: Item, site: Site, *, language: Language) -> None:
    update, thread = item.update, item.thread
    text = text_of(update, language=language)
    info = alert.add("info")
    info.add("language", locale_of(site, language=language))
    info.add("category", _CATEGORY[thread.kind])
    kind = ("kind", thread.incident_kind) if thread.kind == "incident" else ("bulletin", thread.kind)
    info.add("event", say(*kind, language=language))
    info.add("responseType", _response(update, text))
    info.add("urgency", _urgency(item))
    info.add("severity", _severity(item))
    info.add("certainty", CERTAINTY[update.evidence_class] if thread.kind == "incident" else "Unknown")
    if thread.kind == "incident":
        info.add("onset", _time(thread.started_at, site))
    if update.next_update_at is not None and not _is_over(update):
        info.add("expires", _time(update.next_update_at, site))
    info.add("senderName", in_direction(site_name(site, language=language), site, language=language))
    title = title_of(item, language=language)
    info.add_if("headline", fitted(title, site, language=language, n_most=HEADLINE_CHARACTERS_MAX))
    info.add_if("description", lines_of(item, site, language=language, leave=("workaround",)))
    info.add_if("instruction", in_direction(text.workaround.strip(), site, language=language))
    info.add("web", update_url(item, site, language=language))
    info.add_if("contact", one_line(site.contact))
    for name, value in _parameters(item):
        parameter = info.add("parameter")
        parameter.add("valueName", f"raabta:{name}")
        parameter.add("value", value)
    _add_area(info, item, site, language=language)


def _add_area(info: Element, item: Item, site: Site, *, language: Language) -> None:
    country = site.country.upper()
    regions = (one for one in site.components if one.kind == "region" and one.id in item.update.component_ids)
    names = [one_line(one.name_ur if language == "ur" else one.name_en) for one in regions]
    comma = "، " if language == "ur" else ", "
    area = info.add("area")
    area.add("areaDesc", comma.join([*names, _COUNTRY.get(country, {}).get(language, country)]))
    geocode = area.add("geocode")
    geocode.add("valueName", "ISO3166-1")
    geocode.add("value", country)


def _response(update: PublicUpdate, text: BulletinText) -> str:
    """Say what is asked of people: to go on as usual, to do what the instruction says, or to watch."""
    if _is_over(update):
        return "AllClear"
    return "Execute" if text.workaround.strip() else "Monitor"


def _severity(item: Item) -> str:
    """Say how bad it is; when it is over, how bad it was."""
    told = [one.severity for one in item.thread.updates] if _is_over(item.update) else [item.update.severity]
    return SEVERITY[max(told, key=list(SEVERITY).index)]


def _urgency(item: Item) -> str:
    """Say when one must act."""
    if item.thread.kind != "incident":
        return "Expected" if item.thread.kind == "advisory" else "Unknown"
    if _is_over(item.update):
        return "Past"
    return "Future" if item.thread.started_at > item.update.at else "Immediate"


def _parameters(item: Item) -> list[tuple[str, str]]:
    update = item.update
    percent = "" if update.probability_percent is None else str(update.probability_percent)
    found = [
        ("state", update.incident_state or ""),
        ("severity", update.severity),
        ("evidenceClass", update.evidence_class if update.incident_state else ""),
        ("probabilityPercent", percent),
        ("components", " ".join(update.component_ids)),
        ("operators", " ".join(update.operator_ids)),
        ("corrects", update.corrects_id),
        ("sequence", str(update.sequence)),
    ]
    return [(name, value) for name, value in found if value]


def _index(items: Iterable[Item], site: Site) -> bytes:
    listed, language = list(items), first_language(site)
    feed = start_feed(f"{site_name(site, language=language)} — CAP 1.2", "", language=language)
    add_links(feed, site, language=language, own=INDEX_PATH, page=front_path(language))
    feed.add("updated", iso(newest_at(listed)))
    add_author(feed, site, language=language)
    for item in listed:
        entry = feed.add("entry")
        entry.add("id", f"{tag_of(item, site, language=language)}/cap")
        entry.add("title", title_of(item, language=language))
        alert = {"rel": "alternate", "type": MEDIA_TYPE, "href": absolute(site, alert_path(item.update.id))}
        entry.add("link", attributes=alert)
        entry.add("published", iso(item.update.at))
        entry.add("updated", iso(item.update.at))
        entry.add("summary", message_type(item))
    return feed.document()


def _sender(site: Site) -> str:
    return _name(host_of(site))


def _name(text: str) -> str:
    return _UNFIT.sub("-", text)


def _time(at: dt.datetime, site: Site) -> str:
    """Give a local time; CAP writes the offset of UTC itself as "-00:00", and no "Z" (3.3.2)."""
    written = local(at, site).replace(microsecond=0).isoformat()
    return f"{written[:-6]}-00:00" if written.endswith("+00:00") else written
