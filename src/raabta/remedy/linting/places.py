"""Prefixes as numbers, and what the tables say about one: the part of lint that costs time.

A prefix is judged once per lint, however many entries name it: what is wrong with it does not depend on the entry.
100,000 different addresses take about half a second.
"""

import bisect
import re
from collections.abc import Iterable
from ipaddress import IPv6Network
from typing import Final, NamedTuple

from raabta.reference.addresses import read_address
from raabta.reference.providers import Provider
from raabta.reference.tables import Tables

WIDEST4: Final = 29
WIDEST6: Final = 48
"""What an entry holds without a review: /29 to /32, /48 to /128. Source: design/remedy.md."""
FAR_WIDEST4: Final = 24
FAR_WIDEST6: Final = 32
"""What no review can make wider. A /24 is the smallest network that is announced by itself, a /32 what a registry gives
to a provider: whoever needs more is no single site. Judgement."""
SMALLEST_PREFIX_WORDS: Final = {False: f"/{WIDEST4}", True: f"/{WIDEST6}"}

_ONLY_IPV6: Final = re.compile(r"[0-9a-fA-F:.]+")
# RFC 3056: 2002:V4ADDR::/48.
_SIX_TO_FOUR: Final = 0x2002
_OCTETS: Final = {str(octet): octet for octet in range(256)}
_LENGTHS: Final = {str(length): length for length in range(129)}
_SHARED_RULES: Final = {
    "cdn": "shared.cdn",
    "cloud": "shared.cloud",
    "hosting": "shared.hosting",
    "platform": "shared.platform",
    "public_dns": "shared.public_dns",
    "commercial_vpn": "shared.commercial_vpn",
}
# Kinds of special ranges have words of their own (docs/glossary.md has none for them).
_SPECIAL_WORDS: Final = {"cgnat": "carrier-grade NAT", "this_network": '"this network"', "unique_local": "unique local"}


class Span(NamedTuple):
    """A prefix: its first and last address, its family, its length."""

    first: int
    last: int
    is_ipv6: bool
    length: int

    @property
    def is_single(self) -> bool:
        """Whether it is one address."""
        return self.first == self.last


class Place(NamedTuple):
    """What is known of a prefix's text.

    ``span`` is None where it cannot be read. ``wrong`` holds (rule, detail). ``asn`` announces its first address, 0
    where nobody does.
    """

    span: Span | None
    asn: int
    wrong: tuple[tuple[str, str], ...]


def read_span(text: str) -> Span | None:
    """Read a prefix in CIDR form, host bits or not; None where it is none. A bare address is none."""
    address, slash, after = text.partition("/")
    length = _LENGTHS.get(after)
    if not slash or length is None:
        return None
    if ":" in address:
        return _read_span6(address, length)
    try:
        first, second, third, fourth = address.split(".")
        number = _OCTETS[first] << 24 | _OCTETS[second] << 16 | _OCTETS[third] << 8 | _OCTETS[fourth]
    except (ValueError, KeyError):
        return None
    return Span(number, number | (0xFFFFFFFF >> length), is_ipv6=False, length=length) if length <= 32 else None


def _read_span6(address: str, length: int) -> Span | None:
    # A scope, brackets and blanks, which read_address passes over, belong to no prefix.
    parsed = read_address(address) if _ONLY_IPV6.fullmatch(address) else None
    if parsed is None:
        return None
    return Span(parsed[0], parsed[0] | ((1 << (128 - length)) - 1), is_ipv6=True, length=length)


def has_host_bits(span: Span) -> bool:
    """Whether bits behind the length are set."""
    n_bits = (128 if span.is_ipv6 else 32) - span.length
    return bool(span.first & ((1 << n_bits) - 1))


def text_of(span: Span) -> str:
    """Write the prefix without its host bits."""
    n_bits = (128 if span.is_ipv6 else 32) - span.length
    number = span.first >> n_bits << n_bits
    if not span.is_ipv6:
        return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}/{span.length}"
    import ipaddress  # noqa: PLC0415  rarely needed

    return f"{ipaddress.IPv6Address(number)}/{span.length}"


class Quiet:
    """Where no table has anything to say but who announces an address: nearly everywhere, so it is asked first.

    Made of the tables' own boundaries. IPv6 is quiet only in 2000::/3 outside 6to4: what carries an IPv4 address inside
    is judged by that.
    """

    __slots__ = ("_is_quiet", "_starts")

    def __init__(self, tables: Tables) -> None:
        parts = (tables.special, tables.services, tables.providers)
        self._starts = tuple(
            sorted({start for part in parts for start in part.starts(is_ipv6=is_ipv6)}) for is_ipv6 in (False, True)
        )
        self._is_quiet = tuple(
            [self._asked(start, is_ipv6=is_ipv6, tables=tables) for start in self._starts[is_ipv6]]
            for is_ipv6 in (False, True)
        )

    @staticmethod
    def _asked(start: int, *, is_ipv6: bool, tables: Tables) -> bool:
        if is_ipv6 and (start >> 125 != 1 or start >> 112 == _SIX_TO_FOUR):
            return False
        return not (
            tables.special.kinds_within(start, start, is_ipv6=is_ipv6)
            or tables.services.published_within(start, start, is_ipv6=is_ipv6)
            or tables.providers.published_within(start, start, is_ipv6=is_ipv6)
        )

    def holds(self, span: Span) -> bool:
        """Whether all of a prefix is quiet. False may be said of a quiet one, never the other way round."""
        first, last, is_ipv6, _ = span
        starts = self._starts[is_ipv6]
        at = bisect.bisect_right(starts, first) - 1
        if not self._is_quiet[is_ipv6][at] or (is_ipv6 and first >> 112 == _SIX_TO_FOUR):
            return False
        return first == last or bisect.bisect_right(starts, last) - 1 == at


_TRANSLATED: Final = tuple(
    (int(network[0]), int(network[-1]))
    for network in map(IPv6Network, ("::ffff:0:0/96", "64:ff9b::/96", "2002::/16", "2001::/32"))
)
"""IPv6 that carries IPv4: mapped, NAT64, 6to4, Teredo (RFC 4291, 6052, 3056, 4380): whose it is, the IPv4 tells."""


def place_of(text: str, tables: Tables, *, quiet: Quiet) -> Place:
    """Judge the text of a prefix."""
    span = read_span(text)
    if span is None:
        return Place(None, 0, (("prefix.malformed", ""),))
    first, last, is_ipv6, _ = span
    if quiet.holds(span) and first == last and not _is_translated(span):
        asn = tables.networks.source.asn(first, is_ipv6)
        if asn and tables.services.of_asn(asn) is None and tables.providers.of_asn(asn) is None:
            return Place(span, asn, ())
    if has_host_bits(span):
        return Place(None, 0, (("prefix.host_bits", text_of(span)),))
    return _judged(span, tables)


def _judged(span: Span, tables: Tables) -> Place:
    first, last, is_ipv6, length = span
    wrong: list[tuple[str, str]] = []
    if length < (WIDEST6 if is_ipv6 else WIDEST4):
        wrong.append(_too_wide(span))
        if wrong[0][0] == "prefix.far_too_wide":
            return Place(span, 0, tuple(wrong))
    kinds = tables.special.kinds_within(first, last, is_ipv6=is_ipv6)
    if kinds:
        wrong += [_special(kind) for kind in sorted(kinds)]
        return Place(span, 0, tuple(wrong))
    if _is_translated(span):
        return Place(span, 0, (*wrong, ("address.translated", "")))
    asn = tables.networks.source.asn(first, is_ipv6)
    if asn == 0:
        wrong.append(("address.unannounced", ""))
    if first != last and (other := tables.networks.source.asn(last, is_ipv6)) != asn:
        wrong.append(("origin.split", f"AS{asn} and AS{other}"))
    wrong += _shared(span, sharers(span, tables, asn=asn))
    return Place(span, asn, tuple(wrong))


def _is_translated(span: Span) -> bool:
    first, last, is_ipv6, _ = span
    return is_ipv6 and any(first <= end and last >= begin for begin, end in _TRANSLATED)


def sharers(span: Span, tables: Tables, *, asn: int) -> list[Provider]:
    """Who serves many from a prefix: by published prefixes that it touches, else by the network that announces it.

    A public resolver's or VPN's row comes before that of the network that carries it.
    """
    first, last, is_ipv6, _ = span
    found = tables.services.published_within(first, last, is_ipv6=is_ipv6)
    found += tables.providers.published_within(first, last, is_ipv6=is_ipv6)
    if not found:
        row = tables.services.of_asn(asn) or tables.providers.of_asn(asn)
        return [] if row is None else [row]
    return found


def _too_wide(span: Span) -> tuple[str, str]:
    if span.length == 0:
        return "prefix.far_too_wide", "the whole internet"
    if span.length < (FAR_WIDEST6 if span.is_ipv6 else FAR_WIDEST4):
        words = f"a /{span.length}, wider than /{FAR_WIDEST6 if span.is_ipv6 else FAR_WIDEST4}"
        return "prefix.far_too_wide", words
    return "prefix.too_wide", SMALLEST_PREFIX_WORDS[span.is_ipv6]


def _special(kind: str) -> tuple[str, str]:
    words = _SPECIAL_WORDS.get(kind, kind.replace("_", " "))
    return ("address.cgnat" if kind == "cgnat" else "address.special"), words


def _shared(span: Span, rows: Iterable[Provider]) -> Iterable[tuple[str, str]]:
    for row in rows:
        yield _SHARED_RULES[row.kind], row.name
        if row.kind == "cdn" and not span.is_single:
            yield "shared.cdn_wide", row.name
