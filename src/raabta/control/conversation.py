"""One client's connection: requests in, replies out, and a deadline for each phase of it.

h11 reads the bytes and refuses what is no HTTP/1.1. Every wait ends: for the first byte, for the head, for the body,
for the client to read the reply. Sizes are capped before anything is kept. Requests of one connection are answered one
after the other, so that a client which sends without reading is stopped by its own unread replies.
"""

import asyncio
import contextlib
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import Any, Final

import h11

from raabta.control.desk import Desk, Reply, Request, refusal

_READ_BYTES: Final = 16_384
_MAX_DISCARDED_READS: Final = 16
_FILL: Final = bytes(32_768)
_ALWAYS: Final = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
)


@dataclass(slots=True, kw_only=True)
class Conversation:
    """A connection after its TLS handshake. ``idle_s`` is how long the first byte of a request may take."""

    desk: Desk
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    client: str
    idle_s: float
    _h11: h11.Connection = field(init=False)

    def __post_init__(self) -> None:
        most = self.desk.settings.limits.max_header_bytes
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=most)

    async def run(self) -> None:
        """Answer requests until the client leaves, breaks a rule or a deadline, or has asked often enough.

        Raises:
            OSError: The connection broke, or a deadline passed (``TimeoutError``).
        """
        for _ in range(self.desk.settings.limits.max_requests_per_connection):
            try:
                request = await self._request()
            except h11.RemoteProtocolError as error:
                await self._refuse(error.error_status_hint)
                return
            if request is None:
                return
            await self._send(request if isinstance(request, Reply) else await self.desk.reply(request))
            if (self._h11.our_state, self._h11.their_state) != (h11.DONE, h11.DONE):
                await self._let_go()
                return
            self._h11.start_next_cycle()

    async def _request(self) -> Request | Reply | None:
        """Read one request; a reply where it breaks a cap, None where the client has left."""
        deadlines = self.desk.settings.deadlines
        event: Any = self._h11.next_event()
        if event is h11.NEED_DATA:
            async with asyncio.timeout(self.idle_s):
                self._h11.receive_data(await self.reader.read(_READ_BYTES))
            async with asyncio.timeout(deadlines.header_s):
                event = await self._next_event()
        if not isinstance(event, h11.Request):
            return None
        async with asyncio.timeout(deadlines.body_s):
            body = await self._body(event)
        if body is None:
            return refusal(413, f"a question has at most {self.desk.settings.limits.max_question_bytes} bytes")
        return Request(
            method=event.method.decode("ascii"),
            target=event.target.decode("ascii"),
            client=self.client,
            token=_token(event),
            body=body,
        )

    async def _body(self, request: h11.Request) -> bytes | None:
        """Read the body; None where it is larger than a question may be."""
        most = self.desk.settings.limits.max_question_bytes
        length = next((int(value) for name, value in request.headers if name == b"content-length"), 0)
        if length > most:
            return None
        body = bytearray()
        while True:
            event = await self._next_event()
            if not isinstance(event, h11.Data):
                return bytes(body)
            body += event.data
            if len(body) > most:
                return None

    async def _next_event(self) -> Any:
        while (event := self._h11.next_event()) is h11.NEED_DATA:
            if self._h11.they_are_waiting_for_100_continue:
                self._write(h11.InformationalResponse(status_code=100, headers=[]))
            self._h11.receive_data(await self.reader.read(_READ_BYTES))
        return event

    async def _send(self, reply: Reply) -> None:
        deadlines = self.desk.settings.deadlines
        length = len(reply.body) + reply.n_fill
        names = {name for name, _ in reply.headers}
        date = () if "Date" in names else (("Date", format_datetime(self.desk.now(), usegmt=True)),)
        headers = [*reply.headers, *date, *_ALWAYS, ("Content-Length", str(length))]
        async with asyncio.timeout(deadlines.speed_s if reply.n_fill else deadlines.answer_s):
            self._write(h11.Response(status_code=reply.status, headers=headers))
            self._write(h11.Data(data=reply.body))
            await self.writer.drain()
            for start in range(0, reply.n_fill, len(_FILL)):
                self._write(h11.Data(data=_FILL[: reply.n_fill - start]))
                await self.writer.drain()
            self._write(h11.EndOfMessage())
            await self.writer.drain()

    async def _refuse(self, status: int) -> None:
        """Answer what was no HTTP, where an answer may still be given."""
        if self._h11.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            await self._send(refusal(status, "this is no request as HTTP has them"))

    async def _let_go(self) -> None:
        """Read on for a moment, since a close with bytes unread is a reset that can overtake the reply (RFC 1122)."""
        if self._h11.their_state is not h11.SEND_BODY:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.desk.settings.deadlines.close_s):
                for _ in range(_MAX_DISCARDED_READS):
                    await self.reader.readexactly(_READ_BYTES)

    def _write(self, event: h11.Event) -> None:
        data = self._h11.send(event)
        if data:
            self.writer.write(data)


def _token(request: h11.Request) -> str:
    given = next((value for name, value in request.headers if name == b"authorization"), b"")
    scheme, _, token = given.decode("latin-1").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
