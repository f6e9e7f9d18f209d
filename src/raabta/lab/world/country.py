"""The plan of an emulated country: who has which address, AS number, namespace and line. Pure.

    client<i> -- access<i> -- transit -- abroad --+-- world
                                                  +-- control

One network of the scenario is a client and its operator's router ``access<i>``, where the operator's services live too.
``transit`` is the country's only way out, ``abroad`` the first router beyond it. Targets live in ``world``, the control
in a namespace of its own. Addresses come from 198.18.0.0/15 (RFC 2544, benchmarks) and 2001:db8::/32 (RFC 3849), so
that nothing here can be an address of the internet; AS numbers are those for private use (RFC 6996).

Servers, interference, tables and scoring all read this plan, and nobody else decides an address.
"""

import math
from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct

from raabta.lab.scenario.types import Line, Network, ResolverKind, Scenario, Target

# --- fixed places ---------------------------------------------------------------------------------------------------

TRANSIT: Final = "transit"
ABROAD: Final = "abroad"
WORLD: Final = "world"
CONTROL: Final = "control"

TRANSIT_ADDRESS: Final = "198.18.4.1"
TRANSIT_ADDRESS6: Final = "2001:db8:4::1"
ABROAD_ADDRESS: Final = "198.18.5.1"
ABROAD_ADDRESS6: Final = "2001:db8:5::1"

CONTROL_ADDRESS: Final = "198.19.250.10"
CONTROL_ADDRESS6: Final = "2001:db8:a250::10"
CONTROL_ANCHOR: Final = "198.19.250.11"
CONTROL_ANCHOR6: Final = "2001:db8:a250::11"
PUBLIC_RESOLVER: Final = "198.19.251.53"
PUBLIC_RESOLVER6: Final = "2001:db8:a251::53"
PUBLIC_RESOLVER_NAME: Final = "dns.resolver.example"
ANCHORS: Final = ("198.19.252.1", "198.19.252.2", "198.19.252.3", "198.19.252.4")
NEUTRAL_NAME: Final = "neutral.example"
NEUTRAL_ADDRESS: Final = ANCHORS[0]
PORTAL_CHECK_HOST: Final = "portal.check.example"
PORTAL_CHECK_ADDRESS: Final = ANCHORS[1]
PORTAL_CHECK_PATH: Final = "/generate_204"
OTHER_ADDRESS: Final = "198.19.240.66"
"""A web server that shows nothing of any target: where ``answer = "other"`` points."""
BOGONS: Final = ("10.10.34.36", "127.0.0.1", "0.0.0.0")  # noqa: S104  an answer that is injected, nothing binds it

MITM_TLS_PORT: Final = 8443
MITM_HTTP_PORT: Final = 8080
PORTAL_PORT: Final = 8081

ACCESS_ASN: Final = 64601
TRANSIT_ASN: Final = 64700
ABROAD_ASN: Final = 64701
RESOLVER_ASN: Final = 64702
ANCHOR_ASN: Final = 64703
OTHER_ASN: Final = 64704
CONTROL_ASN: Final = 64705
GROUP_ASN: Final = 64800
ALTERNATIVE_ASN: Final = 64900


# --- limits of the numbering ----------------------------------------------------------------------------------------

MAX_NETWORKS: Final = 60
MAX_GROUPS: Final = 100
FIRST_HOST: Final = 10
LAST_HOST: Final = 254

_LINK_ABROAD: Final = 60
_LINK_WORLD: Final = 61
_LINK_CONTROL: Final = 62

# One loss figure of a round trip, as speed tests report it, split over both directions.
_MEDIAN_PK_LOSS: Final = 1 - math.sqrt(1 - 0.086)

LINES: Final[dict[str, Line]] = {
    "clean": Line(delay_ms=0.0),
    "fibre": Line(delay_ms=8.0),
    "mobile": Line(delay_ms=30.0, jitter_ms=8.0, rate_mbit=20.0, loss=0.005),
    # M-Lab, Pakistan, October 2024, n = 93,056: 5.3 Mbit/s down, 178 ms minimum RTT, 8.6 % loss (medians). The delay
    # line itself adds 0.4 ms to a round trip (measured with TCP_INFO).
    "median_pk": Line(delay_ms=88.8, rate_mbit=5.3, loss=_MEDIAN_PK_LOSS),
    "lossy": Line(delay_ms=20.0, loss=0.05),
    "slow": Line(delay_ms=60.0, rate_mbit=1.0),
    "far": Line(delay_ms=120.0),
    "satellite": Line(delay_ms=280.0),
}
"""What the profiles mean; figures are one-way. All but ``median_pk`` are judgement, and round on purpose."""

AsnRow = tuple[str, int, str, str]
"""(prefix, AS number, name, ISO 3166-1 alpha-2 code)."""


class Link(Struct, frozen=True, kw_only=True):
    """A veth pair: two namespaces, the device's name in each, and the addresses with their prefix lengths."""

    left: str
    left_device: str
    left4: str
    left6: str
    right: str
    right_device: str
    right4: str
    right6: str


class NetworkPlan(Struct, frozen=True, kw_only=True):
    """One network of the scenario with its addresses. ``line`` is resolved; ``index`` is i of ``client<i>``.

    The client sees the world through device ``up``. The operator's router has ``down`` towards the client and ``up``
    towards ``transit``, where the other end is ``acc<i>``.
    """

    index: int
    name: str
    asn: int
    country: str
    line: Line
    ipv6: bool | Literal["broken"]
    resolver: ResolverKind
    clock_off_s: float

    @property
    def client(self) -> str:
        """Name of the client's namespace."""
        return f"client{self.index}"

    @property
    def access(self) -> str:
        """Name of the operator's namespace."""
        return f"access{self.index}"

    @property
    def transit_device(self) -> str:
        """Name of the device in ``transit`` that leads to this network."""
        return f"acc{self.index}"

    @property
    def prefix4(self) -> str:
        """The operator's IPv4 prefix."""
        return f"198.18.{10 + self.index}.0/24"

    @property
    def prefix6(self) -> str:
        """The operator's IPv6 prefix."""
        return f"2001:db8:{10 + self.index}::/48"

    @property
    def client_address(self) -> str:
        """The client's IPv4 address."""
        return self._address4(2)

    @property
    def client_address6(self) -> str:
        """The client's IPv6 address, where the network has IPv6."""
        return self._address6(2)

    @property
    def gateway_address(self) -> str:
        """The operator's router as the client sees it."""
        return self._address4(1)

    @property
    def gateway_address6(self) -> str:
        """The operator's router as the client sees it, IPv6."""
        return self._address6(1)

    @property
    def resolver_address(self) -> str:
        """The operator's resolver."""
        return self._address4(53)

    @property
    def resolver_address6(self) -> str:
        """The operator's resolver, IPv6."""
        return self._address6(53)

    @property
    def blockpage_address(self) -> str:
        """The operator's server of block pages."""
        return self._address4(80)

    @property
    def blockpage_address6(self) -> str:
        """The operator's server of block pages, IPv6."""
        return self._address6(80)

    @property
    def cache_address(self) -> str:
        """A content network's cache that the operator houses."""
        return self._address4(81)

    @property
    def cache_address6(self) -> str:
        """A content network's cache that the operator houses, IPv6."""
        return self._address6(81)

    @property
    def system_resolvers(self) -> tuple[str, ...]:
        """What stands in the client's ``resolv.conf``."""
        match self.resolver:
            case "none":
                return ()
            case "public":
                return (PUBLIC_RESOLVER,)
            case "operator" | "broken" | "silent":
                return (self.resolver_address,)

    def _address4(self, host: int) -> str:
        return f"198.18.{10 + self.index}.{host}"

    def _address6(self, host: int) -> str:
        return f"2001:db8:{10 + self.index}::{host}"


class TargetPlan(Struct, frozen=True, kw_only=True):
    """One target of the scenario with its addresses, host and URL filled in.

    ``group`` numbers its address group; IPv6 addresses are empty where the target has none. ``alternative_*`` are the
    same service at its group's other site, which ``geo_dns`` answers with.
    """

    index: int
    name: str
    host: str
    url: str
    group: int
    addresses: tuple[str, ...]
    addresses6: tuple[str, ...]
    alternatives: tuple[str, ...]
    alternatives6: tuple[str, ...]
    target: Target

    @property
    def asn(self) -> int:
        """AS number of its addresses."""
        return GROUP_ASN + self.group

    @property
    def alternative_asn(self) -> int:
        """AS number of its group's other site."""
        return ALTERNATIVE_ASN + self.group


class Country(Struct, frozen=True, kw_only=True):
    """Everything that is decided before anything is built."""

    scenario: Scenario
    networks: tuple[NetworkPlan, ...]
    targets: tuple[TargetPlan, ...]

    def network(self, name: str) -> NetworkPlan:
        """Find a network. Raises ``KeyError``."""
        return next(iter(self.networks_named([name])))

    def target(self, name: str) -> TargetPlan:
        """Find a target. Raises ``KeyError``."""
        return next(iter(self.targets_named([name])))

    def networks_named(self, names: Sequence[str]) -> tuple[NetworkPlan, ...]:
        """Find networks; an empty list means all, as everywhere in scenarios. Raises ``KeyError``."""
        known = {network.name: network for network in self.networks}
        return tuple(known[name] for name in names) or self.networks

    def targets_named(self, names: Sequence[str]) -> tuple[TargetPlan, ...]:
        """Find targets; an empty list means all. Raises ``KeyError``."""
        known = {target.name: target for target in self.targets}
        return tuple(known[name] for name in names) or self.targets

    @property
    def groups(self) -> tuple[int, ...]:
        """Numbers of the address groups, ascending."""
        return tuple(sorted({target.group for target in self.targets}))

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Names of all namespaces, the client's first."""
        ends = (name for network in self.networks for name in (network.client, network.access))
        return (*ends, TRANSIT, ABROAD, WORLD, CONTROL)

    @property
    def world_prefixes6(self) -> tuple[str, ...]:
        """What ``world`` owns of IPv6."""
        sites = (site for group in self.groups for site in (group, 100 + group))
        return tuple(f"2001:db8:a{site}::/48" for site in (*sites, 240, 251, 252))

    @property
    def links(self) -> tuple[Link, ...]:
        """Every veth pair."""
        clients = (_client_link(network) for network in self.networks)
        accesses = (
            _router_link(network.index, left=(network.access, "up"), right=(TRANSIT, network.transit_device))
            for network in self.networks
        )
        return (
            *clients,
            *accesses,
            _router_link(_LINK_ABROAD, left=(TRANSIT, "up"), right=(ABROAD, "down")),
            _router_link(_LINK_WORLD, left=(ABROAD, "world"), right=(WORLD, "up")),
            _router_link(_LINK_CONTROL, left=(ABROAD, "control"), right=(CONTROL, "up")),
        )

    def asn_table(self) -> list[AsnRow]:
        """Who announces what, for the lab's own reference tables. Longest prefix wins."""
        rows: list[AsnRow] = []
        for network in self.networks:
            owner = (network.asn, f"Operator {network.name}", network.country)
            rows += [(network.prefix4, *owner), (network.prefix6, *owner)]
        for group in self.groups:
            site = (GROUP_ASN + group, f"Hosting {group}", "US")
            other = (ALTERNATIVE_ASN + group, f"Hosting {group}, other site", "SG")
            rows += [(f"198.19.{group}.0/24", *site), (f"2001:db8:a{group}::/48", *site)]
            rows += [(f"198.19.{100 + group}.0/24", *other), (f"2001:db8:a{100 + group}::/48", *other)]
        return [*rows, *_infrastructure_rows(self.networks), *self._link_rows()]

    def _link_rows(self) -> list[AsnRow]:
        owners = {
            network.access: (network.asn, f"Operator {network.name}", network.country) for network in self.networks
        }
        home = self.networks[0].country
        owners |= {
            TRANSIT: (TRANSIT_ASN, "Transit", home),
            ABROAD: (ABROAD_ASN, "Abroad", "US"),
            WORLD: (ABROAD_ASN, "Abroad", "US"),
            CONTROL: (CONTROL_ASN, "Control", "NL"),
        }
        rows: list[AsnRow] = []
        for link in self.links[len(self.networks) :]:
            ends = ((link.left, link.left4, link.left6), (link.right, link.right4, link.right6))
            for name, address4, address6 in ends:
                rows += [(f"{_bare(address4)}/32", *owners[name]), (f"{_bare(address6)}/128", *owners[name])]
        return rows


def plan_country(scenario: Scenario) -> Country:
    """Decide every address, AS number and name of a scenario's country.

    Raises:
        ValueError: The scenario needs more networks or addresses than the numbering has, or has none.
    """
    n_networks = len(scenario.network)
    if not 1 <= n_networks <= MAX_NETWORKS:
        raise ValueError(f"{n_networks} networks: a country has 1 to {MAX_NETWORKS}")
    networks = tuple(_plan_network(index, network) for index, network in enumerate(scenario.network))
    return Country(scenario=scenario, networks=networks, targets=_plan_targets(scenario.target))


def line_of(line: str | Line) -> Line:
    """Resolve a line's profile. Raises ``KeyError`` where there is no such profile."""
    return line if isinstance(line, Line) else LINES[line]


def _plan_network(index: int, network: Network) -> NetworkPlan:
    return NetworkPlan(
        index=index,
        name=network.name,
        asn=ACCESS_ASN + index,
        country=network.country,
        line=line_of(network.line),
        ipv6=network.ipv6,
        resolver=network.resolver,
        clock_off_s=network.clock_off_s,
    )


def _plan_targets(targets: Sequence[Target]) -> tuple[TargetPlan, ...]:
    """Number groups in the order in which they appear; beyond ``MAX_GROUPS`` they share prefixes, not addresses."""
    sizes: dict[str, int] = {}
    for target in targets:
        key = _group_key(target)
        sizes[key] = max(sizes.get(key, 0), target.n_addresses)
    blocks: dict[str, tuple[int, int]] = {}
    used: dict[int, int] = {}
    for number, (key, size) in enumerate(sizes.items()):
        group = number % MAX_GROUPS
        first = used.get(group, FIRST_HOST)
        if first + size - 1 > LAST_HOST:
            raise ValueError(f"address group {key!r}: {size} addresses are more than its prefix has left")
        blocks[key] = (group, first)
        used[group] = first + size
    return tuple(_plan_target(index, target, *blocks[_group_key(target)]) for index, target in enumerate(targets))


def _plan_target(index: int, target: Target, group: int, first: int) -> TargetPlan:
    host = _host(target)
    hosts = range(first, first + target.n_addresses)
    hosts6 = hosts if target.ipv6 else range(0)
    return TargetPlan(
        index=index,
        name=target.name,
        host=host,
        url=target.url or f"https://{host}/",
        group=group,
        addresses=tuple(f"198.19.{group}.{number}" for number in hosts),
        addresses6=tuple(f"2001:db8:a{group}::{number}" for number in hosts6),
        alternatives=tuple(f"198.19.{100 + group}.{number}" for number in hosts),
        alternatives6=tuple(f"2001:db8:a{100 + group}::{number}" for number in hosts6),
        target=target,
    )


def _host(target: Target) -> str:
    return target.host or f"{target.name}.example"


def _group_key(target: Target) -> str:
    """Targets of one host are on the same addresses, whatever else they share: a name has one answer."""
    return target.address_group or _host(target)


def _client_link(network: NetworkPlan) -> Link:
    return Link(
        left=network.client,
        left_device="up",
        left4=f"{network.client_address}/24",
        left6=f"{network.client_address6}/64",
        right=network.access,
        right_device="down",
        right4=f"{network.gateway_address}/24",
        right6=f"{network.gateway_address6}/64",
    )


def _router_link(number: int, *, left: tuple[str, str], right: tuple[str, str]) -> Link:
    return Link(
        left=left[0],
        left_device=left[1],
        left4=f"198.18.6.{4 * number + 1}/30",
        left6=f"2001:db8:6:{number}::1/64",
        right=right[0],
        right_device=right[1],
        right4=f"198.18.6.{4 * number + 2}/30",
        right6=f"2001:db8:6:{number}::2/64",
    )


def _infrastructure_rows(networks: Sequence[NetworkPlan]) -> list[AsnRow]:
    home = networks[0].country
    return [
        ("198.18.4.0/24", TRANSIT_ASN, "Transit", home),
        ("2001:db8:4::/48", TRANSIT_ASN, "Transit", home),
        ("198.18.5.0/24", ABROAD_ASN, "Abroad", "US"),
        ("2001:db8:5::/48", ABROAD_ASN, "Abroad", "US"),
        ("198.19.240.0/24", OTHER_ASN, "Elsewhere", "DE"),
        ("198.19.250.0/24", CONTROL_ASN, "Control", "NL"),
        ("2001:db8:a250::/48", CONTROL_ASN, "Control", "NL"),
        ("198.19.251.0/24", RESOLVER_ASN, "Public resolver", "US"),
        ("2001:db8:a251::/48", RESOLVER_ASN, "Public resolver", "US"),
        ("198.19.252.0/24", ANCHOR_ASN, "Anchors", "US"),
        ("2001:db8:a252::/48", ANCHOR_ASN, "Anchors", "US"),
    ]


def _bare(address: str) -> str:
    return address.partition("/")[0]
