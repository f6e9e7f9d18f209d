"""Every socket that a country's servers listen on: where, and what speaks behind it. Pure.

A door's place decides what a client meets before the first byte: an address that refuses has no door; a dead one has a
door with a filter that swallows packets.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from raabta.lab.servers.dns import ResolverHost
from raabta.lab.servers.hosts import Host, InfrastructureHost, target_host
from raabta.lab.servers.operator import BlockpageHost, PortalHost
from raabta.lab.servers.resolvers import Resolver, operator_resolver, public_resolver
from raabta.lab.servers.sites import Place, places_of, sites_of
from raabta.lab.servers.zone import Zone
from raabta.lab.world.country import (
    ANCHORS,
    CONTROL,
    CONTROL_ANCHOR,
    CONTROL_ANCHOR6,
    MITM_HTTP_PORT,
    MITM_TLS_PORT,
    NEUTRAL_NAME,
    OTHER_ADDRESS,
    PORTAL_CHECK_HOST,
    PORTAL_PORT,
    PUBLIC_RESOLVER,
    PUBLIC_RESOLVER6,
    WORLD,
    Country,
    NetworkPlan,
)

Speaks = Literal["http", "https", "h3", "dns", "dns_udp", "dot", "doq", "intercepted_tls", "intercepted_http"]
DATAGRAMS = frozenset({"h3", "dns_udp", "doq"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One listening socket. ``host`` or ``resolver`` or ``network`` is who is behind it, as ``speaks`` needs.

    ``is_dead`` swallows whatever arrives.
    """

    namespace: str
    address: str
    port: int
    speaks: Speaks
    host: Host | None = None
    resolver: Resolver | None = None
    network: NetworkPlan | None = None
    is_dead: bool = False

    @property
    def is_udp(self) -> bool:
        """Whether it is a UDP socket."""
        return self.speaks in DATAGRAMS


def doors_of(country: Country) -> tuple[Door, ...]:
    """Give every door of a country, except those of Debian's servers and of the control."""
    zone = Zone(country)
    dead = _dead_addresses(country)
    places = [place for place in places_of(country, sites_of(country)) if place.server == "python"]
    doors = [door for place in places for door in _place_doors(country, place, is_dead=place.address in dead)]
    doors += _world_doors(public_resolver(country, zone))
    doors += _control_doors()
    for network in country.networks:
        doors += _operator_doors(network, operator_resolver(country, zone, network=network))
    return tuple(doors)


def _place_doors(country: Country, place: Place, *, is_dead: bool) -> Iterator[Door]:
    """``server_refuses`` closes every port of the place, QUIC's too."""
    if any(site.has("server_refuses") for site in place.sites):
        return
    host = target_host(country, place)
    for port in place.ports:
        scheme = place.named_ports.get(port, "http" if port == 80 else "https")
        speaks: Speaks = "http" if scheme == "http" else "https"
        yield Door(
            namespace=place.namespace, address=place.address, port=port, speaks=speaks, host=host, is_dead=is_dead
        )
    if any(site.plan.target.quic for site in place.sites):
        quiet = is_dead or any(site.has("quic_down") for site in place.sites)
        yield Door(namespace=place.namespace, address=place.address, port=443, speaks="h3", host=host, is_dead=quiet)


def _dead_addresses(country: Country) -> frozenset[str]:
    """Addresses of ``partial_pool``: the first ones of each target, as many as its share says."""
    dead: set[str] = set()
    for condition in country.scenario.condition:
        if condition.kind != "partial_pool":
            continue
        for target in country.targets_named(condition.targets):
            for pool in (target.addresses, target.addresses6):
                dead.update(pool[: round(condition.share * len(pool))])
    return frozenset(dead)


def _world_doors(resolver: Resolver) -> Iterator[Door]:
    doh = ResolverHost(resolver)
    for address in (PUBLIC_RESOLVER, PUBLIC_RESOLVER6):
        yield from _plain_dns(WORLD, address, resolver)
        yield Door(namespace=WORLD, address=address, port=853, speaks="dot", host=doh, resolver=resolver)
        yield Door(namespace=WORLD, address=address, port=853, speaks="doq", host=doh, resolver=resolver)
        yield Door(namespace=WORLD, address=address, port=443, speaks="https", host=doh)
    anchor = InfrastructureHost(names=(NEUTRAL_NAME, PORTAL_CHECK_HOST))
    for address in ANCHORS:
        yield from _both(WORLD, address, anchor)
    yield from _both(WORLD, OTHER_ADDRESS, InfrastructureHost(names=("elsewhere.example",), title="Elsewhere"))


def _control_doors() -> Iterator[Door]:
    anchor = InfrastructureHost(names=(NEUTRAL_NAME,), takes_any_name=True)
    for address in (CONTROL_ANCHOR, CONTROL_ANCHOR6):
        yield from _both(CONTROL, address, anchor)
        yield Door(namespace=CONTROL, address=address, port=443, speaks="h3", host=anchor)


def _operator_doors(network: NetworkPlan, resolver: Resolver) -> Iterator[Door]:
    where = network.access
    for address in (network.resolver_address, network.resolver_address6):
        if network.resolver != "none":
            yield from _plain_dns(where, address, resolver)
    notice = BlockpageHost(network=network)
    for address in (network.blockpage_address, network.blockpage_address6):
        yield from _both(where, address, notice)
    portal = PortalHost(network=network)
    for address in ("0.0.0.0", "::"):  # noqa: S104  redirected connections keep no address of ours
        yield Door(namespace=where, address=address, port=PORTAL_PORT, speaks="http", host=portal)
        yield Door(namespace=where, address=address, port=MITM_TLS_PORT, speaks="intercepted_tls", network=network)
        yield Door(namespace=where, address=address, port=MITM_HTTP_PORT, speaks="intercepted_http", network=network)


def _plain_dns(namespace: str, address: str, resolver: Resolver) -> Iterator[Door]:
    yield Door(namespace=namespace, address=address, port=53, speaks="dns_udp", resolver=resolver)
    yield Door(namespace=namespace, address=address, port=53, speaks="dns", resolver=resolver)


def _both(namespace: str, address: str, host: Host) -> Iterator[Door]:
    yield Door(namespace=namespace, address=address, port=80, speaks="http", host=host)
    yield Door(namespace=namespace, address=address, port=443, speaks="https", host=host)
