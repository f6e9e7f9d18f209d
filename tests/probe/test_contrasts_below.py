"""Follow-ups of lookups and connections: the same again, or with one thing changed."""

import dns.message
import pytest
from msgspec.structs import replace

from raabta.model.followup import FollowUp
from raabta.probe.dns_contrasts import NO_RESOLVER_S, ask_again
from raabta.probe.settings import Anchor
from raabta.probe.tcp_contrasts import connect_again
from raabta.wire.ooni.writing import Contrast
from tests.cases.scripted import (
    REFUSED,
    RTT_S,
    SETTINGS,
    Said,
    ScriptedNetwork,
    TcpPeer,
    UdpPeer,
    on_virtual_time,
    trace_on,
)
from tests.probe.test_dns import FORGED, PLACE, TRUE, reply

ANCHOR = "203.0.113.99"
WORLD = replace(SETTINGS, anchors=(Anchor(address=ANCHOR, port=443),), other_name="neutral.example")
TARGET = "203.0.113.7"


def nothing_known(_address: str) -> int:
    return 0


def ask(kind: str, network: ScriptedNetwork, *, n: int = 1) -> Contrast:
    follow_up = FollowUp(kind=kind, name="site.example", n=n)
    return on_virtual_time(ask_again(trace_on(network), follow_up, settings=WORLD, asn_of=nothing_known))


def says(address: str) -> UdpPeer:
    return UdpPeer(answer=lambda query: [Said(reply(query, address))])


def test_a_repeat_counts_good_tries_and_gives_what_was_answered() -> None:
    result = ask("dns.repeat", ScriptedNetwork(udp={PLACE: says(TRUE)}), n=2)
    assert (result.n, result.n_good, result.failure, result.detail) == (2, 2, None, TRUE)


def test_a_repeat_that_fails_gives_the_failure() -> None:
    result = ask("dns.repeat", ScriptedNetwork(), n=2)
    assert (result.n, result.n_good, result.failure) == (2, 0, "generic_timeout_error")
    assert result.detail == "generic_timeout_error"


def test_a_harmless_name_is_asked_of_the_plain_resolver() -> None:
    asked: list[str] = []

    def answer(query: bytes) -> list[Said]:
        asked.append(dns.message.from_wire(query).question[0].name.to_text())
        return [Said(reply(query, TRUE))]

    result = ask("dns.other_name", ScriptedNetwork(udp={PLACE: UdpPeer(answer=answer)}))
    assert (asked, result.n_good, result.name) == (["neutral.example."], 1, "site.example")


def test_an_answer_from_where_no_resolver_is_counts_as_good_and_silence_does_not() -> None:
    forged = ask("dns.no_resolver", ScriptedNetwork(udp={(ANCHOR, 53): says(FORGED)}))
    assert (forged.n_good, forged.detail) == (1, FORGED)
    silent = ask("dns.no_resolver", ScriptedNetwork())
    assert (silent.n_good, silent.failure, silent.t) == (0, "generic_timeout_error", NO_RESOLVER_S)


def test_the_plain_resolver_is_asked_over_tcp() -> None:
    def talk(data: bytes) -> list[Said]:
        message = reply(data[2:], TRUE)
        return [Said(len(message).to_bytes(2, "big") + message)]

    assert ask("dns.tcp", ScriptedNetwork(tcp={PLACE: TcpPeer(talk=talk)})).detail == TRUE


@pytest.mark.parametrize("kind", ["dns.dot", "dns.doq"])
def test_without_a_resolver_of_that_kind_nothing_is_asked(kind: str) -> None:
    assert ask(kind, ScriptedNetwork()).n == 0


def connect(kind: str, peers: list[TcpPeer], *, n: int = 1) -> Contrast:
    network = ScriptedNetwork(tcp={(TARGET, 443): peers})
    follow_up = FollowUp(kind=kind, address=TARGET, port=443, name="site.example", n=n)
    return on_virtual_time(connect_again(trace_on(network), follow_up, settings=WORLD, asn_of=nothing_known))


def test_repeated_connections_are_counted_with_the_shortest_round_trip() -> None:
    result = connect("tcp.repeat", [TcpPeer(opens=Said(REFUSED)), TcpPeer(), TcpPeer(rtt_s=2 * RTT_S)], n=3)
    assert (result.n, result.n_good, result.failure) == (3, 2, "connection_refused")
    assert (result.rtt_ms, result.detail) == (RTT_S * 1000, "connection_refused 1")


def test_another_port_that_refuses_answers_without_a_connection() -> None:
    result = connect("tcp.other_port", [TcpPeer(opens=Said(REFUSED))])
    assert (result.n, result.n_good, result.failure) == (1, 0, "connection_refused")
