"""QUIC as somebody on the path sees it."""

import pytest
from aioquic.quic.packet import encode_quic_version_negotiation
from hypothesis import given
from hypothesis import strategies as st

from raabta.wire.quic import (
    MIN_DATAGRAM_BYTES,
    RESERVED_VERSION,
    InitialReader,
    build_version_negotiation,
    build_version_probe,
    crypto_frames,
    open_client_initial,
    read_long_header,
    read_version_negotiation,
)
from raabta.wire.tls import read_client_hello
from tests.cases.hellos import quic_client, quic_datagrams

# RFC 9001 appendix A.2: the first 40 bytes of a protected client Initial, and its destination connection id.
RFC_ID = bytes.fromhex("8394c8f03e515708")


def test_the_name_in_an_initial_is_read() -> None:
    (datagram,) = quic_datagrams("daily.example")
    hello = InitialReader().feed(datagram)
    assert hello is not None
    assert (hello.server_name, hello.alpn) == ("daily.example", ("h3",))


@pytest.mark.parametrize("backwards", [False, True], ids=["in-order", "backwards"])
def test_a_hello_spread_over_several_initials_is_put_together(backwards: bool) -> None:
    datagrams = quic_datagrams("daily.example", alpn=tuple(f"a-long-protocol-name-{i}" for i in range(90)))
    assert len(datagrams) > 1
    reader = InitialReader()
    # The keys come from the first packet's id, which all first packets share.
    read = [reader.feed(datagram) for datagram in (reversed(datagrams) if backwards else datagrams)]
    assert [hello is not None for hello in read] == [False] * (len(read) - 1) + [True]
    assert read[-1] is not None
    assert read[-1].server_name == "daily.example"


def test_crypto_frames_out_of_order_inside_one_packet_are_put_together() -> None:
    message = _hello_message("daily.example")
    pieces = [(100, message[100:]), (0, message[:40]), (40, message[40:100])]
    reader = InitialReader(pieces=dict(pieces))
    assert reader.feed(b"") == read_client_hello(message)


def test_a_gap_leaves_the_hello_unread() -> None:
    message = _hello_message("daily.example")
    assert InitialReader(pieces={0: message[:40], 41: message[41:]}).feed(b"") is None


def test_frames_beside_crypto_are_passed_over() -> None:
    acknowledgement = bytes([2, 5, 0, 1, 0, 1, 1])
    assert crypto_frames(bytes(3) + acknowledgement + b"\x01" + b"\x06\x00\x03abc" + bytes(9)) == [(0, b"abc")]


def test_an_initial_of_another_connection_does_not_open() -> None:
    (datagram,) = quic_datagrams("daily.example")
    header = read_long_header(datagram)
    assert header is not None
    assert header.is_initial
    assert open_client_initial(datagram, header, first_id=RFC_ID) is None


def test_later_initials_with_the_servers_id_open_with_the_first_id() -> None:
    first = quic_client("daily.example")
    first.connect(("192.0.2.1", 443), now=0.0)
    original = first.original_destination_connection_id
    (datagram,) = [data for data, _ in first.datagrams_to_send(now=0.0)]
    header = read_long_header(datagram)
    assert header is not None
    assert header.destination_id == original
    assert open_client_initial(datagram, header, first_id=original) is not None


@pytest.mark.parametrize("datagram", [b"", b"\x40abcdefgh", b"\xc0\x00\x00", b"\xc0\x00\x00\x00\x01\xff\x00\x00"])
def test_what_is_no_long_header_is_none(datagram: bytes) -> None:
    assert read_long_header(datagram) is None


def test_the_version_probe_is_what_servers_answer() -> None:
    probe = build_version_probe(destination_id=b"serverid", source_id=b"clientid")
    header = read_long_header(probe)
    assert header is not None
    assert len(probe) == MIN_DATAGRAM_BYTES
    assert (header.version, header.destination_id, header.source_id) == (RESERVED_VERSION, b"serverid", b"clientid")
    assert header.version & 0x0F0F0F0F == 0x0A0A0A0A


def test_a_version_negotiation_is_read() -> None:
    datagram = encode_quic_version_negotiation(
        source_cid=b"serverid", destination_cid=b"clientid", supported_versions=[1, 0x6B3343CF]
    )
    answer = read_version_negotiation(datagram)
    assert answer is not None
    assert (answer.source_id, answer.destination_id) == (b"serverid", b"clientid")
    assert set(answer.versions) >= {1, 0x6B3343CF}


def test_a_version_negotiation_built_here_is_read_back() -> None:
    header = read_long_header(build_version_probe(destination_id=b"serverid", source_id=b"clientid"))
    assert header is not None
    answer = read_version_negotiation(build_version_negotiation(header, versions=(1,)))
    assert answer is not None
    assert (answer.destination_id, answer.source_id, answer.versions) == (b"clientid", b"serverid", (1,))


def test_an_initial_is_no_version_negotiation() -> None:
    assert read_version_negotiation(quic_datagrams("daily.example")[0]) is None


@given(st.binary(max_size=60), st.integers(0, 60), st.integers(0, 255))
def test_broken_datagrams_are_never_an_error(data: bytes, place: int, value: int) -> None:
    broken = bytearray(_DATAGRAM)
    broken[place] = value
    InitialReader().feed(bytes(broken))
    InitialReader().feed(b"\xc0\x00\x00\x00\x01" + data)
    read_version_negotiation(b"\x80\x00\x00\x00\x00" + data)
    crypto_frames(data)


_DATAGRAM = quic_datagrams("daily.example")[0]


def _hello_message(name: str) -> bytes:
    (datagram,) = quic_datagrams(name)
    header = read_long_header(datagram)
    assert header is not None
    frames = open_client_initial(datagram, header, first_id=header.destination_id)
    assert frames is not None
    return b"".join(data for _, data in crypto_frames(frames))
