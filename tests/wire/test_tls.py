"""ClientHellos in clear: found, read, cut in two, extended."""

import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raabta.wire.tls import (
    ECH_NOISE_BYTES,
    ENCRYPTED_CLIENT_HELLO,
    HANDSHAKE_FAILURE,
    alert_record,
    find_client_hello,
    may_be_hello,
    server_name_span,
    split_hello,
    with_grease_ech,
)
from tests.cases.hellos import client_hello, in_records

HELLO = client_hello("daily.example")


def test_a_hello_says_its_name_protocols_and_versions() -> None:
    hello = find_client_hello(HELLO)
    assert hello is not None
    assert (hello.server_name, hello.alpn, hello.has_ech) == ("daily.example", ("h2", "http/1.1"), False)
    assert {0x0303, 0x0304} <= set(hello.versions)
    assert {0, 16, 43} <= set(hello.extensions)
    assert 0x1301 in hello.cipher_suites


def test_a_hello_without_a_name_has_an_empty_name() -> None:
    hello = find_client_hello(client_hello(""))
    assert hello is not None
    assert hello.server_name == ""


@pytest.mark.parametrize("size", [1, 3, 50, 100, 200])
def test_a_hello_in_several_records_is_the_same_hello(size: int) -> None:
    assert find_client_hello(in_records(HELLO, size=size)) == find_client_hello(HELLO)


def test_a_hello_that_is_not_whole_is_not_found_but_may_become_one() -> None:
    for size in range(len(HELLO)):
        assert find_client_hello(HELLO[:size]) is None
        assert may_be_hello(HELLO[:size])


@pytest.mark.parametrize(
    "stream", [b"GET / HTTP/1.1\r\n", b"\x17\x03\x03\x00\x05hello", b"\x16\x03\x03\x00\x02\x02\x00"]
)
def test_what_is_not_a_hello_can_not_become_one(stream: bytes) -> None:
    assert not may_be_hello(stream)
    assert find_client_hello(stream) is None


@pytest.mark.parametrize("size", [7, 60, 2000])
def test_the_name_is_found_in_the_stream(size: int) -> None:
    stream = in_records(HELLO, size=size)
    span = server_name_span(stream)
    assert span is not None
    assert stream[span[0]] == ord("d")
    assert stream[span[1] - 1] == ord("e")


def test_a_split_cuts_the_name_and_loses_nothing() -> None:
    first, second = split_hello(HELLO)
    assert first + second == HELLO
    assert b"daily.example" not in first
    assert b"daily.example" not in second
    assert first.endswith(b"daily.")


def test_a_hello_without_a_name_is_split_too() -> None:
    stream = client_hello("")
    first, second = split_hello(stream)
    assert first
    assert second
    assert first + second == stream


def test_grease_ech_adds_one_extension_and_changes_nothing_else() -> None:
    before, after = find_client_hello(HELLO), find_client_hello(with_grease_ech(HELLO, noise=bytes(ECH_NOISE_BYTES)))
    assert before is not None
    assert after is not None
    assert after.has_ech
    assert after.extensions == (*before.extensions, ENCRYPTED_CLIENT_HELLO)
    assert (after.server_name, after.cipher_suites) == (before.server_name, before.cipher_suites)


def test_a_server_answers_a_hello_with_grease_ech() -> None:
    """OpenSSL parses it and goes on until it finds that it has no certificate: an alert, not a decode error."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    incoming = ssl.MemoryBIO()
    server = context.wrap_bio(incoming, ssl.MemoryBIO(), server_side=True)
    incoming.write(with_grease_ech(HELLO, noise=bytes(range(ECH_NOISE_BYTES))))
    with pytest.raises(ssl.SSLError, match=r"NO_SHARED_CIPHER|NO_SUITABLE"):
        server.do_handshake()


@pytest.mark.parametrize(("stream", "n_noise"), [(HELLO, 5), (HELLO[:-1], ECH_NOISE_BYTES), (b"", ECH_NOISE_BYTES)])
def test_grease_ech_needs_a_whole_hello_and_noise(stream: bytes, n_noise: int) -> None:
    with pytest.raises(ValueError, match="whole ClientHello"):
        with_grease_ech(stream, noise=bytes(n_noise))


def test_a_client_understands_the_alert() -> None:
    outgoing, incoming = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="daily.example")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    incoming.write(alert_record(HANDSHAKE_FAILURE))
    with pytest.raises(ssl.SSLError, match="HANDSHAKE_FAILURE"):
        client.do_handshake()


@given(st.binary(max_size=80), st.integers(0, len(HELLO) - 1), st.integers(0, 255))
def test_broken_hellos_are_never_an_error(tail: bytes, place: int, value: int) -> None:
    broken = bytearray(HELLO + tail)
    broken[place] = value
    find_client_hello(bytes(broken))
    server_name_span(bytes(broken))
    split_hello(bytes(broken))
    find_client_hello(b"\x16\x03\x01" + len(tail).to_bytes(2, "big") + tail)
