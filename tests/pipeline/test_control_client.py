"""The client of a control: what it believes, what it keeps open, and that no network failure raises."""

import asyncio
import base64
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from raabta.control import Limits
from raabta.control.rate import Rate
from raabta.pipeline.control_client import WRONG_SIGNATURE, ControlClient
from raabta.pipeline.control_line import WRONG_PIN
from raabta.probe.host import HostNetwork
from raabta.wire.control import check_kept
from tests.cases.authority import NOW, Issued, issue, self_signed
from tests.cases.controls import a_control
from tests.cases.loopback import LOCAL, free_port, is_silent, listening, page, resets, says, settings

URL = "https://nobody.example/"
NETWORK = HostNetwork()


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def client_of(port: int, *, deadline_s: float = 5.0, **changed: Any) -> ControlClient:
    given: dict[str, Any] = {"settings": settings(deadline_s=deadline_s), "now": lambda: NOW}
    return ControlClient(f"https://{LOCAL}:{port}/", **given | changed)


def certified() -> Issued:
    return issue(LOCAL)


def test_a_round_of_questions_goes_over_few_connections_and_each_answer_is_signed(tmp_path: Path) -> None:
    async def work() -> None:
        limits = Limits(rate=Rate(per_s=0.001, burst=170.0))
        async with a_control(tmp_path, ports=[443], limits=limits) as bench, bench.client() as client:
            answers = await asyncio.gather(*(client.ask(NETWORK, f"{URL}{n}") for n in range(150)))
            assert [failure for _, failure in answers] == [None] * 150
            answer, key = answers[0][0], bench.identity.public_key
            assert answer is not None
            assert answer["dns"]["failure"] == "dns_nxdomain_error"
            assert check_kept(answer, key=key)
            assert not check_kept({**answer, "x_time": "later"}, key=key)
            assert not check_kept(answer, key="AAAA")
            assert client.answered_at == NOW

    run(work())


def test_a_speed_transfer_is_timed(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_control(tmp_path) as bench, bench.client() as client:
            transfer = await client.measure_speed(NETWORK, 300_000)
            assert (transfer.n_bytes, transfer.failure) == (300_000, None)
            assert 0.0 < transfer.seconds < 5.0
            refused = await client.measure_speed(NETWORK, 2_000_000)
            assert (refused.n_bytes, refused.failure) == (0, "unknown_failure: control: it answered with status 400")

    run(work())


def test_a_connection_that_was_closed_meanwhile_is_opened_anew(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_control(tmp_path, limits=Limits(max_requests_per_connection=1)) as bench, bench.client() as client:
            seen = [(await client.ask(NETWORK, URL))[1] for _ in range(3)]
            assert seen == [None] * 3

    run(work())


def test_the_pin_decides_whom_to_believe(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_control(tmp_path) as bench:
            other = base64.b64encode(b"x" * 32).decode()
            pins = {"": "ssl_unknown_authority", other: WRONG_PIN, f"sha256/{bench.identity.pin}": None}
            for pin, failure in pins.items():
                async with bench.client(pin=pin) as client:
                    assert (await client.ask(NETWORK, URL))[1] == failure

    run(work())


def test_a_pin_holds_whatever_the_clock_says(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_control(tmp_path) as bench, bench.client(now=lambda: NOW - timedelta(days=9000)) as client:
            assert (await client.ask(NETWORK, URL))[1] is None

    run(work())


def test_the_expected_key_decides_what_to_believe(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_control(tmp_path) as bench:
            good = bench.identity.public_key
            for key, failure in (("A" * 43 + "=", WRONG_SIGNATURE), (good, None), (f"ed25519/{good}", None)):
                async with bench.client(public_key=key) as client:
                    assert (await client.ask(NETWORK, URL))[1] == failure

    run(work())


def test_a_token_is_shown(tmp_path: Path) -> None:
    async def work() -> None:
        token = "0123456789abcdef"
        async with a_control(tmp_path, tokens=frozenset({token})) as bench:
            for given, failure in (("", "unknown_failure: control: it answered with status 401"), (token, None)):
                async with bench.client(token=given) as client:
                    assert (await client.ask(NETWORK, URL))[1] == failure

    run(work())


def test_a_busy_control_is_asked_again_when_it_said(tmp_path: Path) -> None:
    async def work() -> None:
        limits = Limits(rate=Rate(per_s=3.0, burst=2.0))
        async with a_control(tmp_path, limits=limits) as bench, bench.client() as client:
            seen = [(await client.ask(NETWORK, URL))[1] for _ in range(2)]
            assert seen == [None, None]

    run(work())


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        pytest.param(b"", "eof_error", id="nothing"),
        pytest.param(b"SSH-2.0-x\r\n", "eof_error", id="no-http"),
        pytest.param(page(b"{}"), WRONG_SIGNATURE, id="unsigned"),
        pytest.param(
            page(b"{}", headers=f"X-Raabta-Key: {'A' * 43}=\r\nX-Raabta-Signature: {'B' * 84}BA==\r\n"),
            WRONG_SIGNATURE,
            id="wrongly-signed",
        ),
        pytest.param(
            page(b"{}", headers="X-Raabta-Key: ?\r\nX-Raabta-Signature: é\r\n"), WRONG_SIGNATURE, id="no-base64"
        ),
        pytest.param(
            page(b"no", status="502 Bad Gateway"), "unknown_failure: control: it answered with status 502", id="502"
        ),
        pytest.param(page(b"x" * 300_000), "eof_error", id="far-too-long"),
        pytest.param(page(b"x" * 100)[:-50], "eof_error", id="cut-short"),
    ],
)
def test_what_is_no_control_is_a_failure_and_no_exception(answer: bytes, failure: str) -> None:
    async def work() -> None:
        tls = certified().context(alpn=("http/1.1",))
        async with listening(says(answer), tls=tls) as port, client_of(port) as client:
            assert await client.ask(NETWORK, URL) == (None, failure)

    run(work())


def test_an_answer_to_another_question_is_not_believed(tmp_path: Path) -> None:
    """What was recorded of one question is sent back for another: the signature covers the question."""

    async def work() -> None:
        async with a_control(tmp_path) as bench:
            question = b'{"http_request":"https://another.example/"}'
            head = f"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(question)}\r\n\r\n"
            recorded = await bench.raw(head.encode() + question)
            assert recorded.startswith(b"HTTP/1.1 200")
            tls, key = certified().context(alpn=("http/1.1",)), bench.identity.public_key
            async with listening(says(recorded), tls=tls) as port, client_of(port, public_key=key) as client:
                assert await client.ask(NETWORK, URL) == (None, WRONG_SIGNATURE)

    run(work())


def test_every_way_not_to_reach_it_is_a_failure_string() -> None:
    async def work() -> None:
        tls = certified().context(alpn=("http/1.1",))
        async with client_of(free_port()) as client:
            assert await client.ask(NETWORK, URL) == (None, "connection_refused")
        async with listening(resets) as port, client_of(port) as client:
            assert await client.ask(NETWORK, URL) == (None, "connection_reset")
        async with listening(is_silent) as port, client_of(port, deadline_s=0.2) as client:
            assert await client.ask(NETWORK, URL) == (None, "generic_timeout_error")
        async with listening(resets, tls=tls) as port, client_of(port) as client:
            assert await client.ask(NETWORK, URL) == (None, "connection_reset")
        wrong = self_signed(LOCAL).context(alpn=("http/1.1",))
        async with listening(is_silent, tls=wrong) as port, client_of(port) as client:
            assert await client.ask(NETWORK, URL) == (None, "ssl_unknown_authority")
            assert (await client.measure_speed(NETWORK, 10)).failure == "ssl_unknown_authority"

    run(work())


@pytest.mark.parametrize("url", ["", "control.example", "http://control.example/", "https://"])
def test_a_url_that_is_no_control_is_refused_with_what_to_try(url: str) -> None:
    with pytest.raises(ValueError, match=r"https://control\.example/"):
        ControlClient(url, settings=settings(), now=lambda: NOW)
