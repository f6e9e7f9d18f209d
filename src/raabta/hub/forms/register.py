"""The register under a server that runs for months: opened once, and anew when a deletion replaced its key.

``raabta org delete`` seals all fields with a new key. A server that kept the old one could not open the register any
more, so before each use the key's file is looked at: another file is another key. In the moment between the new key and
its file, requests are told to come back.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Final

from raabta.registry import Records, Register

_NO_FILE: Final = (0, 0, 0)


class LastingRegister:
    """A register for many threads and a long time.

    Args:
        open_: Opens it; called again when its key was replaced.
        key_file: Whose change says so; None for a register in memory.
    """

    def __init__(self, open_: Callable[[], Register], *, key_file: Path | None = None) -> None:
        self._open = open_
        self._key_file = key_file
        self._lock = threading.Lock()
        self._seen = self._look()
        self._register = open_()

    @contextmanager
    def change(self) -> Iterator[Records]:
        """Change the register: all of it, on the disk, or nothing.

        Raises:
            OSError: It cannot be opened now.
        """
        with ExitStack() as stack:
            yield _entered(stack, self._current().change())

    @contextmanager
    def look(self) -> Iterator[Records]:
        """Read the register.

        Raises:
            OSError: It cannot be opened now.
        """
        with ExitStack() as stack:
            yield _entered(stack, self._current().look())

    def close(self) -> None:
        """Let go of the database."""
        self._register.close()

    def _current(self) -> Register:
        with self._lock:
            seen = self._look()
            if seen != self._seen:
                renewed = _opened(self._open)
                self._register.close()
                self._register, self._seen = renewed, seen
            return self._register

    def _look(self) -> tuple[int, int, int]:
        if self._key_file is None:
            return _NO_FILE
        try:
            found = self._key_file.stat()
        except FileNotFoundError:
            return _NO_FILE
        return found.st_ino, found.st_mtime_ns, found.st_size


def _entered(stack: ExitStack, transaction: AbstractContextManager[Records]) -> Records:
    """Begin a transaction; another key is no visitor's fault, and passes."""
    try:
        return stack.enter_context(transaction)
    except ValueError as error:
        raise OSError(str(error)) from error


def _opened(open_: Callable[[], Register]) -> Register:
    """Open it; what is wrong with a register is no visitor's fault."""
    try:
        return open_()
    except ValueError as error:
        raise OSError(str(error)) from error
