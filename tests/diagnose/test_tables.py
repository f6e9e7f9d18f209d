"""Invariants over all questions and all rows of knowledge, and what a wrong row is told."""

import itertools
import math
from importlib.resources import files

import pytest

from raabta.diagnose import PRIORS, Knowledge, KnowledgeError, parse_knowledge
from raabta.diagnose.diagnosis import LAYOUT
from raabta.diagnose.knowledge import WELL, Hypothesis, Question
from raabta.diagnose.weigh import outcome_of
from raabta.model import STATES_OF_THE_WORLD

DATA = files("raabta.diagnose") / "data"
QUESTIONS = (DATA / "questions.toml").read_text("utf-8")
KNOWLEDGE = (DATA / "knowledge.toml").read_text("utf-8")


def tables() -> Knowledge:
    return parse_knowledge(questions=QUESTIONS, knowledge=KNOWLEDGE)


def questions() -> list[Question]:
    return [question for listed in tables().questions.values() for question in listed]


def hypotheses() -> list[Hypothesis]:
    return [hypothesis for listed in tables().hypotheses.values() for hypothesis in listed]


# --- questions ------------------------------------------------------------------------------------------------------


def test_every_question_has_an_id_of_its_own_that_begins_with_a_word() -> None:
    ids = [question.id for question in questions()]
    assert sorted(ids) == sorted(set(ids))
    assert [name for name in ids if name.count(".") != 1] == []


def test_every_question_is_one_sentence() -> None:
    assert [question.id for question in questions() if not question.asks.endswith("?")] == []


def test_every_layer_has_a_layout_and_every_fact_of_a_question_stands_in_it() -> None:
    assert set(tables().questions) == set(LAYOUT)
    unknown = {question.id: set(question.facts) - set(LAYOUT[question.layer]) for question in questions()}
    assert {name: facts for name, facts in unknown.items() if facts} == {}


def test_every_fact_of_the_layout_is_asked_for() -> None:
    asked = {(question.layer, fact) for question in questions() for fact in question.facts}
    assert {(layer, fact) for layer, facts in LAYOUT.items() for fact in facts} - asked == set()


def test_the_witness_is_one_of_the_facts() -> None:
    assert [question.id for question in questions() if question.witness not in question.facts] == []


def values_of(patterns: list[str]) -> list[str]:
    """Every value that some pattern names, and one that none does."""
    named = {value for pattern in patterns for value in pattern.removeprefix("!").split("|")}
    return [*sorted(named - {"*", "-"}), "a value that no pattern names"]


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.id)
def test_every_outcome_is_reached_by_some_facts(question: Question) -> None:
    columns = [values_of([row[index + 1] for row in question.outcomes]) for index in range(len(question.facts))]
    combinations = (dict(zip(question.facts, chosen, strict=True)) for chosen in itertools.product(*columns))
    reached = {outcome_of(question, values) for values in combinations} - {None}
    never = {row[0] for row in question.outcomes if set(row[1:]) == {"-"}}
    assert reached == set(question.outcome_names) - never


# Among services "none" is no absence: it says how many end points answered.
ASKED_OF_STEPS = [question for question in questions() if question.layer != "vpn"]


@pytest.mark.parametrize("question", ASKED_OF_STEPS, ids=lambda question: question.id)
def test_a_question_is_not_asked_where_its_facts_are_absent(question: Question) -> None:
    assert outcome_of(question, dict.fromkeys(question.facts, "none")) is None


# --- knowledge --------------------------------------------------------------------------------------------------------


def test_every_row_of_likelihoods_is_positive_and_adds_up_to_one() -> None:
    wrong = {
        (hypothesis.layer, hypothesis.id, question): sum(row.values())
        for hypothesis in hypotheses()
        for question, row in hypothesis.likelihoods.items()
        if min(row.values()) <= 0 or not math.isclose(math.fsum(row.values()), 1.0, abs_tol=1e-9)
    }
    assert wrong == {}


def test_every_hypothesis_answers_every_question_of_its_layer_with_its_own_outcomes() -> None:
    by_layer = tables().questions
    for hypothesis in hypotheses():
        expected = {question.id: set(question.outcome_names) for question in by_layer[hypothesis.layer]}
        assert {name: set(row) for name, row in hypothesis.likelihoods.items()} == expected


def test_a_mechanism_stands_once_in_a_layer_and_is_in_the_tree() -> None:
    keys = [(hypothesis.layer, hypothesis.id) for hypothesis in hypotheses()]
    assert sorted(keys) == sorted(set(keys))
    assert {name for _, name in keys} - {WELL} <= set(tables().mechanisms)


def test_all_is_well_comes_first_in_every_layer() -> None:
    assert {layer: listed[0].id for layer, listed in tables().hypotheses.items()} == dict.fromkeys(LAYOUT, WELL)


def test_shares_of_a_state_add_up_to_one_over_the_layers() -> None:
    totals: dict[str, float] = {}
    for hypothesis in hypotheses():
        if hypothesis.id != WELL:
            totals[hypothesis.state] = totals.get(hypothesis.state, 0.0) + hypothesis.share
    assert totals == pytest.approx(dict.fromkeys(set(STATES_OF_THE_WORLD) - {"ok"}, 1.0), abs=1e-9)


def test_every_row_has_a_source() -> None:
    assert [hypothesis.id for hypothesis in hypotheses() if len(hypothesis.source) < 10] == []


def test_every_mechanism_is_told_from_all_well_by_some_outcome() -> None:
    well = {layer: listed[0] for layer, listed in tables().hypotheses.items()}
    mute = [
        (hypothesis.layer, hypothesis.id)
        for hypothesis in hypotheses()
        if hypothesis.id != WELL and hypothesis.likelihoods == well[hypothesis.layer].likelihoods
    ]
    assert mute == []


@pytest.mark.parametrize("prior", PRIORS.values(), ids=PRIORS)
def test_every_prior_leaves_something_for_ok(prior: object) -> None:
    shares = [getattr(prior, state) for state in STATES_OF_THE_WORLD if state != "ok"]
    assert min(shares) > 0
    assert math.fsum(shares) < 1


# --- what a wrong row is told ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        pytest.param('id = "tcp.several"', 'id = "tcp.ports"', "tcp.ports", id="question-twice"),
        pytest.param('witness = "late"', 'witness = "early"', "dns.late_answer", id="witness-that-is-no-fact"),
        pytest.param('["same", "same"]', '["same", "same", "*"]', "dns.late_answer", id="a-pattern-too-many"),
        pytest.param("[[question]]", "[[question", "cannot be read", id="no-toml"),
        pytest.param('asks = "Did a second', 'ask = "Did a second', "asks", id="a-key-that-is-missing"),
    ],
)
def test_a_wrong_question_is_named(old: str, new: str, named: str) -> None:
    assert old in QUESTIONS
    with pytest.raises(KnowledgeError, match=named):
        parse_knowledge(questions=QUESTIONS.replace(old, new, 1), knowledge=KNOWLEDGE)


PORTS = '"tcp.ports" = { alike = 0.97'
PORTS_ROW = "ip.drop of layer tcp, question tcp.ports"


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        pytest.param('id = "ip.drop"', 'id = "ip.dorp"', "ip.dorp", id="not-in-the-tree"),
        pytest.param(PORTS, '"tcp.prots" = { alike = 0.97', "ip.drop of layer tcp.*tcp.prots", id="no-such-question"),
        pytest.param(PORTS, '"tls.step" = { alike = 0.97', "ip.drop of layer tcp.*tls.step", id="other-layer"),
        pytest.param(PORTS, '"tcp.ports" = { like = 0.97', f"{PORTS_ROW}.*like", id="no-such-outcome"),
        pytest.param(PORTS, '"tcp.ports" = { alike = 1.97', PORTS_ROW, id="more-than-one"),
        pytest.param(PORTS, '"tcp.ports" = { alike = -0.97', PORTS_ROW, id="less-than-nothing"),
        pytest.param(PORTS, '"tcp.ports" = { alike = 0', PORTS_ROW, id="impossible"),
        pytest.param(
            'share = 0.10\nsource = "all packets', 'share = 0.0\nsource = "all packets', "ip.drop", id="no-share"
        ),
        pytest.param(
            '[[well]]\nlayer = "path"', '[[well]]\nlayer = "vpn"', "layer (vpn|path)", id="two-wells-in-a-layer"
        ),
        pytest.param("\ncompany = 0.2", '\ncompany = "no"', "company", id="wrong-type"),
        pytest.param("\ncompany = 0.2", "\ncompany = 0.2\nmood = 1", "mood", id="unknown-key"),
    ],
)
def test_a_wrong_row_of_knowledge_is_named(old: str, new: str, named: str) -> None:
    assert old in KNOWLEDGE
    with pytest.raises(KnowledgeError, match=named):
        parse_knowledge(questions=QUESTIONS, knowledge=KNOWLEDGE.replace(old, new, 1))


def test_a_changed_table_has_another_version() -> None:
    changed = parse_knowledge(questions=QUESTIONS, knowledge=KNOWLEDGE + "\n# a remark\n")
    assert changed.version != tables().version


def test_a_mechanism_that_brings_its_words_needs_no_place_in_the_tree() -> None:
    row = """
[[mechanism]]
id = "http.tamper.cookie"
layer = "http"
share = 0.01
source = "an invented mechanism"
words = "a machine in between changes cookies"
"""
    grown = parse_knowledge(questions=QUESTIONS, knowledge=KNOWLEDGE + row).mechanisms["http.tamper.cookie"]
    assert (grown.state, grown.locus, grown.words) == ("blocked", "access", "a machine in between changes cookies")
