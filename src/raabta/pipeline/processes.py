"""The bulk reader in several processes.

A batch goes to a process and comes back as JSON Lines. A few batches a process are under way at once, so memory stays
flat. A process that dies (killed for memory, say) breaks its pool: a new pool is made and what was under way is sent
again, so nothing is lost; a batch that breaks its pool ``MAX_TRIES`` times is rejected.
"""

import multiprocessing
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
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

_own: dict[str, Diagnosis] = {}
"""A worker process's diagnosis, made once when the process starts."""


def _start_worker(settings: Settings, context: Context | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process ends the workers, without a traceback each
    if "diagnosis" not in _own:  # a forked process has its parent's
        _own["diagnosis"] = load_diagnosis(settings, context=context)


def _work(batch: FileBatch, n_bytes: int) -> Outcome:
    if n_bytes:
        with Path(batch.file).open("rb") as stream:
            stream.seek(batch.batch.offset)
            data = stream.read(n_bytes)
        batch = msgspec.structs.replace(batch, batch=msgspec.structs.replace(batch.batch, data=data))
    return diagnose_batch(batch, _own["diagnosis"])


class _Sent(Struct):
    """A batch under way."""

    batch: FileBatch | Rejection
    future: "Future[Outcome] | None"
    tries: int = 1


class _Pool:
    """A pool of processes that is made anew when it breaks."""

    def __init__(self, settings: Settings, context: Context | None, jobs: int) -> None:
        self._arguments = (settings, context)
        self._jobs = jobs
        self._executor = self._new()

    def _new(self) -> ProcessPoolExecutor:
        method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
        return ProcessPoolExecutor(
            self._jobs, multiprocessing.get_context(method), initializer=_start_worker, initargs=self._arguments
        )

    def submit(self, batch: FileBatch) -> "Future[Outcome]":
        n_bytes = 0
        if batch.is_plain:  # its place is sent, not its bytes
            n_bytes = len(batch.batch.data)
            batch = msgspec.structs.replace(batch, batch=msgspec.structs.replace(batch.batch, data=b""))
        try:
            return self._executor.submit(_work, batch, n_bytes)
        except BrokenProcessPool as error:
            broken: Future[Outcome] = Future()
            broken.set_exception(error)
            return broken

    def renew(self) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._executor = self._new()

    def close(self) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)


def diagnose_in_processes(
    paths: Sequence[str], settings: Settings, *, context: Context | None, jobs: int
) -> Iterator[Outcome]:
    """Diagnose as ``diagnose_bulk`` does, with ``jobs`` processes."""
    _own["diagnosis"] = load_diagnosis(settings, context=context)
    pool = _Pool(settings, context, jobs)
    under_way: deque[_Sent] = deque()
    try:
        for batch in read_batches(paths, batch_bytes=_BATCH_BYTES):
            under_way.append(_Sent(batch, None if isinstance(batch, Rejection) else pool.submit(batch)))
            while len(under_way) >= jobs * _UNDER_WAY_PER_JOB:
                yield _first(under_way, pool)
        while under_way:
            yield _first(under_way, pool)
    finally:
        pool.close()
        _own.clear()


def _first(under_way: deque[_Sent], pool: _Pool) -> Outcome:
    """Wait for the oldest batch; after a broken pool, send everything that is under way again."""
    sent = under_way[0]
    while sent.future is not None:
        try:
            outcome = sent.future.result()
        except BrokenProcessPool:
            _send_again(under_way, pool)
        else:
            under_way.popleft()
            return outcome
    under_way.popleft()
    return _rejected(sent.batch)


def _send_again(under_way: deque[_Sent], pool: _Pool) -> None:
    """Make a new pool and send what has no result yet; the oldest batch is the likeliest to have broken the pool."""
    under_way[0].tries += 1
    pool.renew()
    for sent in under_way:
        if isinstance(sent.batch, Rejection) or _has_result(sent.future):
            continue
        sent.future = None if sent.tries > MAX_TRIES else pool.submit(sent.batch)


def _has_result(future: "Future[Outcome] | None") -> bool:
    return future is not None and future.done() and not future.cancelled() and future.exception() is None


def _rejected(batch: FileBatch | Rejection) -> Outcome:
    if isinstance(batch, FileBatch):
        reason = f"the process that read these documents died {MAX_TRIES} times; try --jobs 1"
        batch = Rejection(file=batch.file, line=batch.batch.first_line, field="(batch)", reason=reason)
    return Outcome(jsonl=b"", n_verdicts=0, rejections=[batch], read_bytes=0)
