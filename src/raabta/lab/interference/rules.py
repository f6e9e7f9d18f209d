"""A scenario's interference as rules of a middlebox: one for each network that it is about."""

from ipaddress import ip_address
from typing import Final

from raabta.lab.interference.lines import own_addresses, packed
from raabta.lab.middlebox.rules import Answer, Rule
from raabta.lab.scenario.types import Interference
from raabta.lab.servers.message import NOERROR, NXDOMAIN, REFUSED, SERVFAIL
from raabta.lab.servers.notices import blocking_notice
from raabta.lab.servers.pages import Response, reason_of, redirect
from raabta.lab.world.country import (
    BOGONS,
    OTHER_ADDRESS,
    PUBLIC_RESOLVER,
    PUBLIC_RESOLVER6,
    PUBLIC_RESOLVER_NAME,
    TRANSIT_ADDRESS,
    TRANSIT_ADDRESS6,
    Country,
    NetworkPlan,
    TargetPlan,
)

NOT_THE_MIDDLEBOX: Final = frozenset({"lie", "proxy", "mitm_self", "mitm_ca", "mitm_name"})
"""Actions that the operator's servers carry out; the kernel leads connections there."""

_RCODES: Final = {"nxdomain": NXDOMAIN, "servfail": SERVFAIL, "refused": REFUSED, "empty": NOERROR}
_NAMED: Final = frozenset({"name", "sni", "host", "quic_sni"})
_PLACED: Final = frozenset({"tls", "http", "quic"})
"""Triggers that are about addresses only where targets are given."""


def rule_for(row: Interference, *, country: Country, network: NetworkPlan) -> Rule:
    """Fill in the addresses of one network and its operator."""
    targets = country.targets_named(row.targets)
    own = (network.gateway_address, network.gateway_address6)
    router4, router6 = (TRANSIT_ADDRESS, TRANSIT_ADDRESS6) if row.where == "transit" else own
    host = targets[0].host if targets else "this site"
    return Rule(
        action="drop" if row.action == "outage" else row.action,
        trigger=row.trigger,
        clients=packed(network.client_address, network.client_address6),
        servers=_servers(row, targets),
        spared=frozenset() if row.trigger == "name" else own_addresses(network),
        hosts=_hosts(row, targets),
        ports=frozenset(row.ports),
        words=tuple(word.lower().encode() for word in row.words),
        probability=row.probability,
        residual_s=row.residual_s,
        direction=row.direction,
        answer=_answer(country, network, row.answer),
        icmp=row.icmp,
        senders=(ip_address(router4).packed, ip_address(router6).packed),
        page=_page(network, row.action, host),
        rate_bytes_s=row.rate_kbit * 1000 / 8,
        after_bytes=row.after_bytes,
        delay_s=row.delay_ms / 1000,
        loss=row.loss,
    )


def addresses_of(targets: tuple[TargetPlan, ...]) -> list[str]:
    """Give all addresses of targets, those of their other sites too."""
    return [
        address
        for target in targets
        for address in (*target.addresses, *target.addresses6, *target.alternatives, *target.alternatives6)
    ]


def response_bytes(response: Response) -> bytes:
    """Write a response as a middlebox sends it: all at once, and the connection ends with it."""
    headers = (*response.headers, ("content-length", str(len(response.body))), ("connection", "close"))
    head = [
        f"HTTP/1.1 {response.status} {reason_of(response.status)}",
        *(f"{name}: {value}" for name, value in headers),
    ]
    return "\r\n".join([*head, "", ""]).encode() + response.body


def _servers(row: Interference, targets: tuple[TargetPlan, ...]) -> frozenset[bytes]:
    if row.trigger == "doh":
        return packed(PUBLIC_RESOLVER, PUBLIC_RESOLVER6)
    if row.trigger == "address" or (row.trigger in _PLACED and row.targets):
        return packed(*addresses_of(targets))
    return frozenset()


def _hosts(row: Interference, targets: tuple[TargetPlan, ...]) -> frozenset[str]:
    if row.trigger == "doh":
        return frozenset({PUBLIC_RESOLVER_NAME})
    return frozenset(target.host.lower() for target in targets) if row.trigger in _NAMED else frozenset()


def _answer(country: Country, network: NetworkPlan, answer: str) -> Answer:
    """As the operator's resolver lies (``lab.servers.resolvers``), so does the middlebox: about IPv4 only."""
    if answer in _RCODES:
        return Answer(rcode=_RCODES[answer])
    bogon = BOGONS[country.scenario.seed % len(BOGONS)]
    return Answer(address={"blockpage": network.blockpage_address, "other": OTHER_ADDRESS}.get(answer, bogon))


def _page(network: NetworkPlan, action: str, host: str) -> bytes:
    if action == "blockpage":
        return response_bytes(blocking_notice(host, variant=network.index))
    if action == "redirect":
        return response_bytes(redirect(f"http://{network.blockpage_address}/"))
    return b""
