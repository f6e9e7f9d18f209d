"""NFQUEUE's messages, byte by byte as linux/netlink.h and nfnetlink_queue.h lay them out (little-endian)."""

import sys

import pytest

from raabta.lab.middlebox.netlink import Queued, build_config, build_verdict, read_error, read_packets

pytestmark = pytest.mark.skipif(sys.byteorder != "little", reason="netlink's numbers are in the machine's byte order")


def test_a_verdict_names_queue_packet_and_fate() -> None:
    expected = "20000000 0103 0100 00000000 00000000 00 00 0007 0c00 0200 00000001 00000102"
    assert build_verdict(7, 0x102, is_accepted=True) == bytes.fromhex(expected)
    assert build_verdict(7, 0x102, is_accepted=False)[24:28] == bytes(4)


def test_a_verdict_with_other_bytes_is_padded() -> None:
    message = build_verdict(7, 1, is_accepted=True, data=b"abcde")
    assert message[:4] == len(message).to_bytes(4, "little")
    assert message.endswith(bytes.fromhex("09000a00") + b"abcde\x00\x00\x00")


def test_packets_are_read_back() -> None:
    header = bytes.fromhex("0b000100 0000002a 0800 00 00".replace(" ", ""))
    payload = bytes.fromhex("09000a00") + b"hello" + bytes(3)
    body = bytes.fromhex("02000001") + header + payload
    datagram = (16 + len(body)).to_bytes(4, "little") + bytes.fromhex("0003 0000 00000000 00000000") + body
    assert list(read_packets(datagram + datagram)) == [Queued(42, b"hello")] * 2


def test_errors_are_told_from_packets() -> None:
    error = bytes.fromhex("24000000 0200 0000 00000000 00000000") + (-1).to_bytes(4, "little", signed=True) + bytes(16)
    assert read_error(error) == 1
    assert read_error(build_config(1)[0]) is None
    assert list(read_packets(error)) == []


@pytest.mark.parametrize("broken", [b"", bytes(7), bytes(40), b"\x10\x00\x00\x00" + bytes(12)])
def test_broken_datagrams_hold_no_packets(broken: bytes) -> None:
    assert list(read_packets(broken)) == []
