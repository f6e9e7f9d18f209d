"""The table of failures: every string that it gives is one that the readers of documents know."""

import asyncio
import errno
import socket
import ssl

import pytest

from raabta.model import classify_failure
from raabta.probe import failures
from raabta.probe.failures import (
    failure_of,
    failure_of_quic,
    failure_of_rcode,
    fault_of_code,
    fault_of_words,
    scrub,
)


@pytest.mark.parametrize(
    ("number", "failure", "group"),
    [
        pytest.param(errno.ECONNREFUSED, "connection_refused", "refused", id="reset-of-syn-or-port-unreachable"),
        pytest.param(errno.EHOSTUNREACH, "host_unreachable", "unreachable", id="host-unreachable-or-prohibited"),
        pytest.param(errno.ENETUNREACH, "network_unreachable", "unreachable", id="net-unreachable-or-prohibited"),
        pytest.param(errno.ENOPROTOOPT, "no_protocol_option", "unreachable", id="protocol-unreachable"),
        pytest.param(errno.ECONNRESET, "connection_reset", "reset", id="reset"),
        pytest.param(errno.EPIPE, "connection_reset", "reset", id="write-after-a-reset"),
        pytest.param(errno.ETIMEDOUT, "generic_timeout_error", "timeout", id="the-kernel-gave-up"),
        pytest.param(errno.EPERM, "permission_denied", "other", id="own-firewall"),
    ],
)
def test_errno_becomes_the_string_of_its_event(number: int, failure: str, group: str) -> None:
    assert failure_of(OSError(number, "x"), operation="connect") == failure
    if failure != "no_protocol_option":  # model.failure has no row for it yet
        assert classify_failure(failure) == group


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (TimeoutError(), "generic_timeout_error"),
        (EOFError(), "eof_error"),
        (asyncio.CancelledError(), "interrupted"),
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), "eof_error"),
        (ssl.SSLError(1, "[SSL: SSLV3_ALERT_HANDSHAKE_FAILURE] sslv3 alert"), "ssl_failed_handshake"),
        (socket.gaierror(socket.EAI_NONAME, "x"), "dns_nxdomain_error"),
        (socket.gaierror(socket.EAI_NODATA, "x"), "dns_no_answer"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), "dns_temporary_failure"),
    ],
)
def test_each_kind_of_error_has_a_row(error: BaseException, failure: str) -> None:
    assert failure_of(error, operation="read") == failure


def test_an_unknown_failure_says_at_which_operation_and_no_address() -> None:
    error = ValueError("no luck with 192.0.2.7:443 and [2001:db8::7]:443")
    expected = "unknown_failure: read: no luck with [scrubbed] and [[scrubbed]]:443"
    assert failure_of(error, operation="read") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("read:192.0.2.7: refused", "read:[scrubbed]: refused"),
        ("fe80::1%eth0", "[scrubbed]%eth0"),
        ("::ffff:192.0.2.7", "[scrubbed][scrubbed]"),
        ("at 12:30:45 o'clock", "at 12:30:45 o'clock"),
        ("version 1.2.3", "version 1.2.3"),
    ],
)
def test_addresses_are_scrubbed_and_other_words_stay(text: str, expected: str) -> None:
    assert scrub(text) == expected


@pytest.mark.parametrize(
    ("rcode", "n_answers", "failure"),
    [
        (0, 1, None),
        (0, 0, "dns_no_answer"),
        (2, 0, "dns_servfail_error"),
        (3, 0, "dns_nxdomain_error"),
        (5, 0, "dns_refused_error"),
        (4, 0, "dns_server_misbehaving"),
    ],
)
def test_a_code_of_dns_is_a_failure_and_an_answer_without_records_too(
    rcode: int, n_answers: int, failure: str | None
) -> None:
    assert failure_of_rcode(rcode, n_answers=n_answers) == failure


def test_faults_of_certificates_are_of_three_classes() -> None:
    assert [fault_of_code(code) for code in (62, 18, 20, 10)] == ["hostname", "authority", "authority", "invalid"]
    assert fault_of_words("hostname 'a' doesn't match 'b'") == "hostname"
    assert fault_of_words("unable to get local issuer certificate") == "authority"
    assert fault_of_words("Certificate is not valid anymore") == "invalid"


def test_alerts_that_end_a_quic_handshake_are_read_as_ooni_does() -> None:
    assert failure_of_quic(0x128) == "ssl_failed_handshake"
    assert failure_of_quic(0x130) == "ssl_unknown_authority"
    assert failure_of_quic(0x12A, reason="hostname 'a' doesn't match 'b'") == "ssl_invalid_hostname"
    assert failure_of_quic(2) == "connection_refused"
    assert failure_of_quic(7) == "unknown_failure: quic_handshake: transport error 0x7"


def test_every_string_of_the_table_is_known_to_the_readers_of_documents() -> None:
    rows = [*failures.ERRNO_ROWS, *failures.RESOLVER_ROWS]
    strings = {failure for _, failure in rows} | set(failures.CERTIFICATE_FAILURE.values())
    network = {text for text in strings if text.startswith(("dns_", "ssl_", "connection_re", "host_", "network_"))}
    assert {text for text in network if classify_failure(text) == "other"} == {"network_reset"}
