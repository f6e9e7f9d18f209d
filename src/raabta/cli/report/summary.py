"""The table: counts by network and target, then a line a measurement. Memory does not grow with the input.

Groups beyond ``GROUPS_KEPT`` are counted together; lines beyond ``LINES_KEPT`` are not kept, and the table says so.
"""

from collections import Counter
from typing import BinaryIO, Final

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from raabta.cli.output import open_console
from raabta.cli.report.lines import NETWORK_CELLS, Line, line_of, print_line
from raabta.cli.report.words import LOOKS, counted, network_of, state_text, target_of
from raabta.model import Verdict

LINES_KEPT: Final = 200
GROUPS_KEPT: Final = 10_000
GROUPS_SHOWN: Final = 50
TARGET_CELLS_MIN: Final = 24
TARGET_CELLS_MAX: Final = 48
COUNT_CELLS: Final = 5

Group = tuple[str, str]
"""Network and target."""

_REST: Final = ("other networks", "other targets")


class SummaryWriter:
    """Counts verdicts as they come and prints the table at the end."""

    def __init__(self, output: BinaryIO) -> None:
        self._console = open_console(output)
        self._decoder = msgspec.json.Decoder(Verdict)
        self._groups: dict[Group, Counter[str]] = {}
        self._lines: list[Line] = []
        self._totals: Counter[str] = Counter()

    def write(self, jsonl: bytes) -> None:
        """Count a batch."""
        for verdict in self._decoder.decode_lines(jsonl):
            group = (network_of(verdict), target_of(verdict))
            if group not in self._groups and len(self._groups) >= GROUPS_KEPT:
                group = _REST
            self._groups.setdefault(group, Counter())[verdict.state] += 1
            self._totals[verdict.state] += 1
            if len(self._lines) < LINES_KEPT:
                self._lines.append(line_of(verdict))

    def finish(self) -> None:
        """Print the table; one measurement alone needs no counts."""
        console, n = self._console, self._totals.total()
        if n > 1:
            console.print(totals_text(self._totals))
            console.print()
            print_groups(console, self._groups, [state for state in LOOKS if self._totals[state]])
            console.print()
        for line in self._lines:
            print_line(console, line)
        if n > len(self._lines):
            left = counted(n - len(self._lines), "more measurement")
            console.print(f"… and {left}; to see all: --format csv or --format jsonl")


def totals_text(totals: Counter[str]) -> Text:
    """Say how many measurements there are in each state."""
    words = Text(f"{counted(totals.total(), 'measurement')}:")
    for state in LOOKS:
        if totals[state]:
            words.append("  ").append_text(state_text(state, n=totals[state]))
    return words


def print_groups(console: Console, groups: dict[Group, Counter[str]], states: list[str]) -> None:
    """Print the counts, networks with most trouble first, their targets likewise."""
    table = group_table(states, width=console.width)
    order = in_order(groups)
    before = ""
    for network, target in order[:GROUPS_SHOWN]:
        counts = groups[network, target]
        cells = [
            Text(f"{counts[state]:,}", LOOKS[state].style) if counts[state] else Text("·", "dim") for state in states
        ]
        table.add_row(Text(network if network != before else ""), Text(target), *cells)
        before = network
    console.print(table)
    rest = order[GROUPS_SHOWN:]
    if rest:
        n = sum(groups[group].total() for group in rest)
        console.print(f"… and {len(rest):,} more rows, of {counted(n, 'measurement')} with less trouble")


def in_order(groups: dict[Group, Counter[str]]) -> list[Group]:
    """Give the groups, networks with most trouble first, each network's together, the one that is cut last."""
    troubles: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for (network, _), counts in groups.items():
        troubles[network] += trouble(counts)
        sizes[network] += counts.total()

    def rank(group: Group) -> tuple[object, ...]:
        network, target = group
        own = groups[group]
        return (group == _REST, -troubles[network], -sizes[network], network, -trouble(own), -own.total(), target)

    return sorted(groups, key=rank)


def trouble(counts: Counter[str]) -> int:
    """Count measurements in which something is wrong."""
    return counts.total() - counts["ok"] - counts["insufficient"]


def group_table(states: list[str], *, width: int) -> Table:
    """Make the table's head: states in words where they fit, else their signs, which the totals above explain."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    heads = list(states)
    if width - _cells_beside_target(heads) < TARGET_CELLS_MIN:
        heads = [LOOKS[state].sign for state in states]
    room = max(8, width - _cells_beside_target(heads))
    table.add_column("network", no_wrap=True, min_width=NETWORK_CELLS)
    table.add_column("target", no_wrap=True, overflow="ellipsis", max_width=min(room, TARGET_CELLS_MAX))
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True, min_width=max(len(head), COUNT_CELLS))
    return table


def _cells_beside_target(heads: list[str]) -> int:
    return NETWORK_CELLS + 4 + sum(max(len(head), COUNT_CELLS) + 2 for head in heads)
