"""OpenVPN's opening: every way of wrapping it, and what is no answer to it."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raabta.wire.openvpn import (
    HARD_RESET_CLIENT,
    Frames,
    OpenVpnKeys,
    client_reset,
    framed,
    is_answer,
    read_control,
    read_static_key,
    server_reset,
)

KEY: Final = bytes(range(256))
OTHER: Final = bytes(reversed(range(256)))
MINE: Final = b"clientid"
THEIRS: Final = b"serverid"
AT: Final = 1_800_000_000

Pair = tuple[OpenVpnKeys, OpenVpnKeys]

PAIRS: Final[dict[str, Pair]] = {
    "plain": (OpenVpnKeys(), OpenVpnKeys()),
    "tls-auth": (
        OpenVpnKeys(wrap="tls_auth", key=KEY, direction=1),
        OpenVpnKeys(wrap="tls_auth", key=KEY, direction=0),
    ),
    "tls-auth both ways, SHA256": (
        OpenVpnKeys(wrap="tls_auth", key=KEY, direction=None, digest="sha256"),
        OpenVpnKeys(wrap="tls_auth", key=KEY, direction=None, digest="sha256"),
    ),
    "tls-crypt": (
        OpenVpnKeys(wrap="tls_crypt", key=KEY),
        OpenVpnKeys(wrap="tls_crypt", key=KEY, direction=0),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_server_with_the_same_key_reads_the_opening_and_its_answer_is_known(name: str) -> None:
    client, server = PAIRS[name]
    control = read_control(server, client_reset(client, session=MINE, at_s=AT))
    assert control is not None
    assert (control.opcode, control.session, control.acknowledged) == (HARD_RESET_CLIENT, MINE, ())
    said = server_reset(server, session=THEIRS, remote=MINE, at_s=AT)
    assert is_answer(client, said, session=MINE)
    assert not is_answer(client, said, session=THEIRS)


@pytest.mark.parametrize("name", [name for name in PAIRS if name != "plain"])
def test_another_key_digest_or_direction_reads_nothing(name: str) -> None:
    client, server = PAIRS[name]
    said = server_reset(server, session=THEIRS, remote=MINE, at_s=AT)
    others = [OpenVpnKeys(wrap=client.wrap, key=OTHER, direction=client.direction, digest=client.digest)]
    if client.wrap == "tls_auth":
        digest = "sha512" if client.digest == "sha1" else "sha1"
        others.append(OpenVpnKeys(wrap=client.wrap, key=KEY, direction=client.direction, digest=digest))
    if client.direction is not None:
        others.append(OpenVpnKeys(wrap=client.wrap, key=KEY, direction=0, digest=client.digest))
    assert [is_answer(keys, said, session=MINE) for keys in others] == [False] * len(others)
    assert not is_answer(client, said[:-1] + bytes([said[-1] ^ 1]), session=MINE)


def test_openings_have_the_bytes_that_inspection_knows_them_by() -> None:
    packet = client_reset(OpenVpnKeys(), session=MINE, at_s=AT)
    assert packet == b"\x38" + MINE + b"\x00" + bytes(4)
    assert framed(packet)[:3] == b"\x00\x0e\x38"


@given(st.binary(max_size=120))
def test_no_packet_makes_reading_fail(data: bytes) -> None:
    for client, _ in PAIRS.values():
        is_answer(client, data, session=MINE)
        is_answer(client, b"\x40" + THEIRS + data, session=MINE)
    Frames().feed(data)


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=5), st.integers(1, 7))
def test_packets_come_out_of_a_stream_however_it_is_cut(packets: list[bytes], size: int) -> None:
    stream = b"".join(map(framed, packets))
    frames = Frames()
    found = [one for start in range(0, len(stream), size) for one in frames.feed(stream[start : start + size])]
    assert found == packets


def test_a_static_key_is_read_as_openvpn_writes_it() -> None:
    lines = "\n".join(KEY.hex()[start : start + 32] for start in range(0, 512, 32))
    text = f"#\n# 2048 bit OpenVPN static key\n#\n-----BEGIN OpenVPN Static key V1-----\n{lines}\n"
    whole = f"{text}-----END OpenVPN Static key V1-----\n"
    assert read_static_key(whole, name="ta.key") == KEY
    for wrong in ("", text, whole.replace(lines[:32], "", 1), whole.replace(lines, "\n")):
        with pytest.raises(ValueError, match=r"ta\.key: this is no OpenVPN static key") as refused:
            read_static_key(wrong, name="ta.key")
        assert lines[:32] not in str(refused.value)


def test_keys_are_not_shown() -> None:
    assert repr(PAIRS["tls-crypt"][0]) == "OpenVpnKeys(tls_crypt)"
