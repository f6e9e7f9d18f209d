"""The control's receipts: the address that it sees, signed for the asker, and kept nowhere."""

import asyncio
import datetime as dt
import json
import logging
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import msgspec
import pytest

from raabta.control import Limits
from raabta.control.rate import Rate
from raabta.wire.receipt import Receipt, ReceiptRequest, is_genuine, public_text, sign_request
from tests.cases.authority import NOW
from tests.cases.controls import Bench, a_control, split_reply
from tests.cases.leasing import DEVICE, NONCE

CLIENT = "127.0.0.77"


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


async def ask(
    bench: Bench, request: ReceiptRequest | bytes, *, source: str = CLIENT, headers: str = ""
) -> tuple[int, bytes]:
    body = request if isinstance(request, bytes) else msgspec.json.encode(request)
    head = f"POST /receipt HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    status, _, answer = split_reply(await bench.raw(head.encode() + body, source=source))
    return status, answer


def a_request(**changed: Any) -> ReceiptRequest:
    given: dict[str, Any] = {"nonce": NONCE, "time": NOW}
    return sign_request(DEVICE, **given | changed)


def test_a_receipt_names_the_address_that_the_client_came_from(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_control(tmp_path) as bench:
            for source in (CLIENT, "127.0.0.78"):
                status, answer = await ask(bench, a_request(), source=source)
                receipt = msgspec.json.decode(answer, type=Receipt)
                assert (status, receipt.address) == (200, source)
                assert (receipt.key, receipt.nonce, receipt.seen_at) == (public_text(DEVICE), NONCE, NOW)
                assert is_genuine(receipt, control_keys=(bench.identity.public_key,))

    run(work())


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        pytest.param(b"", "asks for no receipt", id="nothing"),
        pytest.param(b"[" * 5000, "asks for no receipt", id="deep"),
        pytest.param(b'{"key": 1}', "asks for no receipt", id="another-type"),
        pytest.param(a_request(time=NOW + dt.timedelta(seconds=121)), "set the clock", id="from-the-future"),
        pytest.param(a_request(time=NOW - dt.timedelta(seconds=121)), "set the clock", id="replayed"),
        pytest.param(a_request(nonce="1"), "nonce", id="no-nonce"),
        pytest.param(msgspec.structs.replace(a_request(), signature="AA=="), "signature", id="unsigned"),
    ],
)
def test_what_asks_wrongly_gets_words_and_no_receipt(
    tmp_path: Path, request_: ReceiptRequest | bytes, words: str
) -> None:
    async def work() -> None:
        async with a_control(tmp_path) as bench:
            status, answer = await ask(bench, request_)
            assert status == 400
            assert words in json.loads(answer)["error"]

    run(work())


def test_receipts_take_from_the_rate_and_ask_for_the_token(tmp_path: Path) -> None:
    async def work() -> None:
        limits, token = Limits(rate=Rate(per_s=0.001, burst=30.0)), "0123456789abcdef"
        async with a_control(tmp_path, limits=limits, tokens=frozenset({token})) as bench:
            assert (await ask(bench, a_request()))[0] == 401
            authorized = f"Authorization: Bearer {token}\r\n"
            statuses = [(await ask(bench, a_request(), headers=authorized))[0] for _ in range(5)]
            assert statuses[:4] == [200] * 4
            assert statuses[4] in (0, 429)

    run(work())


def test_only_post_asks_for_a_receipt(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_control(tmp_path) as bench:
            assert (await bench.get("/receipt"))[0] == 405

    run(work())


def test_neither_address_nor_key_nor_nonce_is_kept(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        with caplog.at_level(logging.DEBUG):
            async with a_control(tmp_path) as bench:
                assert (await ask(bench, a_request()))[0] == 200
                assert (await ask(bench, a_request(nonce="2")))[0] == 400
                assert bench.faults == []

    run(work())
    said = capfd.readouterr()
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    places = [*written, said.out.encode(), said.err.encode(), caplog.text.encode()]
    planted = [text.encode() for text in (CLIENT, public_text(DEVICE), NONCE)]
    assert len(written) == 3
    assert [text for text in planted for place in places if text in place] == []
