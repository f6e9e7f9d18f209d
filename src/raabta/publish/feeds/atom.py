"""Atom (RFC 4287): a feed in each language and for each component, with one entry for every update.

An entry's id is a tag (RFC 4151) that never changes; its ``updated`` moves when a later update corrects it. Nothing
depends on when the feed is made: the same threads give the same bytes.
"""

from collections.abc import Iterable, Sequence

from raabta.model.bulletin import Language
from raabta.model.publication import PublicThread
from raabta.model.site import Component, Site
from raabta.publish.feeds.cleaning import cleaned, one_line
from raabta.publish.feeds.elements import ATOM, Element
from raabta.publish.feeds.items import (
    Item,
    html_of,
    in_direction,
    newest,
    newest_at,
    phrase,
    site_name,
    summary_of,
    tag_of,
    title_of,
    update_url,
)
from raabta.publish.moments import iso
from raabta.publish.site.paths import absolute, component_feed_path, component_path, feed_path, front_path
from raabta.publish.words import say

MEDIA_TYPE = "application/atom+xml"


def render(threads: Sequence[PublicThread], site: Site) -> dict[str, bytes]:
    """Make ``en/feed.atom`` and ``ur/feed.atom``.

    Args:
        threads: Public threads, newest first.
        site: Who speaks.
    """
    site, items = cleaned(site), newest(threads)
    return {feed_path("feed.atom", language): _all(items, site, language=language) for language in site.languages}


def render_component(component: Component, threads: Iterable[PublicThread], *, site: Site) -> dict[str, bytes]:
    """Make the feeds of one component.

    Args:
        component: Which one.
        threads: Public threads, its own or all: what does not concern it is left out.
        site: Who speaks.
    """
    concerned = [thread for thread in threads if component.id in thread.component_ids]
    site, component, items = cleaned(site), cleaned(component), newest(concerned)
    return {
        component_feed_path(component.id, language): _of_component(component, items, site, language=language)
        for language in site.languages
    }


def _all(items: Sequence[Item], site: Site, *, language: Language) -> bytes:
    name = site_name(site, language=language)
    feed = start_feed(
        in_direction(name, site, language=language), phrase("about", language=language), language=language
    )
    add_links(feed, site, language=language, own=feed_path("feed.atom", language), page=front_path(language))
    for other in site.languages:
        if other != language:
            feed.add("link", attributes=_alternate(absolute(site, feed_path("feed.atom", other)), MEDIA_TYPE, other))
    return finish_feed(feed, items, site=site, language=language)


def _of_component(component: Component, items: Sequence[Item], site: Site, *, language: Language) -> bytes:
    name = one_line(component.name_ur if language == "ur" else component.name_en)
    title = in_direction(f"{name} — {site_name(site, language=language)}", site, language=language)
    feed = start_feed(title, "", language=language)
    own, page = component_feed_path(component.id, language), component_path(component.id, language)
    add_links(feed, site, language=language, own=own, page=page)
    return finish_feed(feed, items, site=site, language=language)


def start_feed(title: str, subtitle: str, *, language: Language) -> Element:
    """Begin a feed with its title."""
    feed = Element("feed", {"xmlns": ATOM, "xml:lang": language})
    feed.add("title", title)
    if subtitle:
        feed.add("subtitle", subtitle)
    return feed


def add_links(feed: Element, site: Site, *, language: Language, own: str, page: str) -> None:
    """Add a feed's id, which is its address, and say what page it belongs to."""
    feed.add("id", absolute(site, own))
    feed.add("link", attributes={"rel": "self", "type": MEDIA_TYPE, "href": absolute(site, own)})
    feed.add("link", attributes=_alternate(absolute(site, page), "text/html", language))


def finish_feed(feed: Element, items: Sequence[Item], *, site: Site, language: Language) -> bytes:
    """Add what stands last in a feed: when it changed, who speaks, and its entries."""
    feed.add("updated", iso(newest_at(items)))
    add_author(feed, site, language=language)
    for item in items:
        _add_entry(feed, item, site, language=language)
    return feed.document()


def add_author(parent: Element, site: Site, *, language: Language) -> None:
    """Say who speaks."""
    author = parent.add("author")
    author.add("name", site_name(site, language=language))
    author.add("uri", site.url)
    if "@" in site.contact[1:-1]:
        author.add("email", one_line(site.contact))


def _alternate(url: str, media_type: str, language: Language) -> dict[str, str]:
    return {"rel": "alternate", "type": media_type, "hreflang": language, "href": url}


def _add_entry(feed: Element, item: Item, site: Site, *, language: Language) -> None:
    entry = feed.add("entry")
    entry.add("id", tag_of(item, site, language=language))
    entry.add("title", in_direction(title_of(item, language=language), site, language=language))
    entry.add("link", attributes=_alternate(update_url(item, site, language=language), "text/html", language))
    entry.add("published", iso(item.update.at))
    entry.add("updated", iso(item.changed_at))
    for term, scheme, label in categories(item, site, language=language):
        entry.add("category", attributes={"term": term, "scheme": f"{site.url}/#{scheme}", "label": label})
    if summary := summary_of(item, site, language=language):
        entry.add("summary", summary)
    entry.add("content", html_of(item, site, language=language), attributes={"type": "html"})


def categories(item: Item, site: Site, *, language: Language) -> list[tuple[str, str, str]]:
    """Give an update's categories: term, what it is a term of, and the term in words."""
    names = {one.id: one.name_ur if language == "ur" else one.name_en for one in site.components}
    found: list[tuple[str, str, str]] = [
        ("kind", "bulletin", item.thread.kind),
        ("severity", "severity", item.update.severity),
    ]
    if item.update.incident_state:
        found.append(("state", "state", item.update.incident_state))
        found.append(("incident", "kind", item.thread.incident_kind))
        found.append(("evidence", "evidence", item.update.evidence_class))
    said = [(term, scheme, say(group, term, language=language)) for scheme, group, term in found]
    return said + [(id_, "component", one_line(names.get(id_, id_))) for id_ in item.update.component_ids]
