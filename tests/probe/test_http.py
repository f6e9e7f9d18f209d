"""What an HTTP exchange is written down as: pages, and pages that do not come, or not whole."""

import asyncio
import ssl

import pytest

from raabta.probe import http, tls
from raabta.probe.recording import Peer
from raabta.probe.roundtrip import USER_AGENT, ask_for
from raabta.probe.settings import ProbeSettings
from raabta.probe.trace import BudgetSpentError, Trace
from raabta.wire.ooni.writing import Exchange
from tests.cases.authority import NOW, issue
from tests.cases.loopback import (
    HOST,
    LOCAL,
    Conduct,
    Reader,
    Writer,
    a_trace,
    closes,
    connected,
    is_silent,
    listening,
    page,
    resets,
    says,
    settings,
    speaks_h2,
)

BODY = b"<title>Gazette</title>" + b"news " * 2_000


async def fetch(
    conduct: Conduct,
    *,
    server: ssl.SSLContext | None = None,
    path: str = "/",
    told: ProbeSettings | None = None,
    trace: Trace | None = None,
) -> tuple[Exchange, bytes]:
    trace = trace or a_trace()
    told = told or settings()
    async with listening(conduct, tls=server) as port, connected(trace, port) as stream:
        peer = Peer(address=LOCAL, port=port, name=HOST)
        if server is not None:
            _, line = await tls.handshake(trace, stream, peer=peer, settings=settings(), verify_at=NOW)
            assert line is not None
            return await http.get(trace, line, url=f"https://{HOST}{path}", peer=peer, settings=told)
        return await http.get(trace, stream, url=f"http://{HOST}{path}", peer=peer, settings=told)


def status(exchange: Exchange) -> int:
    return exchange.response.code if exchange.response else 0


# --- HTTP/1.1 ---------------------------------------------------------------------------------------------------------


def test_a_page_is_given_to_the_caller_and_left_out_of_the_observation() -> None:
    exchange, body = asyncio.run(fetch(says(page(BODY, headers="cf-ray: 1-KHI\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n"))))
    assert (exchange.failure, exchange.alpn, exchange.network) == (None, "", "tcp")
    assert body == BODY
    assert exchange.response is not None
    assert (exchange.response.code, exchange.response.body, exchange.response.body_is_truncated) == (200, "", False)
    assert exchange.response.headers["Cf-Ray"] == "1-KHI"
    assert exchange.response.headers["Set-Cookie"] == "a"
    assert ["Set-Cookie", "b"] in exchange.response.headers_list


def test_the_request_is_a_plain_get_as_a_browser_sends_it() -> None:
    seen: list[bytes] = []

    async def listens(reader: Reader, writer: Writer) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(page(b""))

    exchange, _ = asyncio.run(fetch(listens, path="/a?b=c"))
    lines = seen[0].decode().split("\r\n")
    assert lines[:3] == ["GET /a?b=c HTTP/1.1", f"Host: {HOST}", f"User-Agent: {USER_AGENT}"]
    assert exchange.request.url == f"http://{HOST}/a?b=c"
    assert exchange.request.headers["Accept-Encoding"] == "identity"
    assert "raabta" not in seen[0].decode().lower()


def test_a_page_in_chunks_is_put_together() -> None:
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (BODY[:100], BODY[100:])) + b"0\r\n\r\n"
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    exchange, body = asyncio.run(fetch(says(answer)))
    assert (exchange.failure, body) == (None, BODY)


def test_a_page_without_length_ends_with_the_connection() -> None:
    exchange, body = asyncio.run(fetch(says(b"HTTP/1.0 200 OK\r\n\r\n" + BODY)))
    assert (exchange.failure, body) == (None, BODY)


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    answer = page(b"", status="302 Found", headers="Location: https://other.example/\r\n")
    exchange, _ = asyncio.run(fetch(says(answer)))
    assert exchange.failure is None
    assert exchange.response is not None
    assert (exchange.response.code, exchange.response.headers["Location"]) == (302, "https://other.example/")


def test_an_interim_answer_is_passed_over() -> None:
    exchange, body = asyncio.run(fetch(says(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + page(b"yes"))))
    assert (status(exchange), body) == (200, b"yes")


def test_a_page_over_the_limit_is_cut_and_no_failure() -> None:
    exchange, body = asyncio.run(fetch(says(page(BODY)), told=settings(max_body_bytes=1_000)))
    assert (exchange.failure, body) == (None, BODY[:1_000])
    assert exchange.response is not None
    assert exchange.response.body_is_truncated


def test_a_page_of_just_the_limit_is_whole() -> None:
    exchange, body = asyncio.run(fetch(says(page(BODY)), told=settings(max_body_bytes=len(BODY))))
    assert exchange.response is not None
    assert (len(body), exchange.response.body_is_truncated) == (len(BODY), False)


@pytest.mark.parametrize(
    ("conduct", "failure"),
    [
        pytest.param(resets, "connection_reset", id="reset"),
        pytest.param(closes, "eof_error", id="end"),
        pytest.param(is_silent, "generic_timeout_error", id="silence"),
        pytest.param(
            says(b"\x00\x01rubbish\r\n\r\n"), "unknown_failure: http_round_trip: malformed HTTP answer", id="no-http"
        ),
    ],
)
def test_no_answer_is_a_failure_without_response(conduct: Conduct, failure: str) -> None:
    exchange, body = asyncio.run(fetch(conduct, told=settings(deadline_s=0.3)))
    assert (exchange.failure, exchange.response, body) == (failure, None, b"")


@pytest.mark.parametrize(
    ("conduct", "failure"),
    [
        pytest.param(says(page(BODY)[:5_000]), "eof_error", id="end"),
        pytest.param(says(page(BODY)[:5_000], wait=True), "generic_timeout_error", id="silence"),
    ],
)
def test_a_page_that_stops_is_a_failure_and_what_came_is_kept(conduct: Conduct, failure: str) -> None:
    exchange, body = asyncio.run(fetch(conduct, told=settings(deadline_s=0.3)))
    assert (exchange.failure, status(exchange)) == (failure, 200)
    assert exchange.response is not None
    assert exchange.response.body_is_truncated
    assert 4_000 < len(body) < 5_000
    assert BODY.startswith(body)


def test_a_reset_in_the_middle_of_a_page_is_a_reset() -> None:
    exchange, _ = asyncio.run(fetch(says(page(BODY)[:5_000], tears=True)))
    assert exchange.failure == "connection_reset"


# --- in TLS, and HTTP/2 -----------------------------------------------------------------------------------------------


def test_a_server_with_http_1_only_is_asked_by_it() -> None:
    context = issue(HOST).context(alpn=("http/1.1",))
    exchange, body = asyncio.run(fetch(says(page(BODY)), server=context))
    assert (exchange.failure, exchange.alpn, body) == (None, "http/1.1", BODY)


def test_a_server_of_http_2_is_asked_by_it() -> None:
    exchange, body = asyncio.run(fetch(speaks_h2(BODY), server=issue(HOST).context()))
    assert (exchange.failure, exchange.alpn, body) == (None, "h2", BODY)
    assert exchange.response is not None
    assert exchange.response.headers == {"Content-Type": "text/html", "X-Colo": "KHI"}


def test_a_long_page_by_http_2_is_cut_at_the_limit() -> None:
    exchange, body = asyncio.run(
        fetch(speaks_h2(BODY * 5), server=issue(HOST).context(), told=settings(max_body_bytes=30_000))
    )
    assert (exchange.failure, len(body)) == (None, 30_000)
    assert exchange.response is not None
    assert exchange.response.body_is_truncated


def test_a_page_by_http_2_that_stops_is_a_failure_and_what_came_is_kept() -> None:
    exchange, body = asyncio.run(
        fetch(speaks_h2(BODY, ends=False), server=issue(HOST).context(), told=settings(deadline_s=0.5))
    )
    assert (exchange.failure, status(exchange), body) == ("generic_timeout_error", 200, BODY)


def test_a_stream_that_is_refused_is_an_end() -> None:
    exchange, _ = asyncio.run(fetch(speaks_h2(BODY, refuses=True), server=issue(HOST).context()))
    assert (exchange.failure, exchange.response) == ("eof_error", None)


def test_rubbish_instead_of_http_2_is_malformed() -> None:
    headers_of_no_stream = b"\x00\x00\x01\x01\x04\x00\x00\x00\x00\x82"
    exchange, _ = asyncio.run(fetch(says(headers_of_no_stream), server=issue(HOST).context()))
    assert exchange.failure == "unknown_failure: http_round_trip: malformed HTTP/2 answer"


# --- what is written of the transfer ----------------------------------------------------------------------------------


def test_reads_of_a_long_transfer_are_merged_and_their_sum_is_exact() -> None:
    trace = a_trace()
    big = b"x" * 2_000_000

    async def drips(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        answer = page(big)
        for at in range(0, len(answer), 20_000):
            writer.write(answer[at : at + 20_000])
            await writer.drain()
            await asyncio.sleep(0)

    exchange, body = asyncio.run(fetch(drips, trace=trace, told=settings(max_body_bytes=3_000_000)))
    reads = [event for event in trace.events if event.operation == "read"]
    assert (exchange.failure, len(body)) == (None, len(big))
    assert len(reads) < 40
    assert sum(event.num_bytes or 0 for event in reads) == len(page(big))
    assert {event.transaction_id for event in reads} == {exchange.transaction_id}
    assert exchange.t0 <= reads[0].t <= reads[-1].t <= exchange.t


def test_no_request_is_made_when_the_budget_is_spent() -> None:
    trace = a_trace()
    trace.budget.max_bytes = 0
    with pytest.raises(BudgetSpentError):
        asyncio.run(fetch(says(page(BODY)), trace=trace))


@pytest.mark.parametrize(
    ("url", "authority", "target"),
    [
        ("https://a.example", "a.example", "/"),
        ("https://a.example:443/x", "a.example", "/x"),
        ("http://a.example:443/x", "a.example:443", "/x"),
        ("http://[2001:db8::1]:8080/?q=1#part", "[2001:db8::1]:8080", "/?q=1"),
        ("https://a.example/خبر news", "a.example", "/%D8%AE%D8%A8%D8%B1%20news"),
    ],
)
def test_host_and_target_of_a_request(url: str, authority: str, target: str) -> None:
    ask = ask_for(url)
    assert (ask.authority, ask.target) == (authority, target)


@pytest.mark.parametrize("url", ["ftp://a.example/", "https:///x", "a.example"])
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="no http or https URL"):
        ask_for(url)
