"""TCP connects: how each ends, what the kernel says, and where the sender of an ICMP error stands."""

import errno

import pytest

from raabta.probe import tcp
from raabta.probe.network import IcmpError
from raabta.wire.ooni.writing import Connect, Icmp
from tests.cases.scripted import (
    REFUSED,
    RTT_S,
    SETTINGS,
    UNREACHABLE,
    Said,
    ScriptedNetwork,
    TcpPeer,
    on_virtual_time,
    trace_on,
)

TARGET = "203.0.113.7"
NETWORKS = {"198.51.100.1": 64601, "198.51.100.9": 64700, TARGET: 64800}


def connect(peer: TcpPeer) -> tuple[Connect, ScriptedNetwork]:
    network = ScriptedNetwork(tcp={(TARGET, 443): peer})

    async def once() -> Connect:
        observed, stream = await tcp.connect(
            trace_on(network),
            TARGET,
            port=443,
            settings=SETTINGS,
            asn_of=lambda address: NETWORKS.get(address, 0),
            operator_asn=64601,
        )
        assert (stream is not None) == observed.status.success
        if stream is not None:
            stream.close()
        return observed

    return on_virtual_time(once()), network


def test_a_connection_tells_the_round_trip_and_retransmissions_of_the_kernel() -> None:
    observed, network = connect(TcpPeer(retransmits=1))
    assert (observed.status.failure, observed.x_rtt_ms, observed.x_retransmits) == (None, RTT_S * 1000, 1)
    assert (observed.t, network.n_open) == (RTT_S, 0)


@pytest.mark.parametrize(
    ("opens", "failure"),
    [
        pytest.param(False, "generic_timeout_error", id="silence"),
        pytest.param(Said(REFUSED), "connection_refused", id="reset"),
        pytest.param(Said(errno.ENETUNREACH), "network_unreachable", id="no-route"),
    ],
)
def test_a_failure_is_data(opens: bool | Said, failure: str) -> None:
    observed, _ = connect(TcpPeer(opens=opens))
    assert (observed.status.failure, observed.x_icmp, observed.x_rtt_ms) == (failure, None, None)


@pytest.mark.parametrize(
    ("sender", "place", "asn"),
    [
        ("10.0.0.1", "local", 0),
        ("198.51.100.1", "access", 64601),
        ("198.51.100.9", "transit", 64700),
        (TARGET, "target", 64800),
        ("198.51.100.77", "unknown", 0),
    ],
)
def test_the_sender_of_an_icmp_error_is_a_place_and_never_an_address(sender: str, place: str, asn: int) -> None:
    observed, _ = connect(TcpPeer(opens=Said(UNREACHABLE, icmp=IcmpError(type=3, code=13, sender=sender))))
    assert observed.status.failure == "host_unreachable"
    assert observed.x_icmp == Icmp(type=3, code=13, sender=place, asn=asn)


def test_administratively_prohibited_over_ipv6_is_an_unreachable_host_though_linux_says_eacces() -> None:
    icmp = IcmpError(type=1, code=1, sender=TARGET, ipv6=True)
    assert connect(TcpPeer(opens=Said(errno.EACCES, icmp=icmp)))[0].status.failure == "host_unreachable"
    assert connect(TcpPeer(opens=Said(errno.EACCES)))[0].status.failure == "permission_denied"


def test_a_connect_leaves_an_event() -> None:
    network = ScriptedNetwork(tcp={("2001:db8::7", 443): TcpPeer(opens=Said(REFUSED))})
    trace = trace_on(network)
    on_virtual_time(tcp.connect(trace, "2001:db8::7", port=443, settings=SETTINGS))
    (event,) = trace.events
    assert (event.operation, event.address, event.failure) == ("connect", "[2001:db8::7]:443", "connection_refused")
    assert event.transaction_id == 1
    assert trace.budget.n_packets > 0
