"""The evidence of a verdict: its sign, its witness, and what made it."""

import pytest

from tests.cases.certificates import chain
from tests.cases.documents import (
    Document,
    web,
    with_page,
    without_connection,
    without_handshake,
)
from tests.cases.faults import (
    IN_CLEAR,
    NOTICE,
    everywhere,
    jumping,
    with_chain,
)
from tests.cases.judging import FRESH, judge


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
    assert (verdict.prior, verdict.fitted, verdict.source) == ("field", True, "case:1")
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
