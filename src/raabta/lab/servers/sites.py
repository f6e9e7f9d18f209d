"""Which target lives where, what is odd about it, and who asks. Pure: everything follows from the country's plan.

A condition without networks holds for everybody, the control included; those in ``CLIENT_KINDS`` are about where a
visitor comes from, so that they hold for clients only.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final
from urllib.parse import urlsplit

from raabta.lab.scenario.types import Condition
from raabta.lab.world.country import CONTROL, WORLD, Country, TargetPlan

CLIENT_KINDS: Final = frozenset({"geo_page", "geo_451", "geo_dns", "access_cache", "language_page"})
CERTIFICATE_KINDS: Final = {
    "expired_certificate": "expired",
    "future_certificate": "future",
    "wrong_certificate": "wrong_name",
    "self_signed_certificate": "self_signed",
    "unknown_authority": "other_authority",
}
SICK_KINDS: Final = {
    "server_silent": "silent",
    "server_resets": "reset",
    "server_closes": "close",
    "server_alert": "alert",
}
"""Conditions in which the server accepts a connection and then fails it, and how."""

# An operator's prefixes. Its proxies ask with its router's address, so that they count as the network.
_CLIENT4: Final = re.compile(r"198\.18\.(\d+)\.\d+")
_CLIENT6: Final = re.compile(r"2001:db8:(\d+)::.*")
_FIRST_PREFIX: Final = 10
_CONTROL4: Final = "198.19.250."
_CONTROL6: Final = "2001:db8:a250:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who asks: a network by its index, the control, or neither (somebody abroad)."""

    network: int | None = None
    is_control: bool = False


@cache
def who_is(address: str) -> Who:
    """Tell from an address who asks."""
    if address.startswith((_CONTROL4, _CONTROL6)):
        return Who(is_control=True)
    found = _CLIENT4.fullmatch(address) or _CLIENT6.fullmatch(address)
    if found is None:
        return Who()
    number = int(found[1])
    return Who(network=number - _FIRST_PREFIX) if number >= _FIRST_PREFIX else Who()


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddity:
    """A condition of one target. ``networks`` None: everybody."""

    condition: Condition
    networks: frozenset[int] | None

    def holds_for(self, who: Who) -> bool:
        """Whether this asker meets the condition."""
        if self.condition.kind == "control_refused":
            return who.is_control
        if self.networks is not None:
            return who.network in self.networks
        return who.network is not None or self.condition.kind not in CLIENT_KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One target as its server sees it: the names that it answers to, and what is odd about it."""

    plan: TargetPlan
    names: frozenset[str]
    oddities: tuple[Oddity, ...]

    def oddity(self, who: Who, *kinds: str) -> Condition | None:
        """Give the first condition of these kinds that this asker meets."""
        met = (odd.condition for odd in self.oddities if odd.condition.kind in kinds and odd.holds_for(who))
        return next(met, None)

    def has(self, *kinds: str) -> bool:
        """Whether anybody meets a condition of these kinds."""
        return any(odd.condition.kind in kinds for odd in self.oddities)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One address in one namespace, and the sites there. ``server`` is the first site's."""

    namespace: str
    address: str
    sites: tuple[Site, ...]

    @property
    def server(self) -> str:
        """What serves here: Python's servers or one of Debian's."""
        return self.sites[0].plan.target.server

    @property
    def ports(self) -> tuple[int, ...]:
        """TCP ports for plain HTTP and TLS: the usual two, and those that URLs name."""
        return tuple(sorted({80, 443, *self.named_ports}))

    @property
    def named_ports(self) -> dict[int, str]:
        """Scheme by port, for ports that URLs name."""
        parts = [urlsplit(site.plan.url) for site in self.sites]
        return {part.port: part.scheme for part in parts if part.port}

    def site(self, name: str | None, *, url_start: str = "") -> Site | None:
        """Find who answers to a name; of several the one whose URL begins as the request's does."""
        here = [site for site in self.sites if name in site.names]
        fitting = [site for site in here if url_start.startswith(site.plan.url)]
        return max(fitting, key=lambda site: len(site.plan.url), default=next(iter(here), None))


def sites_of(country: Country) -> tuple[Site, ...]:
    """Give every target's site, in the plan's order."""
    return tuple(
        Site(plan=plan, names=_names(plan), oddities=tuple(_oddities(country, plan))) for plan in country.targets
    )


def places_of(country: Country, sites: Iterable[Site]) -> tuple[Place, ...]:
    """Give every address at which a target is served: its own, its other site's, and operators' caches."""
    found: dict[tuple[str, str], list[Site]] = {}
    for site in sites:
        plan = site.plan
        addresses = [*plan.addresses, *plan.addresses6]
        if site.has("geo_dns"):
            addresses += [*plan.alternatives, *plan.alternatives6]
        for address in addresses:
            found.setdefault((WORLD, address), []).append(site)
        for index in sorted(cached_in(country, site)):
            network = country.networks[index]
            found.setdefault((network.access, network.cache_address), []).append(site)
    return tuple(
        Place(namespace=namespace, address=address, sites=tuple(here)) for (namespace, address), here in found.items()
    )


def cached_in(country: Country, site: Site) -> frozenset[int]:
    """Say in which networks the operator's cache serves a site."""
    everywhere = frozenset(range(len(country.networks)))
    kept = [odd.networks or everywhere for odd in site.oddities if odd.condition.kind == "access_cache"]
    return frozenset().union(*kept)


def named_networks(country: Country, names: list[str]) -> frozenset[int] | None:
    """Indices of networks; None where the list is empty, which means everybody."""
    return frozenset(network.index for network in country.networks_named(names)) if names else None


def control_is_down(country: Country) -> bool:
    """Whether no control answers in this scenario."""
    return not country.scenario.control or any(odd.kind == "control_down" for odd in country.scenario.condition)


def asks_from(namespace: str) -> Who:
    """Tell who asks when a question comes from inside a namespace."""
    if namespace == CONTROL:
        return Who(is_control=True)
    index = namespace.removeprefix("access").removeprefix("client")
    return Who(network=int(index)) if index.isdigit() else Who()


def _names(plan: TargetPlan) -> frozenset[str]:
    named = urlsplit(plan.url).hostname or plan.host
    return frozenset({plan.host.lower(), named.lower(), f"www.{plan.host.lower()}"})


def _oddities(country: Country, plan: TargetPlan) -> Iterable[Oddity]:
    for condition in country.scenario.condition:
        if not condition.targets or plan.name in condition.targets:
            yield Oddity(condition=condition, networks=named_networks(country, condition.networks))
