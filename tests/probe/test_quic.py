"""What QUIC handshakes, pages over HTTP/3 and questions for versions are written down as."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

import pytest
from typing_extensions import override

from raabta.probe import http3, quic
from raabta.probe.recording import Peer
from raabta.probe.tls import Hello
from raabta.probe.trace import Trace
from raabta.wire.ooni.writing import Exchange, Handshake
from raabta.wire.quic import build_version_negotiation, read_long_header
from tests.cases.authority import NOW, Issued, issue, root, self_signed
from tests.cases.loopback import HOST, LOCAL, a_trace, free_port, settings
from tests.cases.quic_server import serving

BODY = b"<title>Gazette</title>" + b"news " * 2_000


def peer(port: int) -> Peer:
    return Peer(address=LOCAL, port=port, name=HOST)


async def shake(trace: Trace, port: int, *, deadline_s: float = 5.0, hello: Hello = quic.H3) -> Handshake:
    step, line = await quic.handshake(
        trace, peer=peer(port), settings=settings(deadline_s=deadline_s), verify_at=NOW, hello=hello
    )
    assert (line is None) == (step.failure is not None)
    if line is not None:
        line.close()
    return step


async def shake_with(certificate: Issued, *, alpn: str = "h3", hello: Hello = quic.H3) -> tuple[Trace, Handshake]:
    trace = a_trace()
    async with serving(certificate, alpn=alpn) as port:
        return trace, await shake(trace, port, hello=hello)


@contextmanager
def deaf() -> Iterator[int]:
    """A UDP port where somebody listens and never answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind((LOCAL, 0))
        yield made.getsockname()[1]


class _Negotiates(asyncio.DatagramProtocol):
    """Answers every long header with version negotiation."""

    def __init__(self, versions: tuple[int, ...], to: bytes) -> None:
        self._versions = versions
        self._to = to

    @override
    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        header = read_long_header(data)
        assert header is not None
        if self._to:
            header = replace(header, source_id=self._to)
        self._transport.sendto(build_version_negotiation(header, versions=self._versions), addr)


@asynccontextmanager
async def answering(*, versions: tuple[int, ...], to: bytes = b"") -> AsyncIterator[int]:
    """A server that only negotiates versions, if need be with a connection id that nobody chose."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Negotiates(versions, to), local_addr=(LOCAL, 0))
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


# --- handshake --------------------------------------------------------------------------------------------------------


def test_a_good_handshake_is_written_in_full() -> None:
    trace, step = asyncio.run(shake_with(issue(HOST)))
    assert (step.failure, step.network, step.tls_version, step.negotiated_protocol) == (None, "udp", "TLSv1.3", "h3")
    assert (len(step.peer_certificates), step.server_name) == (2, HOST)
    assert step.cipher_suite.startswith("TLS_")
    operations = [event.operation for event in trace.events]
    assert operations[:2] == ["quic_handshake_start", "write_to"]
    assert "read_from" in operations
    assert "quic_handshake_done" in operations
    assert {event.transaction_id for event in trace.events} == {step.transaction_id} == {1}
    assert {event.proto for event in trace.events} == {"udp"}
    assert trace.budget.n_bytes > 1_200


@pytest.mark.parametrize(
    ("certificate", "failure"),
    [
        pytest.param(issue(HOST, days=(-90, -1)), "ssl_invalid_certificate", id="expired"),
        pytest.param(issue("block.operator.example"), "ssl_invalid_hostname", id="other-name"),
        pytest.param(issue(HOST, by=root("Operator's Root")), "ssl_unknown_authority", id="unknown-authority"),
        pytest.param(self_signed(HOST), "ssl_unknown_authority", id="self-signed"),
    ],
)
def test_a_bad_certificate_is_a_failure_and_is_kept(certificate: Issued, failure: str) -> None:
    _, step = asyncio.run(shake_with(certificate))
    assert (step.failure, len(step.peer_certificates)) == (failure, len(certificate.chain))


def test_a_certificate_that_is_not_judged_is_no_failure() -> None:
    _, step = asyncio.run(shake_with(self_signed(HOST), hello=Hello(alpn=("h3",), verify=False)))
    assert (step.failure, step.no_tls_verify) == (None, True)


def test_a_server_that_speaks_no_http_3_says_so_by_an_alert() -> None:
    _, step = asyncio.run(shake_with(issue(HOST), alpn="doq"))
    assert (step.failure, step.x_alert) == ("ssl_failed_handshake", 120)


def test_silence_is_a_time_out() -> None:
    trace = a_trace()
    with deaf() as port:
        step = asyncio.run(shake(trace, port, deadline_s=0.5))
    assert (step.failure, step.peer_certificates) == ("generic_timeout_error", [])
    assert [event.operation for event in trace.events if event.operation == "read_from"] == []


def test_a_closed_port_is_a_refusal() -> None:
    step = asyncio.run(shake(a_trace(), free_port()))
    assert step.failure == "connection_refused"


def test_an_answer_of_other_versions_is_an_incompatible_version() -> None:
    async def case() -> Handshake:
        async with answering(versions=(0x6B3343C0,)) as port:
            return await shake(a_trace(), port)

    assert asyncio.run(case()).failure == "quic_incompatible_version"


# --- HTTP/3 -----------------------------------------------------------------------------------------------------------


async def fetch(*, ends: bool = True, max_body_bytes: int = 100_000, deadline_s: float = 5.0) -> tuple[Exchange, bytes]:
    trace, told = a_trace(), settings(max_body_bytes=max_body_bytes)
    async with serving(issue(HOST), body=BODY, ends=ends) as port:
        step, line = await quic.handshake(trace, peer=peer(port), settings=told, verify_at=NOW)
        assert line is not None
        told = settings(max_body_bytes=max_body_bytes, deadline_s=deadline_s)
        exchange, body = await http3.get(trace, line, url=f"https://{HOST}/", peer=peer(port), settings=told)
        line.close()
        assert exchange.transaction_id == step.transaction_id == 1
        return exchange, body


def test_a_page_comes_by_http_3() -> None:
    exchange, body = asyncio.run(fetch())
    assert (exchange.failure, exchange.alpn, exchange.network, exchange.request.x_transport) == (
        None,
        "h3",
        "udp",
        "udp",
    )
    assert body == BODY
    assert exchange.response is not None
    assert (exchange.response.code, exchange.response.headers) == (200, {"Alt-Svc": "h3"})


def test_a_page_over_the_limit_is_cut() -> None:
    exchange, body = asyncio.run(fetch(max_body_bytes=1_000))
    assert (exchange.failure, body) == (None, BODY[:1_000])


def test_a_page_that_stops_is_a_time_out_and_what_came_is_kept() -> None:
    exchange, body = asyncio.run(fetch(ends=False, deadline_s=0.5))
    assert (exchange.failure, body) == ("generic_timeout_error", BODY)


# --- versions ---------------------------------------------------------------------------------------------------------


def test_a_server_names_the_versions_that_it_speaks() -> None:
    async def case() -> tuple[str | None, tuple[int, ...]]:
        async with serving(issue(HOST)) as port:
            return await quic.ask_versions(a_trace(), peer=peer(port), settings=settings())

    failure, versions = asyncio.run(case())
    assert failure is None
    assert 1 in versions


def test_an_answer_to_somebody_else_is_passed_over() -> None:
    async def case() -> tuple[str | None, tuple[int, ...]]:
        async with answering(versions=(1,), to=b"somebody") as port:
            return await quic.ask_versions(a_trace(), peer=peer(port), settings=settings(deadline_s=0.3))

    assert asyncio.run(case()) == ("generic_timeout_error", ())


def test_silence_and_refusal_of_the_question_for_versions() -> None:
    with deaf() as port:
        silent = asyncio.run(quic.ask_versions(a_trace(), peer=peer(port), settings=settings(deadline_s=0.3)))
    refused = asyncio.run(quic.ask_versions(a_trace(), peer=peer(free_port()), settings=settings()))
    assert (silent, refused) == (("generic_timeout_error", ()), ("connection_refused", ()))
