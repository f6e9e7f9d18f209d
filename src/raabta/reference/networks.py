"""Which network announces an address, and which country it was assigned to.

Two packages carry the data, and nothing is downloaded at run time:

- ``whereip-network``: origin ASN per announced prefix, IPv4 and IPv6, from a RIPE RIS table dump;
- ``iptocc``: country per assigned block, from the delegation files of the five regional registries.

The country is the one that the registry assigned the block to, not where a machine stands: for "is this answer inside
the member's country?" the assignment is what counts, and anycast has no place anyway. Why these two, and which were
refused: docs/decisions/002-reference-data.md.

Data are mapped on the first lookup, since most measurements need none. Blocks of the ASN table are decoded as they are
touched, so the first lookups are slower than the later ones.

Limits: one origin per prefix (several origins, route leaks and hijacks are not kept); an IPv6 prefix longer than /64
is not told apart; reserved ASNs never occur.
"""

import datetime as dt
import functools
import importlib.metadata
import math
from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from raabta.reference.addresses import PrefixTable, read_routed

# When the release with these data was published, found by asking the package index for the newest version before a
# date; neither package states a date inside. Another installed release is taken to be no older, so as_of stays a
# lower bound and the weight errs on the low side.
_ASN_DATA_AS_OF = dt.date(2026, 8, 6)
_COUNTRY_DATA_AS_OF = dt.date(2026, 10, 24)

# Weight of evidence by age of the table. Reasoned, not validated: prefixes of access networks and clouds keep their
# origin for years while some percent of blocks are sold or re-announced each year, so a month is fresh, evidence
# halves in two years, and a table of any age still tells a cloud from a home network more often than not.
_FRESH_DAYS = 30
_HALF_LIFE_DAYS = 730
_WEIGHT_FLOOR = 0.25

# Codes in delegation files that name no country: RIPE's and APNIC's region-wide blocks, and "unknown".
_NOT_COUNTRIES = frozenset({"EU", "AP", "ZZ"})


class NetworkSource(Protocol):
    """Where networks come from: the bundled data, or rows that a test or the lab passes."""

    def asn(self, number: int, is_ipv6: bool) -> int:
        """Origin ASN at an address, 0 where unknown."""

    def country(self, number: int, is_ipv6: bool) -> str:
        """ISO 3166-1 alpha-2 code at an address, empty where unknown."""


class Networks(msgspec.Struct, frozen=True, kw_only=True):
    """IP address to network, with the age of the data.

    Attributes:
        source: The data, opened on first use.
        as_of: Date of the oldest data in it.
        version: Package and data versions, for the record of a verdict.
    """

    source: NetworkSource
    as_of: dt.date
    version: str

    def asn(self, address: str) -> int:
        """Origin ASN of an address; 0 where unknown, special or no address. Never raises on a string.

        IPv4-mapped and NAT64 addresses are looked up as the IPv4 address that they carry.
        """
        routed = read_routed(address)
        return 0 if routed is None else self.source.asn(*routed)

    def country(self, address: str) -> str:
        """Country that an address was assigned to, ISO 3166-1 alpha-2; empty where unknown. Never raises."""
        routed = read_routed(address)
        return "" if routed is None else self.source.country(*routed)

    def age_days(self, today: dt.date) -> int:
        """Days since the data were made; 0 where today lies before that."""
        return max(0, (today - self.as_of).days)

    def weight(self, today: dt.date) -> float:
        """How much evidence that rests on this table counts, in (0, 1].

        1 for 30 days, then halving every 730 days down to 0.25. Reasoned, not validated.
        """
        stale_days = max(0, self.age_days(today) - _FRESH_DAYS)
        return max(_WEIGHT_FLOOR, math.exp2(-stale_days / _HALF_LIFE_DAYS))


class _BundledSource(msgspec.Struct, frozen=True):
    """The data of the two packages. Holds nothing itself, so it can be sent to worker processes."""

    def asn(self, number: int, is_ipv6: bool) -> int:
        return _asn_lookup()(number >> 64 if is_ipv6 else number, is_ipv6)

    def country(self, number: int, is_ipv6: bool) -> str:
        return _country_lookup()(_as_ipv6(number) if is_ipv6 else _as_ipv4(number))


class _FixedSource(msgspec.Struct, frozen=True):
    """Rows that the caller gave."""

    table: PrefixTable[tuple[int, str]]

    def asn(self, number: int, is_ipv6: bool) -> int:
        return self._row(number, is_ipv6)[0]

    def country(self, number: int, is_ipv6: bool) -> str:
        return self._row(number, is_ipv6)[1]

    def _row(self, number: int, is_ipv6: bool) -> tuple[int, str]:
        return self.table.find6(number) if is_ipv6 else self.table.find4(number)


class _OverlaidSource(msgspec.Struct, frozen=True):
    """Rows that the caller gave, and another source for addresses in none of them."""

    table: PrefixTable[tuple[int, str] | None]
    below: NetworkSource

    def asn(self, number: int, is_ipv6: bool) -> int:
        row = self._row(number, is_ipv6)
        return self.below.asn(number, is_ipv6) if row is None else row[0]

    def country(self, number: int, is_ipv6: bool) -> str:
        row = self._row(number, is_ipv6)
        return self.below.country(number, is_ipv6) if row is None else row[1]

    def _row(self, number: int, is_ipv6: bool) -> tuple[int, str] | None:
        return self.table.find6(number) if is_ipv6 else self.table.find4(number)


def load_networks() -> Networks:
    """The bundled table. Cheap: the data are opened on the first lookup."""
    asn_version = importlib.metadata.version("whereip-network")
    country_version = importlib.metadata.version("iptocc")
    asn_data = f"whereip-network {asn_version} ({_ASN_DATA_AS_OF})"
    country_data = f"iptocc {country_version} ({_COUNTRY_DATA_AS_OF})"
    return Networks(
        source=_BundledSource(),
        as_of=min(_ASN_DATA_AS_OF, _COUNTRY_DATA_AS_OF),
        version=f"{asn_data}, {country_data}",
    )


def fixed_networks(rows: Iterable[tuple[str, int, str]], *, as_of: dt.date, version: str) -> Networks:
    """A table from rows: for tests, the lab, and for newer data than the bundled ones.

    Args:
        rows: (prefix, ASN, ISO 3166-1 alpha-2 code or empty). The longest prefix wins.
        as_of: Date of the data.
        version: What to record as their version.

    Raises:
        ValueError: A prefix is malformed or has host bits set.
    """
    table = PrefixTable(((prefix, (asn, country.upper())) for prefix, asn, country in rows), default=(0, ""))
    return Networks(source=_FixedSource(table), as_of=as_of, version=version)


def overlaid_networks(
    rows: Iterable[tuple[str, int, str]], *, below: Networks, as_of: dt.date, version: str
) -> Networks:
    """Rows before another table: for newer data about some networks.

    Args:
        rows: As in ``fixed_networks``. An address in one of these prefixes is not looked up below.
        below: The table for all other addresses.
        as_of: Date of the rows.
        version: What to record as their version.

    Raises:
        ValueError: A prefix is malformed or has host bits set.
    """
    listed: list[tuple[str, tuple[int, str] | None]] = [
        (prefix, (asn, country.upper())) for prefix, asn, country in rows
    ]
    return Networks(
        source=_OverlaidSource(PrefixTable(listed, default=None), below.source),
        as_of=min(as_of, below.as_of),
        version=f"{version} over {below.version}",
    )


@functools.cache
def _asn_lookup() -> Callable[[int, bool], int]:
    import whereip_network  # noqa: PLC0415 - opened on first lookup

    find = whereip_network.table().lookup
    return lambda number, is_ipv6: find(number, is_ipv6)[0].asn


@functools.cache
def _country_lookup() -> Callable[[str], str]:
    from iptocc import country_code  # noqa: PLC0415 - opened on first lookup

    def find(address: str) -> str:
        code = country_code(address)
        return "" if code is None or code in _NOT_COUNTRIES else code

    return find


def _as_ipv4(number: int) -> str:
    return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def _as_ipv6(number: int) -> str:
    digits = f"{number:032x}"
    return ":".join(digits[start : start + 4] for start in range(0, 32, 4))
