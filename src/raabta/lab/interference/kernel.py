"""Interference that the kernel carries out: nft, iptables (string match), tc.

What operators do with the routers they have. It sees packets, not streams: a server name cut in two slips past a string
match. A rule with a probability below 1, which the kernel could only apply packet by packet, is left to the middlebox.
"""

from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import urlsplit

from raabta.lab.interference.orders import Orders
from raabta.lab.interference.rules import addresses_of
from raabta.lab.middlebox.bucket import QUEUE_BYTES
from raabta.lab.scenario.types import Interference
from raabta.lab.scenario.vocabulary import ACTIONS
from raabta.lab.world.country import (
    CONTROL_ANCHOR,
    MITM_HTTP_PORT,
    MITM_TLS_PORT,
    PUBLIC_RESOLVER,
    PUBLIC_RESOLVER6,
    Country,
    NetworkPlan,
    TargetPlan,
)

_REJECT4: Final = {
    "port": "port-unreachable",
    "host": "host-unreachable",
    "net": "net-unreachable",
    "admin": "admin-prohibited",
    "net_prohibited": "net-prohibited",
    "protocol": "prot-unreachable",
}
_REJECT6: Final = {
    "port": "port-unreachable",
    "host": "addr-unreachable",
    "net": "no-route",
    "admin": "admin-prohibited",
    "net_prohibited": "admin-prohibited",
    "protocol": "port-unreachable",
}
_BURST_BYTES: Final = 3_000
"""What tc's token bucket lets through at once: two packets, as the middlebox's does."""
_PER_MILLE: Final = 1000
_GOLDEN_SECTION: Final = (5**0.5 - 1) / 2
"""Its multiples fall evenly between whole numbers, and never into a rhythm that a client's own could meet."""


def is_for_kernel(row: Interference) -> bool:
    """Whether the kernel carries a rule out: because the scenario asks for it, or because it is as simple as that."""
    if row.action == "outage":
        return row.probability >= 1
    wanted = row.engine == "kernel" and row.trigger in ACTIONS[row.action].kernel
    return wanted and row.probability >= 1 and not row.residual_s


def add_kernel_rule(orders: Orders, row: Interference, *, country: Country, network: NetworkPlan) -> None:
    """Add a rule about one network to the orders of the router that it lives in."""
    targets = country.targets_named(row.targets)
    if row.trigger in {"sni", "name"}:
        _add_string_match(orders, row, targets=targets, network=network)
    elif row.action == "throttle":
        _add_shaper(orders, row, targets=targets, network=network)
    else:
        _add_filter(orders, row, targets=targets, network=network)


def add_proxy(orders: Orders, row_hosts: Sequence[str] | None, *, network: NetworkPlan) -> None:
    """Lead plain queries to the operator's resolver: all of them, or those over UDP for some hosts."""
    to4, to6 = network.resolver_address, network.resolver_address6
    if row_hosts is None:
        for family, to in (("ip", to4), ("ip6", to6)):
            orders.add_nft(
                "nat",
                *(
                    f'iifname "down" meta nfproto {_NFPROTO[family]} {protocol} dport 53 dnat {family} to {to}'
                    for protocol in ("udp", "tcp")
                ),
            )
        return
    for host in row_hosts:
        match = f"-A PREROUTING -i down -p udp --dport 53 {_query_match(host)} -j DNAT --to-destination"
        orders.iptables.append(("nat", f"{match} {to4}"))
        orders.ip6tables.append(("nat", f"{match} {to6}"))


def add_redirect(orders: Orders, row: Interference, *, country: Country) -> None:
    """Lead connections to the interception server: those to the targets, and by name those to the place elsewhere too.

    An operator that intercepts by name sees every connection; here those to other sites go their way, since one that
    is ended and passed on by the operator's server would escape the other rules of a scenario.
    """
    targets = country.targets_named(row.targets)
    for scheme, local in (("https", MITM_TLS_PORT), ("http", MITM_HTTP_PORT)):
        ports = _set(map(str, _ports(targets, scheme)))
        if ports is None:
            continue
        elsewhere = [] if row.trigger == "address" else [CONTROL_ANCHOR]
        for family in ("ip", "ip6"):
            chosen = _set(_of_family(family, [*addresses_of(targets), *elsewhere]))
            if chosen is not None:
                where = f"{family} daddr {chosen}"
                orders.add_nft("nat", f'iifname "down" {where} tcp dport {ports} redirect to :{local}')


_NFPROTO: Final = {"ip": "ipv4", "ip6": "ipv6"}


def _add_filter(orders: Orders, row: Interference, *, targets: tuple[TargetPlan, ...], network: NetworkPlan) -> None:
    for family, client in (("ip", network.client_address), ("ip6", network.client_address6)):
        servers = _servers(row, family, targets)
        if servers == "":
            continue
        for way in _ways(row):
            mine, theirs = ("saddr", "daddr") if way == "to_server" else ("daddr", "saddr")
            port = "dport" if way == "to_server" else "sport"
            match = " ".join(
                part
                for part in (
                    f"{family} {mine} {client}",
                    f"{family} {theirs} {servers}" if servers else "",
                    _transport(row, port),
                    _verdict(row, family),
                )
                if part
            )
            orders.add_nft("forward", match)


def _servers(row: Interference, family: str, targets: tuple[TargetPlan, ...]) -> str | None:
    """The set of servers that a rule is about: None for any, "" for none of this family."""
    if row.trigger == "doh":
        return _set(_of_family(family, (PUBLIC_RESOLVER, PUBLIC_RESOLVER6)))
    if row.trigger == "address" or (row.trigger == "quic" and row.targets):
        return _set(_of_family(family, addresses_of(targets))) or ""
    return None


def _ways(row: Interference) -> tuple[str, ...]:
    """What answers the sender acts on what the client sends only; so does what reads what clients say."""
    if row.action in {"reset", "unreachable"} or row.trigger == "quic":
        return ("to_server",)
    return ("to_server", "to_client") if row.direction == "both" else (row.direction,)


def _transport(row: Interference, port: str) -> str:
    ports = _set(map(str, row.ports))
    match row.trigger:
        case "address" | "port":
            return f"meta l4proto {{ tcp, udp }} th {port} {ports}" if ports else ""
        case "dot":
            return f"tcp {port} 853"
        case "doq":
            return f"udp {port} 853"
        case "doh":
            return f"tcp {port} 443"
        case "icmp":
            return "meta l4proto { icmp, ipv6-icmp }"
        case "quic":
            # RFC 8999 section 5.1: the first bit is set, the version follows. Bits count from the UDP header.
            version = " @th,72,32 0x00000001" if "v1" in row.words else ""
            return f"udp {port} != 53 @th,64,8 & 0x80 == 0x80{version}"
        case _:
            return ""


def _verdict(row: Interference, family: str) -> str:
    match row.action:
        case "reset":
            return "meta l4proto tcp reject with tcp reset"
        case "unreachable":
            kind = row.icmp or "port"
            return f"reject with icmp {_REJECT4[kind]}" if family == "ip" else f"reject with icmpv6 {_REJECT6[kind]}"
        case "loss":
            return _loss(row.loss)
        case _:
            return "drop"


def _loss(share: float) -> str:
    """Drop a share of packets: by nft's counter, whose share is exact, which that of ``numgen random`` is not.

    The numbers lost are spread over the counter's round: one in each of as many slices, at changing places in them.
    Were they its first ones, one visit would lose every packet and the next none.
    """
    n_lost = max(1, round(share * _PER_MILLE)) if share > 0 else 0
    n_passed = _PER_MILLE - n_lost
    if not n_lost or not n_passed:
        return "drop" if n_lost else "continue"
    few = min(n_lost, n_passed)
    places = ((turn + (0.5 + turn * _GOLDEN_SECTION) % 1.0) * _PER_MILLE / few for turn in range(few))
    sign = "" if few == n_lost else "!= "
    return f"numgen inc mod {_PER_MILLE} {sign}{_set(str(int(place)) for place in places)} drop"


def _add_string_match(
    orders: Orders, row: Interference, *, targets: tuple[TargetPlan, ...], network: NetworkPlan
) -> None:
    target = "REJECT --reject-with tcp-reset" if row.action == "reset" else "DROP"
    for host in dict.fromkeys(each.host.lower() for each in targets):
        if row.trigger == "name":
            matches = [f"-p udp --dport 53 {_query_match(host)}"]
            chains = ("FORWARD", "INPUT") if row.where == "access" else ("FORWARD",)
        else:
            ports = _ports(targets, "https")
            matches = [f"-p tcp --dport {port} -m string --algo bm --icase --string {host}" for port in ports]
            chains = ("FORWARD",)
        for chain in chains:
            orders.iptables += [
                ("filter", f"-A {chain} -s {network.client_address} {match} -j {target}") for match in matches
            ]
            orders.ip6tables += [
                ("filter", f"-A {chain} -s {network.client_address6} {match} -j {target}") for match in matches
            ]


def _add_shaper(orders: Orders, row: Interference, *, targets: tuple[TargetPlan, ...], network: NetworkPlan) -> None:
    """Shape with tc what a network's router sends on: in the operator's both ways, in transit towards the network.

    Not by nft's ``limit``: its bucket holds a whole second of the rate before it acts, more than a small page.
    """
    devices = {"down": "src", "up": "dst"} if row.where == "access" else {network.transit_device: "src"}
    addresses = addresses_of(targets) if row.trigger == "address" else []
    for device, end in devices.items():
        root = f"qdisc add dev {device} root handle 1: htb"  # what no filter names passes unshaped
        if root not in orders.tc:
            orders.tc.append(root)
        number = 10 + sum(order.startswith(f"class add dev {device} ") for order in orders.tc)
        rate = f"htb rate {round(row.rate_kbit * 1000)}bit burst {_BURST_BYTES} cburst {_BURST_BYTES}"
        orders.tc.append(f"class add dev {device} parent 1: classid 1:{number} {rate}")
        orders.tc.append(f"qdisc add dev {device} parent 1:{number} bfifo limit {QUEUE_BYTES}")
        for protocol, match in _u32_matches(addresses, end):
            # Each protocol needs a priority of its own; rules keep their order.
            priority = 2 * number + (protocol == "ipv6")
            what = f"protocol {protocol} prio {priority} u32 match {match}"
            orders.tc.append(f"filter add dev {device} parent 1: {what} flowid 1:{number}")


def _u32_matches(addresses: list[str], end: str) -> list[tuple[str, str]]:
    """Protocol and match of each address at one end; of everything where there are none."""
    if not addresses:
        return [("ip", "u32 0 0"), ("ipv6", "u32 0 0")]
    return [
        ("ipv6", f"ip6 {end} {address}/128") if ":" in address else ("ip", f"ip {end} {address}/32")
        for address in addresses
    ]


def _query_match(host: str) -> str:
    """Match a name as it stands in a DNS query: labels with their lengths (RFC 1035 section 3.1)."""
    labels = "".join(f"|{len(label):02x}|{label}" for label in host.split("."))
    return f'-m string --algo bm --icase --hex-string "{labels}|00|"'


def _ports(targets: Iterable[TargetPlan], scheme: str) -> list[int]:
    """The ports at which targets speak a scheme, by their URLs."""
    default = {"https": 443, "http": 80}[scheme]
    urls = [urlsplit(target.url) for target in targets]
    return sorted({url.port or default for url in urls if url.scheme == scheme})


def _of_family(family: str, addresses: Iterable[str]) -> list[str]:
    return [address for address in addresses if (":" in address) == (family == "ip6")]


def _set(items: Iterable[str]) -> str | None:
    """An anonymous set of nft; None where it would be empty."""
    listed = ", ".join(dict.fromkeys(items))
    return f"{{ {listed} }}" if listed else None
