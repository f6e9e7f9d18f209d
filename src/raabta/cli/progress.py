"""A progress bar on standard error, by bytes read, when work takes long enough to wonder."""

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Self

from raabta.pipeline.sources import total_bytes

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

BEGINS_S: Final = 1.0
"""Work shorter than this shows no bar. Judgement: a second is when people begin to wonder (Nielsen 1993)."""


class Progress:
    """A bar that shows itself after ``BEGINS_S``, and only on a terminal.

    Args:
        paths: What is read; standard input has no known size, so the bar only moves.
        quiet: Never show it.
    """

    def __init__(self, paths: Sequence[str], *, quiet: bool) -> None:
        self._paths = paths
        self._quiet = quiet or not sys.stderr.isatty()
        self._begun_s = time.monotonic()
        self._bar: Bar | None = None

    def update(self, read_bytes: int, n_documents: int) -> None:
        """Move the bar. ``read_bytes`` of 0 leaves it where it is."""
        if self._quiet or time.monotonic() - self._begun_s < BEGINS_S:
            return
        bar = self._bar = self._bar or self._show()
        task = bar.tasks[0]
        bar.update(task.id, completed=max(task.completed, read_bytes), documents=f"{n_documents:,} documents")

    def _show(self) -> "Bar":
        from rich.console import Console  # noqa: PLC0415  most runs end before a bar is wanted
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415

        columns = (
            TextColumn("Diagnosing"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[documents]}"),
            TimeRemainingColumn(),
        )
        bar = Progress(*columns, console=Console(stderr=True), transient=True)
        bar.add_task("", total=total_bytes(self._paths) or None, documents="")
        bar.start()
        return bar

    def close(self) -> None:
        """Take the bar away. Safe to call again."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
