"""web_connectivity: every mechanism that such a document can show, each beside a twin in which it does not hold."""

import pytest

from tests.cases.certificates import chain
from tests.cases.documents import (
    FOREIGN,
    OPERATOR,
    PAGE,
    SITE,
    Document,
    changed,
    connect,
    helper_failed_too,
    page,
    redirecting,
    response,
    web,
    web_04,
    with_page,
    without_answer,
    without_connection,
    without_handshake,
    without_helper,
    without_page,
)
from tests.cases.faults import (
    CHALLENGE,
    IN_CLEAR,
    NOTICE,
    OK,
    REFUSAL,
    Said,
    blocked,
    both_ports,
    down,
    everywhere,
    flowing,
    jumping,
    with_chain,
)
from tests.cases.judging import FRESH, diagnosis, is_named, judge, said

DNS_TWINS = {
    "block_page_address": (web(at="193.58.251.1"), blocked("dns.injection.blockpage"), web(), OK),
    "bogon": (
        web(at="10.20.30.40"),
        blocked("dns.injection.bogon"),
        web(addresses=("10.20.30.40",)),
        down("server.name"),
    ),
    "operator_s_address_that_times_out": (
        without_connection(web(at=OPERATOR), "generic_timeout_error"),
        blocked("dns.injection"),
        web(at=OPERATOR, addresses=("104.16.40.1",)),  # a CDN that has caches in operators' networks
        OK,
    ),
    "foreign_address_with_a_block_page": (
        with_page(web(IN_CLEAR, at=FOREIGN), NOTICE),
        blocked("dns.injection.blockpage"),
        without_helper(web_04(IN_CLEAR, addresses=(FOREIGN,))),  # nothing to compare with is not "differs"
        OK,
    ),
    "foreign_address_with_a_wrong_certificate": (
        without_handshake(web(at=FOREIGN), "ssl_invalid_hostname"),
        blocked("dns.injection.other"),
        web(at=SITE[1]),  # a neighbour in the same network, as CDNs rotate
        OK,
    ),
    "nxdomain": (
        without_answer(web(), "dns_nxdomain_error", engines=("getaddrinfo", "udp")),
        blocked("dns.nxdomain"),
        helper_failed_too(
            without_answer(web(), "dns_nxdomain_error", engines=("getaddrinfo", "udp", "doh")),
            "dns_nxdomain_error",
            parts=("dns",),
        ),
        down("server.name"),
    ),
    "nxdomain_as_android_says_it": (
        without_answer(web(), "android_dns_cache_no_data"),
        blocked("dns.nxdomain"),
        without_answer(web(), "dns_no_answer", engines=("udp",)),  # the system's resolver answers
        OK,
    ),
    "refused": (
        without_answer(web(), "dns_refused_error", engines=("getaddrinfo", "udp")),
        blocked("dns.refused"),
        without_answer(web(), "dns_refused_error", engines=("getaddrinfo", "udp", "doh")),
        down("local.resolver"),
    ),
}

TCP_TWINS = {
    "timeout": (
        without_connection(web(), "generic_timeout_error"),
        blocked("tcp.timeout"),
        helper_failed_too(
            without_connection(web(), "generic_timeout_error"),
            "generic_timeout_error",
            parts=("tcp_connect", "tls_handshake", "http_request"),
        ),
        down("server.down"),
    ),
    "all_ports_time_out": (
        both_ports(web(addresses=SITE), "generic_timeout_error", other="generic_timeout_error"),
        blocked("ip.drop"),
        both_ports(web(addresses=SITE), "generic_timeout_error", other=None),
        blocked("tcp.timeout"),
    ),
    "refused": (
        without_connection(web(), "connection_refused"),
        blocked("tcp.refused"),
        helper_failed_too(
            without_connection(web(), "connection_refused"), "connection_refused", parts=("tcp_connect",)
        ),
        down("server.down"),
    ),
    "reset": (
        without_connection(web(), "connection_reset"),
        blocked("tcp.reset"),
        helper_failed_too(without_connection(web(), "connection_reset"), "connection_reset", parts=("tcp_connect",)),
        down("server.down"),
    ),
    "unreachable_at_all_addresses": (
        without_connection(web(addresses=SITE), "host_unreachable"),
        blocked("ip.unreachable"),
        changed(web(addresses=SITE), {"test_keys.tcp_connect[1]": connect(SITE[1], 443, "host_unreachable")}),
        OK,
    ),
    "timeout_at_all_addresses": (
        without_connection(web(addresses=SITE), "generic_timeout_error"),
        blocked("tcp.timeout"),
        changed(web(addresses=SITE), {"test_keys.tcp_connect[1]": connect(SITE[1], 443, "generic_timeout_error")}),
        OK,
    ),
}

TLS_TWINS = {
    "reset_after_hello": (without_handshake(web(), "connection_reset"), blocked("tls.reset.sni"), web(), OK),
    "reset_from_the_server": (
        without_handshake(web_04(), "connection_reset"),
        blocked("tls.reset.sni"),
        helper_failed_too(without_handshake(web_04(), "connection_reset"), "connection_reset", parts=("http_request",)),
        down("server.down"),
    ),
    "eof": (
        without_handshake(web(), "eof_error"),
        blocked("tls.eof.sni"),
        everywhere(without_handshake(web(), "eof_error"), "eof_error"),
        down("server.down"),
    ),
    "timeout": (
        without_handshake(web(), "generic_timeout_error"),
        blocked("tls.timeout.sni"),
        everywhere(without_handshake(web(), "generic_timeout_error"), "generic_timeout_error"),
        down("server.down"),
    ),
    "alert": (
        without_handshake(web(addresses=SITE), "ssl_failed_handshake"),
        blocked("tls.alert.sni"),
        everywhere(without_handshake(web(addresses=SITE), "ssl_failed_handshake"), "ssl_failed_handshake"),
        down("server.down"),
    ),
    "self_signed": (
        with_chain(chain("gazette.example", issuer="gazette.example")),
        blocked("tls.mitm.self_signed"),
        everywhere(with_chain(chain("gazette.example", issuer="gazette.example"))),
        down("server.certificate"),
    ),
    "own_authority": (
        with_chain(chain("gazette.example"), failure="ssl_unknown_authority"),
        blocked("tls.mitm.ca_signed"),
        everywhere(with_chain(chain("gazette.example"), failure="ssl_unknown_authority"), "ssl_unknown_authority"),
        down("server.certificate"),
    ),
    "expired": (
        everywhere(with_chain(chain("gazette.example", until_days=-10))),
        down("server.certificate"),
        web(),
        OK,
    ),
    "not_yet_valid": (
        with_chain(chain("gazette.example", from_days=10)),
        down("local.clock"),
        everywhere(with_chain(chain("gazette.example", from_days=10))),
        down("server.certificate"),
    ),
}

HTTP_TWINS = {
    "known_block_page": (with_page(web(IN_CLEAR), NOTICE), blocked("http.blockpage"), web(IN_CLEAR), OK),
    "words_of_refusal": (
        with_page(web(IN_CLEAR), REFUSAL),
        blocked("http.blockpage"),
        with_page(web(IN_CLEAR), PAGE + "This site has been blocked, says an article."),
        OK,
    ),
    "reset_after_request": (
        without_page(web(IN_CLEAR), "connection_reset"),
        blocked("http.reset.host"),
        helper_failed_too(without_page(web(IN_CLEAR), "connection_reset"), "connection_reset", parts=("http_request",)),
        down("server.down"),
    ),
    "redirect_to_a_block_page": (
        jumping("http://internet-positif.org/"),
        blocked("http.redirect"),
        redirecting(IN_CLEAR, "http://www.gazette.example/", "http://www.gazette.example/"),
        OK,
    ),
    "redirect_to_a_sign_in_page": (
        jumping("http://n.network-auth.com/"),
        down("local.captive_portal"),
        jumping("http://n.network-auth.com/", end=response()),  # the chain ends on the helper's page
        OK,
    ),
    "sign_in_page": (
        with_page(web(IN_CLEAR), page("Wi-Fi", "<WISPAccessGatewayParam/>"), code=511),
        down("local.captive_portal"),
        web(IN_CLEAR),
        OK,
    ),
    "challenge": (
        with_page(web(), CHALLENGE, code=503),
        down("server.challenge"),
        with_page(web(), page("Daily Gazette of Quetta", "short today")),
        OK,
    ),
    "refuses_the_country": (
        with_page(web(), page("Sorry", "This content is not available in your country."), code=451),
        down("server.geo"),
        web(),
        OK,
    ),
    "redirect_circle": (
        without_page(web(), "http_too_many_redirects"),
        down("server.redirect"),
        redirecting("https://gazette.example/", "https://www.gazette.example/", "https://www.gazette.example/"),
        OK,
    ),
    "broken_location": (
        without_page(web(), "http_invalid_redirect_location_host"),
        down("server.redirect"),
        redirecting("https://gazette.example/", "/today", "https://gazette.example/today"),
        OK,
    ),
}

WATCHLIST_TWINS = {
    "dns_servfail": (
        without_answer(web(), "dns_servfail_error", engines=("getaddrinfo", "udp")),
        blocked("dns.servfail"),
        web(),
        OK,
    ),
    "dns_timeout": (
        without_answer(web(), "generic_timeout_error", engines=("getaddrinfo", "udp")),
        blocked("dns.timeout"),
        web(),
        OK,
    ),
    "http_eof": (
        without_page(web(IN_CLEAR), "eof_error"),
        blocked("http.eof.host"),
        web(IN_CLEAR),
        OK,
    ),
    "http_timeout": (
        without_page(web(IN_CLEAR), "generic_timeout_error"),
        blocked("http.timeout.host"),
        web(IN_CLEAR),
        OK,
    ),
    "crawling_over_tls": (
        flowing(web(), every_s=2.0, failure="generic_timeout_error"),
        ("throttled", ["tls.throttle.sni"]),
        flowing(web(), every_s=0.05),
        OK,
    ),
    "stalled_over_tls": (
        flowing(web(), every_s=60.0, failure="generic_timeout_error"),
        ("throttled", ["tls.throttle.sni"]),
        helper_failed_too(
            flowing(web(), every_s=60.0, failure="generic_timeout_error"),
            "generic_timeout_error",
            parts=("http_request",),
        ),
        down("server.down"),
    ),
    "stalled_in_clear": (
        changed(
            without_page(web(IN_CLEAR), "generic_timeout_error"),
            {"test_keys.requests[0].response": response("", code=200)},
        ),
        ("throttled", ["http.throttle.host"]),
        web(IN_CLEAR),
        OK,
    ),
}

Twin = tuple[Document, Said, Document, Said]


def twins(table: dict[str, Twin]) -> list[object]:
    return [pytest.param(*twin, id=name) for name, twin in table.items()]


@pytest.mark.parametrize(("document", "expected", "twin", "expected_of_twin"), twins(DNS_TWINS))
def test_name_lookup(document: Document, expected: Said, twin: Document, expected_of_twin: Said) -> None:
    """Forged answers of different makers look alike from one place, so the node above is right as well."""
    verdict = judge(document)
    assert (verdict.state, len(verdict.mechanisms)) == (expected[0], 1)
    assert is_named(verdict.mechanisms[0], expected[1][0]), verdict.mechanisms
    assert said(twin) == expected_of_twin


@pytest.mark.parametrize(("document", "expected", "twin", "expected_of_twin"), twins(TCP_TWINS))
def test_connection(document: Document, expected: Said, twin: Document, expected_of_twin: Said) -> None:
    assert (said(document), said(twin)) == (expected, expected_of_twin)


@pytest.mark.parametrize(("document", "expected", "twin", "expected_of_twin"), twins(TLS_TWINS))
def test_handshake(document: Document, expected: Said, twin: Document, expected_of_twin: Said) -> None:
    assert (said(document), said(twin)) == (expected, expected_of_twin)


@pytest.mark.parametrize(("document", "expected", "twin", "expected_of_twin"), twins(HTTP_TWINS))
def test_request(document: Document, expected: Said, twin: Document, expected_of_twin: Said) -> None:
    assert (said(document), said(twin)) == (expected, expected_of_twin)


@pytest.mark.parametrize(("document", "expected", "twin", "expected_of_twin"), twins(WATCHLIST_TWINS))
def test_a_watched_name_needs_less_evidence(
    document: Document, expected: Said, twin: Document, expected_of_twin: Said
) -> None:
    found = said(document, prior="watchlist", today=FRESH), said(twin, prior="watchlist", today=FRESH)
    assert found == (expected, expected_of_twin)


# Mechanisms of these layers that no case above names, and why.
ELSEWHERE = {
    "http.tamper.header": "needs an echo server: test_nettests.py",
    "http.tamper.request_line": "needs an echo server: test_nettests.py",
    "tls.reset.other": "needs another name at the same address: test_nettests.py",
    "tls.eof.other": "needs another name at the same address: test_nettests.py",
    "tls.timeout.other": "needs another name at the same address: test_nettests.py",
    "local.no_network": "needs context: tests/pipeline/test_bulk.py",
    "dns.proxy": "needs follow-ups: test_contrasts.py",
    "ip.throttle": "needs follow-ups: test_contrasts.py",
    "tls.freeze": "an inner node, for what freezes whatever name it carries: test_contrasts.py",
    "http.reset": "an inner node, for what is cut whatever name it carries: test_contrasts.py",
    "http.eof": "an inner node, likewise: test_contrasts.py",
    "http.timeout": "an inner node, likewise: test_contrasts.py",
    "tls.freeze.sni": "far rarer than tls.throttle.sni, and no question tells them apart by more than 3.5 to 1",
}


def test_every_mechanism_of_the_web_has_a_case() -> None:
    tables = (DNS_TWINS, TCP_TWINS, TLS_TWINS, HTTP_TWINS, WATCHLIST_TWINS)
    cases = {name for table in tables for twin in table.values() for name in (*twin[1][1], *twin[3][1])}
    known = diagnosis().weigher.knowledge.hypotheses
    listed = {hypothesis.id for layer in ("dns", "tcp", "tls", "http") for hypothesis in known[layer]} - {"ok"}
    assert listed - cases == set(ELSEWHERE)
