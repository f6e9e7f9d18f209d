"""Conditions that are the network's, not a server's: nobody interferes, and yet things do not work, or look odd."""

from collections.abc import Callable
from typing import Final

from raabta.lab.interference.kernel import add_proxy
from raabta.lab.interference.orders import Orders
from raabta.lab.interference.rules import addresses_of
from raabta.lab.scenario.types import Condition
from raabta.lab.world.country import ABROAD, PORTAL_PORT, TRANSIT, Country, NetworkPlan

SMALL_MTU_BYTES: Final = 1_400
"""Between the operator and transit: less than the 1500 of both ends, more than the 1280 that IPv6 needs."""

OrdersOf = Callable[[str], Orders]
"""Gives the orders to a namespace."""


def add_condition(row: Condition, *, country: Country, orders: OrdersOf) -> None:
    """Add what a condition needs of routers and clients; conditions of servers need nothing."""
    if row.kind == "server_down":
        _server_down(row, country=country, orders=orders(ABROAD))
        return
    add = _PER_NETWORK.get(row.kind)
    if add is not None:
        for network in country.networks_named(row.networks):
            add(network, orders)


def _server_down(row: Condition, *, country: Country, orders: Orders) -> None:
    """Packets to the servers disappear before they reach them, for everybody."""
    addresses = addresses_of(country.targets_named(row.targets))
    for family, is_ipv6 in (("ip", False), ("ip6", True)):
        listed = ", ".join(address for address in addresses if (":" in address) == is_ipv6)
        if listed:
            orders.add_nft("forward", f"{family} daddr {{ {listed} }} drop")


def _captive_portal(network: NetworkPlan, orders: OrdersOf) -> None:
    """Requests in clear end at the portal, names are answered, and the rest is refused (as openNDS does)."""
    router = orders(network.access)
    router.add_nft(
        "nat",
        f'iifname "down" ip daddr != {network.prefix4} tcp dport 80 redirect to :{PORTAL_PORT}',
        f'iifname "down" ip6 daddr != {network.prefix6} tcp dport 80 redirect to :{PORTAL_PORT}',
    )
    add_proxy(router, None, network=network)
    router.add_nft("forward", 'iifname "down" reject with icmpx port-unreachable')


def _no_network(network: NetworkPlan, orders: OrdersOf) -> None:
    """The client's only device is down, as with a cable pulled out."""
    orders(network.client).ip.append("link set dev up down")


def _gateway_silent(network: NetworkPlan, orders: OrdersOf) -> None:
    """The router hears nothing and answers nothing, not even who has its address."""
    router = orders(network.access)
    router.ip.append("link set dev down arp off")
    router.add_nft("raw", 'iifname "down" drop')


def _honest_proxy(network: NetworkPlan, orders: OrdersOf) -> None:
    add_proxy(orders(network.access), None, network=network)


def _small_mtu(network: NetworkPlan, orders: OrdersOf) -> None:
    """Both ends of the link beyond the operator have the small size, so that ICMP tells who sends too much."""
    orders(network.access).ip.append(f"link set dev up mtu {SMALL_MTU_BYTES}")
    orders(TRANSIT).ip.append(f"link set dev {network.transit_device} mtu {SMALL_MTU_BYTES}")


_PER_NETWORK: Final[dict[str, Callable[[NetworkPlan, OrdersOf], None]]] = {
    "captive_portal": _captive_portal,
    "no_network": _no_network,
    "gateway_silent": _gateway_silent,
    "honest_proxy": _honest_proxy,
    "small_mtu": _small_mtu,
}
