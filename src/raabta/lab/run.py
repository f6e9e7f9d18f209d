"""Running scenarios: a bounded number of workers, each in namespaces of its own, fed one scenario at a time.

A worker that hangs or dies costs the scenario it was at: its cells are reported as errors of the lab, a new worker
takes its place, the others go on. Workers are killed by their id, and everything inside goes with them
(``needs.unshared``), whether this process ends well, is stopped by Ctrl-C, or is killed.
"""

import asyncio
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from typing import IO, Final, Self

import msgspec

from raabta.lab.needs import find_missing, tool_environment, unshared
from raabta.lab.order import Order, Report
from raabta.lab.results import CellResult, blank_results
from raabta.lab.scenario.types import Scenario

WORKER: Final = ("-m", "raabta.lab.worker")
"""Arguments of the interpreter that start a worker."""

LIMIT_S: Final = 180.0
"""Longest time for one scenario, from order to report. A measurement with all follow-ups takes at most 60 s."""

_LINE_BYTES: Final = 256 * 1024 * 1024
"""Longest report: 150 targets with 1 MB each."""

_LAST_WORDS_CHARS: Final = 600

OnReport = Callable[[Order, list[CellResult]], None]


class Worker:
    """One lab: a process in namespaces of its own that carries out orders, one after the other.

    Args:
        arguments: The interpreter's arguments.
    """

    def __init__(self, arguments: Sequence[str] = WORKER) -> None:
        self._arguments = tuple(arguments)
        self._process: asyncio.subprocess.Process | None = None
        self._words: IO[bytes] | None = None

    async def carry_out(self, order: Order, *, limit_s: float) -> Report | str:
        """Have one order carried out, starting the process where there is none.

        Returns:
            The report; or what became of the worker, in words. The next order then gets a new one.
        """
        process = self._process or await self._start()
        if process.stdin is None or process.stdout is None:
            return "the lab's worker has no pipes"
        try:
            async with asyncio.timeout(limit_s):
                process.stdin.write(msgspec.json.encode(order) + b"\n")
                await process.stdin.drain()
                line = await process.stdout.readline()
        except TimeoutError:
            await self.stop()
            return f"the scenario did not end within {limit_s:.0f} s and was stopped"
        except (BrokenPipeError, ConnectionResetError):
            line = b""
        if not line.endswith(b"\n"):
            return f"the lab's worker ended: {await self._last_words()}"
        return msgspec.json.decode(line, type=Report)

    async def stop(self) -> None:
        """Kill the process and all inside it. May be called twice."""
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.wait()
        if self._words is not None:
            self._words.close()
            self._words = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.shield(self.stop())

    async def _start(self) -> asyncio.subprocess.Process:
        self._words = tempfile.TemporaryFile()  # noqa: SIM115  closed by stop
        self._process = await asyncio.create_subprocess_exec(
            *unshared([sys.executable, *self._arguments]),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=self._words,
            env=tool_environment(),
            limit=_LINE_BYTES,
            start_new_session=True,  # so that Ctrl-C reaches this process alone, which then ends them in order
        )
        return self._process

    async def _last_words(self) -> str:
        code = None
        if self._process is not None:
            code = await self._process.wait()
        said = ""
        if self._words is not None:
            self._words.seek(0)
            said = self._words.read().decode("utf-8", "replace").strip()[-_LAST_WORDS_CHARS:]
        await self.stop()
        return said or f"exit code {code}"


async def run_orders(
    orders: Iterable[Order],
    on_report: OnReport,
    *,
    n_workers: int,
    limit_s: float = LIMIT_S,
    arguments: Sequence[str] = WORKER,
) -> None:
    """Run scenarios, ``n_workers`` at a time, and hand on the rows of each as it ends.

    Args:
        orders: What to run; taken in order, reported as they end.
        on_report: Called with each order and a row for every cell of it.
        n_workers: Labs side by side.
        limit_s: Longest time for one order.
        arguments: The interpreter's arguments that start a worker.
    """
    waiting = iter(orders)

    async def work() -> None:
        async with Worker(arguments) as worker:
            for order in waiting:
                on_report(order, await _results(worker, order, limit_s))

    async with asyncio.TaskGroup() as group:
        for _ in range(n_workers):
            group.create_task(work())


async def _results(worker: Worker, order: Order, limit_s: float) -> list[CellResult]:
    missing = find_missing(order.scenario)
    if missing:
        return blank_results(order.name, order.scenario, repeat=order.repeat, skipped=missing)
    report = await worker.carry_out(order, limit_s=limit_s)
    if isinstance(report, str):
        return blank_results(order.name, order.scenario, repeat=order.repeat, error=report)
    return report.results


def run_shell(name: str, scenario: Scenario, *, network: str = "") -> int:
    """Open a shell in a client of a scenario's country, on this terminal, and wait for its end.

    Returns:
        The shell's exit code, or 1 where the country could not be built; the reason stands on standard error.
    """
    order = msgspec.json.encode(Order(name=name, scenario=scenario)).decode()
    command = unshared([sys.executable, *WORKER, "shell", order, network])
    # Ctrl-C belongs to the shell and what runs in it. It reaches this process too where no job is in the foreground.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return subprocess.run(command, env=tool_environment(), check=False).returncode  # noqa: S603  our own words
    finally:
        signal.signal(signal.SIGINT, before)
