"""Which hosts a page needs: names in its markup, read without running anything.

Scripts, style sheets, frames and objects are *essential*: a page without them seldom works. Pictures, media and icons
are *shown*: a page without one is usable. A meta refresh is a redirect.

Limits: what scripts load later and what style sheets import in turn is not seen; links that a reader may follow (``a``)
are not needed for the page itself.
"""

import re
from collections.abc import Iterable
from html.parser import HTMLParser
from typing import Final, Literal
from urllib.parse import urljoin, urlsplit

Use = Literal["essential", "shown", "redirect"]

_ATTRIBUTES: Final[dict[str, tuple[tuple[str, Use], ...]]] = {
    "script": (("src", "essential"),),
    "iframe": (("src", "essential"),),
    "frame": (("src", "essential"),),
    "object": (("data", "essential"),),
    "embed": (("src", "essential"),),
    "form": (("action", "essential"),),
    "img": (("src", "shown"), ("srcset", "shown")),
    "source": (("src", "shown"), ("srcset", "shown")),
    "video": (("src", "shown"), ("poster", "shown")),
    "audio": (("src", "shown"),),
}
_LINK_USES: Final[dict[str, Use]] = {
    "stylesheet": "essential",
    "modulepreload": "essential",
    "icon": "shown",
    "preload": "shown",
    "manifest": "shown",
}
_IMPORT: Final = re.compile(r"@import\s+(?:url\()?\s*[\"']?([^\"')\s;]+)", re.IGNORECASE)
_URL_IN_STYLE: Final = re.compile(r"url\(\s*[\"']?([^\"')\s]+)", re.IGNORECASE)
_REFRESH: Final = re.compile(r"^\s*[\d.]+\s*[;,]\s*(?:url\s*=\s*)?[\"']?([^\"'\s]+)", re.IGNORECASE)
_RANK: Final[dict[Use, int]] = {"redirect": 0, "essential": 1, "shown": 2}


def hosts_of_page(body: bytes, *, url: str) -> list[tuple[str, Use]]:
    """Give the hosts that a page names, each once with its most needed use, in order of appearance.

    Args:
        body: HTML as it came; bytes that are no UTF-8 are passed over, since host names are ASCII or fail anyway.
        url: Where it came from.

    Returns:
        Host names in lower case, the page's own left out. Never raises.
    """
    reader = _Reader(url)
    reader.feed(body.decode("utf-8", "replace"))
    reader.close()
    own = _host(url)
    found: dict[str, Use] = {}
    for address, use in reader.found:
        host = _host(_joined(reader.base, address))
        if host and host != own and (host not in found or _RANK[use] < _RANK[found[host]]):
            found[host] = use
    return list(found.items())


def host_of_redirect(location: str, *, url: str) -> tuple[str, str]:
    """Give (URL, host) that a redirect's Location names; ("", "") where it names none of HTTP."""
    target = _joined(url, location.strip())
    return (target, host) if (host := _host(target)) else ("", "")


class _Reader(HTMLParser):
    """Collects addresses. Lenient as browsers are: HTMLParser never refuses markup."""

    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.base = url
        self.found: list[tuple[str, Use]] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # type: ignore[explicit-override]  # Python 3.11 cannot say it
        """Look at one element."""
        values = {name: value for name, value in attrs if value}
        self._in_style = tag == "style"
        if tag == "base" and "href" in values:
            self.base = _joined(self.base, values["href"])
        elif tag == "link":
            self._add_link(values)
        elif tag == "meta" and values.get("http-equiv", "").lower() == "refresh":
            match = _REFRESH.match(values.get("content", ""))
            self.found += [] if match is None else [(match.group(1), "redirect")]
        for name, use in _ATTRIBUTES.get(tag, ()):
            if name in values:
                self.found += [(address, use) for address in _addresses(name, values[name])]
        if "style" in values:
            self.found += [(address, "shown") for address in _URL_IN_STYLE.findall(values["style"])]

    def handle_data(self, data: str) -> None:  # type: ignore[explicit-override]  # Python 3.11 cannot say it
        """Look at text: of interest in a style element only."""
        if not self._in_style:
            return
        imported = _IMPORT.findall(data)
        self.found += [(address, "essential") for address in imported]
        self.found += [(address, "shown") for address in _URL_IN_STYLE.findall(data) if address not in imported]

    def handle_endtag(self, tag: str) -> None:  # type: ignore[explicit-override]  # Python 3.11 cannot say it
        """Leave a style element."""
        self._in_style = self._in_style and tag != "style"

    def _add_link(self, values: dict[str, str]) -> None:
        uses = [_LINK_USES[word] for word in values.get("rel", "").lower().split() if word in _LINK_USES]
        if uses and "href" in values:
            use = "essential" if values.get("as") in ("script", "style") else min(uses, key=_RANK.__getitem__)
            self.found.append((values["href"], use))


def _addresses(attribute: str, value: str) -> Iterable[str]:
    if attribute != "srcset":
        return (value,)
    return (part.split()[0] for part in value.split(",") if part.split())


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base, address)
    except ValueError:  # brackets that hold no IPv6 address
        return ""


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return ""
    return host.removesuffix(".") if parts.scheme in ("http", "https") else ""
