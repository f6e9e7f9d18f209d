"""A control on the loopback, with names, sites and clients of its own: the control's test bench.

Targets live in 127.7.0.0/16, which the bench's table of special ranges counts as public; everything else in 127.0.0.0/8
stays loopback and so forbidden. The control listens on 127.0.0.1, where its clients are too.
"""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import msgspec

from raabta.control import ControlIdentity, ControlSettings, Deadlines, Limits, load_identity, serve
from raabta.pipeline.control_client import ControlClient
from raabta.probe.host import HostNetwork
from raabta.probe.settings import Resolver, Timeouts
from raabta.reference import Tables, fixed_networks, load_tables, special_ranges_without
from tests.cases.authority import NOW, Issued, the_root
from tests.cases.loopback import settings as probe_settings

TARGET = "127.7.0.10"
SECOND = "127.7.0.11"
FORBIDDEN = "127.0.0.9"
"""Loopback: somebody listens there in some tests, and the control must not come."""
RESOLVER = "127.7.0.53"

NETWORKS = fixed_networks(
    [("127.7.0.0/16", 64500, "DE"), ("127.0.0.0/16", 64501, "PK")], as_of=date(2026, 1, 1), version="bench"
)
TABLES = msgspec.structs.replace(load_tables(), networks=NETWORKS, special=special_ranges_without("127.7.0.0/16"))

QUICK = Deadlines(
    tls_s=0.8, idle_s=0.8, header_s=0.8, body_s=0.8, queue_s=0.2, measure_s=3.0, answer_s=0.8, speed_s=0.8, close_s=0.2
)
"""For tests of deadlines. A crowded machine may miss them with good clients too, so that others take ``PATIENT``."""
PATIENT = Deadlines(measure_s=6.0, close_s=0.2)
STEPS = Timeouts(dns_s=1.0, dns_second_s=0.0, tcp_s=1.0, tls_s=1.0, http_s=1.5, quic_s=0.5)

Conduct = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Answers = Mapping[str, Sequence[Sequence[str]]]
"""For each name its answers, one list of addresses after the other; the last one stays."""


@dataclass(kw_only=True)
class Bench:
    """A running control."""

    port: int
    identity: ControlIdentity
    settings: ControlSettings
    asked: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}/"

    def client(self, **changed: Any) -> ControlClient:
        """A client that trusts this control by its pin, unless told otherwise."""
        given: dict[str, Any] = {"pin": self.identity.pin, "settings": probe_settings(), "now": lambda: NOW}
        return ControlClient(self.url, **given | changed)

    async def post(
        self, question: Mapping[str, Any] | bytes, *, headers: str = "", source: str = "127.0.0.1"
    ) -> tuple[int, dict[str, Any]]:
        """Ask as any HTTP client would; give status and JSON."""
        body = question if isinstance(question, bytes) else json.dumps(question).encode()
        head = f"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        status, _, answer = split_reply(await self.raw(head.encode() + body, source=source))
        return status, json.loads(answer or b"{}")

    async def get(self, target: str, *, source: str = "127.0.0.1") -> tuple[int, str, bytes]:
        request = f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        return split_reply(await self.raw(request.encode(), source=source))

    async def raw(self, data: bytes, *, source: str = "127.0.0.1") -> bytes:
        """Send bytes and read until the control ends the connection, however it does that."""
        try:
            reader, writer = await self.connect(source=source)
        except (ConnectionError, ssl.SSLError):
            return b""
        received = bytearray()
        with suppress(ConnectionError, ssl.SSLError):
            writer.write(data)
            while piece := await reader.read(65_536):
                received += piece
        writer.transport.abort()
        return bytes(received)

    async def connect(self, *, source: str = "127.0.0.1") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect from an address of the loopback."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return await asyncio.open_connection("127.0.0.1", self.port, ssl=context, local_addr=(source, 0))


def split_reply(data: bytes) -> tuple[int, str, bytes]:
    """Status, head and body of a reply; status 0 where none came."""
    head, _, body = data.partition(b"\r\n\r\n")
    status = head.split(b" ", 2)[1] if b" " in head else b"0"
    return int(status), head.decode("latin-1"), body


@asynccontextmanager
async def a_control(
    folder: Path,
    *,
    names: Answers | None = None,
    ports: Sequence[int] = (),
    limits: Limits | None = None,
    deadlines: Deadlines | None = None,
    tokens: frozenset[str] = frozenset(),
    tables: Tables = TABLES,
) -> AsyncIterator[Bench]:
    """Run a control for as long as the context lasts."""
    identity = load_identity(folder / "state", now=NOW, names=("127.0.0.1",))
    bound: asyncio.Future[list[tuple[str, int]]] = asyncio.get_running_loop().create_future()
    faults: list[str] = []
    async with _resolver(names or {}) as (port, asked):
        settings = ControlSettings(
            listen=(("127.0.0.1", 0),),
            tables=tables,
            resolver=Resolver(engine="udp", address=RESOLVER, port=port),
            trust_pem=the_root().pem,
            ports=frozenset(ports),
            contact="desk@control.example",
            tokens=tokens,
            limits=limits or Limits(),
            deadlines=deadlines or PATIENT,
            timeouts=STEPS,
        )
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(
                serve(
                    settings,
                    identity=identity,
                    network=HostNetwork(),
                    now=lambda: NOW,
                    ready=bound.set_result,
                    on_fault=faults.append,
                )
            )
            async with asyncio.timeout(60):
                places = await bound
                yield Bench(port=places[0][1], identity=identity, settings=settings, asked=asked, faults=faults)
            serving.cancel()


@asynccontextmanager
async def a_site(
    conduct: Conduct, *, address: str = TARGET, port: int = 0, issued: Issued | None = None
) -> AsyncIterator[int]:
    """A server at an address of the bench; gives its port."""
    writers: list[asyncio.StreamWriter] = []

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            await conduct(reader, writer)
        writer.close()

    tls = None if issued is None else issued.context(alpn=("http/1.1",))
    server = await asyncio.start_server(one, address, port, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        async with asyncio.timeout(5):
            while getattr(server, "_active_count", 0):  # noqa: ASYNC110  it has no event to wait for
                await asyncio.sleep(0)
            await server.wait_closed()


class _Names:
    """What the resolver knows."""

    def __init__(self, names: Answers, asked: list[str]) -> None:
        self._names = {name: list(answers) for name, answers in names.items()}
        self._asked = asked

    def reply(self, data: bytes) -> bytes:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype)
        self._asked.append(f"{name} {kind}")
        reply = dns.message.make_response(query)
        answers = self._names.get(name)
        if answers is None:
            reply.set_rcode(dns.rcode.NXDOMAIN)
            return reply.to_wire()
        addresses = [item for item in answers[0] if (":" in item) == (kind == "AAAA")]
        if kind == "A" and len(answers) > 1:
            answers.pop(0)
        if addresses:
            reply.answer.append(dns.rrset.from_text(question.name, 0, "IN", kind, *addresses))
        return reply.to_wire()


@asynccontextmanager
async def _resolver(names: Answers) -> AsyncIterator[tuple[int, list[str]]]:
    asked: list[str] = []
    known = _Names(names, asked)
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.setblocking(False)
        listener.bind((RESOLVER, 0))

        async def answer() -> None:
            while True:
                data, sender = await loop.sock_recvfrom(listener, 4096)
                await loop.sock_sendto(listener, known.reply(data), sender)

        async with asyncio.TaskGroup() as group:
            answering = group.create_task(answer())
            yield listener.getsockname()[1], asked
            answering.cancel()
