"""Work on several mirrors beside each other, each in a thread of its own that may hang without hanging the command."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

Result = TypeVar("Result")

_GRACE_S: Final = 5.0
"""So much later a job is given up from outside: its own deadline should have ended it."""


def run_beside(jobs: Sequence[Callable[[], Result]], *, deadline_s: float) -> list[Result | None]:
    """Run jobs beside each other.

    Args:
        jobs: Each ends by its own deadline, if it can: a read from a dead network drive cannot.
        deadline_s: How long each may take.

    Returns:
        What each gave, in their order; None for one that hangs, or that raised (its trace is on standard error).
    """
    found: dict[int, Result] = {}

    def run(place: int, job: Callable[[], Result]) -> None:
        found[place] = job()

    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    until_s = time.monotonic() + deadline_s + _GRACE_S
    for thread in threads:
        thread.join(max(until_s - time.monotonic(), 0))
    return [found.get(place) for place in range(len(jobs))]
