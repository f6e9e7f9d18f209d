"""Where packets are held for which line.

A network's line is cut in two: the way to the operator with loss, rate and jitter, and the way beyond. So what the
operator does itself (its resolver, its interference) is nearer than the world, as in the field. The first part is at
the client's end; the second is there too, or behind the rules of the operator's router where it has any. A target's own
line is in the router abroad. What needs neither delay nor rules is never queued.
"""

import ipaddress
from typing import Final

from raabta.lab.interference.orders import Orders
from raabta.lab.middlebox.box import Middlebox
from raabta.lab.middlebox.line import Way
from raabta.lab.middlebox.path import Lines, RouterPath
from raabta.lab.middlebox.process import QUEUE
from raabta.lab.middlebox.rules import Chance
from raabta.lab.scenario.types import Line
from raabta.lab.world.country import Country, NetworkPlan, TargetPlan

ACCESS_SHARE: Final = 0.3
"""Part of a line's delay between client and operator. Judgement: 27 of 89 ms on Pakistan's median line."""

_QUEUE_JUMP: Final = f"-j NFQUEUE --queue-num {QUEUE} --queue-bypass"
_NEIGHBOURS: Final = (133, 134, 135, 136)
"""ICMPv6 types of neighbour discovery (RFC 4861 section 4): they find the next router and are no traffic."""


def packed(*addresses: str) -> frozenset[bytes]:
    """Pack addresses of either family."""
    return frozenset(ipaddress.ip_address(address).packed for address in addresses)


def is_clean(line: Line) -> bool:
    """Whether a line does nothing to packets."""
    return not (line.delay_ms or line.jitter_ms or line.rate_mbit or line.loss)


def own_addresses(network: NetworkPlan) -> frozenset[bytes]:
    """Give the addresses of an operator's router and services."""
    return packed(
        network.gateway_address,
        network.gateway_address6,
        network.resolver_address,
        network.resolver_address6,
        network.blockpage_address,
        network.blockpage_address6,
        network.cache_address,
        network.cache_address6,
    )


def client_path(network: NetworkPlan, *, has_rules: bool, chance: Chance) -> RouterPath | None:
    """Make what happens at a client's end of its line; None if nothing does.

    Where the operator's router has rules for a middlebox, the way beyond is added there, behind them.
    """
    line = network.line
    if is_clean(line):
        return None
    clients = packed(network.client_address, network.client_address6)
    return RouterPath(
        lines=dict.fromkeys(clients, _lines(line, chance, share=ACCESS_SHARE)),
        beyond_s=0.0 if has_rules else _beyond_s(line),
        local=own_addresses(network),
    )


def access_path(network: NetworkPlan, box: Middlebox, *, chance: Chance) -> RouterPath:
    """Make what happens in an operator's router that has rules: these, and then the way beyond."""
    clients = packed(network.client_address, network.client_address6)
    return RouterPath(
        lines=dict.fromkeys(clients, _lines(Line(delay_ms=0.0), chance)),
        beyond_s=_beyond_s(network.line),
        local=own_addresses(network),
        box=box,
    )


def abroad_path(country: Country, *, chance: Chance) -> RouterPath | None:
    """Make what happens in the router abroad; None if no target has a line."""
    lines = {
        address: _lines(target.target.line, chance)
        for target in country.targets
        if target.target.line is not None and not is_clean(target.target.line)
        for address in packed(*target.addresses, *target.addresses6)
    }
    return RouterPath(lines=lines) if lines else None


def queue_client(orders: Orders) -> None:
    """Have a client's packets queued as they leave, and as they come.

    Not in the operator's router: it tracks connections where it has NAT, and the kernel drops a queued packet of a
    connection that is not confirmed yet where another packet (an ICMP error about it) belongs to that too.
    """
    for number in _NEIGHBOURS:
        orders.ip6tables += [
            ("mangle", f"-A {chain} -p ipv6-icmp --icmpv6-type {number} -j ACCEPT")
            for chain in ("PREROUTING", "POSTROUTING")
        ]
    orders.add_iptables("mangle", f"-A PREROUTING -i up {_QUEUE_JUMP}", f"-A POSTROUTING -o up {_QUEUE_JUMP}")


def queue_access(orders: Orders) -> None:
    """Have the operator's router queue what it passes on for its client, and plain queries to its own resolver."""
    orders.add_iptables(
        "mangle",
        f"-A FORWARD -i down {_QUEUE_JUMP}",
        f"-A FORWARD -o down {_QUEUE_JUMP}",
        f"-A INPUT -i down -p udp --dport 53 {_QUEUE_JUMP}",
        f"-A INPUT -i down -p tcp --dport 53 {_QUEUE_JUMP}",
    )


def queue_transit(orders: Orders, networks: list[NetworkPlan]) -> None:
    """Have the transit router queue what it passes on from and to some networks."""
    for network in networks:
        orders.iptables += _both_ways(network.client_address)
        orders.ip6tables += _both_ways(network.client_address6)


def queue_abroad(orders: Orders, targets: tuple[TargetPlan, ...]) -> None:
    """Have the router abroad queue what it passes on from and to targets with lines of their own."""
    for target in targets:
        if target.target.line is None or is_clean(target.target.line):
            continue
        for address in target.addresses:
            orders.iptables += _both_ways(address)
        for address in target.addresses6:
            orders.ip6tables += _both_ways(address)


def _both_ways(address: str) -> list[tuple[str, str]]:
    return [("mangle", f"-A FORWARD -{way} {address} {_QUEUE_JUMP}") for way in "sd"]


def _beyond_s(line: Line) -> float:
    return line.delay_ms / 1000 * (1 - ACCESS_SHARE)


def _lines(line: Line, chance: Chance, *, share: float = 1.0) -> Lines:
    def way() -> Way:
        return Way(
            delay_s=line.delay_ms / 1000 * share,
            chance=chance,
            jitter_s=line.jitter_ms / 1000,
            rate_bytes_s=line.rate_mbit * 1e6 / 8,
            loss=line.loss,
        )

    return Lines(up=way(), down=way())
