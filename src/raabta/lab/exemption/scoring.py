"""Running arrangements, and their answers beside the truth, which only this side knows."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from raabta.lab.exemption.arrangements import Arrangement
from raabta.lab.exemption.ground import MAX_SITUATIONS
from raabta.lab.exemption.measuring import LIMIT_S, Measured
from raabta.lab.needs import tool_environment, unshared
from raabta.model.effect import Effect

WORKER: Final = ("-m", "raabta.lab.exemption.worker")
_COUNTRY_S: Final = 4 * LIMIT_S
"""Longest time for one country."""


class Row(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One arrangement: what is true of it, and what was found."""

    name: str
    answer: str
    """The true one."""
    reasons: tuple[str, ...]
    is_right: bool
    """Whether the answer is the true one."""
    is_reason_right: bool
    effect: Effect | None = None
    seconds: float = 0.0
    error: str = ""


class Score(Struct, frozen=True, kw_only=True):
    """How often answers were right. ``n_wrong``: said to be effective, or not, where the truth is another."""

    n: int
    n_right: int
    n_reason_right: int
    n_wrong: int
    """An answer was given that is not true; "undecidable" in place of an answer is not among them."""
    n_lost: int
    """Not measured, by a fault of the lab."""


def run_arrangements(
    arrangements: Sequence[Arrangement], *, told: Callable[[int, int], None] = lambda _done, _of: None
) -> list[Row]:
    """Measure arrangements in namespaces of their own, and put answers beside the truth.

    Args:
        arrangements: Which.
        told: Called with how many are done, of how many.

    Raises:
        subprocess.TimeoutExpired: A country hung.
    """
    rows: list[Row] = []
    for first in range(0, len(arrangements), MAX_SITUATIONS):
        part = [_numbered(one, number) for number, one in enumerate(arrangements[first : first + MAX_SITUATIONS])]
        found = {row.id: row for row in _measured(part)}
        rows += [_row(one, found.get(one.situation.id)) for one in part]
        told(len(rows), len(arrangements))
    return rows


def _numbered(arrangement: Arrangement, number: int) -> Arrangement:
    """Several files may have the same numbers; a country may not."""
    situation = msgspec.structs.replace(arrangement.situation, id=f"s{number:03}")
    return msgspec.structs.replace(arrangement, situation=situation)


def _measured(arrangements: Sequence[Arrangement]) -> list[Measured]:
    situations = [one.situation for one in arrangements]
    done = subprocess.run(  # noqa: S603  our own words
        unshared([sys.executable, *WORKER]),
        input=msgspec.json.encode(situations) + b"\n",
        capture_output=True,
        env=tool_environment(),
        timeout=_COUNTRY_S,
        check=False,
    )
    if done.returncode or not done.stdout:
        words = done.stderr.decode("utf-8", "replace").strip()[-600:] or f"exit code {done.returncode}"
        return [Measured(id=one.id, error=words) for one in situations]
    return msgspec.json.decode(done.stdout, type=list[Measured])


def _row(arrangement: Arrangement, measured: Measured | None) -> Row:
    truth = arrangement.truth
    effect = None if measured is None else measured.effect
    is_right = effect is not None and effect.answer == truth.answer
    return Row(
        name=arrangement.name,
        answer=truth.answer,
        reasons=truth.reasons,
        is_right=is_right,
        is_reason_right=is_right and effect is not None and effect.reason.partition(".")[2] in truth.reasons,
        effect=effect,
        seconds=0.0 if measured is None else measured.seconds,
        error="not measured" if measured is None else measured.error,
    )


def score(rows: Sequence[Row]) -> Score:
    """Count."""
    given = [row for row in rows if row.effect is not None]
    return Score(
        n=len(rows),
        n_right=sum(row.is_right for row in rows),
        n_reason_right=sum(row.is_reason_right for row in rows),
        n_wrong=sum(
            not row.is_right and row.effect is not None and row.effect.answer != "undecidable" for row in given
        ),
        n_lost=len(rows) - len(given),
    )
