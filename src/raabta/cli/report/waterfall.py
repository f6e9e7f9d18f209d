"""Steps drawn as rows, with a bar for the time each may have taken. Steps without times have no bar."""

from collections import Counter
from typing import Final

from rich.table import Table
from rich.text import Text

from raabta.cli.report.steps import Step
from raabta.cli.report.words import plain

ROWS_MAX: Final = 25
ALIKE_MAX: Final = 4
"""Rows of one kind and result, where there are more than ``ROWS_MAX``: many alike must not hide the odd one."""

BAR_CELLS: Final = 12
WIDE_BAR_CELLS: Final = 36
WIDE: Final = 100


def chosen(steps: list[Step]) -> list[Step]:
    """Choose the steps to show, in their order."""
    if len(steps) <= ROWS_MAX:
        return steps
    alike: Counter[tuple[str, str]] = Counter()
    shown = []
    for step in steps:
        look = (step.kind, step.result if step.failure == "ok" and step.kind == "request" else step.failure)
        alike[look] += 1
        if alike[look] <= ALIKE_MAX:
            shown.append(step)
    return shown[:ROWS_MAX]


def waterfall(steps: list[Step], *, width: int) -> Table:
    """Draw steps in a table for a console of ``width`` columns."""
    total_s = max((step.ended_s or 0.0 for step in steps), default=0.0)
    n_cells = WIDE_BAR_CELLS if width >= WIDE else BAR_CELLS
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", max_width=n_cells * 2)
    table.add_column(overflow="fold", max_width=n_cells * 2)
    if total_s > 0:
        table.add_column(no_wrap=True, width=n_cells)
        table.add_column(no_wrap=True, justify="right", style="dim")
    for step in steps:
        style = style_of(step)
        cells = [Text(step.kind), Text(plain(step.place)), Text(plain(step.result), style)]
        if total_s > 0:
            ended = "" if step.ended_s is None else f"{step.ended_s:.2f} s"
            cells += [Text(bar(step, total_s=total_s, n_cells=n_cells), style), Text(ended)]
        table.add_row(*cells)
    return table


def style_of(step: Step) -> str:
    """Give the colour of a result. A name without an address of one kind (IPv6, say) is no failure."""
    return {"ok": "green", "no_answer": "dim"}.get(step.failure, "red")


def bar(step: Step, *, total_s: float, n_cells: int) -> str:
    """Place a step's bar among ``n_cells``: one cell at least, "" without a time."""
    if step.ended_s is None:
        return ""
    end = max(1, round(_part(step.ended_s, total_s) * n_cells))
    begin = min(int(_part(step.begun_s or 0.0, total_s) * n_cells), end - 1)
    return " " * begin + "━" * (end - begin)


def _part(time_s: float, total_s: float) -> float:
    """Give a time as a share of the whole; a document may hold times that cannot be."""
    return min(max(time_s / total_s, 0.0), 1.0)
