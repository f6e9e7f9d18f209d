"""Fitting: from results of the lab to the table of counts, and the temperature.

Every cell of a layer of a measurement is one observation of each question that it answers, under the hypothesis that is
true of that layer there: the truth's mechanism of this layer, or that all is well where nothing is wrong anywhere.
Where the truth lists several mechanisms that cannot be told apart from there, nothing is counted. A question that has
an outcome for "nothing to ask" is counted there when it was not asked, so that likelihoods stay those of the whole
event.

Each family weighs as at most ``FAMILY_CAP`` observations a row, so that a family with many variants does not drown
others. Only families of the split's fitting part are counted; the temperature is chosen on those of the calibration
part by the log-loss of "is there interference?". The scoring part is never read here.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from raabta.diagnose import Diagnosis
from raabta.diagnose.counts import Count, Counts
from raabta.diagnose.knowledge import WELL
from raabta.diagnose.weigh import Weighed
from raabta.lab.judging import DiagnosisOf, measurement_of
from raabta.lab.results import CellResult
from raabta.model import Verdict

FAMILY_CAP: Final = 12.0
"""Observations that one family adds to a row at most. Not validated: a family has some ten cells."""

TEMPERATURES: Final = tuple(round(0.3 + 0.05 * step, 2) for step in range(15))
"""Tried temperatures: 0.3 to 1. Above 1 evidence would count more than it weighs: dependence never asks for that."""

_LEAST: Final = 1e-6

Tally = dict[tuple[str, str, str], dict[str, dict[str, float]]]
"""(layer, hypothesis, question) -> family -> outcome -> observations."""


def count_outcomes(results: Iterable[CellResult], diagnosis_of: DiagnosisOf) -> list[Count]:
    """Count the outcomes of every question under what is true.

    Args:
        results: Cells of the fitting families.
        diagnosis_of: What judges the documents of a scenario.

    Returns:
        One row a layer, hypothesis and question that was seen; families capped.
    """
    tally: Tally = defaultdict(lambda: defaultdict(lambda: defaultdict(float)))
    for result in results:
        measurement = measurement_of(result)
        if measurement is None:
            continue
        diagnosis = diagnosis_of(result.scenario)
        for cell in diagnosis.cells(measurement):
            _count_cell(tally, result, weighed=cell.weighed, diagnosis=diagnosis)
    return [
        Count(layer=layer, id=hypothesis, question=question, n=_capped(families))
        for (layer, hypothesis, question), families in sorted(tally.items())
    ]


def _count_cell(tally: Tally, result: CellResult, *, weighed: Weighed, diagnosis: Diagnosis) -> None:
    knowledge = diagnosis.weigher.knowledge
    layer = weighed.layer
    true = _true_of(result, {hypothesis.id for hypothesis in knowledge.hypotheses[layer]})
    answered = {answer.id: answer.outcome for answer in weighed.answers}
    for question in knowledge.questions[layer] if answered else ():
        unasked = next((row[0] for row in question.outcomes if row[1] == "-"), None)
        outcome = answered.get(question.id, unasked)
        if outcome is None:
            continue
        for hypothesis in true:
            tally[layer, hypothesis, question.id][result.family][outcome] += 1.0


def _true_of(result: CellResult, known: set[str]) -> list[str]:
    """Give the layer's hypotheses that are true of a cell.

    It is the one that the truth names; that all is well where nothing is wrong in any layer; else none: what a layer
    shows below another's interference is no sample of its being well, and where several cannot be told apart from
    there, an observation is no sample of either.
    """
    named = [name for row in result.truth if row.state != "ok" for name in row.one_of]
    here = [
        hypothesis
        for hypothesis in sorted(known)
        if any(hypothesis == name or hypothesis.startswith(f"{name}.") for name in named)
    ]
    if len(here) > 1:
        return []
    return here or ([] if named else [WELL])


def _capped(families: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Add up the families' outcomes, each family scaled down to the cap."""
    total: dict[str, float] = defaultdict(float)
    for outcomes in families.values():
        scale = min(1.0, FAMILY_CAP / math.fsum(outcomes.values()))
        for outcome, n in outcomes.items():
            total[outcome] += n * scale
    return {outcome: round(n, 2) for outcome, n in sorted(total.items())}


def choose_temperature(
    results: Iterable[CellResult], judge: Callable[[float], DiagnosisOf]
) -> tuple[float, dict[float, float]]:
    """Choose the temperature with the least log-loss of "is there interference?" on calibration families.

    Args:
        results: Cells of the calibration families.
        judge: Gives, for a temperature, what judges the documents of a scenario.

    Returns:
        The temperature, and the mean log-loss in nats of each that was tried.
    """
    measured = [(result, found) for result in results if (found := measurement_of(result)) is not None]
    losses = {}
    for temperature in TEMPERATURES if measured else ():
        diagnosis_of = judge(temperature)
        total = math.fsum(_loss(result, diagnosis_of(result.scenario).diagnose(found)) for result, found in measured)
        losses[temperature] = total / len(measured)
    return (min(losses, key=losses.__getitem__) if losses else 1.0), losses


def _loss(result: CellResult, verdict: Verdict) -> float:
    share = verdict.posterior["blocked"] + verdict.posterior["throttled"]
    true = any(row.state in ("blocked", "throttled") for row in result.truth)
    return -math.log(max(_LEAST, share if true else 1.0 - share))


def write_counts(counts: Counts) -> str:
    """Give the table as TOML text, ready for review."""
    lines = [
        "# What was counted in the emulated country: written by `raabta lab fit`, reviewed like code.",
        "# docs/guides/scoring.md says how.",
        "",
        f'source = "{counts.source}"',
        f"pseudo = {counts.pseudo:.1f}",
        f"pseudo_well = {counts.pseudo_well:.1f}",
        f"temperature = {counts.temperature:.2f}",
    ]
    for row in counts.count:
        n = ", ".join(f"{outcome} = {float(value)}" for outcome, value in row.n.items())
        lines += ["", "[[count]]", f'layer = "{row.layer}"', f'id = "{row.id}"', f'question = "{row.question}"']
        lines.append(f"n = {{ {n} }}")
    return "\n".join(lines) + "\n"
