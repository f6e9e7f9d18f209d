"""JSON Feed 1.1 (jsonfeed.org): a feed in each language, with the words as HTML and as plain text.

``_raabta`` is our extension (its name begins with an underscore, as the format asks): state, severity, evidence, next
update and places as data.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from raabta.model.bulletin import Language
from raabta.model.publication import PublicThread
from raabta.model.site import Site
from raabta.publish.bulletin.wording import plain
from raabta.publish.feeds.cleaning import cleaned
from raabta.publish.feeds.items import (
    Item,
    html_of,
    in_direction,
    newest,
    phrase,
    site_name,
    summary_of,
    tag_of,
    title_of,
    update_url,
)
from raabta.publish.moments import iso
from raabta.publish.site.paths import absolute, feed_path, front_path

VERSION = "https://jsonfeed.org/version/1.1"


def render(threads: Sequence[PublicThread], site: Site) -> dict[str, bytes]:
    """Make ``en/feed.json`` and ``ur/feed.json``.

    Args:
        threads: Public threads, newest first.
        site: Who speaks.
    """
    site, items = cleaned(site), newest(threads)
    return {feed_path("feed.json", language): _feed(items, site, language=language) for language in site.languages}


def as_json(value: object) -> bytes:
    """Give JSON in UTF-8, one field a line."""
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


def _feed(items: Sequence[Item], site: Site, *, language: Language) -> bytes:
    return as_json(
        {
            "version": VERSION,
            "title": in_direction(site_name(site, language=language), site, language=language),
            "home_page_url": absolute(site, front_path(language)),
            "feed_url": absolute(site, feed_path("feed.json", language)),
            "description": phrase("about", language=language),
            "language": language,
            "authors": [{"name": site_name(site, language=language), "url": site.url}],
            "items": [_item(item, site, language=language) for item in items],
        }
    )


def _item(item: Item, site: Site, *, language: Language) -> dict[str, Any]:
    update = item.update
    return {
        "id": tag_of(item, site, language=language),
        "url": update_url(item, site, language=language),
        "title": in_direction(title_of(item, language=language), site, language=language),
        "summary": summary_of(item, site, language=language),
        "content_html": html_of(item, site, language=language),
        "content_text": plain(update, site, language=language) if update.texts else "",
        "date_published": iso(update.at),
        "date_modified": iso(item.changed_at),
        "language": language,
        "tags": [item.thread.kind, update.severity, *update.component_ids],
        "_raabta": {
            "thread": item.thread.id,
            "update": update.id,
            "sequence": update.sequence,
            "state": update.incident_state,
            "severity": update.severity,
            "components": update.component_ids,
            "operators": update.operator_ids,
            "evidence_class": update.evidence_class,
            "probability_percent": update.probability_percent,
            "next_update_at": iso(update.next_update_at) if update.next_update_at else None,
            "final": update.final,
            "corrects": update.corrects_id,
            "corrected_by": update.corrected_by,
        },
    }
