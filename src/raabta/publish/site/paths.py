"""Where each page of the site stands, and which pages belong together.

All paths are relative to the site's root, with "/". Long lists go on in further pages: ``month/2024-11.html``,
``month/2024-11.2.html``. Names hold no dots of their own, so the number can be taken off again (``owner_of``).
"""

import re
from typing import Final
from urllib.parse import quote

from raabta.model.bulletin import BulletinKind, Language
from raabta.model.site import Site

ROOT: Final = "index.html"
"""The page of both languages."""
STYLE: Final = "style.css"

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_MONTH: Final = re.compile(r"[0-9]{4}-[0-9]{2}")
_OWNED: Final = re.compile(
    r"(?:en|ur)/(?P<folder>incident|notice|meeting|advisory|component|month)/(?P<name>[^/.]+)(?:\.[0-9]+)?\.html"
    r"|(?:en|ur)/(?P<list>history|open|components|index)(?:\.[0-9]+)?\.html|(?P<root>index\.html)"
)
_FRONTS: Final = frozenset({"index", "open", "components"})


def thread_path(kind: BulletinKind, id_: str, *, language: Language, page: int = 1) -> str:
    """Give where a thread stands: ``en/incident/in-….html``. An update in it has the anchor ``#`` and its id.

    Raises:
        ValueError: The id cannot be a file's name.
    """
    return _numbered(f"{language}/{kind}/{_checked(id_)}", page)


def component_path(component_id: str, language: Language) -> str:
    """Give where a component stands."""
    return f"{language}/component/{_checked(component_id)}.html"


def month_path(month: str, language: Language, *, page: int = 1) -> str:
    """Give where a month as ``2024-11`` stands.

    Raises:
        ValueError: It is no month.
    """
    if not _MONTH.fullmatch(month):
        message = f"{month!r} is no month. Write it as 2024-11"
        raise ValueError(message)
    return _numbered(f"{language}/month/{month}", page)


def front_path(language: Language) -> str:
    """Give the front page of a language."""
    return f"{language}/index.html"


def open_path(language: Language, *, page: int = 1) -> str:
    """Give the list of all that is open: made only where the front page cannot hold it."""
    return _numbered(f"{language}/open", page)


def components_path(language: Language, *, page: int = 1) -> str:
    """Give the list of all components: made only where the front page cannot hold it."""
    return _numbered(f"{language}/components", page)


def history_path(language: Language, *, page: int = 1) -> str:
    """Give the list of months."""
    return _numbered(f"{language}/history", page)


def fixed_path(name: str, language: Language) -> str:
    """Give a page that only the settings change: "subscribe", "report" or "about"."""
    return f"{language}/{_checked(name)}.html"


def feed_path(name: str, language: Language) -> str:
    """Give a feed of a language: "feed.atom", "feed.rss", "feed.json" or "calendar.ics"."""
    return f"{language}/{name}"


def component_feed_path(component_id: str, language: Language) -> str:
    """Give the feed of a component."""
    return f"{language}/component/{_checked(component_id)}.atom"


def absolute(site: Site, path: str) -> str:
    """Give a path of the site as an address, for feeds and mails. Pages link relatively."""
    return f"{site.url}/{quote(path)}"


def up(path: str) -> str:
    """Give what leads from a page to the root: ``../../`` from ``en/incident/x.html``."""
    return "../" * path.count("/")


def owner_of(path: str) -> str:
    """Say with what a page is made anew: pages of one owner are replaced together.

    Returns:
        ``thread/ID``, ``component/ID``, ``month/2024-11``, ``history``, ``front``, or "" for anything else: fixed
        pages, feeds, the manifest. Further pages of a list have the owner of the first one, so that those that are
        not made any more can be dropped.
    """
    found = _OWNED.fullmatch(path)
    if found is None:
        return ""
    folder, name = found["folder"], found["name"]
    if folder is not None:
        return f"{folder if folder in ('component', 'month') else 'thread'}/{name}"
    return "front" if found["root"] or found["list"] in _FRONTS else "history"


def _numbered(path: str, page: int) -> str:
    return f"{path}.html" if page == 1 else f"{path}.{page}.html"


def _checked(name: str) -> str:
    if not _ID.fullmatch(name):
        message = f"{name!r} cannot be the name of a page: letters, digits and hyphens, at most 100"
        raise ValueError(message)
    return name
