"""The check of the machine's own network: each trouble has its word, and none takes longer than the check may."""

import socket
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from raabta.model import LocalHealth
from raabta.probe import local
from raabta.probe.local import CHECK_S
from raabta.probe.network import IcmpError, Surroundings
from raabta.probe.settings import Anchor, PortalCheck
from tests.cases.scripted import (
    AT_HOME,
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

ANCHORS = ("203.0.113.1", "203.0.113.2")
PORTAL, PORTAL_HOST = "203.0.113.9", "portal.check.example"
WORLD = replace(
    SETTINGS,
    anchors=tuple(Anchor(address=address, port=443) for address in ANCHORS),
    portal_check=PortalCheck(host=PORTAL_HOST, path="/generate_204", status=204),
    other_name="neutral.example",
)
TRUE_TIME = datetime(2026, 11, 1, 12, 0, 0, tzinfo=UTC)
NAMES: dict[str, list[str] | int | None] = {PORTAL_HOST: [PORTAL], "neutral.example": [PORTAL]}


def page(status: str = "204 No Content", *, more: str = "") -> TcpPeer:
    text = f"HTTP/1.1 {status}\r\nDate: Sun, 01 Nov 2026 12:00:00 GMT\r\nContent-Length: 0\r\n{more}\r\n"
    return TcpPeer(talk=lambda _: [Said(text.encode()), Said(b"")])


def home(*, portal: TcpPeer | None = None, around: Surroundings = AT_HOME) -> ScriptedNetwork:
    anchors: dict[tuple[str, int], TcpPeer | list[TcpPeer]] = {(address, 443): TcpPeer() for address in ANCHORS}
    return ScriptedNetwork(tcp={**anchors, (PORTAL, 80): portal or page()}, names=dict(NAMES), around=around)


def check(network: ScriptedNetwork, *, clock_off_s: float = 0.0) -> tuple[LocalHealth, float]:
    async def timed() -> tuple[LocalHealth, float]:
        now = TRUE_TIME + timedelta(seconds=clock_off_s)
        health = await local.check(trace_on(network), WORLD, now=lambda: now)
        return health, network.clock()

    health, took_s = on_virtual_time(timed())
    assert network.n_open == 0
    return health, took_s


def test_a_good_network_is_found_good_within_a_few_round_trips() -> None:
    network = home()
    health, _ = check(network)
    expected = LocalHealth(
        portal="none",
        clock="ok",
        clock_off_s=0.0,
        rtt_ms=RTT_S * 1000,
        loss_share=0.0,
        n_anchors=2,
        n_anchors_good=2,
    )
    assert health == expected


@pytest.mark.parametrize(
    ("around", "interface"),
    [
        pytest.param(Surroundings(), "none", id="no-interface"),
        pytest.param(Surroundings(interfaces=("eth0",)), "ok", id="no-default-route"),
    ],
)
def test_without_any_network_nothing_is_asked(around: Surroundings, interface: str) -> None:
    network = ScriptedNetwork(around=around)
    health, took_s = check(network)
    assert (health.interface, health.gateway, health.beyond, took_s) == (interface, "none", "silent", 0.0)
    assert network.sent == []


def test_a_platform_that_tells_nothing_is_asked_by_packets() -> None:
    network = home(around=Surroundings(missing=("interfaces",)))
    health, _ = check(network)
    assert (health.interface, health.gateway, health.resolver, health.beyond) == ("ok", "ok", "ok", "ok")


def test_where_every_packet_is_lost_the_gateway_is_silent_and_the_check_ends_in_time() -> None:
    network = ScriptedNetwork(names=dict.fromkeys(NAMES), around=AT_HOME)
    health, took_s = check(network)
    assert (health.gateway, health.beyond, health.resolver, health.portal) == ("silent", "silent", "silent", "unknown")
    assert health.n_anchors_good == 0
    assert took_s == CHECK_S <= 6.0


@pytest.mark.parametrize(
    "network",
    [
        pytest.param(
            ScriptedNetwork(
                names=dict.fromkeys(NAMES),
                udp={
                    ("10.0.0.1", 33_434): UdpPeer(
                        answer=lambda _: [Said(REFUSED, icmp=IcmpError(type=3, code=3, sender="10.0.0.1"))]
                    )
                },
            ),
            id="a-closed-port-answers",
        ),
        pytest.param(ScriptedNetwork(names=dict.fromkeys(NAMES), hops=["10.0.0.1"]), id="a-packet-dies-at-it"),
    ],
)
def test_a_gateway_that_says_anything_is_not_silent_though_nothing_beyond_answers(network: ScriptedNetwork) -> None:
    health, _ = check(network)
    assert (health.gateway, health.beyond) == ("ok", "silent")


def test_a_gateway_without_a_hardware_address_is_silent_though_the_machine_itself_complains() -> None:
    own = IcmpError(type=3, code=1, sender="10.0.0.2")
    dead = UdpPeer(answer=lambda _: [Said(113, after_s=1.0, icmp=own)])
    network = ScriptedNetwork(names=dict.fromkeys(NAMES), udp={("10.0.0.1", 33_434): dead})
    assert check(network)[0].gateway == "silent"


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        pytest.param(socket.EAI_AGAIN, "failing", id="servfail"),
        pytest.param(socket.EAI_NONAME, "failing", id="a-name-that-exists-does-not-exist"),
        pytest.param(None, "silent", id="silence"),
    ],
)
def test_a_resolver_that_does_not_answer_known_names_is_said_so(answer: int | None, word: str) -> None:
    network = home()
    network.names = dict.fromkeys(NAMES, answer)
    health, _ = check(network)
    assert (health.resolver, health.beyond, health.portal) == (word, "ok", "unknown")


def test_one_lost_lookup_of_two_is_no_fault_of_the_resolver() -> None:
    network = home()
    network.names = {**NAMES, "neutral.example": None}
    assert check(network)[0].resolver == "ok"


def test_without_a_configured_resolver_there_is_none() -> None:
    network = home(around=Surroundings(interfaces=("eth0",), gateways=("10.0.0.1",)))
    network.names = dict.fromkeys(NAMES, socket.EAI_AGAIN)
    assert check(network)[0].resolver == "none"


@pytest.mark.parametrize(
    ("portal", "word"),
    [
        pytest.param(page("302 Found", more="Location: http://10.0.0.1/login\r\n"), "portal", id="redirect"),
        pytest.param(page("511 Network Authentication Required"), "portal", id="511"),
        pytest.param(page("200 OK"), "portal", id="a-page-where-none-should-be"),
        pytest.param(page("503 Service Unavailable"), "unknown", id="an-error-of-somebody"),
        pytest.param(TcpPeer(talk=lambda _: [Said(b"no HTTP")]), "unknown", id="no-HTTP"),
        pytest.param(TcpPeer(opens=Said(REFUSED)), "unknown", id="refused"),
        pytest.param(TcpPeer(), "unknown", id="silent"),
    ],
)
def test_a_portal_answers_what_the_known_page_does_not(portal: TcpPeer, word: str) -> None:
    health, _ = check(home(portal=portal))
    assert (health.portal, health.clock) == (word, "unknown")


@pytest.mark.parametrize(("off_s", "word"), [(0.0, "ok"), (-90.0, "ok"), (5_400.0, "wrong"), (-86_400.0, "wrong")])
def test_the_clock_is_compared_with_the_date_of_the_known_page(off_s: float, word: str) -> None:
    health, _ = check(home(), clock_off_s=off_s)
    assert (health.clock, health.clock_off_s) == (word, off_s)


def test_the_date_of_a_portal_says_nothing_of_the_clock() -> None:
    assert check(home(portal=page("302 Found")), clock_off_s=86_400.0)[0].clock == "unknown"


def test_the_portal_check_is_found_by_the_plain_resolver_where_the_systems_is_silent() -> None:
    from tests.probe.test_dns import PLACE, reply

    network = home()
    network.names = dict.fromkeys(NAMES)
    network.udp = {PLACE: UdpPeer(answer=lambda query: [Said(reply(query, PORTAL))])}
    health, _ = check(network)
    assert (health.resolver, health.portal, health.clock) == ("silent", "none", "ok")


DUAL = Surroundings(
    interfaces=("eth0",),
    own_addresses=("10.0.0.2", "2001:db8::2", "fe80::2"),
    gateways=("10.0.0.1", "fe80::1%eth0"),
    resolvers=("10.0.0.1",),
)


@pytest.mark.parametrize(
    ("around", "peer", "word"),
    [
        pytest.param(AT_HOME, TcpPeer(), "none", id="no-route"),
        pytest.param(DUAL, TcpPeer(), "ok", id="works"),
        pytest.param(DUAL, TcpPeer(opens=False), "broken", id="silent"),
        pytest.param(DUAL, TcpPeer(opens=Said(REFUSED)), "broken", id="rejected"),
    ],
)
def test_ipv6_is_proved_by_a_connection(around: Surroundings, peer: TcpPeer, word: str) -> None:
    network = home(around=around)
    network.names = {**NAMES, PORTAL_HOST: [PORTAL, "2001:db8:a::9"]}
    network.tcp = {**network.tcp, ("2001:db8:a::9", 80): peer}
    assert check(network)[0].ipv6 == word


def test_retransmissions_are_a_share_of_what_was_sent() -> None:
    network = home()
    network.tcp = {**network.tcp, (ANCHORS[0], 443): TcpPeer(retransmits=2)}
    assert check(network)[0].loss_share == 0.5
