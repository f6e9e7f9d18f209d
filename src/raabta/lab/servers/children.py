"""A forked process that serves until it is closed, and that ends with its parent, however that ends."""

import ctypes
import os
import resource
import select
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
"""From linux/prctl.h."""
_END_S: Final = 2.0
"""How long a child gets to end in order before it is killed."""
_POLL_S: Final = 0.002
_READY: Final = b"ready"

Ready = Callable[[], None]

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(slots=True, kw_only=True)
class Child:
    """A process that was forked here. ``reading`` is the pipe on which it says that it is ready."""

    pid: int
    name: str
    reading: int
    _is_gone: bool = False

    def wait_ready(self, *, within_s: float = 10.0) -> None:
        """Wait until it says that it is ready. Once.

        Raises:
            RuntimeError: It ended before that, or was not ready in time; with its last words.
        """
        try:
            said = _hear(self.reading, within_s)
        finally:
            os.close(self.reading)
        if not said.startswith(_READY):
            self.close()
            words = said.decode("utf-8", "replace").strip() or f"not ready within {within_s:.0f} s"
            raise RuntimeError(f"{self.name}: {words}")

    def close(self) -> None:
        """End it: in order, or by force. May be called twice."""
        if self._is_gone:
            return
        self._is_gone = True
        _signal(self.pid, signal.SIGTERM)
        deadline_s = time.monotonic() + _END_S
        while os.waitpid(self.pid, os.WNOHANG)[0] == 0:
            if time.monotonic() > deadline_s:
                _signal(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                return
            time.sleep(_POLL_S)


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends (prctl(2))."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def fork_child(run: Callable[[Ready], None], *, name: str) -> Child:
    """Fork a process that runs ``run``, which calls what it is given once it is ready. Does not wait for that."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _be_child(run, writing)
    os.close(writing)
    return Child(pid=pid, name=name, reading=reading)


def _be_child(run: Callable[[Ready], None], writing: int) -> None:
    code = 1
    try:
        die_with_parent()
        signal.signal(signal.SIGTERM, _end)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        run(lambda: _say_ready(writing))
        code = 0
    except SystemExit:
        code = 0
    finally:
        if code:
            os.write(writing, traceback.format_exc().splitlines()[-1].encode())
            traceback.print_exc()
        os._exit(code)


def _end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  signal's signature
    """End in order, so that what the child started is ended too."""
    raise SystemExit


def _say_ready(writing: int) -> None:
    os.write(writing, _READY)
    os.close(writing)


def _hear(reading: int, within_s: float) -> bytes:
    said = b""
    deadline_s = time.monotonic() + within_s
    while (left_s := deadline_s - time.monotonic()) > 0 and select.select([reading], [], [], left_s)[0]:
        part = os.read(reading, 4096)
        said += part
        if not part or said.startswith(_READY):
            break
    return said


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
