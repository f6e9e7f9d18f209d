"""The one table from what went wrong (errno, rcode, resolver code, TLS alert, certificate fault) to df-007 strings.

A failure of the network is data: steps catch ``NETWORK_ERRORS`` and write what ``failure_of`` says. What no row knows
becomes ``unknown_failure: ...`` without addresses, as OONI does. Whether a string means interference is not asked here:
``model.failure`` gives its class and ``diagnose`` weighs it.

What Linux makes of an ICMP error during a connect (net/ipv4/icmp.c, icmp_err_convert): port unreachable, like a reset
in answer to SYN, is ECONNREFUSED; host unreachable, host- and administratively prohibited and an exceeded time to live
are EHOSTUNREACH; net unreachable and net-prohibited are ENETUNREACH; protocol unreachable is ENOPROTOOPT.

Source: ooni/spec data-formats/df-007-errors; the strings of ooni/probe-cli.
"""

import asyncio
import errno
import ipaddress
import re
import socket
import ssl
from typing import Final, Literal

NETWORK_ERRORS: Final = (OSError, EOFError)
"""What a step may meet on a network: ``TimeoutError``, ``ssl.SSLError`` and ``socket.gaierror`` are ``OSError``."""

TIMEOUT: Final = "generic_timeout_error"
EOF: Final = "eof_error"
INTERRUPTED: Final = "interrupted"
TLS_ALERT: Final = "ssl_failed_handshake"
MISBEHAVING: Final = "dns_server_misbehaving"
QUIC_VERSION: Final = "quic_incompatible_version"
BAD_REDIRECT: Final = "http_invalid_redirect_location_host"
TOO_MANY_REDIRECTS: Final = "unknown_failure: stopped after too many redirects"

CertificateFault = Literal["hostname", "authority", "invalid"]

CERTIFICATE_FAILURE: Final[dict[CertificateFault, str]] = {
    "hostname": "ssl_invalid_hostname",
    "authority": "ssl_unknown_authority",
    "invalid": "ssl_invalid_certificate",
}
"""``invalid`` is everything that is neither the wrong name nor an unknown issuer: expired, not yet valid, revoked."""


def _numbers(rows: tuple[tuple[str, str], ...]) -> dict[int, str]:
    """Give errno numbers of this platform; Windows has its own beside the POSIX ones (WSAECONNRESET)."""
    return {
        getattr(errno, prefix + name): failure
        for name, failure in rows
        for prefix in ("", "WSA")
        if hasattr(errno, prefix + name)
    }


ERRNO_ROWS: Final = (
    ("ECONNREFUSED", "connection_refused"),
    ("ECONNRESET", "connection_reset"),
    ("EPIPE", "connection_reset"),  # a write after the reset was reported once: the same event, seen again
    ("ESHUTDOWN", "connection_reset"),
    ("ECONNABORTED", "connection_aborted"),
    ("EHOSTUNREACH", "host_unreachable"),
    ("EHOSTDOWN", "host_unreachable"),  # ICMP "destination host unknown"
    ("ENONET", "host_unreachable"),  # ICMP "source host isolated"
    ("ENETUNREACH", "network_unreachable"),
    ("ENETDOWN", "network_down"),
    ("ENETRESET", "network_reset"),
    ("ETIMEDOUT", TIMEOUT),
    ("ENOPROTOOPT", "no_protocol_option"),  # ICMP "protocol unreachable"
    ("EPROTO", "unknown_failure: protocol error"),  # ICMP "parameter problem"
    ("EOPNOTSUPP", "unknown_failure: operation not supported"),
    ("EACCES", "permission_denied"),
    ("EPERM", "permission_denied"),
    ("EADDRNOTAVAIL", "address_not_available"),
    ("EADDRINUSE", "address_in_use"),
    ("EAFNOSUPPORT", "address_family_not_supported"),
    ("EPROTONOSUPPORT", "protocol_not_supported"),
    ("EPROTOTYPE", "wrong_protocol_type"),
    ("EISCONN", "already_connected"),
    ("ENOTCONN", "not_connected"),
    ("EALREADY", "connection_already_in_progress"),
    ("EBADF", "connection_already_closed"),
    ("ENOTSOCK", "not_a_socket"),
    ("EINVAL", "invalid_argument"),
    ("EMSGSIZE", "message_size"),
    ("ENOBUFS", "no_buffer_space"),
    ("EDESTADDRREQ", "destination_address_required"),
    ("EFAULT", "bad_address"),
    ("EINTR", INTERRUPTED),
    ("EAGAIN", "operation_would_block"),
    ("EWOULDBLOCK", "operation_would_block"),
)
"""errno names, in the words of probe-cli; rows with a reason are our own."""

_ERRNO: Final = _numbers(ERRNO_ROWS)

RESOLVER_ROWS: Final = (
    ("EAI_NONAME", "dns_nxdomain_error"),
    ("EAI_NODATA", "dns_no_answer"),
    ("EAI_ADDRFAMILY", "dns_no_answer"),
    ("EAI_AGAIN", "dns_temporary_failure"),  # SERVFAIL, and silence of all servers, read alike in glibc
    ("EAI_FAIL", "dns_non_recoverable_failure"),
)
"""Codes of getaddrinfo. EAI_SYSTEM carries an errno and never reaches this table."""

_RESOLVER: Final = {
    getattr(socket, name): failure for name, failure in reversed(RESOLVER_ROWS) if hasattr(socket, name)
}
"""Reversed: where a platform gives two names one number (Windows: EAI_NODATA is EAI_NONAME), the first row holds."""

RCODE_FAILURE: Final = {2: "dns_servfail_error", 3: "dns_nxdomain_error", 5: "dns_refused_error"}
"""RFC 1035 section 4.1.1. Other codes are ``dns_server_misbehaving``."""

_HOSTNAME_CODES: Final = frozenset({62, 64})
"""X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH (openssl/x509_vfy.h)."""
_AUTHORITY_CODES: Final = frozenset({2, 18, 19, 20, 21, 27})
"""No issuer, self-signed (leaf, in chain), no local issuer, leaf not verifiable, untrusted (openssl/x509_vfy.h)."""

_FAULT_WORDS: Final[tuple[tuple[str, CertificateFault], ...]] = (
    ("doesn't match", "hostname"),
    ("hostname mismatch", "hostname"),
    ("subjectaltname", "hostname"),
    ("local issuer", "authority"),
    ("self-signed", "authority"),
    ("self signed", "authority"),
    ("exhausted", "authority"),
)
"""Words of OpenSSL, pyOpenSSL, aioquic and cryptography's verifier, in lower case; the first hit wins."""

ALERT_FAILURE: Final = {
    42: "ssl_invalid_certificate",
    43: "ssl_invalid_certificate",
    44: "ssl_invalid_certificate",
    45: "ssl_invalid_certificate",
    46: "ssl_invalid_certificate",
    48: "ssl_unknown_authority",
    112: "ssl_invalid_hostname",
}
"""TLS alerts that end a QUIC handshake (RFC 8446 section 6), as probe-cli reads them; others: a failed handshake."""

_QUIC_CRYPTO: Final = 0x100
"""First of the 256 transport errors that carry a TLS alert (RFC 9000 section 20.1)."""
_QUIC_REFUSED: Final = 0x02

_UNKNOWN: Final = "unknown_failure: "
_MAX_WORDS: Final = 200
"""Characters kept of an unknown failure: enough to recognise it."""


def failure_of(error: BaseException, *, operation: str) -> str:
    """Give the df-007 string of an error that a step met.

    Args:
        error: What was raised, by the network or by ``ssl``.
        operation: What was being done, in OONI's words: ``resolve``, ``connect``, ``read``, ``write``,
            ``tls_handshake``, ``quic_handshake``, ``http_round_trip``. It stands in unknown failures.
    """
    match error:
        case asyncio.CancelledError():
            return INTERRUPTED
        case ssl.SSLError():
            return _failure_of_tls(error)
        case socket.gaierror():
            return _RESOLVER.get(error.errno or 0) or _unknown(error, operation)
        case EOFError():
            return EOF
        case TimeoutError() if error.errno is None:
            return TIMEOUT
        case OSError():
            return _ERRNO.get(error.errno or 0) or _unknown(error, operation)
        case _:
            return _unknown(error, operation)


def _failure_of_tls(error: ssl.SSLError) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return CERTIFICATE_FAILURE[fault_of_code(error.verify_code)]
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError():
            return EOF
        case _:
            return TLS_ALERT


def fault_of_code(code: int) -> CertificateFault:
    """Class OpenSSL's verification code (X509_V_ERR_…)."""
    if code in _HOSTNAME_CODES:
        return "hostname"
    return "authority" if code in _AUTHORITY_CODES else "invalid"


def fault_of_words(words: str) -> CertificateFault:
    """Class the message of a verifier that gives no code."""
    lowered = words.lower()
    return next((fault for part, fault in _FAULT_WORDS if part in lowered), "invalid")


def failure_of_quic(error_code: int, *, reason: str = "") -> str:
    """Give the df-007 string of the transport error that closed a QUIC connection (RFC 9000 section 20.1).

    Args:
        error_code: From CONNECTION_CLOSE, or from the QUIC library itself.
        reason: Its phrase; it is read only where our own library refused a certificate.
    """
    if _QUIC_CRYPTO <= error_code < _QUIC_CRYPTO + 256:
        alert = error_code - _QUIC_CRYPTO
        if alert in ALERT_FAILURE and reason:
            return CERTIFICATE_FAILURE[fault_of_words(reason)]
        return ALERT_FAILURE.get(alert, TLS_ALERT)
    if error_code == _QUIC_REFUSED:
        return "connection_refused"
    return f"{_UNKNOWN}quic_handshake: transport error {error_code:#x}"


def failure_of_rcode(rcode: int, *, n_answers: int) -> str | None:
    """Give the df-007 string of a DNS answer, None where it answers the question.

    Args:
        rcode: The answer's code (RFC 1035 section 4.1.1).
        n_answers: Records of the type that was asked for. None of them is ``dns_no_answer``.
    """
    if rcode == 0:
        return None if n_answers else "dns_no_answer"
    return RCODE_FAILURE.get(rcode, MISBEHAVING)


def _unknown(error: BaseException, operation: str) -> str:
    words = str(error) or type(error).__name__
    return scrub(f"{_UNKNOWN}{operation}: {words}"[:_MAX_WORDS])


_IPV4_LIKE: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?::[0-9]+)?")
_IPV6_LIKE: Final = re.compile(r"[0-9a-fA-F]*:[0-9a-fA-F:.]*")
SCRUBBED: Final = "[scrubbed]"


def scrub(text: str) -> str:
    """Replace every IP address in a text, with its port, by ``[scrubbed]``."""
    return _IPV6_LIKE.sub(_scrubbed, _IPV4_LIKE.sub(SCRUBBED, text))


def _scrubbed(match: re.Match[str]) -> str:
    word = match.group()
    return SCRUBBED if any(map(_is_ipv6, (word, word.rstrip(".:"), word.strip(".:")))) else word


def _is_ipv6(word: str) -> bool:
    try:
        ipaddress.IPv6Address(word)
    except ValueError:
        return False
    return True
