"""Servers on the loopback that do one thing each, and a trace on the machine's own network to meet them with."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import h2.config
import h2.connection
import h2.events

from raabta.probe.host import HostNetwork
from raabta.probe.network import Stream
from raabta.probe.settings import Anchor, ProbeSettings, Resolver, Timeouts
from raabta.probe.trace import Budget, Trace
from tests.cases.authority import the_root

LOCAL = "127.0.0.1"
HOST = "www.gazette.example"
OTHER = "neutral.example"

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
Conduct = Callable[[Reader, Writer], Awaitable[None]]


def a_trace() -> Trace:
    network = HostNetwork()
    return Trace(network=network, zero=network.clock(), budget=Budget(max_s=60, max_packets=2_000, max_bytes=10**7))


def settings(*, deadline_s: float = 5.0, anchor_port: int = 0, **changed: Any) -> ProbeSettings:
    """Settings of these cases: our own root is trusted, every step has the same deadline."""
    return ProbeSettings(
        plain_resolver=Resolver(engine="udp", address=LOCAL, port=53),
        trust_pem=the_root().pem,
        other_name=OTHER,
        control_anchor=Anchor(address=LOCAL, port=anchor_port) if anchor_port else None,
        timeouts=Timeouts(tcp_s=deadline_s, tls_s=deadline_s, http_s=deadline_s, quic_s=deadline_s),
        **changed,
    )


@asynccontextmanager
async def listening(conduct: Conduct, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A TCP server; gives its port. Leaving it closes all its connections."""
    writers: list[Writer] = []

    async def one(reader: Reader, writer: Writer) -> None:
        writers.append(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            await conduct(reader, writer)
        writer.close()

    server = await asyncio.start_server(one, LOCAL, 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await _until_all_are_gone(server)


async def _until_all_are_gone(server: asyncio.Server) -> None:
    """``wait_closed`` does it from Python 3.12 on; before, it does not wait."""
    async with asyncio.timeout(5):
        while getattr(server, "_active_count", 0):  # noqa: ASYNC110  it has no event to wait for
            await asyncio.sleep(0)
        await server.wait_closed()


@asynccontextmanager
async def connected(trace: Trace, port: int) -> AsyncIterator[Stream]:
    stream = await trace.network.open_tcp(LOCAL, port)
    try:
        yield stream
    finally:
        stream.close()


def free_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as made:
        made.bind((LOCAL, 0))
        return int(made.getsockname()[1])


# --- how servers behave -----------------------------------------------------------------------------------------------


async def resets(reader: Reader, writer: Writer) -> None:
    await reader.read(65_536)
    await tear(writer)


async def tear(writer: Writer) -> None:
    """End with a reset."""
    await writer.drain()
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def closes(reader: Reader, _writer: Writer) -> None:
    await reader.read(65_536)


async def is_silent(reader: Reader, _writer: Writer) -> None:
    while await reader.read(65_536):
        pass


def says(answer: bytes, *, wait: bool = False, tears: bool = False) -> Conduct:
    """Answer the first bytes with these, then end, or wait for the other side to."""

    async def conduct(reader: Reader, writer: Writer) -> None:
        await reader.read(65_536)
        writer.write(answer)
        await writer.drain()
        if wait:
            await is_silent(reader, writer)
        if tears:
            await tear(writer)

    return conduct


def page(body: bytes, *, status: str = "200 OK", headers: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


def speaks_h2(body: bytes, *, ends: bool = True, refuses: bool = False) -> Conduct:
    """Answer the first request by HTTP/2."""

    async def conduct(reader: Reader, writer: Writer) -> None:
        server = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        server.initiate_connection()
        while data := await reader.read(65_536):
            for event in server.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    _answer(server, event.stream_id or 1, body, ends=ends, refuses=refuses)
            writer.write(server.data_to_send())
            await writer.drain()

    return conduct


def _answer(server: h2.connection.H2Connection, stream: int, body: bytes, *, ends: bool, refuses: bool) -> None:
    if refuses:
        server.reset_stream(stream, error_code=2)
        return
    server.send_headers(stream, [(":status", "200"), ("content-type", "text/html"), ("x-colo", "KHI")])
    for at in range(0, len(body), 16_384):
        server.send_data(stream, body[at : at + 16_384])
    if ends:
        server.end_stream(stream)
