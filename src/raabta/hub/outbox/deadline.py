"""An end to every wait: what socket timeouts leave open is a peer that sends one byte just before each of them."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def cut_after(seconds: float, find_socket: Callable[[], socket.socket | None]) -> Iterator[None]:
    """Shut a connection down when the work inside takes longer; what waits on it then fails with an ``OSError``.

    Args:
        seconds: How long it may take.
        find_socket: Gives the socket as it is then: TLS puts another one in its place.
    """
    timer = threading.Timer(seconds, _cut, (find_socket,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cut(find_socket: Callable[[], socket.socket | None]) -> None:
    found = find_socket()
    if found is not None:
        with suppress(OSError):
            socket.socket.shutdown(found, socket.SHUT_RDWR)  # TLS's own would change the object beneath a reader
