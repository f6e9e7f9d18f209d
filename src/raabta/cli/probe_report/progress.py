"""What is shown on standard error while measuring: how far, how many troubles, how long. On a terminal only."""

import sys
from collections import Counter
from typing import TYPE_CHECKING, Self

from raabta.cli.report.words import LOOKS

if TYPE_CHECKING:
    from rich.progress import Progress

    from raabta.pipeline.probing import Probed


class ProbeProgress:
    """A bar over the targets. ``quiet`` never shows it, as where standard error is no terminal."""

    def __init__(self, n_targets: int, *, quiet: bool) -> None:
        self._n_targets = n_targets
        self._bar: Progress | None = None
        self._states: Counter[str] = Counter()
        self._n_bytes = 0
        if not quiet and sys.stderr.isatty():
            self._bar = _make_bar()

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.add_task("", total=self._n_targets, words="looking at your own network")
            self._bar.start()
        return self

    def update(self, one: "Probed") -> None:
        """Count a target that is done."""
        if one.verdict is not None:
            self._states[one.verdict.state] += 1
        self._n_bytes += one.n_bytes
        if self._bar is not None:
            counts = [f"{LOOKS[state].sign}{self._states[state]}" for state in LOOKS if self._states[state]]
            words = f"{' '.join(counts)}  {self._n_bytes / 1e6:.1f} MB"
            self._bar.update(self._bar.tasks[0].id, advance=1, words=words)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _make_bar() -> "Progress":
    from rich.console import Console  # noqa: PLC0415  not wanted where there is no terminal
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (
        TextColumn("Probing"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[words]}"),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True)
