"""The control against clients that mean harm. No test sleeps: each waits for what the control does."""

import asyncio
import contextlib
import json
import logging
import ssl
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import msgspec
import pytest

from raabta.control import Limits
from raabta.control.rate import Rate
from raabta.reference.networks import Networks
from tests.cases.controls import NETWORKS, PATIENT, QUICK, TABLES, TARGET, Bench, a_control, a_site, split_reply
from tests.cases.loopback import is_silent, page, says

HOST = "shop.example"
GET_PAGE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


ROOMY = Rate(per_s=1e6, burst=1e6)
"""For tests that try again and again until there is a free place."""


async def still_serves(bench: Bench, *, source: str = "127.0.0.1") -> bool:
    """Ask for the page until there is a free place; the test's own deadline ends it."""
    while True:
        status, _, _ = await bench.get("/", source=source)
        if status == 200:
            return True


# --- slowness -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "begun",
    [
        pytest.param(b"", id="nothing-at-all"),
        pytest.param(b"GET / HT", id="half-a-request-line"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", id="half-a-header"),
        pytest.param(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{", id="half-a-body"),
        pytest.param(
            b'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"htt\r\n', id="half-the-chunks"
        ),
        pytest.param(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n", id="no-body"),
    ],
)
def test_a_client_that_stops_in_the_middle_is_let_go(tmp_path: Path, begun: bytes) -> None:
    async def work() -> None:
        async with a_control(tmp_path, deadlines=QUICK) as bench:
            received = await bench.raw(begun)
            assert received in (b"", b"HTTP/1.1 100 \r\n\r\n")
            assert await still_serves(bench)
            assert bench.faults == []

    run(work())


def test_bytes_one_by_one_do_not_prolong_the_deadline_of_the_head(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_control(tmp_path, deadlines=QUICK) as bench:
            reader, writer = await bench.connect()
            loop = asyncio.get_running_loop()
            began = loop.time()
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
            ended = asyncio.ensure_future(reader.read())
            while not ended.done():
                writer.write(b"X")
                await asyncio.wait([ended], timeout=0.05)
            writer.transport.abort()
            assert loop.time() - began < QUICK.idle_s + QUICK.header_s + 5.0

    run(work())


def test_a_client_that_never_begins_tls_is_let_go(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_control(tmp_path, deadlines=QUICK) as bench:
            reader, writer = await asyncio.open_connection("127.0.0.1", bench.port)
            assert await reader.read() == b""
            writer.close()
            assert bench.faults == []

    run(work())


def test_a_client_that_does_not_read_is_let_go(tmp_path: Path) -> None:
    async def work() -> None:
        limits = Limits(rate=ROOMY, max_connections_per_client=1)
        async with a_control(tmp_path, deadlines=QUICK, limits=limits) as bench:
            _, writer = await bench.connect()
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            writer.write(b"GET /speed?bytes=1000000 HTTP/1.1\r\nHost: x\r\n\r\n" * 16)
            assert await still_serves(bench)
            writer.transport.abort()
            assert bench.faults == []

    run(work())


# --- floods -----------------------------------------------------------------------------------------------------


def test_one_client_cannot_take_all_places(tmp_path: Path) -> None:
    async def work() -> None:
        limits = Limits(rate=ROOMY, max_connections_per_client=4)
        async with a_control(tmp_path, limits=limits) as bench:
            flood = await asyncio.gather(*(bench.connect() for _ in range(40)), return_exceptions=True)
            opened = [item for item in flood if not isinstance(item, BaseException)]
            assert len(opened) == 4
            assert await still_serves(bench, source="127.0.0.2")
            for _, writer in opened:
                writer.transport.abort()
            assert await still_serves(bench)

    run(work())


def test_all_clients_together_cannot_take_more_than_there_is(tmp_path: Path) -> None:
    async def work() -> None:
        limits = Limits(rate=ROOMY, max_connections=8, max_connections_per_client=4)
        async with a_control(tmp_path, limits=limits) as bench:
            asking = [bench.connect(source=f"127.0.0.{n}") for n in range(2, 22)]
            flood = await asyncio.gather(*asking, return_exceptions=True)
            opened = [item for item in flood if not isinstance(item, BaseException)]
            assert len(opened) == 8
            assert all(isinstance(item, OSError) for item in flood if isinstance(item, BaseException))
            for _, writer in opened:
                writer.transport.abort()
            assert await still_serves(bench)

    run(work())


def test_when_it_is_crowded_idle_connections_get_less_time(tmp_path: Path) -> None:
    async def work() -> None:
        limits = Limits(rate=ROOMY, max_connections=4, max_connections_per_client=4)
        deadlines = msgspec.structs.replace(PATIENT, idle_s=50.0, crowded_idle_s=0.2)
        async with a_control(tmp_path, limits=limits, deadlines=deadlines) as bench:
            opened = [await bench.connect() for _ in range(4)]
            assert await still_serves(bench, source="127.0.0.2")
            for _, writer in opened:
                writer.transport.abort()

    run(work())


def test_requests_over_the_rate_are_told_when_to_come_back_and_others_are_served(tmp_path: Path) -> None:
    async def work() -> None:
        limits = Limits(rate=Rate(per_s=0.1, burst=6.0))
        async with a_control(tmp_path, limits=limits) as bench:
            replies = (await bench.raw(GET_PAGE * 8 + b"junk\r\n\r\n")).split(b"HTTP/1.1 ")[1:]
            assert [reply[:3] for reply in replies] == [b"200"] * 5 + [b"429"] * 3 + [b"400"]
            assert b"Retry-After: 10\r\n" in replies[5]
            assert await bench.raw(GET_PAGE) == b""
            assert await still_serves(bench, source="127.0.0.2")

    run(work())


def test_speed_transfers_take_from_the_rate_what_they_weigh(tmp_path: Path) -> None:
    async def work() -> None:
        limits = Limits(rate=Rate(per_s=0.1, burst=20.0), bytes_per_token=100_000)
        async with a_control(tmp_path, limits=limits) as bench:
            seen = [(await bench.get("/speed?bytes=1000000"))[0] for _ in range(2)]
            assert seen == [200, 429]

    run(work())


def test_more_measurements_than_there_are_places_for_are_sent_away(tmp_path: Path) -> None:
    async def work() -> None:
        limits = Limits(max_measurements=2)
        deadlines = msgspec.structs.replace(PATIENT, queue_s=0.3, measure_s=2.0)
        async with (
            a_site(is_silent) as port,
            a_control(tmp_path, names={HOST: [[TARGET]]}, ports=[port], limits=limits, deadlines=deadlines) as bench,
        ):
            question = {"http_request": f"http://{HOST}:{port}/"}
            seen = await asyncio.gather(*(bench.post(question) for _ in range(5)))
            assert sorted(status for status, _ in seen) == [200, 200, 503, 503, 503]

    run(work())


# --- sizes and garbage --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", 413, id="announced-too-large"),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n\r\n" + b"x" * 40_000, 413, id="too-large"
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4000\r\n" + b"x" * 0x4000 + b"\r\n" * 2,
            400,
            id="broken-chunks",
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            + (b"1000\r\n" + b"x" * 0x1000 + b"\r\n") * 8,
            413,
            id="too-large-in-chunks",
        ),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 20_000, 431, id="endless-header"),
        pytest.param(b"GET /" + b"a" * 20_000, 431, id="endless-target"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * 4_000 + b"\r\n", 431, id="endless-headers"),
        pytest.param(b"\x00\x01\x02\x03\r\n\r\n", 400, id="binary"),
        pytest.param(b"GET /\r\n\r\n", 400, id="http-0.9"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", 400, id="no-host"),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x", 400, id="two-lengths"
        ),
        pytest.param(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", 400, id="negative-length"),
        pytest.param(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501, id="unknown-coding"),
        pytest.param(b"CONNECT 10.0.0.1:80 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404, id="connect"),
        pytest.param(
            b"GET http://10.0.0.1/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404, id="used-as-a-proxy"
        ),
        pytest.param(b"DELETE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405, id="unknown-method"),
        pytest.param(b"GET /../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404, id="unknown-path"),
    ],
)
def test_what_is_no_request_is_refused_and_the_connection_ends(tmp_path: Path, sent: bytes, status: int) -> None:
    async def work() -> None:
        async with a_control(tmp_path) as bench:
            received = await bench.raw(sent)
            assert split_reply(received)[0] == status
            assert received.count(b"HTTP/1.1 ") == 1
            assert await still_serves(bench)
            assert bench.faults == []

    run(work())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"{}",
        b'{"http_request": 5}',
        b'{"http_request": null}',
        b'{"http_request": "https://a.example/", "tcp_connect": "1.2.3.4:5"}',
        b'{"http_request": "https://a.example/", "tcp_connect": [5]}',
        b'{"http_request": "https://a.example/", "x_quic_enabled": "yes"}',
        b"[" * 10_000,
        b'{"a":' * 3_000,
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_question_is_400_with_words(tmp_path: Path, body: bytes) -> None:
    async def work() -> None:
        async with a_control(tmp_path) as bench:
            status, answer = await bench.post(body)
            assert (status, list(answer)) == (400, ["error"])
            assert bench.faults == []

    run(work())


def test_plain_http_and_broken_tls_end_without_harm(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_control(tmp_path, deadlines=QUICK) as bench:
            for sent in (GET_PAGE, b"\x16\x03\x01\xff\xff" + b"\x00" * 100, b"\x80" * 3_000):
                reader, writer = await asyncio.open_connection("127.0.0.1", bench.port)
                writer.write(sent)
                with contextlib.suppress(ConnectionError):
                    await reader.read()
                writer.close()
            assert await still_serves(bench)
            assert bench.faults == []

    run(work())


def test_old_versions_of_tls_are_refused(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_control(tmp_path) as bench:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_ciphers("ALL:@SECLEVEL=0")
            with pytest.warns(DeprecationWarning, match="TLSv1"):
                context.minimum_version = ssl.TLSVersion.TLSv1
            with pytest.warns(DeprecationWarning, match="TLSv1"):
                context.maximum_version = ssl.TLSVersion.TLSv1_1
            with pytest.raises((OSError, EOFError)):
                await asyncio.open_connection("127.0.0.1", bench.port, ssl=context)

    run(work())


# --- tokens -------------------------------------------------------------------------------------------------------


def test_where_tokens_are_given_only_who_has_one_may_ask(tmp_path: Path) -> None:
    async def work() -> None:
        good = "0123456789abcdef"
        async with a_control(tmp_path, tokens=frozenset({good, "another-token-of-16"})) as bench:
            question = {"http_request": "https://nobody.example/"}
            seen = {
                words: (await bench.post(question, headers=f"Authorization: {words}\r\n" if words else ""))[0]
                for words in ("", "Bearer", "Bearer x", f"Basic {good}", f"Bearer {good}x", f"bearer {good}")
            }
            assert list(seen.values()) == [401] * 5 + [200] or seen == {}
            assert (await bench.get("/speed?bytes=10"))[0] == 401
            status, _, words = await bench.get("/")
            assert (status, b"need a token" in words, good.encode() in words) == (200, True, False)

    run(work())


def test_guessing_tokens_soon_costs_the_whole_rate(tmp_path: Path) -> None:
    async def work() -> None:
        limits = Limits(rate=Rate(per_s=0.1, burst=100.0), wrong_token_cost=30.0)
        async with a_control(tmp_path, tokens=frozenset({"0123456789abcdef"}), limits=limits) as bench:
            guess = b"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer no\r\nContent-Length: 2\r\n\r\n{}"
            replies = (await bench.raw(guess * 5 + b"junk\r\n\r\n")).split(b"HTTP/1.1 ")[1:]
            assert [reply[:3] for reply in replies] == [b"401"] * 3 + [b"429"] * 2 + [b"400"]

    run(work())


# --- what is said and kept ------------------------------------------------------------------------------------------


def test_the_page_says_what_it_is_whom_to_write_to_and_its_key(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_control(tmp_path) as bench:
            status, head, body = await bench.get("/")
            page_text = body.decode()
            assert status == 200
            said = [bench.identity.public_key, bench.identity.pin, "desk@control.example", "no log", "text/html"]
            assert [words for words in said if words not in head + page_text] == []
            assert "default-src 'none'" in head

    run(work())


def test_nothing_of_who_asked_or_what_was_asked_is_written_anywhere(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    planted, secret = "127.0.0.77", "payroll-of-the-planted-firm.example"

    async def work() -> list[bytes]:
        deadlines = msgspec.structs.replace(PATIENT, idle_s=0.8, header_s=0.8)
        with caplog.at_level(logging.DEBUG):
            async with a_site(says(page(b"x"))) as port:
                names = {secret: [[TARGET]]}
                async with a_control(tmp_path, names=names, ports=[port], deadlines=deadlines) as bench:
                    question = {"http_request": f"http://{secret}:{port}/", "tcp_connect": [f"{planted}:{port}"]}
                    status, answer = await bench.post({**question, "tcp_connect": []}, source=planted)
                    junk = [await bench.raw(sent, source=planted) for sent in (b"junk", b"GET / HT", GET_PAGE)]
                    assert (status, bench.faults) == (200, [])
                    return [json.dumps(answer).encode(), *junk]

    replies = asyncio.run(work())
    said = capfd.readouterr()
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    places = [*replies, *written, said.out.encode(), said.err.encode(), caplog.text.encode()]
    assert len(written) == 3
    assert [place for place in places if planted.encode() in place] == []
    assert [place for place in places[len(replies) :] if secret.encode() in place] == []


class _Broken:
    """A table of networks that fails at the planted client's address."""

    def asn(self, number: int, is_ipv6: bool) -> int:
        if number == 0x7F00004D:
            message = "127.0.0.77 is not in the table"
            raise RuntimeError(message)
        return 0

    def country(self, number: int, is_ipv6: bool) -> str:
        return ""


def test_a_fault_of_our_own_ends_one_connection_and_is_told_without_an_address(tmp_path: Path) -> None:
    async def work() -> None:
        networks = Networks(source=_Broken(), as_of=NETWORKS.as_of, version="broken")
        tables = msgspec.structs.replace(TABLES, networks=networks)
        async with a_control(tmp_path, tables=tables) as bench:
            question = {"http_request": "https://nobody.example/"}
            failed, _ = await bench.post(question, source="127.0.0.77")
            served, _ = await bench.post(question)
            assert (failed, served) == (0, 200)
            assert [words.partition(",")[0] for words in bench.faults] == ["RuntimeError in asn"]

    run(work())
