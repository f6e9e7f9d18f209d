"""HTTP/1.1 and h2 from the server's side, for any ``Host``.

HTTP/1.1 is read by hand: requests of the lab's clients have a head and at most a short body, and a server must be able
to end in the middle of an answer, which libraries refuse. h2 is the h2 library's.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from typing import Final

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import ProtocolError

from raabta.lab.servers.hosts import Host
from raabta.lab.servers.pages import Headers, Request, Response, reason_of
from raabta.lab.servers.streams import Application, Line

MAX_HEAD_BYTES: Final = 65_536
SERVER: Final = "nginx"
"""What servers call themselves unless a page says otherwise."""

Now = Callable[[], datetime]


def open_http(host: Host, *, now: Now, line: Line, alpn: str, is_secure: bool) -> Application:
    """Serve a host on a line that is ready, in the protocol that was agreed on."""
    if alpn == "h2":
        return Http2(host, now=now, line=line)
    return Http1(host, now=now, line=line, is_secure=is_secure)


def header_fields(response: Response, *, now_at: datetime) -> Headers:
    """Give all header fields of a response, names in lower case."""
    own = dict(response.headers)
    server = () if "server" in own else (("server", SERVER),)
    return (
        ("date", format_datetime(now_at, usegmt=True)),
        *server,
        *response.headers,
        ("content-length", str(len(response.body))),
    )


class Http1:
    """One HTTP/1.1 connection. Requests are answered one after another."""

    def __init__(self, host: Host, *, now: Now, line: Line, is_secure: bool) -> None:
        self._host = host
        self._now = now
        self._line = line
        self._is_secure = is_secure
        self._unread = b""
        self._waiting: asyncio.TimerHandle | None = None
        self._is_silent = False

    def receive(self, data: bytes) -> None:
        """Take bytes and answer what is complete."""
        if self._is_silent:
            return
        self._unread += data
        if len(self._unread) > MAX_HEAD_BYTES:
            self._line.end()
        self._go_on()

    def stop(self) -> None:
        """Drop an answer that still waits."""
        if self._waiting is not None:
            self._waiting.cancel()

    @property
    def _is_free(self) -> bool:
        return self._waiting is None and not self._is_silent

    def _go_on(self) -> None:
        while self._is_free and (taken := _take_request(self._unread, is_secure=self._is_secure)) is not None:
            request, is_last, self._unread = taken
            self._answer(request, is_last=is_last)

    def _answer(self, request: Request, *, is_last: bool) -> None:
        if not self._is_secure:
            match self._host.fate(request.host, self._line.who, is_request=True):
                case "silent":
                    self._is_silent = True
                    return
                case "reset":
                    self._line.reset()
                    return
                case "close":
                    self._line.end()
                    return
                case "serve" | "alert":
                    pass
        response = self._host.respond(request, self._line.who)
        if not response.wait_s:
            self._send(request, response, is_last=is_last)
            return
        loop = asyncio.get_running_loop()
        self._waiting = loop.call_later(response.wait_s, lambda: self._send_late(request, response, is_last=is_last))

    def _send_late(self, request: Request, response: Response, *, is_last: bool) -> None:
        self._waiting = None
        self._send(request, response, is_last=is_last)
        self._go_on()

    def _send(self, request: Request, response: Response, *, is_last: bool) -> None:
        if response.is_reset:
            self._line.reset()
            return
        fields = "".join(f"{name}: {value}\r\n" for name, value in header_fields(response, now_at=self._now()))
        closing = "connection: close\r\n" if is_last else ""
        head = f"HTTP/1.1 {response.status} {reason_of(response.status)}\r\n{fields}{closing}\r\n".encode()
        body = b"" if request.method == "HEAD" or response.status == 204 else response.body
        self._line.send(head + body[: response.cut_at])
        if is_last or response.cut_at is not None:
            self._line.end()


class Http2:
    """One h2 connection."""

    def __init__(self, host: Host, *, now: Now, line: Line) -> None:
        self._host = host
        self._now = now
        self._line = line
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._requests: dict[int, tuple[dict[str, str], bytes]] = {}
        self._unsent: dict[int, tuple[bytes, bool]] = {}
        self._waiting: dict[int, asyncio.TimerHandle] = {}
        self._h2.initiate_connection()
        self._flush()

    def receive(self, data: bytes) -> None:
        """Take bytes and answer what is complete."""
        try:
            events = self._h2.receive_data(data)
        except ProtocolError:
            self._flush()
            self._line.end()
            return
        for event in events:
            self._take(event)
        self._flush()

    def stop(self) -> None:
        """Drop answers that still wait."""
        for timer in self._waiting.values():
            timer.cancel()

    def _take(self, event: Event) -> None:
        match event:
            case RequestReceived():
                fields = {str(name): str(value) for name, value in event.headers}
                self._requests[event.stream_id] = (fields, b"")
            case DataReceived():
                fields, body = self._requests[event.stream_id]
                self._requests[event.stream_id] = (fields, body + event.data)
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case StreamEnded():
                self._answer(event.stream_id)
            case WindowUpdated():
                for stream_id in list(self._unsent):
                    self._push(stream_id)
            case StreamReset():
                self._unsent.pop(event.stream_id, None)
            case ConnectionTerminated():
                self._line.end()
            case _:
                pass

    def _answer(self, stream_id: int) -> None:
        fields, body = self._requests.pop(stream_id)
        request = Request(
            method=fields.get(":method", "GET"),
            host=_bare_host(fields.get(":authority", fields.get("host", ""))),
            path=fields.get(":path", "/"),
            body=body,
            secure=True,
        )
        response = self._host.respond(request, self._line.who)
        loop = asyncio.get_running_loop()
        self._waiting[stream_id] = loop.call_later(
            response.wait_s, lambda: self._send(stream_id, response, is_head=request.method == "HEAD")
        )

    def _send(self, stream_id: int, response: Response, *, is_head: bool) -> None:
        del self._waiting[stream_id]
        if response.is_reset:
            self._line.reset()
            return
        fields = [(":status", str(response.status)), *header_fields(response, now_at=self._now())]
        body = b"" if is_head or response.status == 204 else response.body
        self._h2.send_headers(stream_id, fields, end_stream=not body)
        if body:
            self._unsent[stream_id] = (body[: response.cut_at], response.cut_at is not None)
            self._push(stream_id)
        self._flush()

    def _push(self, stream_id: int) -> None:
        """Send as much of a body as the windows allow (RFC 9113 section 5.2)."""
        body, is_cut = self._unsent.pop(stream_id)
        while body and (room := self._h2.local_flow_control_window(stream_id)) > 0:
            size = min(room, self._h2.max_outbound_frame_size, len(body))
            self._h2.send_data(stream_id, body[:size], end_stream=size == len(body) and not is_cut)
            body = body[size:]
        if body:
            self._unsent[stream_id] = (body, is_cut)
        elif is_cut:
            self._flush()
            self._line.end()

    def _flush(self) -> None:
        if data := self._h2.data_to_send():
            self._line.send(data)


def _take_request(unread: bytes, *, is_secure: bool) -> tuple[Request, bool, bytes] | None:
    """Take the first request off the bytes read; whether it is the last; and what is left. None while incomplete."""
    head, found, rest = unread.partition(b"\r\n\r\n")
    if not found:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(fields["content-length"]) if fields.get("content-length", "").isdigit() else 0
    if len(rest) < length:
        return None
    method, target, version = ([*first.split(" "), "", "", ""])[:3]
    request = Request(
        method=method,
        host=_bare_host(fields.get("host", "")),
        path=target or "/",
        body=rest[:length],
        secure=is_secure,
    )
    is_last = fields.get("connection", "").lower() == "close" or version == "HTTP/1.0"
    return request, is_last, rest[length:]


def _bare_host(authority: str) -> str:
    """Host of an authority, without port."""
    host, _, port = authority.rpartition(":")
    return (host if port.isdigit() and host else authority).strip("[]").lower()
