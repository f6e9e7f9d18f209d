"""Runs the forms until somebody stops them: uvicorn, without a log of who asked, behind a proxy that speaks TLS.

Each connection carries one request, and must have said its head in time: so no connection is held for nothing.
"""

import asyncio
import socket
from typing import Any, Final

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

CONNECTIONS_MAX: Final = 200
"""At once; more are told to come back. One takes some 50 kB."""
HEAD_S: Final = 15.0
"""Until a request's head has come."""
HEAD_BYTES_MAX: Final = 16 * 1024
LEAVE_S: Final = 10
"""For requests under way, when the server is stopped."""


class OneRequest(H11Protocol):
    """A connection that is closed where no request has come in time."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override, explicit-override]
        """Begin a connection."""
        super().connection_made(transport)
        self.loop.call_later(HEAD_S, self._cut)

    def _cut(self) -> None:
        if self.conn.their_state is h11.IDLE:
            self.transport.close()


def open_place(host: str, port: int) -> socket.socket:
    """Listen at an address; port 0 takes a free one.

    Raises:
        OSError: It is in use, or none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


def make_server(app: ASGIApp) -> uvicorn.Server:
    """Give a server for the forms; ``run(sockets=[…])`` serves until SIGTERM or Ctrl-C."""
    settings: dict[str, Any] = {
        "http": OneRequest,
        "ws": "none",
        "lifespan": "on",
        "log_config": None,
        "access_log": False,
        "proxy_headers": False,
        "server_header": False,
        "limit_concurrency": CONNECTIONS_MAX,
        "h11_max_incomplete_event_size": HEAD_BYTES_MAX,
        "timeout_graceful_shutdown": LEAVE_S,
    }
    return uvicorn.Server(uvicorn.Config(app, **settings))
