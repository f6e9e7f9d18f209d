"""Every name of the emulated internet: what an honest resolver answers, and to whom. Pure but for turns of a pool.

One table stands in for all authoritative servers. Answers depend on who asks where a service does so itself: sites by
region (``geo_dns``), caches inside an operator (``access_cache``). ``whoami.example`` tells the resolver's address.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from typing import Final

from raabta.lab.servers.message import (
    AAAA,
    CNAME,
    HTTPS,
    NOERROR,
    NXDOMAIN,
    SERVFAIL,
    TXT,
    A,
    Record,
    address_record,
    cname_record,
    https_record,
    soa_record,
    text_record,
)
from raabta.lab.servers.sites import Site, Who, cached_in, sites_of
from raabta.lab.world.country import (
    CONTROL_ADDRESS,
    CONTROL_ADDRESS6,
    NEUTRAL_ADDRESS,
    NEUTRAL_NAME,
    PORTAL_CHECK_ADDRESS,
    PORTAL_CHECK_HOST,
    PUBLIC_RESOLVER,
    PUBLIC_RESOLVER6,
    PUBLIC_RESOLVER_NAME,
    Country,
    NetworkPlan,
)

WHO_AM_I: Final = "whoami.example"
CONTROL_NAME: Final = "control.example"
ROOT_ZONE: Final = "example"
POOL_TTL_S: Final = 30

_INFRASTRUCTURE: Final = {
    NEUTRAL_NAME: (NEUTRAL_ADDRESS,),
    PORTAL_CHECK_HOST: (PORTAL_CHECK_ADDRESS,),
    PUBLIC_RESOLVER_NAME: (PUBLIC_RESOLVER, PUBLIC_RESOLVER6),
    CONTROL_NAME: (CONTROL_ADDRESS, CONTROL_ADDRESS6),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a resolver answers."""

    records: tuple[Record, ...] = ()
    rcode: int = NOERROR
    authority: tuple[Record, ...] = ()


class Zone:
    """All names of a country's internet."""

    def __init__(self, country: Country) -> None:
        self._networks = country.networks
        self._turns: count[int] = count()
        self._sites: dict[str, Site] = {}
        self._cached: dict[str, frozenset[int]] = {}
        for site in sites_of(country):
            self._cached[site.plan.name] = cached_in(country, site)
            for name in site.names:
                self._sites.setdefault(name, site)

    def answer(self, name: str, kind: int, *, who: Who, resolver: str) -> Answer:
        """Answer one question.

        Args:
            name: Lower-case, without the last dot.
            kind: Record type.
            who: On whose behalf the resolver asks.
            resolver: The resolver's address, which ``whoami.example`` tells.
        """
        if name == WHO_AM_I or name.endswith(f".{WHO_AM_I}"):
            return _answer((text_record(name, resolver),) if kind == TXT else ())
        if name in self._sites:
            return self._site_answer(name, kind, who)
        if name in _INFRASTRUCTURE:
            return _answer(_of_kind(name, _INFRASTRUCTURE[name], kind))
        return _answer((), rcode=NXDOMAIN)

    def addresses(self, name: str, *, who: Who) -> tuple[str, ...]:
        """Give all addresses, of both families, that a target's name has for somebody, without turns."""
        site = self._sites[name]
        network = self._networks[who.network] if who.network is not None else None
        if network is not None and network.index in self._cached[site.plan.name]:
            return _cache_addresses(network, site)
        if site.oddity(who, "geo_dns"):
            return (*site.plan.alternatives, *site.plan.alternatives6)
        return (*site.plan.addresses, *site.plan.addresses6)

    def _site_answer(self, name: str, kind: int, who: Who) -> Answer:
        site = self._sites[name]
        if site.oddity(who, "servfail"):
            return Answer(rcode=SERVFAIL)
        if site.oddity(who, "nxdomain"):
            return _answer((), rcode=NXDOMAIN)
        if site.oddity(who, "no_data"):
            return _answer(())
        canonical = canonical_name(site, name)
        alias = (cname_record(name, canonical),) if canonical != name else ()
        if kind == CNAME:
            return _answer(alias)
        addresses = self.addresses(name, who=who)
        ttl_s = 300
        if site.oddity(who, "rotating_pool"):
            addresses, ttl_s = self._turn(addresses), POOL_TTL_S
        if kind == HTTPS:
            return _answer((*alias, *_service(canonical, site, addresses)), alias=alias)
        return _answer((*alias, *_of_kind(canonical, addresses, kind, ttl_s=ttl_s)), alias=alias)

    def _turn(self, addresses: tuple[str, ...]) -> tuple[str, ...]:
        """Give one address of each family, another with each question."""
        turn = next(self._turns)
        families = ([item for item in addresses if ":" not in item], [item for item in addresses if ":" in item])
        return tuple(family[turn % len(family)] for family in families if family)


def canonical_name(site: Site, name: str) -> str:
    """Give the name at which a site's addresses stand: its own, or one of the content network that it shares."""
    group = site.plan.target.address_group
    return f"{name.replace('.', '-')}.{group}.cdn.example" if group else name


def _cache_addresses(network: NetworkPlan, site: Site) -> tuple[str, ...]:
    return (network.cache_address, network.cache_address6) if site.plan.addresses6 else (network.cache_address,)


def _service(name: str, site: Site, addresses: Iterable[str]) -> tuple[Record, ...]:
    """HTTPS record of sites that offer more than HTTP/1.1."""
    target = site.plan.target
    alpn = [*(["h3"] if target.quic else []), *(["h2"] if target.h2 else [])]
    hints = tuple(address for address in addresses if ":" not in address)
    return (https_record(name, alpn=alpn, hints4=hints),) if alpn else ()


def _of_kind(name: str, addresses: Iterable[str], kind: int, *, ttl_s: int = 300) -> tuple[Record, ...]:
    if kind not in {A, AAAA}:
        return ()
    wanted = (address for address in addresses if (":" in address) == (kind == AAAA))
    return tuple(address_record(name, address, ttl_s=ttl_s) for address in wanted)


def _answer(records: tuple[Record, ...], *, rcode: int = NOERROR, alias: tuple[Record, ...] = ()) -> Answer:
    """An answer without data says so with the zone's SOA record (RFC 2308)."""
    has_data = len(records) > len(alias)
    return Answer(records=records, rcode=rcode, authority=() if has_data else (soa_record(ROOT_ZONE),))
