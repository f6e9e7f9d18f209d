"""What every request must keep to before anything else looks at it: size, time, and the headers of each answer.

A form is a few hundred bytes; what is larger, or comes slower than a bad line sends it, is refused. The server stands
behind a proxy that speaks TLS and has limits of its own (docs/guides/subscriptions.md); these hold without one, too.
"""

import asyncio
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_BYTES_MAX: Final = 64 * 1024
"""Fields are at most 1,000 characters, of which one in Urdu takes 6 bytes as %D8%A7, and products a few dozen."""
BODY_S: Final = 20.0
"""Until the whole of it has come: 64 kB over a line of 26 kbit/s."""
URL_BYTES_MAX: Final = 512
"""The longest path holds one token."""

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Connection": "close",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
"""Links hold tokens: nothing may carry them on, keep them or frame them."""


class Guarding:
    """Wraps the forms: bounds what comes in, and gives every answer its headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        outgoing = _with_headers(send)
        if len(scope["raw_path"]) + len(scope["query_string"]) > URL_BYTES_MAX:
            await _plain("This address is too long.", 414)(scope, receive, outgoing)
            return
        try:
            async with asyncio.timeout(BODY_S):
                body = await _read_body(receive)
        except TimeoutError:
            await _plain("The form did not arrive in time. Try again.", 408)(scope, receive, outgoing)
            return
        if body is None:
            await _plain("This is more than a form of ours holds.", 413)(scope, receive, outgoing)
            return
        await self._app(scope, _given(body), outgoing)


async def _read_body(receive: Receive) -> bytes | None:
    """Read the whole body; None where it is too long. What never ends is cut off by the deadline."""
    parts: list[bytes] = []
    n_bytes = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        part = message.get("body", b"")
        n_bytes += len(part)
        if n_bytes > BODY_BYTES_MAX:
            return None
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts)


def _given(body: bytes) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending


def _plain(words: str, status: int) -> PlainTextResponse:
    return PlainTextResponse(f"{words}\n", status)
