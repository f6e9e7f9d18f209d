"""An end to every wait: what socket timeouts leave open is a peer that sends one byte just before each of them.

One thread watches all connections of a carrier and shuts down those that are past their end, some tenths of a second
late at most. A timer for each message would be simpler, and cost as much as sending it.
"""

import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

LOOK_EVERY_S: Final = 0.1

FindSocket = Callable[[], socket.socket | None]


class Watch:
    """Shuts connections down at their end."""

    def __init__(self) -> None:
        self._watched: dict[int, tuple[float, FindSocket]] = {}
        self._numbers = itertools.count()
        self._closed = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextmanager
    def cut_after(self, seconds: float, find_socket: FindSocket) -> Iterator[None]:
        """Shut a connection down when the work inside takes longer; what waits on it then fails with an ``OSError``.

        Args:
            seconds: How long it may take.
            find_socket: Gives the socket as it is then: TLS puts another one in its place.
        """
        self._start()
        number = next(self._numbers)
        self._watched[number] = (time.monotonic() + seconds, find_socket)
        try:
            yield
        finally:
            self._watched.pop(number, None)

    def close(self) -> None:
        """Watch no more."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="raabta-watch", daemon=True)
                self._thread.start()

    def _look(self) -> None:
        while not self._closed.wait(LOOK_EVERY_S):
            now_s = time.monotonic()
            for number, (end_s, find_socket) in list(self._watched.items()):
                if end_s <= now_s:
                    self._watched.pop(number, None)
                    _cut(find_socket())


def _cut(found: socket.socket | None) -> None:
    if found is not None:
        with suppress(OSError):
            socket.socket.shutdown(found, socket.SHUT_RDWR)  # TLS's own would change the object beneath a reader
