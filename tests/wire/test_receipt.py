"""Receipts: what a control signs, and that nothing of it can be changed or passed off."""

import datetime as dt
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raabta.wire.receipt import (
    Receipt,
    ReceiptRequest,
    give_receipt,
    is_genuine,
    public_text,
    read_key,
    read_keys,
    receipt_bytes,
    refuse_request,
    sign_request,
)
from tests.cases.leasing import ADDRESS, CONTROLS, DEVICE, NONCE, NOW, a_receipt, key_of

KEYS = (public_text(CONTROLS[0]),)


def test_a_signed_request_in_time_gets_a_receipt_that_its_control_is_known_by() -> None:
    request = sign_request(DEVICE, nonce=NONCE, time=NOW)
    assert refuse_request(request, now=NOW) == ""
    receipt = give_receipt(request, address=ADDRESS, now=NOW, signing_key=CONTROLS[0])
    assert (receipt.address, receipt.key, receipt.nonce) == (ADDRESS, public_text(DEVICE), NONCE)
    read = msgspec.json.decode(msgspec.json.encode(receipt), type=Receipt)
    assert is_genuine(read, control_keys=KEYS)
    assert not is_genuine(read, control_keys=(public_text(CONTROLS[1]),))


@pytest.mark.parametrize("seconds", [-120, 120])
def test_clocks_may_lie_two_minutes_apart(seconds: int) -> None:
    request = sign_request(DEVICE, nonce=NONCE, time=NOW)
    assert refuse_request(request, now=NOW + dt.timedelta(seconds=seconds)) == ""
    assert "set the clock" in refuse_request(request, now=NOW + dt.timedelta(seconds=seconds * 1.01))


@pytest.mark.parametrize(
    "changed",
    [
        {"nonce": "f" * 24},
        {"time": NOW + dt.timedelta(seconds=1)},
        {"key": public_text(key_of("another"))},
        {"key": "?"},
        {"signature": ""},
        {"signature": "é"},
    ],
)
def test_a_request_that_was_changed_is_refused(changed: dict[str, Any]) -> None:
    request = msgspec.structs.replace(sign_request(DEVICE, nonce=NONCE, time=NOW), **changed)
    assert "signature" in refuse_request(request, now=NOW)


@pytest.mark.parametrize("nonce", ["", "short", "x" * 129, "with a blank in it", "line\nfeed-line-feed"])
def test_a_nonce_has_a_form(nonce: str) -> None:
    assert "nonce" in refuse_request(sign_request(DEVICE, nonce=nonce, time=NOW), now=NOW)


def test_a_time_without_its_zone_is_not_read() -> None:
    raw = msgspec.json.encode({"key": "k", "nonce": NONCE, "time": "2026-11-22T09:00:00", "signature": ""})
    with pytest.raises(msgspec.ValidationError, match="time"):
        msgspec.json.decode(raw, type=ReceiptRequest)


@pytest.mark.parametrize(
    "changed",
    [
        {"address": "198.18.7.10"},
        {"key": public_text(key_of("another"))},
        {"nonce": "f" * 24},
        {"seen_at": NOW + dt.timedelta(seconds=1)},
        {"signature": ""},
    ],
)
def test_nothing_of_a_receipt_can_be_changed(changed: dict[str, Any]) -> None:
    assert not is_genuine(msgspec.structs.replace(a_receipt(CONTROLS[0]), **changed), control_keys=KEYS)


@pytest.mark.parametrize("address", ["198.018.7.9", "shop.example", "", "198.18.7.0/24", "2001:DB8::1"])
def test_what_a_control_signed_is_an_address_or_is_not_believed(address: str) -> None:
    receipt = msgspec.structs.replace(a_receipt(CONTROLS[0]), address=address)
    signature = a_signature(receipt)
    assert not is_genuine(msgspec.structs.replace(receipt, signature=signature), control_keys=KEYS)


def a_signature(receipt: Receipt) -> str:
    from raabta.wire.receipt import signature_text

    return signature_text(CONTROLS[0], receipt_bytes(receipt))


@settings(max_examples=40, deadline=None)
@given(key=st.text(), nonce=st.text(), time=st.datetimes(timezones=st.timezones()), signature=st.text())
def test_no_request_raises(key: str, nonce: str, time: dt.datetime, signature: str) -> None:
    request = ReceiptRequest(key=key, nonce=nonce, time=time, signature=signature)
    assert refuse_request(request, now=NOW)


def test_a_key_has_one_spelling() -> None:
    key = public_text(DEVICE)
    assert read_key(f" ed25519/{key}\n") == key
    # The last sign of 32 bytes in base64 carries two bits that mean nothing.
    others = {key[:42] + sign + "=" for sign in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"}
    assert key in {read_key(other) for other in others}
    assert {len(read_key(other)) for other in others} == {44}


@pytest.mark.parametrize("text", ["", "AAAA", "ssh-ed25519 AAAA", "x" * 44])
def test_what_is_no_key_is_told_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="44 signs") as caught:
        read_key(text)
    assert not text or text not in str(caught.value)


def test_a_file_of_keys_has_one_a_line_and_remarks() -> None:
    one, two = map(public_text, CONTROLS[:2])
    assert read_keys(f"# ours\n{one}\n\ned25519/{two}  # abroad\n", name="keys") == {one, two}
    with pytest.raises(ValueError, match="keys, line 2"):
        read_keys(f"{one}\nnonsense\n", name="keys")
    with pytest.raises(ValueError, match="no key"):
        read_keys("# nothing\n", name="keys")
