"""Counts from the emulated country, and how they change the reasoned likelihoods.

A reasoned value counts as a number of observations (``pseudo``); what was counted is added to it: the mean of a
Dirichlet posterior (Laplace smoothing with an informed prior). So a row that was seen often follows the counts, one
that was never seen keeps its reasons, and no outcome becomes impossible. Rows of "all is well" get a far larger
``pseudo_well``: the lab's harmless families are odd on purpose and say what oddities look like, not how rare they are
in the field.

``temperature`` multiplies the sum of log-likelihoods. It is fitted on families that were not used for counting, and
corrects what remains of dependence between questions (Guo et al. 2017 do the same to a network's logits).
"""

import tomllib
from typing import Final

import msgspec
from msgspec import Struct

NO_COUNTS: Final = ""


class Count(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often each outcome of a question was seen where a hypothesis was true. Shares of a family's cells add up."""

    layer: str
    id: str
    question: str
    n: dict[str, float]


class Counts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fitted table: reviewed data, written by ``raabta lab fit``."""

    source: str = ""
    pseudo: float = 40.0
    pseudo_well: float = 2000.0
    temperature: float = 1.0
    count: list[Count] = []

    def by_row(self) -> dict[tuple[str, str, str], dict[str, float]]:
        """Give the counts by layer, hypothesis and question."""
        return {(row.layer, row.id, row.question): row.n for row in self.count}


def parse_counts(text: str) -> Counts:
    """Read the table; no text means that nothing was counted.

    Raises:
        ValueError: The text is no such table.
    """
    if not text.strip():
        return Counts()
    try:
        return msgspec.convert(tomllib.loads(text), Counts)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ValueError(f"the table of counts cannot be read: {error}") from error


def blend(reasoned: dict[str, float], counted: dict[str, float] | None, *, pseudo: float) -> dict[str, float]:
    """Give the likelihoods of a row: reasoned values that count as ``pseudo`` observations, and the counts."""
    if not counted:
        return reasoned
    n = sum(counted.get(outcome, 0.0) for outcome in reasoned)
    return {outcome: (share * pseudo + counted.get(outcome, 0.0)) / (pseudo + n) for outcome, share in reasoned.items()}
