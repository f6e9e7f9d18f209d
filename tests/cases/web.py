"""A static web server on this machine, as dumb as a mirror's, and one that misbehaves."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:  # type: ignore[explicit-override]  # Python 3.11 has no override
        pass


@contextmanager
def serving_folder(folder: Path) -> Iterator[str]:
    """Serve a folder; gives its URL."""
    with _serving(partial(_Quiet, directory=str(folder))) as url:
        yield url


@contextmanager
def serving(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """Answer every GET by a function; gives the URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: Any) -> None:  # type: ignore[explicit-override]  # Python 3.11 has no override
            pass

    with _serving(Handler) as url:
        yield url


@contextmanager
def _serving(handler: Any) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join(10)
