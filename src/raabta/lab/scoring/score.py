"""From results of the lab to figures: how right verdicts are, and how far their probabilities can be trusted. Pure.

Cells that the lab could not measure (``error``, ``skipped``) are counted and listed, never scored.
docs/guides/scoring.md says what every figure means.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from raabta.lab.results import CellResult
from raabta.lab.scoring.judged import Judged, Outcome, judge
from raabta.lab.scoring.reliability import Bin, FamilyPoint, bin_forecasts, family_points
from raabta.lab.scoring.skill import PREVALENCES, Forecast, Skill, measure_skill

NO_MECHANISM: Final = "(well)"
"""Row of the confusion for cells in which nothing needs to be named."""


class ConfusionRow(Struct, frozen=True, kw_only=True):
    """Outcomes of the cells whose truth begins with these mechanisms, and what was named instead, commonest first."""

    truth: str
    n: int
    outcomes: dict[Outcome, int]
    instead: list[tuple[str, int]]

    @property
    def exact_share(self) -> float:
        """Share of exact verdicts."""
        return self.outcomes.get("exact", 0) / self.n


class TwinRow(Struct, frozen=True, kw_only=True):
    """One interference family beside its twin: cells, and how many of them were said to be interfered with."""

    family: str
    n: int
    n_found: int
    twin: str
    twin_n: int
    twin_n_false: int

    @property
    def is_told_apart(self) -> bool:
        """Whether interference was said in every cell of the one, and in none of the other."""
        return self.n_found == self.n and self.twin_n_false == 0


class Share(Struct, frozen=True, kw_only=True):
    """How many of how many."""

    n_good: int
    n: int

    @property
    def share(self) -> float:
        """The share; 1 of nothing."""
        return self.n_good / self.n if self.n else 1.0


class Mistake(Struct, frozen=True, kw_only=True):
    """A verdict that is not exact."""

    place: str
    outcome: Outcome
    truth: str
    said: str


class Score(Struct, frozen=True, kw_only=True):
    """All figures of one run.

    ``mechanism`` counts exact verdicts among interfered cells, ``all_cells`` among all, ``locus`` right ones among
    those whose truth has a locus and that were named. ``benign_runs`` counts cells of scenarios without interference,
    ``n_false`` interference verdicts among them; ``beside_n`` and ``beside_n_false`` are the same for well cells of
    scenarios in which others are interfered with.
    """

    n_cells: int
    mechanism: Share
    all_cells: Share
    locus: Share
    benign_runs: int
    benign_families: int
    n_false: int
    beside_n: int
    beside_n_false: int
    n_unclear: int
    confusion: list[ConfusionRow]
    twins: list[TwinRow]
    skills: list[Skill]
    bins: list[Bin]
    families: list[FamilyPoint]
    mistakes: list[Mistake]
    errors: list[str]
    skipped: list[str]


def score(results: Iterable[CellResult]) -> Score:
    """Score the results of a run."""
    rows = list(results)
    judged = [judge(row) for row in rows if row.verdict]
    filtered = {one.scenario for one in judged if one.kind != "benign" or one.twin}
    bad = [one for one in judged if one.kind == "interference"]
    benign = [one for one in judged if one.scenario not in filtered]
    beside = [one for one in judged if one.scenario in filtered and one.kind == "benign"]
    placed = [one for one in judged if one.locus is not None]
    forecasts = [
        Forecast(one.family, one.p, one.prior, one.kind == "interference") for one in judged if one.kind != "unclear"
    ]
    skills = (measure_skill(forecasts, prevalence=prevalence) for prevalence in PREVALENCES)
    return Score(
        n_cells=len(judged),
        mechanism=_exact(bad),
        all_cells=_exact(judged),
        locus=Share(n_good=sum(one.locus is True for one in placed), n=len(placed)),
        benign_runs=len(benign),
        benign_families=len({one.family for one in benign}),
        n_false=sum(one.says_interference for one in benign),
        beside_n=len(beside),
        beside_n_false=sum(one.says_interference for one in beside),
        n_unclear=sum(one.kind == "unclear" for one in judged),
        confusion=_confusion(judged),
        twins=_twins(bad, benign),
        skills=[skill for skill in skills if skill is not None],
        bins=bin_forecasts(forecasts),
        families=family_points(forecasts),
        mistakes=[_mistake(one) for one in judged if one.outcome != "exact"],
        errors=_reasons((row, row.error) for row in rows if row.error),
        skipped=_reasons((row, row.skipped) for row in rows if row.skipped),
    )


def _exact(judged: Sequence[Judged]) -> Share:
    return Share(n_good=sum(one.outcome == "exact" for one in judged), n=len(judged))


def _confusion(judged: Sequence[Judged]) -> list[ConfusionRow]:
    by_truth: dict[str, list[Judged]] = {}
    for one in judged:
        by_truth.setdefault(_truth_words(one), []).append(one)
    return [
        ConfusionRow(
            truth=truth,
            n=len(cells),
            outcomes=dict(Counter(one.outcome for one in cells)),
            instead=Counter(_said(one) for one in cells if one.outcome != "exact").most_common(3),
        )
        for truth, cells in sorted(by_truth.items())
    ]


def _twins(bad: Sequence[Judged], benign: Sequence[Judged]) -> list[TwinRow]:
    found: dict[tuple[str, str], list[bool]] = {}
    for one in bad:
        if one.twin:
            found.setdefault((one.family, one.twin), []).append(one.says_interference)
    false: dict[str, list[bool]] = {}
    for one in benign:
        false.setdefault(one.family, []).append(one.says_interference)
    return [
        TwinRow(
            family=family,
            n=len(said),
            n_found=sum(said),
            twin=twin,
            twin_n=len(false.get(twin, ())),
            twin_n_false=sum(false.get(twin, ())),
        )
        for (family, twin), said in sorted(found.items())
    ]


def _mistake(one: Judged) -> Mistake:
    return Mistake(place=one.place, outcome=one.outcome, truth=_truth_words(one), said=_said(one))


def _truth_words(one: Judged) -> str:
    return " + ".join(one.truth) or NO_MECHANISM


def _said(one: Judged) -> str:
    return " + ".join(one.mechanisms) if one.state not in ("ok", "insufficient") and one.mechanisms else one.state


def _reasons(rows: Iterable[tuple[CellResult, str]]) -> list[str]:
    """Tell each scenario's reason once."""
    return list(dict.fromkeys(f"{row.scenario}: {reason}" for row, reason in rows))
