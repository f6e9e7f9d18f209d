"""Keeps programs running: some for good, some from time to time, until it is told to stop.

Each job is a process of its own, so that one that fails or hangs takes nobody along. A lasting one that ends is started
again, after a wait that grows while it goes on failing; a recurring one runs when its time has come or when what it
watches has changed, never twice at once.
"""

import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

LOOK_EVERY_S: Final = 0.5
WAIT_FIRST_S: Final = 1.0
WAIT_MAX_S: Final = 60.0
"""Between starts of a job that fails at once: a wrong setting is mended by a person, in minutes."""
WELL_AFTER_S: Final = 60.0
"""A job that ran so long is taken to be well: the next wait is short again."""
LEAVE_S: Final = 20.0
"""For all jobs to end by themselves, once they are asked; then they are killed."""
WATCH_EVERY_S: Final = 2.0


class Job(Struct, frozen=True, kw_only=True):
    """One program. ``every_s`` None means for good; ``watch`` gives a value whose change makes a recurring one run."""

    name: str
    command: tuple[str, ...]
    every_s: float | None = None
    watch: Callable[[], object] | None = None
    well: tuple[int, ...] = (0,)
    """Exit codes that are no failure."""


def keep(jobs: Sequence[Job], *, stop: threading.Event, tell: Callable[[str], None]) -> None:
    """Keep jobs running until the event is set; then ask them to end, and wait until they have.

    Args:
        jobs: What to run.
        stop: Ends it.
        tell: Gets a line for each start that failed.
    """
    kept = [_Kept(job, tell) for job in jobs]
    try:
        while not stop.wait(LOOK_EVERY_S):
            for one in kept:
                one.look()
    finally:
        _end(kept)


class _Kept:
    """One job under way, or waiting for its next start."""

    def __init__(self, job: Job, tell: Callable[[str], None]) -> None:
        self.job = job
        self.process: subprocess.Popen[bytes] | None = None
        self._tell = tell
        self._begun_s = self._next_s = self._watched_s = time.monotonic()
        self._wait_s = WAIT_FIRST_S
        self._seen: object = job.watch() if job.watch else None

    def look(self) -> None:
        """Start it where it is due; see whether it has ended."""
        now_s = time.monotonic()
        if self.process is not None:
            code = self.process.poll()
            if code is not None:
                self.process = None
                self._ended(code, now_s)
        elif now_s >= self._next_s or self._changed(now_s):
            self._begun_s = now_s
            self.process = subprocess.Popen(self.job.command, stdin=subprocess.DEVNULL)  # noqa: S603  our own program

    def _changed(self, now_s: float) -> bool:
        if self.job.watch is None or now_s < self._watched_s + WATCH_EVERY_S:
            return False
        self._watched_s = now_s
        before, self._seen = self._seen, self.job.watch()
        return before != self._seen

    def _ended(self, code: int, now_s: float) -> None:
        every_s = self.job.every_s
        failed = code not in self.job.well
        if failed:
            self._tell(f"{self.job.name} ended with code {code}.")
        if not failed or now_s - self._begun_s > WELL_AFTER_S:
            self._wait_s = WAIT_FIRST_S
        self._next_s = now_s + self._wait_s if every_s is None or failed else self._begun_s + every_s
        if failed:
            self._wait_s = min(self._wait_s * 2, WAIT_MAX_S)


def _end(kept: Sequence[_Kept]) -> None:
    running = [one.process for one in kept if one.process is not None]
    for process in running:
        process.terminate()
    until_s = time.monotonic() + LEAVE_S
    for process in running:
        try:
            process.wait(max(until_s - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
