"""What is no interference, and what nothing can be said of."""

import pytest

from tests.cases.documents import (
    FOREIGN,
    OPERATOR,
    SITE,
    SITE_V6,
    Document,
    changed,
    connect,
    endpoint,
    helper,
    helper_failed_too,
    lookup,
    page,
    redirecting,
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
    IN_CLEAR,
    OK,
    blocked,
)
from tests.cases.judging import FRESH, TODAY, judge, said

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
            "test_keys.tcp_connect": [
                *document["test_keys"]["tcp_connect"],
                connect(SITE_V6, 443, "network_unreachable"),
            ],
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
            helper_failed_too(
                web(), "generic_timeout_error", parts=("dns", "tcp_connect", "tls_handshake", "http_request")
            ),
            id="helper-failed-throughout",
        ),
        pytest.param(with_page(web(), page("Gazette", "x" * 9), code=200), id="page-in-another-language"),
        pytest.param(redirecting("http://gazette.example/", "/ur", "http://gazette.example/ur"), id="own-redirect"),
    ],
)
def test_a_site_that_works_is_ok(document: Document) -> None:
    assert said(document) == OK


@pytest.mark.parametrize(
    "failure", ["generic_timeout_error", "connection_refused", "connection_reset", "host_unreachable"]
)
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
    document = changed(spoofed_and_reset, {"test_keys.tcp_connect": [reached], "test_keys.tls_handshakes": [cut]})
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


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(without_page(web(IN_CLEAR), "eof_error"), id="eof-in-clear"),
        pytest.param(
            without_helper(without_page(web(IN_CLEAR), "generic_timeout_error")), id="no-answer-and-no-helper"
        ),
        pytest.param(without_page(web(), "generic_timeout_error"), id="silence-over-tls"),
        pytest.param(without_page(web(), "connection_reset"), id="reset-over-tls"),
    ],
)
def test_a_site_that_gave_no_page_is_never_ok(document: Document) -> None:
    assert judge(document).state != "ok"


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
