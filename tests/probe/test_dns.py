"""Lookups: one question, one observation, and what arrives after the first answer is heard."""

import errno
import socket

import dns.message
import dns.rcode
import dns.rrset
import pytest

from raabta.probe.dns import SYSTEM_DEADLINE_S, look_up, look_up_system, resolver_url
from raabta.probe.settings import Resolver
from raabta.wire.ooni.writing import Query
from tests.cases.scripted import (
    REFUSED,
    RESOLVER,
    RTT_S,
    SETTINGS,
    Said,
    ScriptedNetwork,
    TcpPeer,
    UdpPeer,
    on_virtual_time,
    trace_on,
)

PLACE = (RESOLVER.address, RESOLVER.port)
TRUE, FORGED = "203.0.113.7", "10.10.34.36"


def reply(query: bytes, *texts: str, kind: str = "A", rcode: int = 0) -> bytes:
    asked = dns.message.from_wire(query)
    message = dns.message.make_response(asked)
    message.set_rcode(dns.rcode.Rcode(rcode))
    for text in texts:
        message.answer.append(dns.rrset.from_text(asked.question[0].name, 60, "IN", kind, text))
    return message.to_wire()


def ask(network: ScriptedNetwork, *, resolver: Resolver = RESOLVER, query_type: str = "A") -> tuple[Query, list[Query]]:
    return on_virtual_time(
        look_up(trace_on(network), "site.example", query_type=query_type, resolver=resolver, settings=SETTINGS)
    )


def found(query: Query) -> list[str]:
    return [answer.ipv4 or answer.x_value or "" for answer in query.answers or []]


def resolver_that(*said: tuple[str, float]) -> ScriptedNetwork:
    """A resolver whose answers arrive one after the other."""
    return ScriptedNetwork(udp={PLACE: UdpPeer(answer=lambda query: [Said(reply(query, t), s) for t, s in said])})


def test_an_answer_is_one_observation_with_its_time() -> None:
    query, later = ask(resolver_that((TRUE, 0.0)))
    assert (query.failure, found(query), query.rcode, query.x_tries) == (None, [TRUE], 0, 1)
    assert (query.t0, query.t) == (0.0, RTT_S)
    assert (query.resolver_address, query.x_from, later) == ("192.0.2.53:53", None, [])


def test_a_second_different_answer_is_kept() -> None:
    query, later = ask(resolver_that((FORGED, 0.0), (TRUE, 0.1)))
    assert found(query) == [FORGED]
    assert [(found(one), one.t) for one in later] == [([TRUE], 0.12)]


def test_the_same_answer_twice_is_a_duplicate_and_no_second_answer() -> None:
    assert ask(resolver_that((TRUE, 0.0), (TRUE, 0.1)))[1] == []


def test_an_answer_after_the_listening_time_is_not_waited_for() -> None:
    assert ask(resolver_that((FORGED, 0.0), (TRUE, SETTINGS.timeouts.dns_second_s + 0.1)))[1] == []


def test_two_answers_to_two_tries_are_not_two_answers_to_one_question() -> None:
    sent: list[bytes] = []

    def pool(query: bytes) -> list[Said]:
        sent.append(query)
        return [Said(reply(query, f"203.0.113.{len(sent)}"), after_s=1.1 if len(sent) == 1 else 0.05)]

    query, later = ask(ScriptedNetwork(udp={PLACE: UdpPeer(answer=pool)}))
    assert (found(query), query.x_tries, later) == (["203.0.113.2"], 2, [])
    assert sent[0][:2] != sent[1][:2]


def test_a_lost_query_is_sent_again() -> None:
    sent: list[bytes] = []

    def lossy(query: bytes) -> list[Said]:
        sent.append(query)
        return [] if len(sent) == 1 else [Said(reply(query, TRUE))]

    query, _ = ask(ScriptedNetwork(udp={PLACE: UdpPeer(answer=lossy)}))
    assert (query.failure, query.x_tries, query.t) == (None, 2, 1.0 + RTT_S)


def test_silence_is_a_time_out_at_the_deadline() -> None:
    network = ScriptedNetwork()
    query, _ = ask(network)
    assert (query.failure, query.t, query.x_tries) == ("generic_timeout_error", SETTINGS.timeouts.dns_s, 3)
    assert network.n_open == 0


@pytest.mark.parametrize(
    ("rcode", "failure"), [(3, "dns_nxdomain_error"), (2, "dns_servfail_error"), (5, "dns_refused_error")]
)
def test_a_code_is_a_failure_with_its_number(rcode: int, failure: str) -> None:
    query, _ = ask(ScriptedNetwork(udp={PLACE: UdpPeer(answer=lambda asked: [Said(reply(asked, rcode=rcode))])}))
    assert (query.failure, query.rcode, query.answers) == (failure, rcode, [])


def test_an_icmp_error_ends_the_lookup() -> None:
    query, _ = ask(ScriptedNetwork(udp={PLACE: UdpPeer(answer=lambda _: [Said(REFUSED)])}))
    assert query.failure == "connection_refused"


def test_an_answer_from_elsewhere_is_kept_with_where_it_stands_but_not_its_address() -> None:
    def stranger(query: bytes) -> list[Said]:
        return [Said(reply(query, FORGED), sender="192.168.1.1"), Said(reply(query, TRUE), after_s=0.1)]

    query, later = ask(ScriptedNetwork(udp={PLACE: UdpPeer(answer=stranger)}))
    assert (query.x_from, [one.x_from for one in later]) == ("local", [None])


def test_answers_to_other_questions_and_garbage_are_not_heard() -> None:
    def noise(query: bytes) -> list[Said]:
        other = bytes([query[0] ^ 1]) + query[1:]
        return [Said(b"noise"), Said(query), Said(reply(other, FORGED)), Said(reply(query, TRUE), after_s=0.1)]

    query, later = ask(ScriptedNetwork(udp={PLACE: UdpPeer(answer=noise)}))
    assert (found(query), later) == ([TRUE], [])


def test_only_unreadable_answers_mean_a_resolver_that_misbehaves() -> None:
    query, _ = ask(ScriptedNetwork(udp={PLACE: UdpPeer(answer=lambda asked: [Said(reply(asked, TRUE)[:-15])])}))
    assert query.failure == "dns_server_misbehaving"


def test_an_https_record_tells_of_ech_and_alpn() -> None:
    text = "1 . alpn=h3 ech=AEX+DQBBpQAgACBL+wq4i4SL3wPGNCzyWTWPRjCMn2GDxNbbDA5MRK8GSwAEAAEAAQASY2xvdWRmbGFyZS1lY2guY29tAAA="  # noqa: E501  a real record
    network = ScriptedNetwork(udp={PLACE: UdpPeer(answer=lambda asked: [Said(reply(asked, text, kind="HTTPS"))])})
    query, _ = ask(network, query_type="HTTPS")
    assert (query.failure, found(query)) == (None, ["1 . alpn=h3 ech"])


OVER_TCP = Resolver(engine="tcp", address="192.0.2.53", port=53)


def test_over_tcp_an_answer_in_pieces_is_put_together() -> None:
    def talk(data: bytes) -> list[Said]:
        message = reply(data[2:], TRUE)
        whole = len(message).to_bytes(2, "big") + message
        return [Said(whole[:1]), Said(whole[1:9]), Said(whole[9:])]

    network = ScriptedNetwork(tcp={PLACE: TcpPeer(talk=talk)})
    query, later = ask(network, resolver=OVER_TCP)
    assert (query.failure, found(query), query.engine, later) == (None, [TRUE], "tcp", [])
    assert network.n_open == 0


@pytest.mark.parametrize(
    ("peer", "failure", "tag"),
    [
        pytest.param(TcpPeer(opens=Said(REFUSED)), "connection_refused", "connect", id="refused"),
        pytest.param(TcpPeer(opens=False), "generic_timeout_error", "connect", id="silent"),
        pytest.param(TcpPeer(), "generic_timeout_error", "read", id="no-answer"),
        pytest.param(TcpPeer(talk=lambda _: [Said(errno.ECONNRESET)]), "connection_reset", "read", id="reset"),
        pytest.param(TcpPeer(talk=lambda _: [Said(b"")]), "eof_error", "read", id="closed"),
        pytest.param(TcpPeer(talk=lambda _: [Said(b"\0\2no")]), "dns_server_misbehaving", "read", id="garbage"),
    ],
)
def test_over_tcp_a_failure_says_where_it_was_met(peer: TcpPeer, failure: str, tag: str) -> None:
    network = ScriptedNetwork(tcp={PLACE: peer})
    query, _ = ask(network, resolver=OVER_TCP)
    assert (query.failure, query.tags, network.n_open) == (failure, [tag], 0)


@pytest.mark.parametrize(
    ("known", "failure"),
    [
        pytest.param([TRUE], None, id="found"),
        pytest.param(socket.EAI_NONAME, "dns_nxdomain_error", id="no-such-name"),
        pytest.param(["2001:db8::1"], "dns_no_answer", id="only-the-other-family"),
        pytest.param(socket.EAI_AGAIN, "dns_temporary_failure", id="servfail"),
        pytest.param(None, "generic_timeout_error", id="silence"),
    ],
)
def test_what_the_system_says_becomes_one_observation(known: list[str] | int | None, failure: str | None) -> None:
    network = ScriptedNetwork(names={"site.example": known})
    query = on_virtual_time(look_up_system(trace_on(network), "site.example", ipv6=False))
    assert (query.engine, query.query_type, query.failure) == ("system", "A", failure)
    assert query.t == (SYSTEM_DEADLINE_S if known is None else 0.0)


@pytest.mark.parametrize(
    ("resolver", "url"),
    [
        (Resolver(engine="udp", address="2001:db8::53", port=53), "[2001:db8::53]:53"),
        (Resolver(engine="doh", address="192.0.2.53", port=443, name="dns.example"), "https://dns.example/dns-query"),
        (Resolver(engine="doh", address="192.0.2.53", port=8443, path="/q"), "https://192.0.2.53:8443/q"),
    ],
)
def test_a_resolver_is_named_as_ooni_does(resolver: Resolver, url: str) -> None:
    assert resolver_url(resolver) == url
