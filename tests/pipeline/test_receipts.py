"""Asking controls for receipts: all at once, and no failure of the network raises."""

import asyncio
import datetime as dt
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import msgspec
import pytest

from raabta.pipeline.control_line import WRONG_PIN
from raabta.pipeline.receipts import UNREADABLE, WRONG_RECEIPT, Answer, ControlPlace, ask_for_receipts, read_control
from raabta.probe.host import HostNetwork
from raabta.wire.receipt import public_text, sign_request
from tests.cases.authority import NOW, issue
from tests.cases.controls import Bench, a_control
from tests.cases.leasing import CONTROLS, DEVICE, NONCE, a_receipt, key_of
from tests.cases.loopback import LOCAL, free_port, is_silent, listening, page, says, settings

NETWORK = HostNetwork()
KEY = public_text(CONTROLS[0])


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


async def ask(*controls: ControlPlace, time: dt.datetime = NOW, deadline_s: float = 5.0) -> list[Answer]:
    request = sign_request(DEVICE, nonce=NONCE, time=time)
    given = settings(deadline_s=deadline_s)
    return await ask_for_receipts(NETWORK, controls, request=request, settings=given, now=lambda: NOW)


def place_of(bench: Bench, **changed: Any) -> ControlPlace:
    given = {"url": bench.url, "pin": bench.identity.pin, "key": bench.identity.public_key}
    return ControlPlace(**given | changed)


def test_two_controls_say_the_same_address_under_two_keys(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_control(tmp_path / "a") as one, a_control(tmp_path / "b") as other:
            answers = await ask(place_of(one), place_of(other, key=""))
            receipts = [answer.receipt for answer in answers if answer.receipt is not None]
            assert [receipt.address for receipt in receipts] == [LOCAL, LOCAL]
            keys = [one.identity.public_key, other.identity.public_key]
            assert [receipt.control for receipt in receipts] == keys
            assert len(set(keys)) == 2

    run(work())


def test_one_that_cannot_be_reached_does_not_spoil_the_other(tmp_path: Path) -> None:
    async def work() -> None:
        async with a_control(tmp_path) as bench:
            nobody = ControlPlace(url=f"https://{LOCAL}:{free_port()}/")
            strange, wrong_key = place_of(bench, pin="A" * 43 + "="), place_of(bench, key=KEY)
            answers = await ask(nobody, place_of(bench), strange, wrong_key)
            failures = [answer.failure for answer in answers]
            assert failures == ["connection_refused", None, WRONG_PIN, WRONG_RECEIPT]

    run(work())


def test_a_token_is_shown_and_a_wrong_clock_is_told_in_the_controls_words(tmp_path: Path) -> None:
    async def work() -> None:
        token = "0123456789abcdef"
        async with a_control(tmp_path, tokens=frozenset({token})) as bench:
            (without,), (shown,) = await ask(place_of(bench)), await ask(place_of(bench, token=token))
            assert str(without.failure).startswith("unknown_failure: control: it answered with status 401")
            assert shown.failure is None
            (late,) = await ask(place_of(bench, token=token), time=NOW - dt.timedelta(hours=1))
            assert "set the clock" in str(late.failure)

    run(work())


OTHERS = msgspec.json.encode(a_receipt(CONTROLS[0], key=key_of("another"), at=NOW))
FORGED = msgspec.json.encode(msgspec.structs.replace(a_receipt(CONTROLS[0], at=NOW), address="198.18.9.9"))


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        pytest.param(b"", "eof_error", id="nothing"),
        pytest.param(page(b"{}"), UNREADABLE, id="no-receipt"),
        pytest.param(page(b"[" * 4000), UNREADABLE, id="deep"),
        pytest.param(page(OTHERS), WRONG_RECEIPT, id="anothers"),
        pytest.param(page(FORGED), WRONG_RECEIPT, id="forged"),
        pytest.param(page(b"x" * 9000), "eof_error", id="far-too-long"),
        pytest.param(
            page(b"\x1b[31m", status="502 x"), "unknown_failure: control: it answered with status 502", id="502"
        ),
    ],
)
def test_what_is_no_receipt_is_a_failure_and_no_exception(answer: bytes, failure: str) -> None:
    async def work() -> None:
        tls = issue(LOCAL).context(alpn=("http/1.1",))
        async with listening(says(answer), tls=tls) as port:
            (found,) = await ask(ControlPlace(url=f"https://{LOCAL}:{port}/"))
            assert (found.receipt, found.failure) == (None, failure)

    run(work())


def test_a_silent_control_is_waited_for_until_the_deadline() -> None:
    async def work() -> None:
        async with listening(is_silent) as port:
            (found,) = await ask(ControlPlace(url=f"https://{LOCAL}:{port}/"), deadline_s=0.2)
            assert found.failure == "generic_timeout_error"

    run(work())


def test_a_control_is_written_as_it_prints_itself() -> None:
    place = read_control(f"https://control.example:8443/ sha256/abc= ed25519/{KEY}")
    assert place == ControlPlace(url="https://control.example:8443/", pin="abc=", key=KEY)
    assert read_control("https://control.example/") == ControlPlace(url="https://control.example/")


@pytest.mark.parametrize(
    "text", ["", "control.example", "http://control.example/", "https://a/ nonsense", "https://a/ sha256/a sha256/b"]
)
def test_what_names_no_control_is_refused_with_what_to_try(text: str) -> None:
    with pytest.raises(ValueError, match=r"https://control\.example/"):
        read_control(text)
