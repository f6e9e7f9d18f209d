"""One verdict beside its truth."""

from typing import Any

import pytest

from raabta.lab.scenario.types import Truth
from raabta.lab.scoring.judged import OUTCOMES, judge, kind_of
from tests.lab.scoring.made_up import CLOSED, DOWN, EITHER, LIE, LOSSY, SLOWED, SNI, result, verdict

RESIDUAL = Truth(state="blocked", one_of=["tls.reset.sni", "tls.reset.other", "tcp.reset"])
UNSURE = Truth(state="blocked", one_of=["tls.reset.sni"], or_insufficient=True)


@pytest.mark.parametrize(
    ("truth", "said", "outcome"),
    [
        pytest.param([SNI], ["tls.reset.sni"], "exact", id="the-mechanism-itself"),
        pytest.param([SNI], ["tls.reset"], "under", id="a-node-above"),
        pytest.param([SNI], ["tls"], "under", id="the-layer"),
        pytest.param([SNI], ["tls.reset.other"], "wrong", id="a-sister"),
        pytest.param([SNI], [], "missed", id="ok"),
        pytest.param([SNI], ["server.down"], "wrong", id="the-server-is-blamed"),
        pytest.param([SNI], ["tls.reset.sni", "dns.nxdomain"], "wrong", id="something-false-beside-it"),
        pytest.param([CLOSED], ["tcp.reset"], "exact", id="one-of-several"),
        pytest.param([CLOSED], ["tcp.refused"], "exact", id="the-other-of-several"),
        pytest.param([CLOSED], ["tcp"], "exact", id="what-is-common-to-several"),
        pytest.param([EITHER], ["tls.reset"], "exact", id="the-deepest-common-node"),
        pytest.param([EITHER], ["tls"], "under", id="a-node-above-the-common-one"),
        pytest.param([RESIDUAL], ["tls.reset"], "exact", id="what-is-common-to-two-of-three"),
        pytest.param([RESIDUAL], ["tls"], "under", id="a-node-above-what-is-common-to-two"),
        pytest.param([SNI, LIE], ["tls.reset.sni", "dns.injection.bogon"], "exact", id="both-of-two"),
        pytest.param([SNI, LIE], ["dns.injection.bogon"], "partly", id="one-of-two"),
        pytest.param([SNI, LIE], ["dns.injection.bogon", "tls.reset"], "under", id="one-of-two-and-a-node-above"),
        pytest.param([DOWN], ["server.down"], "exact", id="the-server-is-down"),
        pytest.param([DOWN], ["tls.reset.sni"], "wrong", id="interference-instead-of-a-fault"),
        pytest.param([DOWN, LOSSY], ["server.down"], "exact", id="what-is-optional-need-not-be-said"),
        pytest.param([DOWN, LOSSY], ["server.down", "path.loss"], "exact", id="what-is-optional-may-be-said"),
        pytest.param([], [], "exact", id="well"),
        pytest.param([], ["tls.reset.sni"], "false", id="well-and-accused"),
        pytest.param([], ["server.down"], "wrong", id="well-and-called-down"),
        pytest.param([LOSSY], [], "exact", id="a-bad-line-that-works"),
        pytest.param([LOSSY], ["path.loss"], "exact", id="a-bad-line-that-is-named"),
        pytest.param([LOSSY], ["path"], "exact", id="a-bad-line-somehow"),
        pytest.param([LOSSY], ["tcp.timeout"], "false", id="a-bad-line-called-interference"),
        pytest.param([SLOWED], ["path.throttle"], "exact", id="slowed-on-purpose-perhaps"),
    ],
)
def test_a_verdict_is_as_right_as_its_truth_allows(truth: list[Truth], said: list[str], outcome: str) -> None:
    assert judge(result(*truth, said=verdict(*said))).outcome == outcome


def test_a_node_below_the_truth_says_too_much() -> None:
    vague = Truth(state="blocked", one_of=["tls.reset"])
    assert judge(result(vague, said=verdict("tls.reset.sni"))).outcome == "over"


def test_to_say_nothing_is_right_only_where_it_is_allowed() -> None:
    nothing = verdict(state="insufficient")
    assert judge(result(UNSURE, said=nothing)).outcome == "exact"
    assert judge(result(SNI, said=nothing)).outcome == "insufficient"
    assert judge(result(said=nothing)).outcome == "insufficient"
    assert judge(result(UNSURE, SNI, said=nothing)).outcome == "insufficient"


@pytest.mark.parametrize(
    ("truth", "kind"),
    [([SNI], "interference"), ([DOWN], "benign"), ([], "benign"), ([LOSSY], "benign"), ([SLOWED], "unclear")],
)
def test_a_cell_is_of_the_kind_that_its_rows_say(truth: list[Truth], kind: str) -> None:
    assert kind_of(truth) == kind


def test_a_cell_with_both_a_needed_row_and_an_optional_one_is_interfered_with() -> None:
    assert kind_of([SLOWED, SNI]) == "interference"


@pytest.mark.parametrize(
    ("truth", "said", "right"),
    [
        ([SNI], verdict("tls.reset.sni"), True),
        ([SNI], verdict("tls.reset.sni", locus="transit"), False),
        ([EITHER], verdict("tls.reset.sni"), None),
        ([SNI], verdict(), None),
        ([], verdict(), None),
        ([DOWN], verdict("server.down"), True),
    ],
)
def test_the_locus_counts_where_it_is_known_and_something_was_named(
    truth: list[Truth], said: dict[str, Any], right: bool | None
) -> None:
    assert judge(result(*truth, said=said)).locus is right


def test_every_outcome_has_words() -> None:
    assert all(OUTCOMES.values())
