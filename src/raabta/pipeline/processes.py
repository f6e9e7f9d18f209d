"""The bulk reader in several processes.

Each process has a pipe of its own and one batch at a time; batches come back as JSON Lines and are given out in the
order of the input. A few batches are under way at once, so memory stays flat. A process that dies (killed for memory,
say) closes its pipe, also in the middle of an answer: a new one takes its place and its batch is sent again, so nothing
is lost. A batch whose process dies ``MAX_TRIES`` times is rejected.

Not used: ``concurrent.futures``, whose processes share one pipe for results. One that is killed while it writes leaves
half a message there, and the reader waits for the other half for ever.
"""

import multiprocessing
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from raabta.diagnose import Context, Diagnosis
from raabta.model import Rejection
from raabta.pipeline.bulk import Outcome, diagnose_batch
from raabta.pipeline.defaults import Settings, load_diagnosis
from raabta.pipeline.sources import FileBatch, read_batches

MAX_TRIES: Final = 3
_UNDER_WAY_PER_JOB: Final = 3
_BATCH_BYTES: Final = 1 << 20
"""Larger than in one process, since sending a batch has a cost of its own."""


class _Sent(Struct):
    """A batch under way, and what became of it."""

    batch: FileBatch
    outcome: Outcome | None = None
    tries: int = 0


def diagnose_in_processes(
    paths: Sequence[str], settings: Settings, *, context: Context | None, jobs: int
) -> Iterator[Outcome]:
    """Diagnose as ``diagnose_bulk`` does, with ``jobs`` processes."""
    diagnosis = load_diagnosis(settings, context=context)
    workers = [_Worker(diagnosis) for _ in range(jobs)]
    batches = read_batches(paths, batch_bytes=_BATCH_BYTES)
    under_way: deque[_Sent | Outcome] = deque()
    more = True
    try:
        while more or under_way:
            more = more and _fill(workers, under_way, batches)
            _collect(workers)
            while under_way and (outcome := _outcome_of(under_way[0])) is not None:
                under_way.popleft()
                yield outcome
    finally:
        for worker in workers:
            worker.close()


def _outcome_of(sent: _Sent | Outcome) -> Outcome | None:
    return sent if isinstance(sent, Outcome) else sent.outcome


def _fill(
    workers: list["_Worker"], under_way: deque[_Sent | Outcome], batches: Iterator[FileBatch | Rejection]
) -> bool:
    """Give a batch to each idle process, as far as there is room; say whether there may be more batches."""
    for worker in workers:
        while worker.sent is None and len(under_way) < len(workers) * _UNDER_WAY_PER_JOB:
            batch = next(batches, None)
            if batch is None:
                return False
            if isinstance(batch, Rejection):
                under_way.append(Outcome(jsonl=b"", n_verdicts=0, rejections=[batch], read_bytes=0))
                continue
            sent = _Sent(batch)
            under_way.append(sent)
            worker.send(sent)
    return True


def _collect(workers: list["_Worker"]) -> None:
    """Wait for the first answers and take them in."""
    busy = [worker for worker in workers if worker.sent is not None]
    ready = wait([worker.connection for worker in busy]) if busy else []
    for worker in busy:
        if worker.connection in ready:
            worker.receive()


class _Worker:
    """A process and the pipe to it. When it dies, it is started anew with the same batch."""

    connection: Connection
    _process: BaseProcess

    def __init__(self, diagnosis: Diagnosis) -> None:
        self._diagnosis = diagnosis
        self.sent: _Sent | None = None
        self._start()

    def _start(self) -> None:
        # A forked process shares its parent's tables. Its end of the pipe is closed here at once, so that no
        # other process holds it open.
        method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
        made = multiprocessing.get_context(method)
        self.connection, theirs = made.Pipe()
        self._process = made.Process(target=_work, args=(theirs, self._diagnosis), daemon=True)  # type: ignore[attr-defined]
        self._process.start()
        theirs.close()

    def send(self, sent: _Sent) -> None:
        """Give it a batch; where one can read it from its file, only the place is sent."""
        self.sent = sent
        batch = sent.batch
        n_bytes = 0
        if batch.is_plain:
            n_bytes = len(batch.batch.data)
            batch = msgspec.structs.replace(batch, batch=msgspec.structs.replace(batch.batch, data=b""))
        try:
            self.connection.send((batch, n_bytes))
        except OSError:
            self._died(sent)

    def receive(self) -> None:
        """Take its answer, or start it anew when it died."""
        sent, self.sent = self.sent, None
        if sent is None:
            return
        try:
            sent.outcome = self.connection.recv()
        except (EOFError, OSError):
            self._died(sent)

    def _died(self, sent: _Sent) -> None:
        self.sent = None
        self.close()
        self._start()
        sent.tries += 1
        if sent.tries < MAX_TRIES:
            self.send(sent)
            return
        reason = f"the process that read these documents died {MAX_TRIES} times; try --jobs 1"
        line = sent.batch.batch.first_line
        rejection = Rejection(file=sent.batch.file, line=line, field="(batch)", reason=reason)
        sent.outcome = Outcome(jsonl=b"", n_verdicts=0, rejections=[rejection], read_bytes=0)

    def close(self) -> None:
        """End the process. It holds nothing that is not sent yet."""
        self.connection.close()
        self._process.terminate()
        self._process.join()


def _work(connection: Connection, diagnosis: Diagnosis) -> None:
    """Answer batches until the pipe is closed: what a process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process ends it, without a traceback each
    while True:
        try:
            batch, n_bytes = connection.recv()
        except (EOFError, OSError):
            return
        if n_bytes:
            with Path(batch.file).open("rb") as stream:
                stream.seek(batch.batch.offset)
                data = stream.read(n_bytes)
            batch = msgspec.structs.replace(batch, batch=msgspec.structs.replace(batch.batch, data=data))
        try:
            connection.send(diagnose_batch(batch, diagnosis))
        except OSError:
            return
