"""Walks: interference shows from a hop on at which other packets still meet a router."""

import pytest

from raabta.model.followup import FollowUp
from raabta.probe import path
from raabta.probe.network import IcmpError
from raabta.probe.settings import Anchor, ProbeSettings
from raabta.wire.ooni.writing import Contrast
from tests.cases.scripted import (
    REFUSED,
    RESET,
    RESOLVER,
    UNREACHABLE,
    Said,
    ScriptedNetwork,
    TcpPeer,
    UdpPeer,
    on_virtual_time,
    trace_on,
)
from tests.probe.test_dns import reply

TARGET, ANCHOR, HOST = "203.0.113.7", "203.0.113.99", "site.example"
HOME, ACCESS, TRANSIT, ABROAD = "192.168.1.1", "198.51.100.1", "198.51.100.9", "198.51.100.17"
HOPS = [HOME, ACCESS, TRANSIT, ABROAD]
NETWORKS = {ACCESS: 64601, TRANSIT: 64700, ABROAD: 64701, TARGET: 64800, RESOLVER.address: 64702}
SETTINGS = ProbeSettings(plain_resolver=RESOLVER, anchors=(Anchor(address=ANCHOR, port=443),))


def closed_ports(address: str) -> dict[tuple[str, int], UdpPeer]:
    """A host that says that a port is closed, as hosts do."""
    peer = UdpPeer(answer=lambda _: [Said(REFUSED, icmp=IcmpError(type=3, code=3, sender=address))])
    return {(address, 33_434 + ttl): peer for ttl in range(1, 31)}


def walk(
    kind: str,
    *,
    peer: TcpPeer | None = None,
    udp: dict[tuple[str, int], UdpPeer] | None = None,
    hops: list[str] | None = None,
) -> Contrast:
    network = ScriptedNetwork(
        tcp={(TARGET, 443): peer or TcpPeer()},
        udp=closed_ports(TARGET) | closed_ports(ANCHOR) | closed_ports(RESOLVER.address) if udp is None else udp,
        hops=HOPS if hops is None else hops,
    )
    follow_up = FollowUp(kind=kind, address="" if kind == "dns.walk" else TARGET, port=443, name=HOST)
    asn_of = NETWORKS.get
    result = on_virtual_time(
        path.walk(trace_on(network), follow_up, settings=SETTINGS, asn_of=lambda address: asn_of(address, 0))
    )
    assert network.n_open == 0
    assert not any(address in f"{result.detail}{result.sender}" for address in [*HOPS, TARGET])
    return result


def found(result: Contrast) -> tuple[int, str, int, str | None]:
    return result.hop, result.sender, result.asn, result.failure


@pytest.mark.parametrize(
    ("behind", "sender", "asn"),
    [
        pytest.param(1, "access", 64601, id="behind-the-home-router"),
        pytest.param(2, "access", 64601, id="behind-the-operators-router"),
        pytest.param(3, "transit", 64700, id="behind-the-transit-router"),
    ],
)
@pytest.mark.parametrize("kind", ["tls.walk", "http.walk"])
def test_a_reset_of_the_first_bytes_is_found_where_its_box_stands(
    kind: str, behind: int, sender: str, asn: int
) -> None:
    peer = TcpPeer(box=(behind, lambda data: [Said(RESET)] if HOST.encode() in data else None))
    assert found(walk(kind, peer=peer)) == (behind + 1, sender, asn, "connection_reset")


def test_silence_after_the_first_bytes_is_found_where_its_box_stands() -> None:
    peer = TcpPeer(talk=lambda _: [Said(b"hello")], box=(2, lambda _: []))
    assert found(walk("tls.walk", peer=peer)) == (3, "access", 64601, "generic_timeout_error")


def test_a_page_that_is_injected_is_found_where_its_box_stands() -> None:
    peer = TcpPeer(talk=lambda _: [Said(b"true")], box=(3, lambda _: [Said(b"HTTP/1.1 403 Forbidden")]))
    assert found(walk("http.walk", peer=peer)) == (4, "transit", 64700, None)


def test_what_the_server_itself_says_is_found_at_the_target() -> None:
    assert found(walk("tls.walk", peer=TcpPeer(talk=lambda _: [Said(RESET)]))) == (
        5,
        "target",
        64800,
        "connection_reset",
    )
    assert found(walk("tls.walk", peer=TcpPeer())) == (5, "target", 64800, "generic_timeout_error")


def test_a_reset_of_syn_is_found_where_its_box_stands_and_the_servers_own_at_the_target() -> None:
    assert found(walk("tcp.walk", peer=TcpPeer(syn_box=(2, Said(REFUSED))))) == (
        3,
        "access",
        64601,
        "connection_refused",
    )
    assert found(walk("tcp.walk", peer=TcpPeer(opens=Said(REFUSED)))) == (5, "target", 64800, "connection_refused")


def test_the_sender_of_an_icmp_error_is_the_place_itself() -> None:
    rejected = Said(UNREACHABLE, icmp=IcmpError(type=3, code=13, sender=TRANSIT))
    result = walk("tcp.walk", peer=TcpPeer(syn_box=(3, rejected)))
    assert found(result) == (4, "transit", 64700, "host_unreachable")


def test_an_address_to_which_nothing_passes_is_placed_by_the_way_to_an_anchor() -> None:
    swallowed = {place: UdpPeer(box=(2, lambda _: [])) for place in closed_ports(TARGET)}
    result = walk("tcp.walk", peer=TcpPeer(syn_box=(2, None)), udp=swallowed | closed_ports(ANCHOR))
    assert found(result) == (3, "access", 64601, "generic_timeout_error")


def test_a_silent_server_is_not_placed_on_the_way() -> None:
    result = walk("tcp.walk", peer=TcpPeer(opens=False), udp=closed_ports(ANCHOR))
    assert found(result) == (5, "", 0, "generic_timeout_error")


def test_where_no_connection_opens_there_is_no_walk_over_it() -> None:
    result = walk("tls.walk", peer=TcpPeer(opens=False))
    assert (result.hop, result.sender, result.detail) == (0, "", "nothing came back")


def resolver(box: int | None) -> dict[tuple[str, int], UdpPeer]:
    lying = None if box is None else (box, lambda query: [Said(reply(query, "10.10.34.36"))])
    peer = UdpPeer(answer=lambda query: [Said(reply(query, TARGET))], box=lying)
    return {(RESOLVER.address, RESOLVER.port): peer, **closed_ports(RESOLVER.address), **closed_ports(ANCHOR)}


@pytest.mark.parametrize(("box", "sender", "asn"), [(2, "access", 64601), (3, "transit", 64700)])
def test_a_forged_answer_is_found_where_its_box_stands(box: int, sender: str, asn: int) -> None:
    assert found(walk("dns.walk", udp=resolver(box))) == (box + 1, sender, asn, None)


def test_an_answer_of_the_resolver_itself_is_nobodys_interference() -> None:
    assert found(walk("dns.walk", udp=resolver(None))) == (5, "", 0, None)


def test_a_router_that_says_nothing_makes_a_gap_that_does_not_mislead() -> None:
    peer = TcpPeer(box=(3, lambda _: [Said(RESET)]))
    result = walk("tls.walk", peer=peer, hops=[HOME, ACCESS, "", ABROAD])
    assert found(result) == (4, "access", 64601, "connection_reset")
