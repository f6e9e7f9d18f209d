"""The chain of requests of a web measurement, hop by hop, and host names in one form.

OONI writes requests last first, may try a URL at several addresses, and leaves a hop out when its connection failed. So
the chain is followed from the measurement's input by each response's ``Location``: a hop without a request is one
that could not be asked.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final
from urllib.parse import urljoin

from msgspec import Struct

from raabta.model import HttpExchange

MAX_HOPS: Final = 20
"""Hops followed. Probes stop at 10 or 11."""

MAX_HOST_CHARS: Final = 253
"""Characters of a host name (RFC 1035); a longer one is none."""

_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443, "tls": 443, "dot": 853, "doh": 443, "tcp": 0}
_ENCRYPTED: Final = frozenset(("https", "wss", "tls", "dot", "doh"))


class Hop(Struct, frozen=True, gc=False):
    """One URL of the chain. ``exchange`` is None where no request could be sent."""

    index: int
    url: str
    encrypted: bool
    host: str
    port: int
    exchange: HttpExchange | None


def follow(asked: str, exchanges: tuple[HttpExchange, ...]) -> list[Hop]:
    """Follow the redirect chain.

    Args:
        asked: The URL that was measured; may lack a scheme's slash or path.
        exchanges: The measurement's requests, in any order.

    Returns:
        At least one hop when ``asked`` is a web URL, else none. A URL that comes again ends the chain.
    """
    if len(exchanges) == 1 and not 300 <= exchanges[0].status < 400 and exchanges[0].url == asked:
        encrypted, host, port = split_url(asked)
        return [Hop(0, asked, encrypted, host, port, exchanges[0])] if host else []
    by_url: dict[str, HttpExchange] = {}
    for exchange in exchanges:
        url = _plain(exchange.url)
        if url not in by_url or by_url[url].failure != "ok":
            by_url[url] = exchange
    hops: list[Hop] = []
    url = asked
    while len(hops) < MAX_HOPS:
        encrypted, host, port = split_url(url)
        if not host:
            break
        found = by_url.pop(_plain(url), None)
        hops.append(Hop(len(hops), url, encrypted, host, port, found))
        location = redirect_of(found)
        if found is None and len(hops) == 1 and by_url:
            # Before 2020 a hop was written under the URL that it led to: go on from the earliest request.
            location = exchanges[-1].url
        if not location:
            break
        url = _join(url, location)
        if _plain(url) not in by_url and any(_plain(hop.url) == _plain(url) for hop in hops):
            break
    return hops


def redirect_of(exchange: HttpExchange | None) -> str:
    """Give the ``Location`` of a redirect that could be followed, else ""."""
    if (
        exchange is None
        or not 300 <= exchange.status < 400
        or exchange.failure in ("invalid_redirect", "too_many_redirects")
    ):
        return ""
    return header(exchange.headers, "Location")


def header(headers: dict[str, str], name: str) -> str:
    """Give a header's value; names are compared without case, the document's usual form first."""
    value = headers.get(name)
    if value is not None:
        return value
    lower = name.lower()
    for key, item in headers.items():
        if key.lower() == lower:
            return item
    return ""


_URL: Final = re.compile(r"([A-Za-z]+)://(?:[^/?#@]*@)?(\[[^\]/]*\]|[^/?#:]*)(?::([0-9]{1,5}))?(?=[/?#]|$)")


def split_url(url: str) -> tuple[bool, str, int]:
    """Give whether a URL is encrypted, its host in one form, and its port; the host is "" where it names none."""
    parts = _URL.match(url)
    if parts is None:
        return False, "", 0
    scheme, host, given = parts.groups()
    port = _PORTS.get(scheme)
    if port is None:
        scheme = scheme.lower()
        port = _PORTS.get(scheme)
    if port is None or len(host) > MAX_HOST_CHARS or not (port or given):
        return False, "", 0
    if host[:1] == "[":
        host = host[1:-1]
    return scheme in _ENCRYPTED, name_form(host), int(given) if given else port


def name_form(host: str) -> str:
    """Give a host name in the form that all comparisons use: lower case, ASCII (IDNA), no final dot."""
    if host.isascii():
        return host.lower().rstrip(".") if not host.islower() or host[-1:] == "." else host
    return _idna(host.rstrip("."))


@lru_cache(maxsize=64)
def _idna(host: str) -> str:
    """Give the ASCII form of an internationalised name (RFC 3492), without the checks of who may register it."""
    try:
        labels = unicodedata.normalize("NFKC", host).lower().split(".")
        return ".".join(label if label.isascii() else "xn--" + label.encode("punycode").decode() for label in labels)
    except UnicodeError:
        return host


_SECOND_LEVEL: Final = frozenset("ac co com edu gob gov go mil ne net or org".split())  # noqa: SIM905
"""Labels under which countries register names, as in ``com.pk``."""


def site_of(host: str) -> str:
    """Give the name that a site and its sub-domains share: the last two labels, three under ``com.pk`` and the like."""
    labels = host.rsplit(".", 3)[-3:]
    if len(labels) == 3 and not (len(labels[2]) == 2 and labels[1] in _SECOND_LEVEL):
        labels = labels[1:]
    return ".".join(labels)


def _plain(url: str) -> str:
    """Give a URL in the form that requests are found by."""
    url = url.rstrip("/")
    if url.isascii():
        return url
    host = split_url(url)[1]
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{host}{rest[len(rest.partition('/')[0]) :]}" if host else url


def _join(base: str, location: str) -> str:
    if location[:7] == "http://" or location[:8] == "https://":
        return location
    if location[:1] == "/" and location[1:2] not in ("/", "."):
        scheme, _, rest = base.partition("://")
        return f"{scheme}://{rest.partition('/')[0].partition('?')[0]}{location}"
    try:
        return urljoin(base, location)
    except ValueError:
        return ""
