"""One cell's verdict beside its truth: what kind of cell it is, and how right the verdict is.

A truth row that is ``ok`` and names mechanisms is *optional*: the cell is well, or may be said to have one of them. All
other rows are *needed*. A cell is

- ``interference``: a needed row is ``blocked`` or ``throttled``;
- ``unclear``: an optional row allows to say so. It is judged, and counts neither as benign nor as interference;
- ``benign``: neither.
"""

import itertools
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

from msgspec import Struct

from raabta.diagnose.priors import PRIORS
from raabta.lab.results import CellResult
from raabta.lab.scenario.types import Truth
from raabta.model import MECHANISMS

Kind = Literal["interference", "unclear", "benign"]
Outcome = Literal["exact", "under", "over", "partly", "wrong", "missed", "insufficient", "false"]

OUTCOMES: Final[dict[Outcome, str]] = {
    "exact": "what is true was said, as exactly as can be told from there, and nothing else",
    "under": "an inner node above the truth was named",
    "over": "something below the truth was named",
    "partly": "some of what is true was named, and nothing false",
    "wrong": "something else was named",
    "missed": "all was said to be well",
    "insufficient": "nothing was said",
    "false": "interference was said where there is none",
}

INTERFERENCE: Final = ("blocked", "throttled")


class Judged(Struct, frozen=True, kw_only=True):
    """One measured cell, judged.

    ``truth`` names the needed rows' mechanisms (first of each row's), ``p`` is the posterior of interference, ``prior``
    what was believed of it before, ``locus`` None where there is nothing to be right about.
    """

    scenario: str
    family: str
    network: str
    target: str
    repeat: int
    twin: str
    kind: Kind
    truth: tuple[str, ...]
    state: str
    mechanisms: tuple[str, ...]
    outcome: Outcome
    locus: bool | None
    p: float
    prior: float

    @property
    def says_interference(self) -> bool:
        """Whether the verdict says that somebody interferes."""
        return self.state in INTERFERENCE

    @property
    def place(self) -> str:
        """The cell in words, for lists of errors."""
        repeat = f" #{self.repeat}" if self.repeat else ""
        return f"{self.scenario} {self.network}/{self.target}{repeat}"


def judge(result: CellResult) -> Judged:
    """Judge one cell that has a verdict."""
    verdict = result.verdict
    needed, optional = sort_rows(result.truth)
    state = str(verdict["state"])
    mechanisms = tuple(verdict.get("mechanisms", ()))
    prior = PRIORS[verdict.get("prior", "lab")]
    posterior: dict[str, float] = verdict["posterior"]
    return Judged(
        scenario=result.scenario,
        family=result.family,
        network=result.network,
        target=result.target,
        repeat=result.repeat,
        twin=result.twin,
        kind=kind_of(result.truth),
        truth=tuple(dict.fromkeys(row.one_of[0] for row in needed if row.one_of)),
        state=state,
        mechanisms=mechanisms,
        outcome=outcome_of(state, mechanisms, needed=needed, optional=optional),
        locus=_locus(verdict, needed),
        p=sum(posterior.get(name, 0.0) for name in INTERFERENCE),
        prior=sum(prior.of(name) for name in INTERFERENCE),
    )


def sort_rows(truth: Iterable[Truth]) -> tuple[list[Truth], list[Truth]]:
    """Give the needed and the optional rows; those that say nothing but "ok" are neither."""
    rows = list(truth)
    return [row for row in rows if row.state != "ok"], [row for row in rows if row.state == "ok" and row.one_of]


def kind_of(truth: Iterable[Truth]) -> Kind:
    """Say what kind of cell this is."""
    needed, optional = sort_rows(truth)
    if any(row.state in INTERFERENCE for row in needed):
        return "interference"
    allowed = {MECHANISMS[mechanism].state for row in (*needed, *optional) for mechanism in row.one_of}
    return "unclear" if allowed & set(INTERFERENCE) else "benign"


def outcome_of(state: str, mechanisms: Sequence[str], *, needed: Sequence[Truth], optional: Sequence[Truth]) -> Outcome:
    """Say how right a verdict is."""
    named = () if state in ("ok", "insufficient") else tuple(mechanisms)
    if state == "insufficient":
        return "exact" if needed and all(_may_abstain(row) for row in needed) else "insufficient"
    accepted = [accepted_by(row) for row in needed]
    known = set[str]().union(*accepted, *(accepted_by(row) for row in optional))
    extra = [mechanism for mechanism in named if mechanism not in known]
    missing = [row for row, names in zip(needed, accepted, strict=True) if row.one_of and not names & set(named)]
    if not extra and not missing:
        return "exact" if state in _states(needed, known) else "wrong"
    if not needed:
        return "false" if state in INTERFERENCE else "wrong"
    if not named:
        return "missed"
    return _inexact(extra, missing, needed)


def accepted_by(row: Truth) -> set[str]:
    """Give the mechanisms that a row takes: its own, and the deepest node above any two of them."""
    above = {_common(one, other) for one, other in itertools.combinations(row.one_of, 2)}
    return {*row.one_of, *(above & MECHANISMS.keys())}


def _common(one: str, other: str) -> str:
    pairs = zip(one.split("."), other.split("."), strict=False)
    return ".".join(mine for mine, _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def _may_abstain(row: Truth) -> bool:
    return row.or_insufficient or row.state == "insufficient"


def _states(needed: Sequence[Truth], known: set[str]) -> set[str]:
    """Give the states that may be said; "ok" only where nothing is needed."""
    states = {MECHANISMS[mechanism].state for mechanism in known} | {row.state for row in needed}
    return states if needed else states | {"ok"}


def _inexact(extra: Sequence[str], missing: Sequence[Truth], needed: Sequence[Truth]) -> Outcome:
    if not extra:
        return "partly"
    truths = [mechanism for row in (missing or needed) for mechanism in row.one_of]
    if all(any(truth.startswith(f"{name}.") for truth in truths) for name in extra):
        return "under"
    if all(any(name.startswith(f"{truth}.") for truth in truths) for name in extra):
        return "over"
    return "wrong"


def _locus(verdict: dict[str, Any], needed: Sequence[Truth]) -> bool | None:
    """Say whether the locus is right; None where any will do, or where no mechanism was named."""
    loci = {row.locus for row in needed}
    if not loci or "" in loci or not verdict.get("mechanisms"):
        return None
    return verdict.get("locus", "unknown") in loci
