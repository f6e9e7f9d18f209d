"""What Linux tells, as bytes and text: each reader gives what is there and nothing where something is missing."""

import socket
import struct

import pytest

from raabta.probe import linux
from raabta.probe.network import IcmpError, TcpInfo


def tcp_info(*, rtt_us: int = 20_000, retransmits: int = 1, least_us: int = 19_500) -> bytes:
    raw = bytearray(linux.TCP_INFO_BYTES)
    struct.pack_into("=I", raw, 68, rtt_us)
    struct.pack_into("=I", raw, 100, retransmits)
    struct.pack_into("=I", raw, 148, least_us)
    return bytes(raw)


def test_times_are_milliseconds() -> None:
    assert linux.parse_tcp_info(tcp_info()) == TcpInfo(rtt_ms=20.0, min_rtt_ms=19.5, retransmits=1)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(tcp_info(rtt_us=0, least_us=0xFFFFFFFF), TcpInfo(retransmits=1), id="none-measured-yet"),
        pytest.param(tcp_info()[:104], TcpInfo(rtt_ms=20.0, retransmits=1), id="an-old-kernel"),
        pytest.param(b"", TcpInfo(), id="nothing"),
    ],
)
def test_what_a_kernel_does_not_say_is_unknown(raw: bytes, expected: TcpInfo) -> None:
    assert linux.parse_tcp_info(raw) == expected


def queued(*, origin: int, sender: bytes) -> bytes:
    return struct.pack("=IBBBBII", 113, origin, 11, 0, 0, 0, 0) + sender


V4 = struct.pack("=HH4s8x", socket.AF_INET, 0, socket.inet_aton("198.51.100.1"))
V6 = struct.pack("=HHI16sI", socket.AF_INET6, 0, 0, socket.inet_pton(socket.AF_INET6, "2001:db8::1"), 0)


@pytest.mark.parametrize(
    ("control", "expected"),
    [
        pytest.param(
            (0, linux.IP_RECVERR, queued(origin=2, sender=V4)),
            (113, IcmpError(type=11, code=0, sender="198.51.100.1")),
            id="icmp",
        ),
        pytest.param(
            (socket.IPPROTO_IPV6, linux.IPV6_RECVERR, queued(origin=3, sender=V6)),
            (113, IcmpError(type=11, code=0, sender="2001:db8::1", ipv6=True)),
            id="icmp-of-the-second-family",
        ),
        pytest.param((0, linux.IP_RECVERR, queued(origin=1, sender=V4)), (113, None), id="made-by-the-kernel-itself"),
        pytest.param(
            (0, linux.IP_RECVERR, queued(origin=2, sender=b"")),
            (113, IcmpError(type=11, code=0, sender="")),
            id="without-a-sender",
        ),
        pytest.param((0, 8, b"other"), (0, None), id="another-message"),
        pytest.param((0, linux.IP_RECVERR, b"short"), (0, None), id="too-short"),
    ],
)
def test_an_error_of_the_queue_tells_type_code_and_sender(
    control: tuple[int, int, bytes], expected: tuple[int, IcmpError | None]
) -> None:
    assert linux.parse_queued_error([control]) == expected


ROUTES = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0
lo\t00000000\t00000000\t0201\t0\t0\t0\t00000000\t0\t0\t0
eth0\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
"""
ROUTES6 = "\n".join(
    (
        f"{'0' * 32} 00 {'0' * 32} 00 20010db8001000000000000000000001 00000400 00000001 00000000 00000003 eth0",
        f"{'0' * 32} 00 {'0' * 32} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003 wlan0",
        f"{'0' * 32} 00 {'0' * 32} 00 {'0' * 32} ffffffff 00000001 00000000 00200200 lo",
    )
)
FIB = """Local:
  +-- 0.0.0.0/0 3 0 5
     |-- 127.0.0.1
        /32 host LOCAL
     |-- 192.168.0.7
        /32 host LOCAL
     |-- 192.168.0.255
        /32 link BROADCAST
"""


def test_default_routes_give_gateways_and_rejecting_ones_do_not() -> None:
    assert linux.gateways_v4(ROUTES) == ["192.168.0.1", linux.ON_LINK]
    assert linux.gateways_v6(ROUTES6) == ["2001:db8:10::1", "fe80::1%wlan0"]


def test_own_addresses_are_those_that_are_local() -> None:
    assert linux.addresses_v4(FIB) == ["192.168.0.7"]
    text = (
        "20010db8001000000000000000000002 02 40 00 82     eth0\n00000000000000000000000000000001 01 80 10 80       lo\n"
    )
    assert linux.addresses_v6(text) == ["2001:db8:10::2"]


def test_name_servers_are_read_in_their_order() -> None:
    text = "# comment\nsearch lan\nnameserver 192.168.0.1\nnameserver 2001:db8::53 # two\nnameserver\n"
    assert linux.name_servers(text) == ["192.168.0.1", "2001:db8::53"]


def test_nothing_readable_is_nothing_known() -> None:
    readers = (linux.gateways_v4, linux.gateways_v6, linux.addresses_v4, linux.addresses_v6, linux.name_servers)
    assert [reader("") for reader in readers] == [[]] * 5
