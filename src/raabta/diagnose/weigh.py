"""Weigh facts: from the facts of one cell to a posterior over its layer's hypotheses.

A cell is one layer of one target (the name lookup of a host, the connections to it, …). Facts are small closed words
("timeout", "control went well"); questions turn combinations of facts into outcomes; each outcome multiplies the
prior of each hypothesis by P(outcome | hypothesis). With log-likelihoods this is the sum of contributions (Good 1950,
"weight of evidence"), shown in decibans against the hypothesis that all is well.

Hypotheses of a layer exclude each other. Layers are weighed apart, each conditional on the layers before it having
let the traffic through, so that several mechanisms may hold at once. Who filters a name in one layer often does so in
another: a cell whose host is interfered with elsewhere is weighed with the prior ``company`` in place of the usual one.

The result depends on the facts alone, and facts have few values, so results are kept by their tuple of facts: the table
lookup that the shared design asks for, filled as it is met.
"""

import itertools
import math
from typing import Final

import msgspec
from msgspec import Struct

from raabta.diagnose.knowledge import WELL, Hypothesis, Knowledge, Question
from raabta.diagnose.priors import Prior
from raabta.model.mechanism import parent

DEEPEN_SHARE: Final = 0.8
"""A child is named instead of its parent when it holds this share of the parent's probability. Not validated."""

MEMO_LIMIT: Final = 1 << 12
"""Tuples of facts kept per layer; beyond it the memory starts anew. Real documents have some hundreds."""

INTERFERENCE: Final = ("blocked", "throttled")


class Answer(Struct, frozen=True, gc=False):
    """An asked question's answer. ``fact`` is the index of the fact that is its witness."""

    id: str
    outcome: str
    decibans: float
    fact: int


class Weighed(Struct, frozen=True, kw_only=True, gc=False):
    """What a cell's facts say: P(state), the named nodes, and the answers.

    ``named`` gives, per state with weight, the deepest node that the evidence supports. ``serial`` tells one weigher's
    results apart.
    """

    layer: str
    facts: tuple[str, ...]
    ok: float
    degraded: float
    throttled: float
    blocked: float
    down: float
    serial: int
    named: dict[str, str]
    answers: tuple[Answer, ...]


class Weigher:
    """Knowledge, prior and layout of facts, ready to weigh.

    Args:
        knowledge: The two tables.
        prior: P(state) before the evidence.
        layout: Names of the facts of each layer, in the order of the tuples that ``weigh`` gets.
        weights: How much what rests on a reference table counts, by the table's name (1: fully).
    """

    def __init__(
        self, knowledge: Knowledge, prior: Prior, *, layout: dict[str, tuple[str, ...]], weights: dict[str, float]
    ) -> None:
        self.knowledge = knowledge
        self.prior = prior
        self._weights = weights
        self._layout = layout
        self._serials = itertools.count()
        self._memo: dict[str, dict[tuple[str, ...], Weighed]] = {layer: {} for layer in knowledge.questions}
        self._priors = {layer: _log_priors(hypotheses, prior) for layer, hypotheses in knowledge.hypotheses.items()}

    def weigh(self, layer: str, facts: tuple[str, ...]) -> Weighed:
        """Weigh one cell's facts; those that are missing at the end are ``none``.

        A cell of which nothing can be asked keeps its prior and has no answers.
        """
        memo = self._memo[layer]
        found = memo.get(facts)
        if found is None:
            found = self._weigh(layer, facts, self._priors[layer])
            _remember(memo, facts, found)
        return found

    def weigh_in_company(self, weighed: Weighed, *, share: float) -> Weighed:
        """Weigh a cell again whose host is interfered with in another layer with probability ``share``."""
        layer, percent = weighed.layer, round(share * 100.0)
        memo = self._memo[layer]
        key = (*weighed.facts, f"company {percent}")
        found = memo.get(key)
        if found is None:
            hypotheses = self.knowledge.hypotheses[layer]
            of_layer = math.fsum(one.share for one in hypotheses if one.state == "blocked")
            usual, in_company = self.prior.blocked, self.knowledge.company / of_layer if of_layer else 0.0
            blocked = usual + percent / 100.0 * max(0.0, in_company - usual)
            found = self._weigh(
                layer,
                weighed.facts,
                _log_priors(hypotheses, msgspec.structs.replace(self.prior, blocked=blocked)),
            )
            _remember(memo, key, found)
        return found

    def _weigh(self, layer: str, facts: tuple[str, ...], log_priors: list[float]) -> Weighed:
        names = self._layout[layer]
        values = dict.fromkeys(names, "none") | dict(zip(names, facts, strict=False))
        asked = [
            (question, outcome)
            for question in self.knowledge.questions[layer]
            if (outcome := outcome_of(question, values)) is not None
        ]
        hypotheses = self.knowledge.hypotheses[layer]
        logs = list(log_priors)
        for question, outcome in asked:
            for index, log in enumerate(self._log_likelihoods(layer, question, outcome)):
                logs[index] += self.knowledge.temperature * log
        top = max(logs)
        masses = [math.exp(log - top) for log in logs]
        total = math.fsum(masses)
        posterior = [mass / total for mass in masses]
        return self._weighed(layer, facts, list(zip(hypotheses, posterior, strict=True)), asked)

    def _log_likelihoods(self, layer: str, question: Question, outcome: str) -> list[float]:
        """Give log P(outcome | each hypothesis); its weight of evidence shrinks where it rests on an ageing table."""
        logs = [
            math.log(hypothesis.likelihoods[question.id][outcome]) for hypothesis in self.knowledge.hypotheses[layer]
        ]
        weight = self._weights.get(question.rests_on, 1.0)
        if weight == 1.0 or outcome not in question.resting:
            return logs
        return [logs[0] + weight * (log - logs[0]) for log in logs]

    def _weighed(
        self,
        layer: str,
        facts: tuple[str, ...],
        posterior: list[tuple[Hypothesis, float]],
        asked: list[tuple[Question, str]],
    ) -> Weighed:
        states = dict.fromkeys(("ok", "degraded", "throttled", "blocked", "down"), 0.0)
        for hypothesis, share in posterior:
            states[hypothesis.state] += share
        ranked = sorted(posterior, key=lambda pair: -pair[1])
        rival = next(hypothesis for hypothesis, _ in ranked if hypothesis.id != WELL)
        names = self._layout[layer]
        answers = tuple(
            Answer(
                question.id,
                outcome,
                self._decibans(layer, question, outcome, rival),
                names.index(question.witness),
            )
            for question, outcome in asked
        )
        return Weighed(
            layer=layer,
            facts=facts,
            serial=next(self._serials),
            named={state: _deepest(posterior, (state,)) for state in states if state != "ok"}
            | {"interference": _deepest(posterior, INTERFERENCE)},
            answers=answers,
            **states,
        )

    def _decibans(self, layer: str, question: Question, outcome: str, rival: Hypothesis) -> float:
        logs = self._log_likelihoods(layer, question, outcome)
        index = self.knowledge.hypotheses[layer].index(rival)
        return round((logs[index] - logs[0]) * 10.0 / math.log(10.0), 1) + 0.0  # never -0.0


def _remember(memo: dict[tuple[str, ...], Weighed], key: tuple[str, ...], found: Weighed) -> None:
    if len(memo) >= MEMO_LIMIT:
        memo.clear()
    memo[key] = found


def outcome_of(question: Question, values: dict[str, str]) -> str | None:
    """Give the outcome that the facts select, None when the question is not asked."""
    for row in question.outcomes:
        if all(_fits(row[index + 1], values[fact]) for index, fact in enumerate(question.facts)):
            return row[0]
    return None


def _fits(pattern: str, value: str) -> bool:
    if pattern == "*":
        return True
    if pattern[0] == "!":
        return value not in pattern[1:].split("|") and value != "none"
    return value in pattern.split("|")


def _log_priors(hypotheses: tuple[Hypothesis, ...], prior: Prior) -> list[float]:
    """Give the log-prior of each hypothesis; what is left of one belongs to the first, that all is well."""
    priors = [prior.of(hypothesis.state) * hypothesis.share for hypothesis in hypotheses]
    priors[0] = 1.0 - math.fsum(priors[1:])
    return [math.log(share) for share in priors]


def _deepest(posterior: list[tuple[Hypothesis, float]], states: tuple[str, ...]) -> str:
    """Name the deepest node that holds ``DEEPEN_SHARE`` of its parent's probability, "" when no node has weight."""
    masses: dict[str, float] = {}
    for hypothesis, share in posterior:
        node = hypothesis.id if hypothesis.state in states else ""
        while node:
            masses[node] = masses.get(node, 0.0) + share
            node = parent(node)
    if not masses:
        return ""
    node = max((name for name in masses if "." not in name), key=lambda name: masses[name])
    while True:
        children = [name for name in masses if parent(name) == node]
        best = max(children, key=lambda name: masses[name], default="")
        if not best or masses[best] < DEEPEN_SHARE * masses[node]:
            return node
        node = best
