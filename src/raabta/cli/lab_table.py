"""What people read of the lab: its scenarios, and what was found beside what is true."""

import os
import sys
from typing import TYPE_CHECKING, BinaryIO, Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from raabta.cli.output import open_console
from raabta.lab.results import CellResult
from raabta.model import Verdict

if TYPE_CHECKING:
    from raabta.lab.scenario.types import Scenario

WIDE: Final = 240
"""Columns of a table that no terminal shows."""


def write_scenarios(scenarios: "dict[str, Scenario]", *, as_lines: bool) -> None:
    """Write the scenarios to standard output: a table, or JSON lines with all their fields."""
    if as_lines:
        for name, scenario in scenarios.items():
            typer.echo(msgspec.json.encode({"name": name, **msgspec.to_builtins(scenario)}))
        return
    table = _table("scenario", "cells", "tier", "about")
    for name, one in scenarios.items():
        table.add_row(name, f"{len(one.network)} x {len(one.target)}", str(one.tier), one.title)
    _console(sys.stdout.buffer).print(table)


def write_results(results: list[CellResult], output: BinaryIO) -> None:
    """Write a line for each cell: what is true, what was found."""
    table = _table("scenario", "network", "target", "true", "found", "mechanism", "locus")
    for row in results:
        cells = (row.scenario if row.repeat == 0 else f"{row.scenario} #{row.repeat}", row.network, row.target)
        table.add_row(*cells, truth_words(row), *_found(row))
    _console(output).print(table)


def truth_words(row: CellResult) -> str:
    """Say a cell's truth in one line, for example ``blocked tls.reset|tcp.reset``."""
    return "; ".join(f"{truth.state} {'|'.join(truth.one_of)}".strip() for truth in row.truth) or "ok"


def _found(row: CellResult) -> tuple[str | Text, str, str]:
    if row.error:
        return Text("error", style="red"), row.error.splitlines()[-1], ""
    if row.skipped:
        return Text("skipped", style="dim"), row.skipped, ""
    verdict = msgspec.convert(row.verdict, Verdict)
    return verdict.state, ", ".join(verdict.mechanisms), verdict.locus


def _console(output: BinaryIO) -> Console:
    """Give a console; where no terminal sets the width, lines are as long as they are, for grep."""
    console = open_console(output)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = WIDE
    return console


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for place, column in enumerate(columns):
        table.add_column(column, overflow="fold", no_wrap=place == 0)
    return table
