"""WireGuard's opening: what a server answers, what it meets with silence, and what is no answer of its."""

import base64
import datetime as dt
from typing import Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raabta.wire.wireguard import (
    COOKIE_BYTES,
    INITIATION_BYTES,
    RESPONSE_BYTES,
    Initiation,
    WireGuardKeys,
    WireGuardServer,
    _hchacha20,
    open_wireguard,
    public_key,
    read_key,
    tai64n,
)

SERVER: Final = bytes(range(32))
CLIENT: Final = bytes(range(32, 64))
SHARED: Final = bytes(range(64, 96))
KEYS: Final = WireGuardKeys(private_key=CLIENT, peer_public_key=public_key(SERVER))
NOON: Final = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def opening(keys: WireGuardKeys = KEYS, *, second: int = 0, sender: int = 7) -> Initiation:
    stamp = tai64n(NOON + dt.timedelta(seconds=second))
    return open_wireguard(keys, ephemeral=bytes([9] * 31 + [second]), sender=sender, timestamp=stamp)


def server(*peers: bytes, shared: bytes = bytes(32)) -> WireGuardServer:
    return WireGuardServer(SERVER, dict.fromkeys(peers or (KEYS.public_key,), shared), {})


def answer(to: WireGuardServer, first: Initiation) -> bytes | None:
    return to.answer(first.message, ephemeral=bytes([3] * 32), sender=99)


def test_a_server_that_knows_the_key_answers_and_the_answer_is_known() -> None:
    first = opening()
    said = answer(server(), first)
    assert said is not None
    assert (len(first.message), len(said), first.check(said)) == (INITIATION_BYTES, RESPONSE_BYTES, "response")


def test_a_shared_key_must_be_the_same_on_both_sides() -> None:
    with_key = msgspec.structs.replace(KEYS, preshared_key=SHARED)
    for keys, shared, expected in ((with_key, SHARED, "response"), (with_key, bytes(32), None), (KEYS, SHARED, None)):
        first = opening(keys)
        said = answer(server(shared=shared), first)
        assert said is not None
        assert first.check(said) == expected


def test_a_server_is_silent_to_a_stranger_to_another_servers_opening_and_to_an_old_time_stamp() -> None:
    assert answer(server(public_key(SHARED)), opening()) is None
    assert answer(server(), opening(WireGuardKeys(private_key=CLIENT, peer_public_key=public_key(SHARED)))) is None
    one = server()
    assert answer(one, opening(second=5)) is not None
    assert answer(one, opening(second=5)) is None
    assert answer(one, opening(second=4)) is None
    assert answer(one, opening(second=6)) is not None


def test_an_answer_to_another_opening_or_of_another_server_is_none() -> None:
    first, other = opening(), opening(second=1, sender=8)
    said = answer(server(), first)
    assert said is not None
    assert other.check(said) is None
    impostor = WireGuardServer.of(SHARED, KEYS.public_key)
    assert impostor.answer(first.message, ephemeral=bytes([3] * 32), sender=1) is None


def test_a_cookie_of_a_busy_server_is_an_answer_and_a_forged_one_is_none() -> None:
    first = opening()
    said = server().cookie(first.message, cookie=bytes(16), nonce=bytes(range(24)))
    assert said is not None
    assert (len(said), first.check(said)) == (COOKIE_BYTES, "cookie")
    assert first.check(said[:-1] + bytes([said[-1] ^ 1])) is None
    assert opening(second=1).check(said) is None
    assert opening(sender=8).check(said) is None


@pytest.mark.parametrize("place", [0, 4, 8, 12, 43, 44, 59])
def test_every_changed_byte_of_a_response_spoils_it(place: int) -> None:
    first = opening()
    said = answer(server(), first)
    assert said is not None
    spoilt = bytearray(said)
    spoilt[place] ^= 0x10
    # Bytes 4 to 7 are the server's own index: nothing of the opening depends on it.
    assert first.check(bytes(spoilt)) == ("response" if place == 4 else None)


@given(st.binary(max_size=200) | st.binary(min_size=92, max_size=92) | st.binary(min_size=64, max_size=64))
def test_no_datagram_makes_the_check_or_the_server_fail(data: bytes) -> None:
    assert opening().check(data) is None
    assert opening().check(bytes([2, 0, 0, 0]) + data[4:]) is None
    assert server().answer(data, ephemeral=bytes([3] * 32), sender=1) is None


def test_times_sort_as_their_stamps_do() -> None:
    stamps = [tai64n(NOON + dt.timedelta(microseconds=step)) for step in (0, 1, 999_999, 1_000_000)]
    assert stamps == sorted(stamps)
    assert tai64n(dt.datetime(1970, 1, 1, tzinfo=dt.UTC)).hex() == "400000000000000a00000000"


def test_hchacha20_gives_what_its_draft_says() -> None:
    """draft-irtf-cfrg-xchacha-03, section 2.2.1."""
    nonce = bytes.fromhex("000000090000004a0000000031415927")
    expected = "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc"
    assert _hchacha20(bytes(range(32)), nonce).hex() == expected


@pytest.mark.parametrize("text", ["", "abc", base64.b64encode(bytes(31)).decode(), "secret " * 7])
def test_what_is_no_key_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match="field: this is no WireGuard key") as refused:
        read_key(text, name="field")
    assert not text or text not in str(refused.value)


def test_keys_are_not_shown() -> None:
    assert repr(KEYS) == "WireGuardKeys(...)"
    assert read_key(base64.b64encode(CLIENT).decode() + "\n", name="x") == CLIENT
