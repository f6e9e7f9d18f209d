"""What to try: an end point's parts from its text, and which of the addresses that were found. Pure.

Addresses come from several resolvers that may disagree, and then the disagreement is the point. So each resolver's
answer gets a try before any gets a second one, everyday answers first; IPv4 before IPv6, since a line without IPv6 is
common and says nothing of the site.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final
from urllib.parse import urljoin, urlsplit, urlunsplit

from msgspec import Struct

from raabta.reference.addresses import is_address
from raabta.reference.special import UNROUTED
from raabta.wire.ooni.writing import Query

MAX_IPV4: Final = 2
MAX_IPV6: Final = 1
MAX_ADDRESSES: Final = 4
"""Addresses of one host that are tried. Judgement: two tell a broken server from a broken site; one more a family; one
more for a resolver that stands alone. Each costs a handshake of about 6 kB."""

MAX_FURTHER: Final = 4
"""Further addresses that are tried where no connection to these opens: of a large pool half may be dead. Judgement."""

_PORTS: Final = {"http": 80, "https": 443, "tcp": 0, "tls": 443, "dot": 853, "doh": 443}
_ENCRYPTED: Final = frozenset(("https", "tls", "dot", "doh"))
_WEB: Final = frozenset(("http", "https"))

NEVER_CONNECTED: Final = UNROUTED | {"multicast", "mapped", "discard"}
"""Kinds of special addresses that are written down and not connected to: there stands the volunteer's own equipment.

That such an answer came is evidence enough. Kinds as in ``reference/special``.
"""


class Aim(Struct, frozen=True, kw_only=True):
    """One thing to probe. ``url`` is what is asked for, ``host`` its host; both in ASCII, the host in lower case."""

    url: str
    scheme: str
    host: str
    port: int
    path: str = "/"

    @property
    def encrypted(self) -> bool:
        """Whether TLS is spoken there."""
        return self.scheme in _ENCRYPTED

    @property
    def web(self) -> bool:
        """Whether a page is asked for."""
        return self.scheme in _WEB

    @property
    def alpn(self) -> tuple[str, ...]:
        """Protocols to offer in the handshake."""
        return {"https": ("h2", "http/1.1"), "doh": ("h2", "http/1.1"), "dot": ("dot",)}.get(self.scheme, ())


def read_aim(text: str) -> Aim:
    """Read an end point: a URL, ``tcp://host:port``, ``tls://``, ``dot://``, ``doh://``, or a bare host (then https).

    Raises:
        ValueError: It is none of these; the message says what would be.
    """
    url = text.strip()
    if "://" not in url:
        url = f"https://{url}" if "/" in url else f"https://{url}/"
    try:
        parts = urlsplit(url)
        host, given = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError(f"{text!r} is no URL: {error}. Write it like https://example.com/") from None
    scheme = parts.scheme.lower()
    if scheme not in _PORTS:
        raise ValueError(f"{text!r}: {scheme}:// cannot be probed. Try one of: {', '.join(_PORTS)}")
    port = given or _PORTS[scheme]
    if not port:
        raise ValueError(f"{text!r} names no port. Write it like tcp://example.com:22")
    ascii_host = _ascii(host)
    if not ascii_host or any(char <= " " or char in "\\^`{}|<>\"'" for char in url):
        raise ValueError(f"{text!r} names no host. Write it like https://example.com/")
    path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
    place = f"[{ascii_host}]" if ":" in ascii_host else ascii_host
    place = place if port == _PORTS[scheme] else f"{place}:{port}"
    url = urlunsplit((scheme, place, parts.path or ("/" if scheme in _WEB else ""), parts.query, ""))
    return Aim(url=url, scheme=scheme, host=ascii_host, port=port, path=path)


def _ascii(host: str) -> str:
    """Give a host name as it is asked for: IDNA, lower case, no final dot; "" where it is no name."""
    if not host or is_address(host):
        return host
    name = host.rstrip(".").lower()
    try:
        name = name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    labels = name.split(".")
    return name if len(name) <= 253 and all(0 < len(label) <= 63 for label in labels) else ""


def next_hop(url: str, location: str) -> Aim | None:
    """Give where a redirect leads; None where no web page is there (RFC 9110, 10.2.2)."""
    asked = location.strip()
    try:
        joined = urljoin(url, asked).partition("#")[0]
        found = read_aim(joined) if "://" in joined else None
    except ValueError:
        return None
    lacks_host = "://" in asked and not asked.partition("://")[2].strip("/")  # urljoin takes the page's own host then
    return None if found is None or lacks_host or not found.web else found


class Found(Struct, frozen=True, kw_only=True):
    """The addresses of a host by who gave them, each in the order of the answer."""

    system: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    encrypted: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Every address once, everyday answers first."""
        return tuple(dict.fromkeys((*self.system, *self.plain, *self.encrypted)))


_SYSTEM: Final = frozenset(("system", "getaddrinfo"))
_PLAIN: Final = frozenset(("udp", "tcp"))


def addresses_found(queries: Iterable[Query]) -> Found:
    """Sort the addresses of lookups by who gave them."""
    system: list[str] = []
    plain: list[str] = []
    encrypted: list[str] = []
    for query in queries:
        into = system if query.engine in _SYSTEM else plain if query.engine in _PLAIN else encrypted
        into += [address for answer in query.answers or () if (address := answer.ipv4 or answer.ipv6)]
    return Found(system=tuple(system), plain=tuple(plain), encrypted=tuple(encrypted))


class Choice(Struct, frozen=True, kw_only=True):
    """Which addresses to try, in order; and those left out since they are nobody's on the internet."""

    tried: tuple[str, ...]
    special: tuple[str, ...] = ()


def choose_addresses(found: Found, *, kind_of: Callable[[str], str | None], ipv6: bool, most: int) -> Choice:
    """Choose the addresses of one host that are tried.

    Args:
        found: What the resolvers gave.
        kind_of: The kind of special range of an address, None for none.
        ipv6: Whether the line has IPv6.
        most: Addresses to try at most; one more may come for a resolver that agrees with none.
    """
    special = tuple(address for address in found.all if kind_of(address) in NEVER_CONNECTED)
    lists = [
        [address for address in given if address not in special and (ipv6 or ":" not in address)]
        for given in (found.system, found.plain, found.encrypted)
    ]
    chosen: list[str] = []
    for given in lists:
        first = next((address for address in given if ":" not in address), None)
        if first is not None and not any(address in chosen for address in given):
            chosen.append(first)
    _fill(chosen, lists, wanted=min(MAX_IPV4, most), six=False)
    _fill(chosen, lists, wanted=MAX_IPV6 if most > 1 or not chosen else 0, six=True)
    return Choice(tried=tuple(chosen[:MAX_ADDRESSES]), special=special)


def further_addresses(
    found: Found, *, tried: Collection[str], kind_of: Callable[[str], str | None], ipv6: bool
) -> tuple[str, ...]:
    """Give the addresses of a host that could be tried and were not: everyday answers first, IPv4 before IPv6."""
    usable = (
        address
        for address in found.all
        if address not in tried and (ipv6 or ":" not in address) and kind_of(address) not in NEVER_CONNECTED
    )
    return tuple(sorted(usable, key=lambda address: ":" in address))


def _fill(chosen: list[str], lists: Sequence[Sequence[str]], *, wanted: int, six: bool) -> None:
    """Add addresses of one family until there are as many as wanted."""
    for given in lists:
        for address in given:
            n_have = sum((":" in other) is six for other in chosen)
            if n_have < wanted and (":" in address) is six and address not in chosen:
                chosen.append(address)
