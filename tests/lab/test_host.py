"""The host's network against real packets: time to live, ICMP errors, what the kernel and /proc tell."""

import asyncio
import socket
import subprocess
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest

from raabta.lab.needs import tool_environment
from raabta.lab.scenario.types import Network, Scenario, Target
from raabta.lab.world.build import build
from raabta.lab.world.country import TRANSIT, WORLD, Country, plan_country
from raabta.lab.world.namespaces import enter
from raabta.model.followup import FollowUp
from raabta.probe import path, tcp
from raabta.probe.host import HostNetwork
from raabta.probe.network import IcmpSentError
from raabta.probe.settings import Anchor, ProbeSettings, Resolver
from raabta.probe.trace import Budget, Trace
from tests.lab.conftest import Inside

T = TypeVar("T")
CONTROL_ANCHOR = "198.19.250.11"


def country() -> Country:
    return plan_country(
        Scenario(
            title="Packets",
            family="packets",
            network=[Network(name="home", ipv6=True, line="clean")],
            target=[Target(name="site", ipv6=True)],
        )
    )


def serve(address: str) -> None:
    """Listen on port 80 in the world and answer the first bytes of each connection."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET

    def one(connection: socket.socket) -> None:
        with connection:
            try:
                if connection.recv(4_096):
                    connection.sendall(b"answer")
            except OSError:
                return

    def accept(listening: socket.socket) -> None:
        while True:
            threading.Thread(target=one, args=(listening.accept()[0],), daemon=True).start()

    with enter(WORLD):
        listening = socket.create_server((address, 80), family=family, backlog=64)
    threading.Thread(target=accept, args=(listening,), daemon=True).start()


@contextmanager
def at_the_client() -> Iterator[tuple[str, str]]:
    """Be on the client's machine; gives the target's addresses, where something listens on port 80."""
    plan = country()
    target = plan.targets[0]
    with build(plan):
        addresses = (target.addresses[0], target.addresses6[0])
        for address in addresses:
            serve(address)
        with enter(plan.networks[0].client):
            yield addresses


def order(place: str, command: str) -> None:
    """Run a command in a namespace of the lab."""
    subprocess.run(["ip", "netns", "exec", place, *command.split()], check=True, env=tool_environment())


def run(work: Callable[[HostNetwork], Coroutine[Any, Any, T]]) -> T:
    return asyncio.run(work(HostNetwork()))


# --- what runs inside the lab -------------------------------------------------------------------------------


async def _syn(network: HostNetwork, address: str, ttl: int) -> list[object]:
    try:
        stream = await network.open_tcp(address, 80, ttl=ttl, until=network.clock() + 3)
    except IcmpSentError as error:
        return [error.errno, error.icmp.type, error.icmp.code, error.icmp.sender]
    info = stream.info()
    stream.close()
    assert info.rtt_ms is not None
    return ["open", info.retransmits, info.rtt_ms < 100]


def syn_by_hops() -> list[list[list[object]]]:
    with at_the_client() as addresses:
        return [[run(lambda net, a=a, ttl=ttl: _syn(net, a, ttl)) for ttl in (1, 2, 3, 4, 0)] for a in addresses]  # type: ignore[misc]


async def _bytes(network: HostNetwork, address: str, ttl: int) -> str:
    stream = await network.open_tcp(address, 80, until=network.clock() + 3)
    stream.set_ttl(ttl)
    try:
        async with asyncio.timeout(3):
            await stream.send(b"question")
            return (await stream.receive()).decode()
    except OSError as error:
        return str(error.errno)
    finally:
        stream.close()


def bytes_by_hops() -> list[list[str]]:
    with at_the_client() as addresses:
        return [[run(lambda net, a=a, ttl=ttl: _bytes(net, a, ttl)) for ttl in (1, 2, 3, 4)] for a in addresses]  # type: ignore[misc]


async def _datagram(network: HostNetwork, address: str, any_sender: bool) -> list[object]:
    found: list[object] = []
    for ttl in (1, 0):
        datagrams = network.open_udp(address, 9, any_sender=any_sender)
        datagrams.send(b"x", ttl=ttl)
        try:
            async with asyncio.timeout(3):
                await datagrams.receive()
        except OSError as error:
            icmp = datagrams.icmp()
            assert icmp is not None
            found.append([error.errno, icmp.type, icmp.code, icmp.sender])
        datagrams.close()
    return found


def datagrams_by_hops() -> list[list[object]]:
    with at_the_client() as addresses:
        return [run(lambda net, any_=any_: _datagram(net, addresses[0], any_)) for any_ in (False, True)]  # type: ignore[misc]


async def _connect(network: HostNetwork, address: str) -> list[object]:
    trace = Trace(network=network, zero=network.clock(), budget=Budget(max_s=9, max_packets=99, max_bytes=9_999))
    settings = ProbeSettings(plain_resolver=Resolver(engine="udp", address=address, port=53))
    step, _ = await tcp.connect(trace, address, port=80, settings=settings, asn_of=lambda _: 64700, operator_asn=64601)
    icmp = step.x_icmp
    return [step.status.failure, icmp and [icmp.type, icmp.code, icmp.sender]]


def rejected(reasons: list[str]) -> list[list[object]]:
    found = []
    with at_the_client() as (address, _):
        for reason in reasons:
            order(TRANSIT, "iptables -F FORWARD")
            order(TRANSIT, f"iptables -A FORWARD -p tcp --dport 80 -j REJECT --reject-with {reason}")
            found.append(run(lambda net: _connect(net, address)))
    return found


def surroundings() -> list[list[str]]:
    with at_the_client():
        around = HostNetwork().surroundings()
    own = [address for address in around.own_addresses if not address.startswith("fe80")]
    return [list(around.interfaces), sorted(own), sorted(around.gateways), list(around.missing)]


async def _walk(network: HostNetwork, address: str, kind: str) -> list[object]:
    trace = Trace(network=network, zero=network.clock(), budget=Budget(max_s=60, max_packets=9_999, max_bytes=999_999))
    settings = ProbeSettings(
        plain_resolver=Resolver(engine="udp", address=address, port=53),
        anchors=(Anchor(address=CONTROL_ANCHOR, port=443),),
    )
    follow_up = FollowUp(kind=kind, address=address, port=80, name="blocked.example")
    known = {"198.18.10": 64601, "198.18.4": 64700, "198.18.5": 64701, "198.19.0": 64800}
    result = await path.walk(
        trace, follow_up, settings=settings, asn_of=lambda hop: known.get(hop.rpartition(".")[0], 64700)
    )
    return [result.sender, result.failure]


def walked(place: str, cases: list[list[str]]) -> list[list[object]]:
    found = []
    with at_the_client() as (address, _):
        for rule, kind in cases:
            order(place, "iptables -F FORWARD")
            order(place, f"iptables -A FORWARD {rule}")
            found.append(run(lambda net, kind=kind: _walk(net, address, kind)))  # type: ignore[misc]
    return found


# --- the tests ----------------------------------------------------------------------------------------------


def test_a_syn_that_dies_on_its_way_tells_where(lab: Inside) -> None:
    first, second = lab.call(syn_by_hops)
    assert [row[:3] for row in first[:3]] == [[113, 11, 0]] * 3
    assert first[0][3] == "198.18.10.1"
    assert len({row[3] for row in first[:3]}) == 3
    assert first[3:] == [["open", 0, True]] * 2
    assert [row[:3] for row in second[:3]] == [[113, 3, 0]] * 3
    assert second[0][3] == "2001:db8:10::1"
    assert second[3:] == [["open", 0, True]] * 2


def test_bytes_that_die_on_their_way_are_an_unreachable_host_on_an_open_connection(lab: Inside) -> None:
    assert lab.call(bytes_by_hops) == [["113", "113", "113", "answer"]] * 2


def test_a_datagram_tells_where_it_died_or_that_its_port_is_closed(lab: Inside) -> None:
    connected, unconnected = lab.call(datagrams_by_hops)
    assert connected == unconnected
    assert connected[0] == [113, 11, 0, "198.18.10.1"]
    assert connected[1][:3] == [111, 3, 3]


REJECTED = [
    ("icmp-port-unreachable", "connection_refused", [3, 3, "transit"]),
    ("icmp-host-unreachable", "host_unreachable", [3, 1, "transit"]),
    ("icmp-admin-prohibited", "host_unreachable", [3, 13, "transit"]),
    ("icmp-host-prohibited", "host_unreachable", [3, 10, "transit"]),
    ("icmp-net-unreachable", "network_unreachable", [3, 0, "transit"]),
    ("icmp-net-prohibited", "network_unreachable", [3, 9, "transit"]),
    ("icmp-proto-unreachable", "no_protocol_option", [3, 2, "transit"]),
    ("tcp-reset", "connection_refused", None),
]


def test_each_way_to_reject_has_its_failure_and_a_reset_is_told_from_a_closed_port_by_icmp(lab: Inside) -> None:
    found = lab.call(rejected, [reason for reason, _, _ in REJECTED])
    assert found == [[failure, icmp] for _, failure, icmp in REJECTED]


def test_the_machine_tells_its_interface_addresses_and_gateways(lab: Inside) -> None:
    expected = [["up"], ["198.18.10.2", "2001:db8:10::2"], ["198.18.10.1", "2001:db8:10::1"], []]
    assert lab.call(surroundings) == expected


STOPPED = [
    ("-p tcp --syn --dport 80 -j REJECT --reject-with tcp-reset", "tcp.walk", "connection_refused"),
    ("-p tcp --syn --dport 80 -j DROP", "tcp.walk", "generic_timeout_error"),
    ("-p tcp -m string --string blocked --algo bm -j REJECT --reject-with tcp-reset", "tls.walk", "connection_reset"),
    ("-m string --string blocked --algo bm -j DROP", "http.walk", "generic_timeout_error"),
]


@pytest.mark.parametrize(("place", "sender"), [("access0", "access"), ("transit", "transit")])
def test_a_walk_finds_the_network_in_which_a_packet_is_stopped(lab: Inside, place: str, sender: str) -> None:
    found = lab.call(walked, place, [[rule, kind] for rule, kind, _ in STOPPED])
    assert found == [[sender, failure] for _, _, failure in STOPPED]
