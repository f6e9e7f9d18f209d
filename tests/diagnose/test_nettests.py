"""Every nettest that is judged: what interference looks like in it, and its twin in which one fact is otherwise."""

import pytest

from raabta.wire.ooni import NETTESTS
from tests.cases.documents import (
    SITE,
    Document,
    changed,
    connect,
    envelope,
    handshake,
    lookup,
    web,
    web_04,
    without_handshake,
)
from tests.cases.judging import judge, measured, said
from tests.cases.services import (
    LINES,
    TIMEOUT,
    dash,
    dnscheck,
    facebook_messenger,
    headers,
    ndt,
    openvpn,
    openvpn_of_2022,
    request_line,
    signal,
    stunreachability,
    telegram,
    tor,
    urlgetter,
    whatsapp,
)

JUDGED = [name for name, nettest in NETTESTS.items() if nettest.judged]
UNJUDGED = [name for name, nettest in NETTESTS.items() if nettest.unjudged]


def reset_at(document: Document, index: int) -> Document:
    """The handshake with one host is reset, so that no request goes to it."""
    keys = document["test_keys"]
    handshakes = [
        {**step, "failure": "connection_reset"} if number == index else step
        for number, step in enumerate(keys["tls_handshakes"])
    ]
    requests = [step for number, step in enumerate(keys["requests"]) if number != index]
    return changed(document, {"test_keys.tls_handshakes": handshakes, "test_keys.requests": requests})


TWINS = {
    "web_connectivity 0.5": (without_handshake(web(), "connection_reset"), "blocked", ["tls.reset.sni"], web()),
    "web_connectivity 0.4": (without_handshake(web_04(), "connection_reset"), "blocked", ["tls.reset.sni"], web_04()),
    "urlgetter": (without_handshake(urlgetter(), "connection_reset"), "blocked", ["tls.reset.sni"], urlgetter()),
    "signal": (reset_at(signal(), 0), "blocked", ["tls.reset.sni"], signal()),
    "facebook_messenger": (facebook_messenger("10.20.30.40"), "blocked", ["dns.injection.bogon"], facebook_messenger()),
    "tor": (tor(*[TIMEOUT] * 10), "blocked", ["vpn.tor.drop"], tor(*[None] * 10)),
    "tor reset": (tor(*["connection_reset"] * 10), "blocked", ["vpn.tor.reset"], tor(*[None] * 8, TIMEOUT, TIMEOUT)),
    "openvpn": (openvpn(*[TIMEOUT] * 4), "blocked", ["vpn.openvpn.drop"], openvpn(*[None] * 4)),
    "openvpn reset": (
        openvpn(*["connection_reset"] * 4),
        "blocked",
        ["vpn.openvpn.reset"],
        openvpn(None, None, None, TIMEOUT),
    ),
    "dnscheck doh": (dnscheck(*["connection_reset"] * 4), "blocked", ["dns.encrypted.doh"], dnscheck(*[None] * 4)),
    "dnscheck dot": (
        dnscheck(*[TIMEOUT] * 4, scheme="dot"),
        "blocked",
        ["dns.encrypted.dot"],
        dnscheck(None, None, scheme="dot"),
    ),
    "http_invalid_request_line": (
        request_line("HTTP/1.1 400 Bad Request\r\n", *LINES[1:]),
        "blocked",
        ["http.tamper.request_line"],
        request_line(),
    ),
    "http_header_field_manipulation": (
        headers("Accept", "Host", "User-Agent"),
        "blocked",
        ["http.tamper.header"],
        headers(),
    ),
}
WATCHLIST_TWINS = {
    "telegram": (telegram(TIMEOUT), "blocked", ["tcp.timeout"], telegram()),
    "whatsapp": (whatsapp(TIMEOUT), "blocked", ["tcp.timeout"], whatsapp()),
    "stunreachability": (stunreachability(TIMEOUT), "blocked", ["vpn.stun.drop"], stunreachability()),
}
LINE_TWINS = {
    "loss": (ndt(retransmitted=0.3), "degraded", ["path.loss"], ndt()),
    "delay": (ndt(min_rtt_ms=900.0), "degraded", ["path.delay"], ndt()),
}


@pytest.mark.parametrize(
    ("document", "state", "mechanisms", "twin"), [pytest.param(*twin, id=name) for name, twin in TWINS.items()]
)
def test_interference_is_found_and_its_twin_is_ok(
    document: Document, state: str, mechanisms: list[str], twin: Document
) -> None:
    assert (said(document), said(twin)) == ((state, mechanisms), ("ok", []))


@pytest.mark.parametrize(
    ("document", "state", "mechanisms", "twin"),
    [pytest.param(*twin, id=name) for name, twin in WATCHLIST_TWINS.items()],
)
def test_a_watched_service_is_found_and_its_twin_is_ok(
    document: Document, state: str, mechanisms: list[str], twin: Document
) -> None:
    found = said(document, prior="watchlist"), said(twin, prior="watchlist")
    assert found == ((state, mechanisms), ("ok", []))


@pytest.mark.parametrize(
    ("document", "state", "mechanisms", "twin"), [pytest.param(*twin, id=name) for name, twin in LINE_TWINS.items()]
)
def test_a_bad_line_is_degraded_and_its_twin_is_ok(
    document: Document, state: str, mechanisms: list[str], twin: Document
) -> None:
    assert (said(document, prior="lab"), said(twin, prior="lab")) == ((state, mechanisms), ("ok", []))


def test_a_bad_line_counts_against_ok_and_its_twin_does_not() -> None:
    bad, good = judge(ndt(retransmitted=0.3)), judge(ndt())
    assert bad.posterior["degraded"] > 10 * good.posterior["degraded"]


@pytest.mark.parametrize("document", [telegram(TIMEOUT), whatsapp(TIMEOUT)], ids=["telegram", "whatsapp"])
def test_a_whole_messenger_that_times_out_is_not_its_own_fault(document: Document) -> None:
    assert judge(document).state == "blocked"


def test_a_video_stream_that_plays_is_ok_and_one_that_fails_is_insufficient() -> None:
    assert (judge(dash()).state, judge(dash(TIMEOUT)).state) == ("ok", "insufficient")


def test_the_openvpn_documents_of_2022_are_judged() -> None:
    failed, worked = openvpn_of_2022(success=False), openvpn_of_2022(success=True)
    assert judge(worked).state == "ok"
    assert judge(failed).posterior["blocked"] > 10 * judge(worked).posterior["blocked"]


def test_every_judged_nettest_has_a_case_here() -> None:
    twins = [*TWINS.values(), *WATCHLIST_TWINS.values(), *LINE_TWINS.values()]
    assert {twin[0]["test_name"] for twin in twins} | {dash()["test_name"]} == set(JUDGED)


# --- twins that matter: one fact away from interference --------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(
            changed(telegram(), {"test_keys.tcp_connect[0]": connect("149.154.175.1", 80, TIMEOUT)}),
            id="one-data-centre-away",
        ),
        pytest.param(
            changed(
                signal(),
                {"test_keys.queries": [*signal()["test_keys"]["queries"], lookup("uptime.example", "127.0.0.1")]},
            ),
            id="an-answer-that-is-a-message",
        ),
        pytest.param(tor(*[None] * 6, *[TIMEOUT] * 4), id="some-relays-away"),
        pytest.param(openvpn(None, TIMEOUT), id="half-of-the-gateways-away"),
        pytest.param(request_line(failures=(None, TIMEOUT, None)), id="one-echo-without-answer"),
        pytest.param(headers("aCCepT", "hOsT", "UsEr-aGenT", "Via"), id="all-headers-and-one-more"),
    ],
)
def test_a_few_failures_of_many_are_ok(document: Document) -> None:
    assert judge(document).state == "ok"


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(tor(), id="no-relay-tried"),
        pytest.param(openvpn(), id="no-gateway-tried"),
        pytest.param(tor("interrupted"), id="interrupted"),
        pytest.param(envelope("tor", None), id="no-test-keys"),
        pytest.param(envelope("ndt", {"failure": TIMEOUT}), id="speed-test-that-did-not-run"),
        pytest.param(envelope("http_header_field_manipulation", {"requests": []}), id="no-request"),
    ],
)
def test_where_nothing_was_seen_nothing_is_said(document: Document) -> None:
    verdict = judge(document)
    assert (verdict.state, verdict.mechanisms) == ("insufficient", [])
    assert verdict.reason


def test_a_pool_that_fails_is_one_cell_a_port_whatever_its_size() -> None:
    few = changed(telegram(TIMEOUT), {"test_keys.tcp_connect": telegram(TIMEOUT)["test_keys"]["tcp_connect"][6:]})
    evidence = [found for found in judge(few).evidence if found.id == "tcp.connect_alone"]
    assert [found.outcome for found in evidence] == ["timeout", "timeout", "connected"]


def test_names_of_messenger_that_are_not_metas_are_a_wrong_answer_but_metas_are_not() -> None:
    wrong, right = judge(facebook_messenger("5.9.47.1")), judge(facebook_messenger())
    assert (wrong.evidence[0].outcome, right.evidence[0].outcome) == ("other_network", "same_network")
    assert wrong.posterior["blocked"] > 3 * right.posterior["blocked"]


@pytest.mark.parametrize(
    ("failure", "kind"), [("connection_reset", "reset"), ("eof_error", "eof"), (TIMEOUT, "timeout")]
)
def test_another_name_at_the_same_address_tells_a_block_by_name_from_one_of_all_tls(failure: str, kind: str) -> None:
    """The second handshake, with a name that nobody blocks, fails as well or does not."""
    keys = urlgetter()["test_keys"]
    cut = handshake(SITE[0], "gazette.example", failure)
    beside = {"test_keys.requests": [], "test_keys.queries": keys["queries"]}
    by_name, of_all = (
        changed(urlgetter("tlshandshake://5.9.40.1:443"), {"test_keys.tls_handshakes": [cut, other], **beside})
        for other in (handshake(SITE[0], "other.example"), handshake(SITE[0], "other.example", failure))
    )
    assert said(by_name, prior="watchlist") == ("blocked", [f"tls.{kind}.sni"])
    verdict = judge(of_all, prior="watchlist")
    assert f"tls.{kind}.sni" not in verdict.mechanisms


# --- what is not judged ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*UNJUDGED, "a_nettest_of_tomorrow"])
def test_an_unjudged_nettest_is_insufficient_and_says_why(name: str) -> None:
    verdict = judge(envelope(name, {"success": False, "queries": [lookup("gazette.example", "10.20.30.40")]}))
    assert (verdict.state, verdict.mechanisms, verdict.evidence) == ("insufficient", [], [])
    assert verdict.reason == f"{name}: {measured(envelope(name, {})).unjudged}"


@pytest.mark.parametrize(
    ("document", "facts"),
    [
        (envelope("vanilla_tor", {"success": False, "timeout": 200}), {"success": False, "timeout": 200}),
        (envelope("psiphon", {"bootstrap_time": 2.5, "failure": None}), {"bootstrap_time": 2.5, "failure": None}),
    ],
)
def test_what_an_unjudged_nettest_reported_is_kept(document: Document, facts: dict[str, object]) -> None:
    kept = judge(document).facts
    assert {name: kept.get(name, "absent") for name in facts} == facts


def test_the_table_has_each_nettest_once_judged_or_with_a_reason() -> None:
    assert {name: nettest.name for name, nettest in NETTESTS.items()} == {name: name for name in NETTESTS}
    assert all(bool(nettest.judged) != bool(nettest.unjudged) for nettest in NETTESTS.values())


def test_an_echo_without_a_noted_failure_has_a_witness_that_is_there() -> None:
    judge(changed(request_line(), {"test_keys.failure_list": [TIMEOUT]}))
