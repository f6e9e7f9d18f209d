"""Special-purpose address ranges: is this address one that a public name may honestly resolve to?

Source: IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890, updated by RFC 8190), the IANA multicast and
IPv6 address space registries. Each row carries the RFC that set the range aside. A kind of None marks a hole: a part
of a special range that the registry lists as globally reachable.

An IPv4 address inside IPv6 is judged as that IPv4 address: mapped (``mapped`` where the IPv4 address is public,
since such an answer is never seen on the wire), NAT64 and 6to4 (None where it is public). Everything outside
2000::/3 that no row names is ``reserved``: IANA hands out global unicast from there only (RFC 4291, 2.4).

Not done: ranges that are special by habit alone (1.1.1.1 in hotel networks, 25.0.0.0/8 used as private), and ranges
that a country's interference uses: those are fingerprints.
"""

from collections.abc import Iterable

from raabta.reference.addresses import PrefixTable, embedded_ipv4, read_address

Row = tuple[str, str | None, str]
"""(prefix, kind or None for a globally reachable hole, source)."""

SPECIAL_ROWS: tuple[Row, ...] = (
    ("0.0.0.0/8", "this_network", "RFC 791"),
    ("10.0.0.0/8", "private", "RFC 1918"),
    ("100.64.0.0/10", "cgnat", "RFC 6598"),
    ("127.0.0.0/8", "loopback", "RFC 1122"),
    ("169.254.0.0/16", "link_local", "RFC 3927"),
    ("172.16.0.0/12", "private", "RFC 1918"),
    ("192.0.0.0/24", "protocol", "RFC 6890"),
    ("192.0.0.9/32", None, "RFC 7723: Port Control Protocol anycast"),
    ("192.0.0.10/32", None, "RFC 8155: TURN anycast"),
    ("192.0.2.0/24", "documentation", "RFC 5737"),
    ("192.88.99.0/24", "reserved", "RFC 7526: 6to4 relay anycast, deprecated"),
    ("192.168.0.0/16", "private", "RFC 1918"),
    ("198.18.0.0/15", "benchmark", "RFC 2544"),
    ("198.51.100.0/24", "documentation", "RFC 5737"),
    ("203.0.113.0/24", "documentation", "RFC 5737"),
    ("224.0.0.0/4", "multicast", "RFC 5771"),
    ("240.0.0.0/4", "reserved", "RFC 1112"),
    ("255.255.255.255/32", "broadcast", "RFC 919"),
    ("::/0", "reserved", "RFC 4291, 2.4"),
    ("2000::/3", None, "RFC 4291, 2.4"),
    ("::/128", "this_network", "RFC 4291, 2.5.2"),
    ("::1/128", "loopback", "RFC 4291, 2.5.3"),
    ("::ffff:0:0/96", "mapped", "RFC 4291, 2.5.5.2"),
    ("64:ff9b::/96", None, "RFC 6052"),
    ("64:ff9b:1::/48", "private", "RFC 8215: local-use NAT64"),
    ("100::/64", "discard", "RFC 6666"),
    ("100:0:0:1::/64", "discard", "RFC 9780"),
    ("2001::/23", "protocol", "RFC 2928"),
    ("2001::/32", "teredo", "RFC 4380"),
    ("2001:1::1/128", None, "RFC 7723: Port Control Protocol anycast"),
    ("2001:1::2/128", None, "RFC 8155: TURN anycast"),
    ("2001:1::3/128", None, "RFC 9665: service registration anycast"),
    ("2001:2::/48", "benchmark", "RFC 5180"),
    ("2001:3::/32", None, "RFC 7450: AMT"),
    ("2001:4:112::/48", None, "RFC 7535: AS112"),
    ("2001:10::/28", "reserved", "RFC 4843: ORCHID, deprecated"),
    ("2001:20::/28", None, "RFC 7343: ORCHIDv2"),
    ("2001:30::/28", None, "RFC 9374: drone remote identification"),
    ("2001:db8::/32", "documentation", "RFC 3849"),
    ("3fff::/20", "documentation", "RFC 9637"),
    ("5f00::/16", "protocol", "RFC 9602: segment routing"),
    ("fc00::/7", "unique_local", "RFC 4193"),
    ("fe80::/10", "link_local", "RFC 4291, 2.5.6"),
    ("fec0::/10", "site_local", "RFC 3879: deprecated"),
    ("ff00::/8", "multicast", "RFC 4291, 2.7"),
)

SPECIAL_VERSION = "special ranges 2026-11-22"
"""When the rows were last compared with the registries' RFCs."""

# RFC 3056: 2002:V4ADDR::/48.
_SIX_TO_FOUR_PREFIX = 0x2002


UNROUTED = frozenset(
    (
        "private",
        "loopback",
        "link_local",
        "this_network",
        "cgnat",
        "unique_local",
        "site_local",
        "broadcast",
        "reserved",
    )
)
"""Kinds of special addresses that no public service has, whoever answers them."""


class SpecialRanges:
    """A table of special ranges. The lab passes its own, where 198.18.0.0/15 is not special.

    Args:
        rows: As in SPECIAL_ROWS; the longest prefix wins, a later row over an equal one.
        version: What to record as the version of the rows.
    """

    __slots__ = ("_ordinary_heads", "_table", "version")

    def __init__(self, rows: Iterable[Row] = SPECIAL_ROWS, *, version: str = SPECIAL_VERSION) -> None:
        self.version = version
        listed = [(prefix, kind) for prefix, kind, _ in rows]
        self._table: PrefixTable[str | None] = PrefixTable(listed, default=None)
        # Most addresses seen are public IPv4 whose first octet holds no special range. For them the text up to the
        # first dot decides, and neither parsing nor searching is paid for.
        self._ordinary_heads = frozenset(str(octet) for octet in range(256) if self._is_ordinary(octet))

    def kind(self, address: str) -> str | None:
        """The kind of special range that an address is in.

        Returns:
            A kind such as ``"private"``, or None for global unicast and for text that is no address
            (ask ``is_address`` for the difference). Never raises on a string.
        """
        if address.partition(".")[0] in self._ordinary_heads:
            return None
        parsed = read_address(address)
        if parsed is None:
            return None
        number, is_ipv6 = parsed
        return self._kind6(number) if is_ipv6 else self._table.find4(number)

    def kinds_within(self, first: int, last: int, *, is_ipv6: bool) -> set[str]:
        """The kinds of special ranges that addresses from first to last, inclusive, are in; empty for none.

        An IPv4 address inside IPv6 is judged at the first address only: a prefix that holds several is inside one
        of the ranges set aside for them.
        """
        kinds = {kind for kind in self._table.within(first, last, is_ipv6=is_ipv6) if kind is not None}
        if is_ipv6 and (inner := self._kind6(first)) is not None:
            kinds.add(inner)
        return kinds

    def starts(self, *, is_ipv6: bool) -> list[int]:
        """The addresses at which the kind may change, ascending, from 0 on."""
        return self._table.starts(is_ipv6=is_ipv6)

    def _kind6(self, number: int) -> str | None:
        kind = self._table.find6(number)
        inner = embedded_ipv4(number)
        if inner is None and number >> 112 == _SIX_TO_FOUR_PREFIX:
            inner = (number >> 80) & 0xFFFFFFFF
        if inner is None:
            return kind
        return self._table.find4(inner) or kind

    def _is_ordinary(self, octet: int) -> bool:
        first = octet << 24
        return self._table.is_uniform(first, first | 0xFFFFFF) and self._table.find4(first) is None


def special_ranges_without(*prefixes: str) -> SpecialRanges:
    """The IANA table with holes: addresses in the given prefixes count as global unicast. For the lab.

    Raises:
        ValueError: A prefix is malformed or has host bits set.
    """
    return SpecialRanges(
        (*SPECIAL_ROWS, *((prefix, None, "caller") for prefix in prefixes)),
        version=f"{SPECIAL_VERSION} without {', '.join(prefixes)}",
    )


IANA_RANGES = SpecialRanges()


def special_range(address: str) -> str | None:
    """The kind of IANA special-purpose range that an address is in; see ``SpecialRanges.kind``."""
    return IANA_RANGES.kind(address)
