"""Work on several mirrors, or files, beside each other, in threads that may hang without hanging the command.

All threads are daemons: no thing that drips or blocks keeps the process when its time is over.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from raabta.hub.mirrors.planning import Deadline

Item = TypeVar("Item")
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


def work_off(items: Iterable[Item], work: Callable[[Item], object], *, n_at_once: int, deadline: Deadline) -> None:
    """Work on items, so many beside each other, and wait no longer than the deadline: what hangs then is left behind.

    Args:
        items: What there is to do.
        work: Does one, in a thread of its own. It may raise OSError or ValueError; then no further one is begun.
        n_at_once: How many.
        deadline: When to give up.

    Raises:
        OSError: What ``work`` raised first; or the time is over.
        ValueError: The same.
    """
    waiting = iter(items)
    lock = threading.Lock()
    failures: list[OSError | ValueError] = []

    def take() -> Item | None:
        with lock:
            return None if failures else next(waiting, None)

    def run() -> None:
        while (item := take()) is not None:
            try:
                work(item)
            except (OSError, ValueError) as error:
                failures.append(error)

    threads = [threading.Thread(target=run, daemon=True) for _ in range(n_at_once)]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join(deadline.left_s())
            deadline.left_s()
    except TimeoutError as error:
        failures.append(error)  # and nobody begins another one
    if failures:
        raise failures[0]
