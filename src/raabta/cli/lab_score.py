"""Rows of the lab, stored or measured now, to a score, a picture and golden files."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import typer
from msgspec import Struct

from raabta.cli.diagnose import fail
from raabta.cli.lab_run import Request, measure, tell_lost
from raabta.cli.output import open_output
from raabta.lab.results import CellResult, encode_results, read_results
from raabta.lab.scoring import draw_reliability, report, score, write_golden

if TYPE_CHECKING:
    from raabta.lab.scenario.types import Scenario


class Wanted(Struct, frozen=True, kw_only=True):
    """What to score besides scenarios that are run now, and what to write."""

    stored: tuple[str, ...]
    part: str
    picture: str | None
    golden: str | None


def score_scenarios(scenarios: "dict[str, Scenario]", request: Request, wanted: Wanted) -> int:
    """Read and run, score, write.

    Returns:
        How many cells were not measured.
    """
    results = [row for name in wanted.stored for row in read_rows(name)]
    if scenarios:
        results += measure(scenarios, request)
    if request.output:
        with open_output(request.output) as output:
            output.write(encode_results(results))
    found = score(results)
    sys.stdout.write(report(found))
    if wanted.picture:
        with open_output(wanted.picture) as output:
            output.write(draw_reliability(found.bins, found.families, title="Reliability of verdicts").encode())
    if wanted.golden:
        n_files = len(write_golden(results, Path(wanted.golden)))
        typer.echo(f"{n_files} golden files written to {wanted.golden}.", err=True)
    return tell_lost(results)


def read_rows(name: str) -> list[CellResult]:
    """Read the rows of an earlier run."""
    try:
        with Path(name).open("rb") as lines:
            return list(read_results(lines))
    except (OSError, msgspec.DecodeError) as error:
        fail(f"{name}: {error}. Make it with: raabta lab run --output {name}")
