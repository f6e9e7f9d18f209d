"""Follow-ups: what a step taken again with one thing changed does to a verdict, and when one is asked for."""

from typing import Any

import pytest

from raabta.diagnose import Diagnosis
from raabta.diagnose.followups import name_follow_ups
from raabta.model import (
    Contrast,
    Control,
    ControlEndpoint,
    DnsLookup,
    FollowUp,
    HttpExchange,
    LocalHealth,
    Measurement,
    TcpConnect,
    TlsHandshake,
    TransferFact,
    Verdict,
)
from tests.cases.judging import diagnosis

HOST, ADDRESS = "shop.example.com", "93.184.215.14"
URL = f"https://{HOST}/"


def lookup(resolver: str = "system", *, failure: str = "ok", addresses: tuple[str, ...] = (ADDRESS,)) -> DnsLookup:
    answers = tuple((address, 0) for address in addresses) if failure == "ok" else ()
    return DnsLookup(
        at="test_keys.queries[0]", host=HOST, resolver=resolver, server="", failure=failure, answers=answers
    )


def connect(failure: str = "ok", **more: Any) -> TcpConnect:
    return TcpConnect(at="test_keys.tcp_connect[0]", address=ADDRESS, port=443, failure=failure, **more)


def handshake(failure: str = "ok", *, transport: str = "tcp") -> TlsHandshake:
    at = "test_keys.tls_handshakes[0]"
    return TlsHandshake(
        at=at, address=ADDRESS, port=443, server_name=HOST, failure=failure, verified=True, transport=transport
    )


def page(failure: str = "ok", *, status: int = 200, body_bytes: int = 20_000) -> HttpExchange:
    return HttpExchange(
        at="test_keys.requests[0]",
        url=URL,
        method="GET",
        address=f"{ADDRESS}:443",
        failure=failure,
        status=status,
        headers={},
        body="",
        body_bytes=body_bytes,
        truncated=False,
    )


def contrast(kind: str, *, good: bool, n: int = 1, **more: Any) -> Contrast:
    return Contrast(
        at="test_keys.x_contrasts[0]",
        kind=kind,
        address=more.pop("address", ADDRESS),
        port=443,
        name=more.pop("name", HOST),
        failure="ok" if good else "timeout",
        n=n,
        n_good=n if good else 0,
        **more,
    )


CONTROL = Control(
    dns="ok",
    addresses=(ADDRESS,),
    endpoints={f"{ADDRESS}:443": ControlEndpoint(tcp="ok", tls="ok", quic="ok")},
    http="ok",
    status=200,
    body_bytes=20_000,
)


def measurement(**parts: Any) -> Measurement:
    whole: dict[str, Any] = {
        "file": "case",
        "line": 1,
        "uid": "",
        "report": "",
        "test_name": "web_connectivity",
        "test_version": "0.5.0",
        "input": URL,
        "probe_cc": "PK",
        "probe_asn": 9541,
        "measured_at": "2026-11-22T00:00:00Z",
        "lookups": (lookup(),),
        "connects": (connect(),),
        "control": CONTROL,
        "local": LocalHealth(),
    }
    return Measurement(**(whole | parts))


@pytest.fixture(scope="module")
def judge() -> Diagnosis:
    return diagnosis()


def verdict_of(judge: Diagnosis, **parts: Any) -> Verdict:
    return judge.diagnose(measurement(**parts))


def kinds_of(**parts: Any) -> list[str]:
    return [one.kind for one in name_follow_ups(measurement(**parts))]


def test_a_reset_with_this_name_only_is_by_name_and_with_any_name_is_not(judge: Diagnosis) -> None:
    cut = (handshake("reset"),)
    by_name = verdict_of(judge, handshakes=cut, contrasts=(contrast("tls.other_name", good=True, name=""),))
    by_address = verdict_of(judge, handshakes=cut, contrasts=(contrast("tls.other_name", good=False, name=""),))
    assert (by_name.mechanisms, by_address.mechanisms) == (["tls.reset.sni"], ["tls.reset.other"])


def test_a_timeout_that_does_not_come_again_is_not_interference(judge: Diagnosis) -> None:
    lost = (connect("timeout"),)
    again = verdict_of(judge, connects=lost, contrasts=(contrast("tcp.repeat", good=False, n=3),))
    once = verdict_of(judge, connects=lost, contrasts=(contrast("tcp.repeat", good=True, n=3),))
    assert (again.state, again.layers) == ("blocked", ["tcp"])
    assert once.posterior["blocked"] < 0.5 < again.posterior["blocked"]


@pytest.mark.parametrize(("sender", "locus"), [("access", "access"), ("transit", "transit"), ("unknown", "access")])
def test_the_sender_of_an_icmp_error_says_where(judge: Diagnosis, sender: str, locus: str) -> None:
    again = (contrast("tcp.repeat", good=False, n=3),)
    verdict = verdict_of(judge, connects=(connect("unreachable", icmp_sender=sender),), contrasts=again)
    assert (verdict.mechanisms, verdict.locus) == (["ip.unreachable"], locus)


def test_a_walk_moves_the_locus_of_a_reset_to_transit(judge: Diagnosis) -> None:
    walk = contrast("tls.walk", good=False, hop=3, sender="transit")
    assert verdict_of(judge, handshakes=(handshake("reset"),), contrasts=(walk,)).locus == "transit"


QUIC_CASES = [
    pytest.param("ok", (), [], id="quic-works"),
    pytest.param(
        "timeout",
        (contrast("quic.other_name", good=True, name=""), contrast("quic.repeat", good=False, n=2)),
        ["quic.drop.sni"],
        id="this-name-only",
    ),
    pytest.param(
        "timeout",
        (
            contrast("quic.other_name", good=False, name=""),
            contrast("quic.repeat", good=False, n=2),
            contrast("quic.control_address", good=False, address="", name=""),
        ),
        ["quic.drop.all"],
        id="all-of-it",
    ),
]


@pytest.mark.parametrize(("failure", "contrasts", "mechanisms"), QUIC_CASES)
def test_quic_that_falls_silent_is_judged_beside_another_name(
    judge: Diagnosis, failure: str, contrasts: tuple[Contrast, ...], mechanisms: list[str]
) -> None:
    handshakes = (handshake(), handshake(failure, transport="quic"))
    verdict = verdict_of(judge, handshakes=handshakes, exchanges=(page(),), contrasts=contrasts)
    assert verdict.mechanisms == mechanisms


def test_quic_that_fails_for_the_control_too_is_nothing(judge: Diagnosis) -> None:
    endpoint = ControlEndpoint(tcp="ok", tls="ok", quic="timeout")
    control = Control(
        dns="ok", addresses=(ADDRESS,), endpoints={f"{ADDRESS}:443": endpoint}, http="ok", status=200, body_bytes=20_000
    )
    handshakes = (handshake(), handshake("timeout", transport="quic"))
    verdict = verdict_of(judge, handshakes=handshakes, exchanges=(page(),), control=control)
    assert verdict.state == "ok"


def paces(*, control_s: float, other_s: float) -> tuple[Contrast, ...]:
    return (
        contrast("flow.repeat", good=True, received_bytes=20_000, lasted_s=4.0),
        contrast("flow.other_name", good=True, name="", received_bytes=20_000, lasted_s=other_s),
        contrast("flow.control", good=True, address="", name="", received_bytes=20_000, lasted_s=control_s),
    )


@pytest.mark.parametrize(
    ("control_s", "other_s", "mechanisms"),
    [
        pytest.param(0.1, 0.1, ["tls.throttle.sni"], id="this-name-is-slow"),
        pytest.param(0.1, 4.0, ["ip.throttle"], id="this-address-is-slow"),
        pytest.param(4.0, 4.0, [], id="the-whole-line-is-slow"),
    ],
)
def test_a_slow_page_is_judged_beside_other_pages(
    judge: Diagnosis, control_s: float, other_s: float, mechanisms: list[str]
) -> None:
    slow = TransferFact(
        at="test_keys.requests[0]", address="", received_bytes=20_000, first_s=1.0, last_s=5.0, silence_s=0.0
    )
    verdict = verdict_of(
        judge,
        handshakes=(handshake(),),
        exchanges=(page(),),
        transfers=(slow,),
        contrasts=paces(control_s=control_s, other_s=other_s),
    )
    assert verdict.mechanisms == mechanisms


def test_a_resolver_that_answers_where_none_is_gives_a_proxy_away(judge: Diagnosis) -> None:
    forged = lookup(addresses=("10.10.34.35",))
    contrasts = (
        contrast("dns.no_resolver", good=True, address=""),
        contrast("dns.no_resolver_other_name", good=True, address="", name=""),
    )
    verdict = verdict_of(judge, lookups=(forged, lookup("encrypted")), contrasts=contrasts)
    assert (verdict.state, verdict.mechanisms) == ("blocked", ["dns.proxy"])


def test_the_second_resolver_s_forged_answer_counts_though_the_system_s_is_true(judge: Diagnosis) -> None:
    forged = lookup("udp", addresses=("10.10.34.35",))
    contrasts = (contrast("dns.no_resolver", good=True, address=""), contrast("dns.other_name", good=True, name=""))
    verdict = verdict_of(judge, lookups=(lookup(), forged), handshakes=(handshake(),), contrasts=contrasts)
    assert verdict.mechanisms == ["dns.injection.bogon"]


def test_a_true_ipv6_answer_does_not_vouch_for_a_forged_ipv4_one(judge: Diagnosis) -> None:
    wide = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
    control = Control(dns="ok", addresses=(ADDRESS, wide), http="ok", status=200, body_bytes=20_000)
    forged, true = lookup(addresses=("10.10.34.35",)), lookup(addresses=(wide,))
    contrasts = (contrast("dns.other_name", good=True, name=""),)
    verdict = verdict_of(judge, lookups=(forged, true), control=control, contrasts=contrasts)
    assert verdict.mechanisms == ["dns.injection.bogon"]


LOCAL_CASES = [
    (LocalHealth(interface="none"), "local.no_network", "vantage"),
    (LocalHealth(gateway="silent", beyond="silent"), "local.no_network", "vantage"),
    (LocalHealth(beyond="silent"), "outage.access", "access"),
    (LocalHealth(portal="portal"), "local.captive_portal", "vantage"),
    (LocalHealth(resolver="silent"), "local.resolver", "vantage"),
]


@pytest.mark.parametrize(("health", "mechanism", "locus"), LOCAL_CASES)
def test_one_s_own_network_is_a_verdict_and_gates_all_others(
    judge: Diagnosis, health: LocalHealth, mechanism: str, locus: str
) -> None:
    verdict = verdict_of(judge, local=health, lookups=(), connects=(connect("timeout"),), control=None)
    assert (verdict.state, verdict.mechanisms, verdict.locus) == ("down", [mechanism], locus)


def test_a_resolver_that_answered_for_the_target_is_not_silent(judge: Diagnosis) -> None:
    health = LocalHealth(resolver="silent")
    verdict = verdict_of(judge, local=health, handshakes=(handshake("reset"),))
    assert verdict.layers == ["tls"]


def test_a_silent_gateway_that_lets_everything_pass_is_no_fault(judge: Diagnosis) -> None:
    verdict = verdict_of(judge, local=LocalHealth(gateway="silent"), handshakes=(handshake(),), exchanges=(page(),))
    assert verdict.state == "ok"


def test_a_wrong_clock_is_named_where_certificates_fail_by_their_dates(judge: Diagnosis) -> None:
    wrong = LocalHealth(clock="wrong", clock_off_s=-1e9)
    assert verdict_of(judge, local=wrong, handshakes=(handshake("certificate_invalid"),)).mechanisms == ["local.clock"]
    assert verdict_of(judge, local=wrong, handshakes=(handshake(),), exchanges=(page(),)).state == "ok"


# --- which follow-ups are asked for ----------------------------------------------------------------------------------


def test_nothing_is_asked_where_all_went_well() -> None:
    assert kinds_of(handshakes=(handshake(),), exchanges=(page(),)) == []


def test_nothing_is_asked_of_targets_where_one_s_own_network_is_at_fault() -> None:
    assert kinds_of(local=LocalHealth(portal="portal"), connects=(connect("timeout"),)) == []


def test_a_failed_connection_is_repeated_before_anything_else() -> None:
    assert kinds_of(connects=(connect("timeout"),))[:3] == ["tcp.repeat", "tcp.other_port", "tcp.walk"]


def test_a_cut_handshake_is_tried_with_other_names_addresses_and_forms() -> None:
    kinds = kinds_of(handshakes=(handshake("reset"),))
    assert {"tls.repeat", "tls.other_name", "tls.control_address", "tls.walk", "tls.split_hello"} <= set(kinds)


def test_a_handshake_that_fails_for_the_control_too_is_only_repeated() -> None:
    endpoint = ControlEndpoint(tcp="ok", tls="reset")
    control = Control(dns="ok", addresses=(ADDRESS,), endpoints={f"{ADDRESS}:443": endpoint})
    assert kinds_of(handshakes=(handshake("reset"),), control=control) == ["tls.repeat"]


def test_an_odd_answer_whose_address_proved_itself_costs_nothing() -> None:
    elsewhere = lookup(addresses=("151.101.1.6",))
    proved = TlsHandshake(
        at="", address="151.101.1.6", port=443, server_name=HOST, failure="ok", verified=True, transport="tcp"
    )
    assert kinds_of(lookups=(elsewhere,), handshakes=(proved,)) == []
    assert "dns.no_resolver" in kinds_of(lookups=(elsewhere,))


def test_what_was_taken_is_not_asked_for_again() -> None:
    first = measurement(connects=(connect("timeout"),))
    taken = tuple(contrast(one.kind, good=False, address=one.address, name=one.name) for one in name_follow_ups(first))
    assert name_follow_ups(measurement(connects=(connect("timeout"),), contrasts=taken)) == []


def test_every_follow_up_that_is_named_is_in_the_table() -> None:
    from raabta.model import FOLLOW_UPS

    named: list[FollowUp] = []
    for parts in (
        {"lookups": (lookup(failure="nxdomain"),), "connects": ()},
        {"connects": (connect("timeout"),)},
        {"handshakes": (handshake("timeout"),)},
        {"handshakes": (handshake(), handshake("timeout", transport="quic"))},
        {"handshakes": (handshake(),), "exchanges": (page("timeout", status=0),)},
    ):
        named += name_follow_ups(measurement(**parts))
    assert {one.kind for one in named} <= set(FOLLOW_UPS)
    assert len({one.kind.partition(".")[0] for one in named}) == 5
