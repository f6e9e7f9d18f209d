"""Who serves many unrelated sites from one address: content networks, clouds, hosting companies, platforms.

Two questions rest on this table. Are two different answers to one name both honest (a content network answers
differently everywhere)? And would blocking an address take down others' sites? The rows are in ``providers.toml``.

An address is matched by published prefix first, then by the ASN that announces it. Caches that a provider places
inside access networks have the access network's addresses and ASN, so they are not found here; that such caches exist
is stated per provider (``caches_in_access_networks``).

A second table of the same shape, ``services.toml``, holds public resolvers and commercial VPNs. Lint uses it; a
diagnosis does not.
"""

import functools
import importlib.resources
from collections.abc import Iterable
from typing import Literal

import msgspec

from raabta.reference.addresses import PrefixTable, read_routed
from raabta.reference.networks import Networks

ProviderKind = Literal["cdn", "cloud", "hosting", "platform", "public_dns", "commercial_vpn"]
"""The last two stand in ``services.toml`` only."""


class Provider(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One provider.

    Attributes:
        name: As people know it.
        kind: What it mainly sells.
        asns: ASNs registered to it; former ones are no longer announced.
        prefixes: Prefixes that it publishes, and where.
        caches: Programme that places its caches inside access networks, empty where none is known.
        note: What a reader should know about the row.
    """

    name: str
    kind: ProviderKind
    asns: frozenset[int]
    former_asns: frozenset[int] = frozenset()
    prefixes: tuple[str, ...] = ()
    prefix_source: str = ""
    caches: str = ""
    note: str = ""

    @property
    def caches_in_access_networks(self) -> bool:
        """Whether its caches are known to stand inside access networks, under those networks' addresses."""
        return bool(self.caches)


class Providers:
    """Providers by ASN and by address.

    Args:
        rows: Providers; no two may share an ASN.
        version: What to record as the version of the rows.
    """

    __slots__ = ("_by_asn", "_by_prefix", "rows", "version")

    def __init__(self, rows: Iterable[Provider], *, version: str) -> None:
        self.rows = tuple(rows)
        self.version = version
        self._by_asn = {asn: row for row in self.rows for asn in row.asns | row.former_asns}
        listed = [(prefix, row) for row in self.rows for prefix in row.prefixes]
        self._by_prefix: PrefixTable[Provider | None] = PrefixTable(listed, default=None)

    def of_asn(self, asn: int) -> Provider | None:
        """The provider that an ASN is or was registered to."""
        return self._by_asn.get(asn)

    def of_address(self, address: str, networks: Networks) -> Provider | None:
        """The provider that serves from an address. Never raises on a string."""
        routed = read_routed(address)
        if routed is None:
            return None
        number, is_ipv6 = routed
        published = self._by_prefix.find6(number) if is_ipv6 else self._by_prefix.find4(number)
        return published or self._by_asn.get(networks.source.asn(number, is_ipv6))

    def published_within(self, first: int, last: int, *, is_ipv6: bool) -> list[Provider]:
        """The providers that publish a prefix with any address from first to last, inclusive."""
        found = self._by_prefix.within(first, last, is_ipv6=is_ipv6)
        return [row for row in dict.fromkeys(found) if row is not None] if len(found) > 1 or found[0] else []

    def starts(self, *, is_ipv6: bool) -> list[int]:
        """The addresses at which the provider of published prefixes may change, ascending, from 0 on."""
        return self._by_prefix.starts(is_ipv6=is_ipv6)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reviewed: str
    provider: dict[str, Provider]


@functools.cache
def load_providers() -> Providers:
    """The rows of ``providers.toml``, read once."""
    raw = importlib.resources.files("raabta.reference").joinpath("providers.toml").read_bytes()
    file = msgspec.toml.decode(raw, type=_File)
    return Providers(file.provider.values(), version=f"providers {file.reviewed}")


@functools.cache
def load_services() -> Providers:
    """The rows of ``services.toml``, read once."""
    raw = importlib.resources.files("raabta.reference").joinpath("services.toml").read_bytes()
    file = msgspec.toml.decode(raw, type=_File)
    return Providers(file.provider.values(), version=f"services {file.reviewed}")


def provider(asn: int) -> str | None:
    """Name of the provider that an ASN is or was registered to."""
    row = load_providers().of_asn(asn)
    return None if row is None else row.name


def provider_of_address(address: str, networks: Networks) -> str | None:
    """Name of the provider that serves from an address."""
    row = load_providers().of_address(address, networks)
    return None if row is None else row.name
