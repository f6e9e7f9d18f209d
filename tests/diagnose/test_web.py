"""web_connectivity: every mechanism that such a document can show, each beside a twin in which it does not hold."""

import pytest

from tests.cases.certificates import chain
from tests.cases.documents import (
    FOREIGN,
    OPERATOR,
    PAGE,
    SITE,
    SITE_V6,
    Document,
    changed,
    connect,
    endpoint,
    event,
    helper,
    helper_failed_too,
    lookup,
    page,
    redirecting,
    request,
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
from tests.cases.judging import FRESH, TODAY, judge, said

IN_CLEAR = "http://gazette.example/"
NOTICE = page("Internet Positif", "The operator refuses.")
REFUSAL = page("Notice", "This website has been blocked by order of the authority.")
CHALLENGE = page("Just a moment...", "Checking that you are human.")
SLOW_PAGE_S = 45.0

Said = tuple[str, list[str]]
"""State and mechanisms."""

OK: Said = ("ok", [])


def blocked(*mechanisms: str) -> Said:
    return "blocked", list(mechanisms)


def down(*mechanisms: str) -> Said:
    return "down", list(mechanisms)


def with_chain(certificates: list[dict[str, str]], *, failure: str = "ssl_invalid_certificate") -> Document:
    return changed(
        without_handshake(web(), failure), {"test_keys.tls_handshakes[0].peer_certificates": certificates}
    )


def everywhere(document: Document, failure: str = "ssl_invalid_certificate") -> Document:
    return helper_failed_too(document, failure, parts=("tls_handshake", "http_request"))


def both_ports(document: Document, failure: str, *, other: str | None) -> Document:
    """Connections to port 443 fail so, those to port 80 of the same addresses as ``other`` says."""
    failed = without_connection(document, failure)["test_keys"]["tcp_connect"]
    beside = [connect(step["ip"], 80, other) for step in failed]
    return changed(without_connection(document, failure), {"test_keys.tcp_connect": [*failed, *beside]})


def flowing(document: Document, *, every_s: float, failure: str | None = None) -> Document:
    """1 KiB arrives every so many seconds, for 45 s or until the page is whole."""
    sent = [event("read", 1.0 + number * every_s, transaction=7, num_bytes=1024) for number in range(2000)]
    url = document["input"]
    step = request(url, address=endpoint(SITE[0], 443), failure=failure, t=SLOW_PAGE_S, transaction=7)
    if failure is not None:
        step["response"] = response("", code=200)
    within = [fact for fact in sent if fact["t"] < SLOW_PAGE_S]
    return changed(document, {"test_keys.network_events": within, "test_keys.requests": [step]})


def jumping(location: str, *, end: Document | None = None) -> Document:
    return redirecting(IN_CLEAR, location, location, final=end or response(page("Elsewhere", "nothing of the kind")))


DNS_TWINS = {
    "block_page_address": (web(at="193.58.251.1"), blocked("dns.injection.blockpage"), web(), OK),
    "bogon": (web(at="10.20.30.40"), blocked("dns.injection.bogon"), web(addresses=("10.20.30.40",)), down("server.name")),
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
        blocked("tcp.timeout"),  # ip.drop is a fifth as likely beforehand, and both make ports fail alike
        both_ports(web(addresses=SITE), "generic_timeout_error", other=None),
        blocked("tcp.timeout"),
    ),
    "refused": (
        without_connection(web(), "connection_refused"),
        blocked("tcp.refused"),
        helper_failed_too(without_connection(web(), "connection_refused"), "connection_refused", parts=("tcp_connect",)),
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
            flowing(web(), every_s=60.0, failure="generic_timeout_error"), "generic_timeout_error", parts=("http_request",)
        ),
        down("server.down"),
    ),
    "stalled_in_clear": (
        changed(
            without_page(web(IN_CLEAR), "generic_timeout_error"), {"test_keys.requests[0].response": response("", code=200)}
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
    assert (said(document, today=FRESH), said(twin, today=FRESH)) == (expected, expected_of_twin)


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


# --- what is no interference ----------------------------------------------------------------------------------------

CDN = ("104.16.40.1", "104.16.40.2", "104.16.40.3")


def from_here(document: Document) -> Document:
    """Encrypted lookups give the same as the others: the answer depends on the place, not on the resolver."""
    everyday = document["test_keys"]["queries"][0]
    return changed(document, {"test_keys.queries[2]": {**everyday, "engine": "doh"}})


def v6_lookup(document: Document) -> Document:
    """The site has an IPv6 address as well; the helper reaches it, the line has no IPv6."""
    both = {**document, "test_keys": {**document["test_keys"], "control": helper((SITE[0], SITE_V6))}}
    return changed(
        both,
        {
            "test_keys.queries[0]": lookup("gazette.example", SITE[0], SITE_V6),
            "test_keys.tcp_connect": [*document["test_keys"]["tcp_connect"], connect(SITE_V6, 443, "network_unreachable")],
        },
    )


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(web(at=FOREIGN), id="other-network-with-a-valid-certificate"),
        pytest.param(web(at=OPERATOR, addresses=CDN[:1]), id="cdn-cache-in-the-operator-s-network"),
        pytest.param(web(at=CDN[1], addresses=CDN[:1]), id="cdn-rotates"),
        pytest.param(from_here(web(IN_CLEAR, at=FOREIGN)), id="other-network-whomever-one-asks-here"),
        pytest.param(v6_lookup(web()), id="line-without-ipv6"),
        pytest.param(without_helper(web()), id="no-helper"),
        pytest.param(without_helper(web_04()), id="no-helper-and-one-resolver"),
        pytest.param(
            without_helper(changed(web(), {"test_keys.tcp_connect": []})), id="no-helper-and-no-connections-recorded"
        ),
        pytest.param(helper_failed_too(web(), "generic_timeout_error", parts=("http_request",)), id="helper-failed"),
        pytest.param(
            helper_failed_too(web(), "generic_timeout_error", parts=("dns", "tcp_connect", "tls_handshake", "http_request")),
            id="helper-failed-throughout",
        ),
        pytest.param(with_page(web(), page("Gazette", "x" * 9), code=200), id="page-in-another-language"),
        pytest.param(redirecting("http://gazette.example/", "/ur", "http://gazette.example/ur"), id="own-redirect"),
    ],
)
def test_a_site_that_works_is_ok(document: Document) -> None:
    assert said(document) == OK


@pytest.mark.parametrize("failure", ["generic_timeout_error", "connection_refused", "connection_reset", "host_unreachable"])
def test_without_a_helper_a_failed_connection_is_not_called_interference(failure: str) -> None:
    assert judge(without_helper(without_connection(web(), failure))).state in ("down", "insufficient")


def test_an_error_page_over_tls_is_not_called_interference() -> None:
    assert judge(with_page(web(), page("Bad gateway", "try later"), code=502)).posterior["blocked"] < 0.05


def test_a_cdn_that_widens_its_answers_does_not_move_the_score() -> None:
    narrow, wide = judge(web(addresses=CDN[:1])), judge(web(addresses=CDN))
    assert (narrow.state, narrow.mechanisms) == (wide.state, wide.mechanisms)
    assert wide.posterior == pytest.approx(narrow.posterior, abs=1e-9)


def test_ten_like_failures_are_not_ten_proofs() -> None:
    many = tuple(f"5.9.40.{number}" for number in range(1, 11))
    two, ten = (judge(without_connection(web(addresses=group), "generic_timeout_error")) for group in (many[:2], many))
    assert ten.posterior == pytest.approx(two.posterior, abs=1e-9)


def test_a_reset_of_the_redirect_s_target_is_found_at_the_second_host() -> None:
    document = redirecting("https://short.example/1", "https://gazette.example/")
    keys = document["test_keys"]
    target = without_handshake(web(addresses=(FOREIGN,)), "connection_reset")["test_keys"]
    both = {name: [*keys[name], *target[name]] for name in ("queries", "tcp_connect", "tls_handshakes")}
    reset = changed(document, {f"test_keys.{name}": value for name, value in both.items()})
    works = redirecting("https://short.example/1", "https://gazette.example/", "https://gazette.example/")
    assert (said(reset), said(works)) == (blocked("tls.reset.sni"), OK)


def test_a_second_and_different_answer_counts_for_injection() -> None:
    odd = web("http://gazette.example/", at=FOREIGN)
    late = {"test_keys.x_dns_duplicate_responses": [lookup("gazette.example", SITE[0], engine="udp")]}
    with_late, without = judge(changed(odd, late)), judge(odd)
    assert with_late.posterior["blocked"] > without.posterior["blocked"]


def test_two_mechanisms_may_hold_at_once() -> None:
    spoofed_and_reset = without_handshake(web(at="10.20.30.40"), "connection_reset")
    reached = connect(SITE[0], 443)
    cut = {**spoofed_and_reset["test_keys"]["tls_handshakes"][0], "address": endpoint(SITE[0], 443)}
    document = changed(
        spoofed_and_reset, {"test_keys.tcp_connect": [reached], "test_keys.tls_handshakes": [cut]}
    )
    assert said(document) == blocked("dns.injection.bogon", "tls.reset.sni")


@pytest.mark.parametrize(
    ("written", "looked_up"),
    [
        pytest.param("http://خبر.example/", "خبر.example", id="both-in-arabic-script"),
        pytest.param("http://خبر.example/", "xn--ngblk.example", id="looked-up-in-ascii"),
        pytest.param("http://xn--ngblk.example/", "خبر.example", id="asked-for-in-ascii"),
        pytest.param("http://GAZETTE.example/", "gazette.example.", id="capitals-and-a-final-dot"),
    ],
)
def test_names_are_compared_in_one_form(written: str, looked_up: str) -> None:
    document = web(written)
    document["test_keys"]["queries"] = [lookup(looked_up, SITE[0])]
    verdict = judge(document)
    assert (verdict.state, "dns.answer" in {evidence.id for evidence in verdict.evidence}) == ("ok", True)


# --- evidence -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "question", "outcome", "witness"),
    [
        (web(at="10.20.30.40"), "dns.answer", "bogon", "test_keys.queries[0]"),
        (without_connection(web(), "connection_refused"), "tcp.connect", "refused", "test_keys.tcp_connect[0]"),
        (without_handshake(web(), "connection_reset"), "tls.handshake", "reset", "test_keys.tls_handshakes[0]"),
        (with_page(web(IN_CLEAR), NOTICE), "http.sign", "block_page", "test_keys.requests[0]"),
    ],
)
def test_what_speaks_for_interference_has_positive_decibans_and_points_at_the_step(
    document: Document, question: str, outcome: str, witness: str
) -> None:
    (found,) = [evidence for evidence in judge(document, today=FRESH).evidence if evidence.id == question]
    assert (found.outcome, found.witness, found.decibans > 10) == (outcome, witness, True)


def test_what_speaks_for_a_working_site_never_has_positive_decibans() -> None:
    assert [evidence for evidence in judge(web()).evidence if evidence.decibans > 0] == []


def test_a_verdict_names_what_made_it() -> None:
    verdict = judge(web())
    assert (verdict.prior, verdict.fitted, verdict.source) == ("field", False, "case:1")
    assert verdict.knowledge
    assert verdict.reference


@pytest.mark.parametrize(
    ("document", "locus"),
    [
        pytest.param(without_connection(web(), "generic_timeout_error"), "access", id="blocked"),
        pytest.param(everywhere(with_chain(chain("gazette.example", until_days=-10))), "target", id="bad-certificate"),
        pytest.param(jumping("http://n.network-auth.com/"), "vantage", id="captive-portal"),
        pytest.param(web(), "unknown", id="nothing-wrong"),
    ],
)
def test_the_locus_follows_from_the_mechanism(document: Document, locus: str) -> None:
    assert judge(document).locus == locus


# --- what nothing can be said of ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(changed(web(), {"test_keys": {}}), id="no-steps"),
        pytest.param(changed(web(), {"test_keys": None}), id="no-test-keys"),
        pytest.param(changed(web(), {"input": None}), id="no-url"),
        pytest.param(changed(web(), {"input": "gazette.example"}), id="no-scheme"),
    ],
)
def test_a_document_without_steps_is_insufficient(document: Document) -> None:
    verdict = judge(document)
    assert (verdict.state, verdict.evidence) == ("insufficient", [])


def test_working_connections_without_an_answer_of_the_site_are_insufficient() -> None:
    document = changed(web(), {"test_keys.requests": [], "test_keys.tls_handshakes": []})
    assert (said(document), said(web())) == (("insufficient", []), OK)


@pytest.mark.xfail(
    strict=True,
    reason="combine._reached takes any answer to a question of _REACHES_TARGET for a good one: a request that failed "
    "counts as 'the target itself answered', so that the state is ok though nothing was got",
)
@pytest.mark.parametrize(
    "document",
    [
        pytest.param(without_page(web(IN_CLEAR), "eof_error"), id="eof-in-clear"),
        pytest.param(without_helper(without_page(web(IN_CLEAR), "generic_timeout_error")), id="no-answer-and-no-helper"),
        pytest.param(without_page(web(), "generic_timeout_error"), id="silence-over-tls"),
        pytest.param(without_page(web(), "connection_reset"), id="reset-over-tls"),
    ],
)
def test_a_site_that_gave_no_page_is_never_ok(document: Document) -> None:
    assert judge(document).state != "ok"


@pytest.mark.xfail(
    strict=True,
    reason="dns.answer rests_on the network table as a whole, so its age pulls outcomes that do not come from the table "
    "(nxdomain, bogon) towards their mean: at 108 days (weight 0.93) NXDOMAIN falls from 38 to 21 decibans",
)
@pytest.mark.parametrize(
    "document",
    [
        pytest.param(without_answer(web(), "dns_nxdomain_error"), id="nxdomain"),
        pytest.param(web(at="10.20.30.40"), id="bogon"),
        pytest.param(web(addresses=("10.20.30.40",)), id="bogon-everywhere"),
    ],
)
def test_the_age_of_the_address_table_does_not_weaken_what_does_not_rest_on_it(document: Document) -> None:
    fresh, aged = (judge(document, today=today).evidence[0].decibans for today in (FRESH, TODAY))
    assert aged == fresh
