"""Scenarios through the runner to a writer, with a bar that says how far it is."""

import asyncio
import sys
from typing import TYPE_CHECKING

import msgspec
import typer
from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from raabta.cli.lab_table import write_results
from raabta.cli.output import open_output
from raabta.lab.order import Order, orders_of
from raabta.lab.results import CellResult, encode_results
from raabta.lab.run import run_orders

if TYPE_CHECKING:
    from raabta.lab.scenario.types import Scenario


class Request(Struct, frozen=True, kw_only=True):
    """What was asked for, checked."""

    n_workers: int
    limit_s: float
    repeat: int | None
    output: str
    as_lines: bool = True


def run_scenarios(scenarios: "dict[str, Scenario]", request: Request) -> int:
    """Run scenarios and write their rows, in the order of the scenarios.

    Returns:
        How many cells were not measured: skipped, or lost by an error of the lab. The reasons are on standard error.
    """
    results = measure(scenarios, request)
    with open_output(request.output) as output:
        if request.as_lines:
            output.write(encode_results(results))
        else:
            write_results(results, output)
    return tell_lost(results)


def measure(scenarios: "dict[str, Scenario]", request: Request) -> list[CellResult]:
    """Run scenarios under a progress bar and give all rows, sorted."""
    if request.repeat is not None:
        scenarios = {name: msgspec.structs.replace(one, repeat=request.repeat) for name, one in scenarios.items()}
    orders = [order for name, scenario in scenarios.items() for order in orders_of(name, scenario)]
    results: list[CellResult] = []
    places = {name: place for place, name in enumerate(scenarios)}
    columns = (TextColumn("Running"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[last]}"))
    with Progress(
        *columns,
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    ) as bar:
        task = bar.add_task("", total=len(orders), last="")

        def keep(order: Order, rows: list[CellResult]) -> None:
            results.extend(rows)
            bar.update(task, advance=1, last=order.name)

        n_workers = min(request.n_workers, max(1, len(orders)))
        asyncio.run(run_orders(orders, keep, n_workers=n_workers, limit_s=request.limit_s))
    results.sort(key=lambda row: (places[row.scenario], row.repeat))
    return results


def tell_lost(results: list[CellResult]) -> int:
    """Say on standard error which cells were not measured and why, and give their number."""
    reasons: dict[str, int] = {}
    for row in results:
        if row.error or row.skipped:
            reason = f"{row.scenario}: {f'error: {row.error}' if row.error else f'skipped: {row.skipped}'}"
            reasons[reason] = reasons.get(reason, 0) + 1
    for reason, n_cells in reasons.items():
        typer.echo(f"{reason} ({n_cells} {'cell' if n_cells == 1 else 'cells'})", err=True)
    n_measured = len(results) - sum(reasons.values())
    typer.echo(f"{n_measured} of {len(results)} cells measured.", err=True)
    return sum(reasons.values())
