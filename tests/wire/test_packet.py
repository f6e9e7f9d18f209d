"""IP packets: what is built is read back, and the kernel's own checks would take it."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raabta.wire.packet import (
    ACK,
    FIN,
    ICMP,
    ICMP6,
    PSH,
    RST,
    SYN,
    TCP,
    UDP,
    Ends,
    build_tcp,
    build_udp,
    checksum,
    icmp_error,
    read_packet,
    sums_hold,
    tcp_to_receiver,
    tcp_to_sender,
    udp_to_sender,
    with_payload,
)


def ends(source: str, destination: str) -> Ends:
    return Ends(ipaddress.ip_address(source).packed, ipaddress.ip_address(destination).packed, 40000, 443)


V4 = ends("192.0.2.7", "198.51.100.9")
V6 = ends("2001:db8::7", "2001:db8:1::9")
BOTH = pytest.mark.parametrize("way", [V4, V6], ids=["ipv4", "ipv6"])


def test_the_checksum_of_rfc_1071() -> None:
    """Section 3: the words 0001 f203 f4f5 f6f7 sum to ddf2."""
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xFFFF - 0xDDF2
    assert checksum(b"") == checksum(bytes(4)) == 0xFFFF
    assert checksum(b"\xff\xff") == 0


def test_a_header_from_the_wire_has_the_right_sum() -> None:
    """An IPv4 header that a kernel made."""
    assert checksum(bytes.fromhex("45000073000040004011b861c0a80001c0a800c7")) == 0


@BOTH
def test_a_segment_is_read_back(way: Ends) -> None:
    packet = read_packet(build_tcp(way, seq=5, ack=9, flags=PSH | ACK, payload=b"hello"))
    assert packet is not None
    assert (packet.protocol, packet.source_port, packet.destination_port) == (TCP, 40000, 443)
    assert (packet.source, packet.destination, packet.payload) == (way.source, way.destination, b"hello")
    assert (packet.seq, packet.ack, packet.flags) == (5, 9, PSH | ACK)
    assert sums_hold(packet)


@BOTH
def test_a_datagram_and_its_answer_are_read_back(way: Ends) -> None:
    query = read_packet(build_udp(way, b"question"))
    assert query is not None
    answer = read_packet(udp_to_sender(query, b"answer"))
    assert answer is not None
    assert (answer.source, answer.source_port, answer.payload) == (way.destination, 443, b"answer")
    assert answer.protocol == UDP
    assert sums_hold(query)
    assert sums_hold(answer)


@BOTH
def test_an_answer_to_a_syn_acknowledges_it(way: Ends) -> None:
    syn = read_packet(build_tcp(way, seq=100, flags=SYN))
    assert syn is not None
    reset = read_packet(tcp_to_sender(syn, flags=RST))
    assert reset is not None
    assert (reset.seq, reset.ack, reset.flags) == (0, 101, RST | ACK)


@BOTH
def test_answers_to_data_continue_the_other_stream(way: Ends) -> None:
    data = read_packet(build_tcp(way, seq=2**32 - 2, ack=700, flags=ACK, payload=b"abcd"))
    assert data is not None
    page = read_packet(tcp_to_sender(data, flags=PSH, payload=b"page"))
    end = read_packet(tcp_to_sender(data, flags=FIN, offset=4))
    assert page is not None
    assert end is not None
    assert (page.seq, page.ack, page.payload) == (700, 2, b"page")
    assert (end.seq, end.ack, end.flags) == (704, 2, FIN | ACK)


@BOTH
def test_a_reset_in_the_senders_name_stands_in_its_place(way: Ends) -> None:
    data = read_packet(build_tcp(way, seq=50, ack=700, flags=ACK | PSH, payload=b"abcd"))
    assert data is not None
    reset = read_packet(tcp_to_receiver(data, flags=RST))
    assert reset is not None
    assert (reset.source, reset.seq, reset.flags) == (way.source, 50, RST | ACK)
    assert sums_hold(reset)


@pytest.mark.parametrize(("way", "protocol", "kind"), [(V4, ICMP, 3), (V6, ICMP6, 1)], ids=["ipv4", "ipv6"])
def test_an_icmp_error_quotes_the_packet_and_names_its_router(way: Ends, protocol: int, kind: int) -> None:
    router = way.source[:-1] + b"\x01"
    packet = read_packet(build_tcp(way, seq=1, flags=SYN, payload=bytes(900)))
    assert packet is not None
    error = read_packet(icmp_error(packet, sender=router, kind=kind, code=1))
    assert error is not None
    assert (error.protocol, error.source, error.destination) == (protocol, router, way.source)
    assert (error.data[error.at], error.data[error.at + 1]) == (kind, 1)
    assert packet.data.startswith(error.payload)
    assert len(error.data) <= 596
    assert sums_hold(error)


@BOTH
def test_another_payload_keeps_the_header(way: Ends) -> None:
    packet = read_packet(build_tcp(way, seq=1, ack=2, flags=ACK, payload=b"Host: a"))
    assert packet is not None
    changed = read_packet(with_payload(packet, b"hOST: a"))
    assert changed is not None
    assert (changed.payload, changed.seq, changed.flags) == (b"hOST: a", 1, ACK)
    assert sums_hold(changed)


def test_a_wrong_sum_is_seen() -> None:
    data = bytearray(build_udp(V4, b"question"))
    data[-1] ^= 1
    packet = read_packet(bytes(data))
    assert packet is not None
    assert not sums_hold(packet)


def test_a_later_fragment_has_no_ports() -> None:
    data = bytearray(build_udp(V4, b"question"))
    data[6:8] = (185).to_bytes(2, "big")
    packet = read_packet(bytes(data))
    assert packet is not None
    assert (packet.source_port, packet.destination_port) == (0, 0)


@given(st.binary(max_size=90))
def test_broken_packets_are_never_an_error(data: bytes) -> None:
    for version in (b"\x45", b"\x4f", b"\x60", b""):
        packet = read_packet(version + data)
        assert packet is None or packet.payload_at <= packet.end <= len(packet.data)
