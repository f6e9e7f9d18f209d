"""Lookups over TLS, HTTPS and QUIC against servers on the loopback: answers, kept connections, failures by name."""

import asyncio
import functools
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import h2.config
import h2.connection
import h2.events
import h11
import pytest
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.asyncio.server import serve
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import QuicEvent, StreamDataReceived
from typing_extensions import override

from raabta.probe.dns import look_up
from raabta.probe.dns_sessions import MAX_CONNECTIONS, DnsSessions
from raabta.probe.settings import Engine, ProbeSettings, Resolver, Timeouts
from raabta.wire.ooni.writing import Query
from tests.cases.authority import Issued, _issue, issue
from tests.cases.loopback import LOCAL, Conduct, Reader, Writer, a_trace, closes, free_port, is_silent, listening
from tests.probe.test_dns import TRUE, found, reply

NAME = "dns.resolver.example"
ALWAYS = (-20_000, 20_000)
"""OpenSSL and aioquic judge certificates by the machine's own time, whenever that is."""
T = TypeVar("T")


@functools.cache
def lasting_root(name: str = "Lasting Root") -> Issued:
    return _issue(name, None, authority=True, days=ALWAYS, strict=True)


def lasting(name: str = NAME, *, days: tuple[int, int] = ALWAYS, by: Issued | None = None) -> Issued:
    return issue(name, by=by or lasting_root(), days=days)


def settings(**timeouts: float) -> ProbeSettings:
    plain = Resolver(engine="udp", address=LOCAL, port=53)
    return ProbeSettings(plain_resolver=plain, trust_pem=lasting_root().pem, timeouts=Timeouts(**timeouts))


# --- servers ------------------------------------------------------------------------------------------------


def anonymous_reply(query: bytes) -> bytes:
    """Answer a query whose id is 0, as RFC 8484 (4.1) and RFC 9250 (4.2.1) ask for."""
    assert query[:2] == b"\0\0"
    return reply(query, TRUE)


async def answers_over_tls(reader: Reader, writer: Writer) -> None:
    while True:
        length = int.from_bytes(await reader.readexactly(2), "big")
        message = reply(await reader.readexactly(length), TRUE)
        writer.write(len(message).to_bytes(2, "big") + message)


async def answers_one_over_tls(reader: Reader, writer: Writer) -> None:
    length = int.from_bytes(await reader.readexactly(2), "big")
    message = reply(await reader.readexactly(length), TRUE)
    writer.write(len(message).to_bytes(2, "big") + message)


def answers_http1(*, status: int = 200) -> Conduct:
    async def conduct(reader: Reader, writer: Writer) -> None:
        http = h11.Connection(h11.SERVER)
        query = b""
        while True:
            event = http.next_event()
            if event is h11.NEED_DATA:
                http.receive_data(await reader.read(65_536))
            elif isinstance(event, h11.Data):
                query += event.data
            elif isinstance(event, h11.EndOfMessage):
                message = anonymous_reply(query)
                head = h11.Response(status_code=status, headers=[("Content-Length", str(len(message)))])
                parts = (head, h11.Data(data=message), h11.EndOfMessage())
                writer.write(b"".join(http.send(part) or b"" for part in parts))
                http.start_next_cycle()
                query = b""
            elif isinstance(event, h11.ConnectionClosed):
                return

    return conduct


def answers_http2(*, status: int = 200) -> Conduct:
    async def conduct(reader: Reader, writer: Writer) -> None:
        http = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        http.initiate_connection()
        while data := await reader.read(65_536):
            for event in http.receive_data(data):
                if isinstance(event, h2.events.DataReceived) and event.data:
                    number = event.stream_id or 0
                    http.send_headers(number, [(":status", str(status))])
                    http.send_data(number, anonymous_reply(event.data), end_stream=True)
            writer.write(http.data_to_send())

    return conduct


class AnswersQuic(QuicConnectionProtocol):
    @override
    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, StreamDataReceived) and event.data:
            message = anonymous_reply(event.data[2:])
            framed = len(message).to_bytes(2, "big") + message
            self._quic.send_stream_data(event.stream_id, framed, end_stream=True)
            self.transmit()


@asynccontextmanager
async def over_quic(certificate: Issued, *, alpn: str = "doq") -> AsyncIterator[int]:
    configuration = QuicConfiguration(is_client=False, alpn_protocols=[alpn])
    configuration.certificate = certificate.certificate
    configuration.private_key = certificate.key
    port = free_port()
    server = await serve(LOCAL, port, configuration=configuration, create_protocol=AnswersQuic)
    try:
        yield port
    finally:
        server.close()


@asynccontextmanager
async def serving(kind: str, certificate: Issued, *, conduct: Conduct | None = None) -> AsyncIterator[Resolver]:
    """A resolver of a kind: ``dot``, ``doh1``, ``doh2`` or ``doq``."""
    if kind == "doq":
        async with over_quic(certificate) as port:
            yield Resolver(engine="doq", address=LOCAL, port=port, name=NAME)
        return
    engine: Engine = "dot" if kind == "dot" else "doh"
    alpn, usual = {
        "dot": (("dot",), answers_over_tls),
        "doh1": (("http/1.1",), answers_http1()),
        "doh2": (("h2",), answers_http2()),
    }[kind]
    async with listening(conduct or usual, tls=certificate.context(alpn=alpn)) as port:
        yield Resolver(engine=engine, address=LOCAL, port=port, name=NAME)


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


async def ask(resolver: Resolver, *, dns_s: float = 5.0, sessions: DnsSessions | None = None) -> Query:
    query, later = await look_up(
        a_trace(),
        "site.example",
        query_type="A",
        resolver=resolver,
        settings=settings(dns_s=dns_s),
        sessions=sessions,
    )
    assert later == []
    return query


KINDS = ("dot", "doh1", "doh2", "doq")


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_arrives(kind: str) -> None:
    async def once() -> Query:
        async with serving(kind, lasting()) as resolver:
            return await ask(resolver)

    query = run(once())
    assert (query.failure, found(query), query.tags) == (None, [TRUE], [])


@pytest.mark.parametrize("kind", KINDS)
def test_a_connection_is_kept_for_the_next_lookup(kind: str) -> None:
    async def twice() -> tuple[list[Query], int]:
        n_opened = 0

        async def counted(reader: Reader, writer: Writer) -> None:
            nonlocal n_opened
            n_opened += 1
            await {"dot": answers_over_tls, "doh1": answers_http1(), "doh2": answers_http2()}[kind](reader, writer)

        conduct = None if kind == "doq" else counted
        async with serving(kind, lasting(), conduct=conduct) as resolver:
            trace = a_trace()
            async with DnsSessions(trace.network, settings=settings()) as sessions:
                return [await ask(resolver, sessions=sessions) for _ in range(3)], n_opened

    queries, n_opened = run(twice())
    assert [query.failure for query in queries] == [None] * 3
    assert n_opened == (0 if kind == "doq" else 1)


def test_many_lookups_share_a_few_connections() -> None:
    async def many() -> tuple[list[str | None], int]:
        n_opened = 0

        async def counted(reader: Reader, writer: Writer) -> None:
            nonlocal n_opened
            n_opened += 1
            await answers_over_tls(reader, writer)

        async with serving("dot", lasting(), conduct=counted) as resolver:
            trace = a_trace()
            async with DnsSessions(trace.network, settings=settings()) as sessions, asyncio.TaskGroup() as group:
                tasks = [group.create_task(ask(resolver, sessions=sessions)) for _ in range(20)]
            return [task.result().failure for task in tasks], n_opened

    failures, n_opened = run(many())
    assert failures == [None] * 20
    assert 1 <= n_opened <= MAX_CONNECTIONS


def test_a_kept_connection_that_was_closed_is_no_finding() -> None:
    async def twice() -> list[Query]:
        async with serving("dot", lasting(), conduct=answers_one_over_tls) as resolver:
            trace = a_trace()
            async with DnsSessions(trace.network, settings=settings()) as sessions:
                return [await ask(resolver, sessions=sessions) for _ in range(2)]

    assert [query.failure for query in run(twice())] == [None, None]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("certificate", "failure"),
    [
        pytest.param(lambda: lasting("other.example"), "ssl_invalid_hostname", id="other-name"),
        pytest.param(lambda: lasting(by=lasting_root("Nobody's Root")), "ssl_unknown_authority", id="unknown-root"),
        pytest.param(lambda: lasting(days=(-20_000, -19_000)), "ssl_invalid_certificate", id="expired"),
    ],
)
def test_a_certificate_that_does_not_hold_is_refused_by_its_fault(kind: str, certificate: Any, failure: str) -> None:
    async def once() -> Query:
        async with serving(kind, certificate()) as resolver:
            return await ask(resolver)

    query = run(once())
    operation = "quic_handshake" if kind == "doq" else "tls_handshake"
    assert (query.failure, query.tags) == (failure, [operation])


@pytest.mark.parametrize("kind", ["doh1", "doh2"])
def test_a_status_other_than_200_is_a_resolver_that_misbehaves(kind: str) -> None:
    async def once() -> Query:
        conduct = answers_http1(status=403) if kind == "doh1" else answers_http2(status=403)
        async with serving(kind, lasting(), conduct=conduct) as resolver:
            return await ask(resolver)

    assert run(once()).failure == "dns_server_misbehaving"


@pytest.mark.parametrize("kind", ["dot", "doh1", "doh2"])
@pytest.mark.parametrize(("conduct", "failure"), [(closes, "eof_error"), (is_silent, "generic_timeout_error")])
def test_an_end_without_an_answer_is_met_while_reading(kind: str, conduct: Conduct, failure: str) -> None:
    async def once() -> Query:
        async with serving(kind, lasting(), conduct=conduct) as resolver:
            return await ask(resolver, dns_s=0.5)

    query = run(once())
    assert (query.failure, query.tags) == (failure, ["read"])


def test_a_server_without_the_protocol_is_a_failed_quic_handshake() -> None:
    async def once() -> Query:
        async with over_quic(lasting(), alpn="h3") as port:
            return await ask(Resolver(engine="doq", address=LOCAL, port=port, name=NAME))

    assert run(once()).failure == "ssl_failed_handshake"


def test_nobody_on_the_port_is_refused_at_once() -> None:
    query = run(ask(Resolver(engine="dot", address=LOCAL, port=free_port(), name=NAME)))
    assert (query.failure, query.tags) == ("connection_refused", ["connect"])
    query = run(ask(Resolver(engine="doq", address=LOCAL, port=free_port(), name=NAME)))
    assert (query.failure, query.tags) == ("connection_refused", ["quic_handshake"])
