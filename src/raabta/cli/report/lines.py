"""A line a measurement: state, how sure, target, network, time; what was found stands beside it, or below."""

from typing import Final

from msgspec import Struct
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from raabta.cli.report.words import findings_of, network_of, percent, state_text, target_of, time_of
from raabta.model import Verdict

WIDE: Final = 130
"""Columns from which findings stand on the measurement's own line."""

STATE_CELLS: Final = 14
SHARE_CELLS: Final = 5
NETWORK_CELLS: Final = 14
TIME_CELLS: Final = 16
WIDE_TARGET_CELLS: Final = 30
_INDENT: Final = STATE_CELLS + SHARE_CELLS + 4


class Line(Struct, frozen=True, kw_only=True, gc=False):
    """What one measurement's line says."""

    state: str
    share: str
    target: str
    network: str
    time: str
    findings: str


def line_of(verdict: Verdict) -> Line:
    """Say one verdict in a line."""
    share = verdict.posterior.get(verdict.state)
    return Line(
        state=verdict.state,
        share="" if share is None else percent(share),
        target=target_of(verdict),
        network=network_of(verdict),
        time=time_of(verdict),
        findings=findings_of(verdict),
    )


def print_line(console: Console, line: Line) -> None:
    """Print one measurement."""
    is_wide = console.width >= WIDE
    room = console.width - _INDENT - NETWORK_CELLS - TIME_CELLS - 4
    cells = (
        fitted(state_text(line.state), STATE_CELLS),
        Text(f"{line.share:>{SHARE_CELLS}}"),
        fitted(Text(line.target, "bold"), WIDE_TARGET_CELLS if is_wide else max(8, room)),
        fitted(Text(line.network), NETWORK_CELLS),
        fitted(Text(line.time, "dim"), TIME_CELLS),
    )
    words = Text("  ").join(cells)
    if is_wide:
        row = Table.grid(padding=(0, 2, 0, 0))
        row.add_row(words, Text(line.findings))
        row.columns[0].width = words.cell_len
        console.print(row)
        return
    console.print(words, no_wrap=True, overflow="crop")
    if line.findings:
        console.print(Padding(Text(line.findings), (0, 0, 0, _INDENT)))


def fitted(text: Text, n_cells: int) -> Text:
    """Cut or fill text to a number of cells."""
    text.truncate(n_cells, overflow="ellipsis", pad=True)
    return text
