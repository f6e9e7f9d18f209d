"""QUIC from the server's side: HTTP/3 for any ``Host`` (RFC 9114), and DNS over QUIC (RFC 9250). By aioquic.

aioquic chooses the certificate before it reads the ClientHello, so that one certificate carries all names of a place.
The configuration is made with the first datagram: most scenarios never send one.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.asyncio.server import QuicServer
from aioquic.h3.connection import H3Connection
from aioquic.h3.events import DataReceived, H3Event, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ProtocolNegotiated, QuicEvent, StreamDataReceived

from raabta.lab.servers.authority import Authority
from raabta.lab.servers.hosts import Credentials, Host
from raabta.lab.servers.pages import Request, Response
from raabta.lab.servers.resolvers import Resolver
from raabta.lab.servers.sites import Who, who_is
from raabta.lab.servers.web import Now, header_fields

# RFC 9250 section 4.3 and RFC 9114 section 8.1.
_DOQ_PROTOCOL_ERROR: Final = 0x2
_H3_REQUEST_CANCELLED: Final = 0x10C
_IDLE_S: Final = 30.0

OpenConnection = Callable[..., QuicConnectionProtocol]


QuicFate = Callable[[Who], bool]
"""Says whether a QUIC server answers this asker at all."""


class QuicDoor:
    """A UDP socket that becomes a QUIC server with its first datagram, and stays silent to whom it does not answer."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        authority: Authority,
        open_connection: Callable[[Who], OpenConnection],
        answers: QuicFate,
    ) -> None:
        self._credentials = credentials
        self._authority = authority
        self._open_connection = open_connection
        self._answers = answers
        self._transport: asyncio.DatagramTransport | None = None
        self._servers: dict[Who, QuicServer] = {}

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        """Keep the socket."""
        self._transport = transport

    def datagram_received(self, data: bytes, sender: tuple[str, int]) -> None:
        """Pass on. One server for each kind of asker, so that a connection knows who asks."""
        who = who_is(sender[0])
        if not self._answers(who):
            return
        if who not in self._servers:
            self._servers[who] = self._open(who)
        self._servers[who].datagram_received(data, sender)

    def _open(self, who: Who) -> QuicServer:
        configuration = QuicConfiguration(
            is_client=False, alpn_protocols=list(self._credentials.alpn), idle_timeout=_IDLE_S
        )
        chain = self._authority.chain(self._credentials.names, kind=self._credentials.kind)
        configuration.load_cert_chain(chain, chain)
        server = QuicServer(configuration=configuration, create_protocol=self._open_connection(who))
        assert self._transport is not None  # noqa: S101  datagrams come after connection_made
        server.connection_made(self._transport)
        return server


def open_http3(host: Host, now: Now) -> Callable[[Who], OpenConnection]:
    """Give what opens an HTTP/3 connection of a host."""
    return lambda who: partial(Http3, host=host, now=now, who=who)


def open_doq(resolver: Resolver) -> Callable[[Who], OpenConnection]:
    """Give what opens a DNS connection of a resolver."""
    return lambda who: partial(DnsOverQuic, resolver=resolver, who=who)


class Http3(QuicConnectionProtocol):
    """One HTTP/3 connection."""

    def __init__(self, *args: Any, host: Host, now: Now, who: Who, **options: Any) -> None:
        super().__init__(*args, **options)
        self._host = host
        self._now = now
        self._who = who
        self._h3: H3Connection | None = None
        self._requests: dict[int, tuple[dict[str, str], bytes]] = {}

    def quic_event_received(self, event: QuicEvent) -> None:  # type: ignore[explicit-override]
        """Hand QUIC's events to HTTP/3, and answer what is complete."""
        if isinstance(event, ProtocolNegotiated):
            self._h3 = H3Connection(self._quic)
        if self._h3 is not None:
            for answered in self._h3.handle_event(event):
                self._take(answered)

    def _take(self, event: H3Event) -> None:
        if isinstance(event, HeadersReceived):
            fields = {name.decode(): value.decode() for name, value in event.headers}
            self._requests[event.stream_id] = (fields, b"")
        elif isinstance(event, DataReceived):
            fields, body = self._requests[event.stream_id]
            self._requests[event.stream_id] = (fields, body + event.data)
        if isinstance(event, HeadersReceived | DataReceived) and event.stream_ended:
            self._answer(event.stream_id)

    def _answer(self, stream_id: int) -> None:
        fields, body = self._requests.pop(stream_id)
        request = Request(
            method=fields.get(":method", "GET"),
            host=fields.get(":authority", "").partition(":")[0].lower(),
            path=fields.get(":path", "/"),
            body=body,
            secure=True,
        )
        response = self._host.respond(request, self._who)
        self._loop.call_later(response.wait_s, lambda: self._send(stream_id, response))

    def _send(self, stream_id: int, response: Response) -> None:
        if self._h3 is None:
            return
        fields = [(b":status", str(response.status).encode())]
        fields += [(name.encode(), value.encode()) for name, value in header_fields(response, now_at=self._now())]
        self._h3.send_headers(stream_id, fields, end_stream=not response.body)
        if response.body:
            cut = response.cut_at
            self._h3.send_data(stream_id, response.body[:cut], end_stream=cut is None)
        if response.cut_at is not None:
            self.transmit()
            self._quic.reset_stream(stream_id, _H3_REQUEST_CANCELLED)
        self.transmit()


class DnsOverQuic(QuicConnectionProtocol):
    """One connection of DNS over QUIC: one query a stream, with its length before it."""

    def __init__(self, *args: Any, resolver: Resolver, who: Who, **options: Any) -> None:
        super().__init__(*args, **options)
        self._resolver = resolver
        self._who = who
        self._unread: dict[int, bytes] = {}

    def quic_event_received(self, event: QuicEvent) -> None:  # type: ignore[explicit-override]
        """Answer each whole query."""
        if not isinstance(event, StreamDataReceived):
            return
        unread = self._unread.pop(event.stream_id, b"") + event.data
        if len(unread) < 2 or len(unread) < 2 + int.from_bytes(unread[:2], "big"):
            self._unread[event.stream_id] = unread
            return
        answer = self._resolver.reply(unread[2:], who=self._who)
        if answer is None:
            self._quic.reset_stream(event.stream_id, _DOQ_PROTOCOL_ERROR)
        else:
            self._quic.send_stream_data(event.stream_id, len(answer).to_bytes(2, "big") + answer, end_stream=True)
        self.transmit()
