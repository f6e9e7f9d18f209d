"""What the control may connect to: a pure judgement over addresses, ports, names and URLs.

A service that fetches what strangers name can be turned against its own network (server-side request forgery) or used
to scan others. So only global unicast addresses pass, in their usual spelling, on ports of a list. The guard judges
addresses, and whoever calls it connects to the very address that it judged: a name is resolved once per question, its
answers are judged, and no later lookup can put another address in their place (DNS rebinding).

Two tables decide. The special ranges are an argument, since the lab's targets live in 198.18.0.0/15 and tests' on
loopback. The ranges below are refused whatever that argument says: they reach machines by translation, or they are
services of the machine or cloud that the control runs on.

Not done: addresses of the control's neighbours that are public (a provider's internal hosts with global addresses). An
operator adds them with ``refused_prefixes``.
"""

import ipaddress
import re
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from msgspec import Struct

from raabta.reference.addresses import PrefixTable, read_address
from raabta.reference.special import SpecialRanges

# What targets are served on: ssh, web, mail clients, DNS over TLS, chat. Not 25: mail servers report whoever knocks.
DEFAULT_PORTS: Final = frozenset({22, 53, 80, 443, 465, 587, 853, 993, 995, 3478, 5222, 5228, 8080, 8443, 9418})

SCHEMES: Final = {"http": 80, "https": 443, "tcp": 0, "tls": 443, "dot": 853, "doh": 443}
"""Schemes that a question may use, and their ports (0: the URL must name one)."""

ALWAYS_REFUSED: Final[tuple[tuple[str, str], ...]] = (
    ("169.254.169.254/32", "metadata"),  # most clouds
    ("169.254.170.2/32", "metadata"),  # Amazon ECS
    ("169.254.0.23/32", "metadata"),  # Tencent
    ("100.100.100.200/32", "metadata"),  # Alibaba
    ("168.63.129.16/32", "metadata"),  # Azure's host agent: a public address that stays inside
    ("192.0.0.0/24", "protocol"),  # RFC 6890; its anycast rows (RFC 7723, 8155) reach the nearest NAT box
    ("192.31.196.0/24", "protocol"),  # RFC 7535: AS112
    ("192.52.193.0/24", "protocol"),  # RFC 7450: AMT
    ("192.175.48.0/24", "protocol"),  # RFC 7534: AS112
    ("192.88.99.0/24", "translated"),  # RFC 7526: 6to4 relays
    ("fd00:ec2::/32", "metadata"),  # Amazon, fd00:ec2::254 among them
    ("fd20:ce::/32", "metadata"),  # Google
    ("::/96", "translated"),  # RFC 4291, 2.5.5.1: IPv4-compatible, deprecated
    ("::/127", "this_network"),  # unspecified and loopback: both are this machine
    ("::1/128", "loopback"),
    ("::ffff:0:0/96", "mapped"),  # RFC 4291, 2.5.5.2
    ("::ffff:0:0:0/96", "translated"),  # RFC 7915 and 2765: IPv4-translated
    ("64:ff9b::/96", "translated"),  # RFC 6052: NAT64
    ("64:ff9b:1::/48", "translated"),  # RFC 8215: local-use NAT64
    ("2001::/23", "protocol"),  # RFC 2928: Teredo, AMT, ORCHID, anycast services
    ("2001::/32", "teredo"),  # RFC 4380
    ("2002::/16", "translated"),  # RFC 3056: 6to4
    ("2620:4f:8000::/48", "protocol"),  # RFC 7534: AS112
)

# Names that only mean something inside a network: RFC 6761, 6762, 7686, 8375 and ICANN's .internal (2024).
_INSIDE_NAMES: Final = frozenset(
    {"localhost", "local", "internal", "intranet", "private", "corp", "home", "lan", "localdomain", "onion", "arpa"}
)

_NAME: Final = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{1,63}")
# WHATWG URL, "ends in a number": programs read such a host as an IPv4 address in some base.
_NUMBER_LIKE: Final = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
# Interface identifiers that carry an IPv4 address: ISATAP (RFC 5214, 6.1).
_ISATAP: Final = frozenset({0x00005EFE, 0x02005EFE})
_AUTHORITY: Final = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
# Signs of a path or query that stand as they are (RFC 3986, 3.3 and 3.4, and what servers accept beside); others are
# percent-encoded, as browsers do with the target of a redirect.
_KEPT: Final = "%/:=&?~+!$,;'@()*[]|"
_URL_MAX_CHARS: Final = 2048


class Refusal(Struct, frozen=True):
    """Something that is not tried. ``reason`` is one word, as in ``x_refused`` of an answer."""

    reason: str


class Place(Struct, frozen=True, kw_only=True):
    """Where a URL that passed leads. ``host`` is a name, or an address without brackets where ``is_address``."""

    url: str
    scheme: str
    host: str
    port: int
    is_address: bool


class AddressPort(Struct, frozen=True):
    """An address and a port that passed, in their usual spelling."""

    address: str
    port: int

    @property
    def text(self) -> str:
        """As the parts of an answer are keyed."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


class Guard:
    """Judges what may be connected to.

    Args:
        special: Special-purpose ranges; the lab and tests pass a table with holes.
        ports: Ports that may be connected to.
        refused_prefixes: Further prefixes of the operator's own, and addresses of the machine itself.
    """

    def __init__(
        self,
        special: SpecialRanges,
        *,
        ports: frozenset[int] = DEFAULT_PORTS,
        refused_prefixes: tuple[str, ...] = (),
    ) -> None:
        self._special = special
        self._ports = ports
        own = tuple((prefix, "own") for prefix in refused_prefixes)
        self._refused: PrefixTable[str | None] = PrefixTable((*ALWAYS_REFUSED, *own), default=None)

    def refuse_address(self, text: str) -> str | None:
        """Say why an address is not connected to; None where it may be. Only the usual spelling passes."""
        try:
            parsed = ipaddress.ip_address(text)
        except ValueError:
            return "spelling"
        read = read_address(text)
        if read is None or (parsed.version == 6 and parsed.scope_id is not None) or int(parsed) != read[0]:
            return "spelling"
        number, is_ipv6 = read
        known = self._refused.find6(number) if is_ipv6 else self._refused.find4(number)
        if known is None and is_ipv6 and (number >> 32) & 0xFFFFFFFF in _ISATAP:
            known = "translated"
        return known or self._special.kind(str(parsed))

    def refuse_port(self, port: int) -> str | None:
        """Say why a port is not connected to; None where it may be."""
        return None if port in self._ports else "port"

    def read_endpoint(self, text: str) -> AddressPort | Refusal:
        """Read ``address:port`` or ``[address]:port``; names are refused, since they would have to be resolved."""
        address, _, port = text.rpartition(":")
        bracketed = address.startswith("[") and address.endswith("]")
        if not (port.isascii() and port.isdecimal() and len(port) <= 5) or (":" in address) != bracketed:
            return Refusal("spelling")
        bare = address[1:-1] if bracketed else address
        reason = self.refuse_address(bare) or self.refuse_port(int(port))
        return Refusal(reason) if reason else AddressPort(str(ipaddress.ip_address(bare)), int(port))

    def read_url(self, url: str) -> Place | Refusal:
        """Read the URL of a question or of a redirect. An address in it is judged; a name has yet to be resolved."""
        split = _split(url)
        if isinstance(split, Refusal):
            return split
        try:
            host, port = split.hostname or "", split.port
        except ValueError:
            return Refusal("spelling")
        if port is None:
            port = SCHEMES[split.scheme]
        bracketed = split.netloc.startswith("[")
        is_address = bracketed or bool(_NUMBER_LIKE.fullmatch(host.removesuffix(".").rpartition(".")[2]))
        reason = self._refuse_host(host, is_address=is_address, bracketed=bracketed) or self.refuse_port(port)
        if reason:
            return Refusal(reason)
        bare = host if is_address else host.removesuffix(".")
        return Place(url=urlunsplit(split), scheme=split.scheme, host=bare, port=port, is_address=is_address)

    def _refuse_host(self, host: str, *, is_address: bool, bracketed: bool) -> str | None:
        if is_address:
            return "spelling" if bracketed != (":" in host) else self.refuse_address(host)
        name = host.removesuffix(".")
        if name.rpartition(".")[2] in _INSIDE_NAMES:
            return "inside_name"
        return None if _NAME.fullmatch(name) else "spelling"


def _split(url: str) -> SplitResult | Refusal:
    """Split a URL that every program would split alike: no backslash, no control sign, nobody before the host."""
    if len(url) > _URL_MAX_CHARS:
        return Refusal("length")
    if not url.isprintable() or "\\" in url or url != url.strip():
        return Refusal("spelling")
    try:
        split = urlsplit(url)
    except ValueError:
        return Refusal("spelling")
    if split.scheme not in SCHEMES:
        return Refusal("scheme")
    if "@" in split.netloc:
        return Refusal("user_info")
    if not _AUTHORITY.fullmatch(split.netloc):
        return Refusal("spelling")
    return split._replace(path=quote(split.path, safe=_KEPT), query=quote(split.query, safe=_KEPT), fragment="")
