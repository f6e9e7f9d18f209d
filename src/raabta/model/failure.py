"""OONI failure strings (df-007) and their classes: the one module that classifies failures.

A failure string says what a step returned, in the words of the probe of its day: ``generic_timeout_error`` today,
``timed_out`` or ``TimeoutError`` in 2015, an OpenSSL message in 2019. Every later question asks about the
*class* only. Source: ooni/spec data-formats/df-007-errors and the legacy probes' own strings, seen in
archived documents.

Not done: a failure of the probe itself (``json_parse_error``) is class ``other``: it says nothing of the network.
"""

from typing import Final, Literal

FailureClass = Literal[
    "ok",
    "timeout",
    "reset",
    "refused",
    "eof",
    "unreachable",
    "nxdomain",
    "no_answer",
    "no_data",
    "servfail",
    "dns_refused",
    "dns_bogon",
    "certificate_hostname",
    "certificate_authority",
    "certificate_invalid",
    "tls_alert",
    "invalid_redirect",
    "too_many_redirects",
    "interrupted",
    "other",
]
"""What a step returned. ``ok``: no failure. ``no_data``: the system says only that there is no address."""

_EXACT: Final[dict[str, FailureClass]] = {
    "": "ok",
    "generic_timeout_error": "timeout",
    "timed_out": "timeout",
    "timeout": "timeout",
    "connection_reset": "reset",
    "connection_aborted": "reset",
    "econnreset": "reset",
    "connection_refused": "refused",
    "connection_refused_error": "refused",
    "eof_error": "eof",
    "response_never_received": "eof",
    "connection_lost": "eof",
    "host_unreachable": "unreachable",
    "network_unreachable": "unreachable",
    "network_down": "unreachable",
    "no_route_to_host": "unreachable",
    "address_not_available": "unreachable",
    "no_protocol_option": "unreachable",
    "dns_nxdomain_error": "nxdomain",
    "dns_name_error": "nxdomain",
    "dns_lookup_error": "nxdomain",
    "dns_no_answer": "no_answer",
    "android_dns_cache_no_data": "no_data",
    "dns_servfail_error": "servfail",
    "dns_server_failure": "servfail",
    "dns_server_misbehaving": "servfail",
    "dns_temporary_failure": "servfail",
    "dns_non_recoverable_failure": "servfail",
    "dns_refused_error": "dns_refused",
    "dns_bogon_error": "dns_bogon",
    "ssl_invalid_hostname": "certificate_hostname",
    "ssl_unknown_authority": "certificate_authority",
    "ssl_invalid_certificate": "certificate_invalid",
    "ssl_failed_handshake": "tls_alert",
    "ssl_error": "tls_alert",
    "quic_incompatible_version": "other",
    "http_invalid_redirect_location_host": "invalid_redirect",
    "http_too_many_redirects": "too_many_redirects",
    "interrupted": "interrupted",
    "connection_already_closed": "interrupted",
    "connect_error": "other",
}

_PARTS: Final[tuple[tuple[str, FailureClass], ...]] = (
    ("certificate verify failed", "certificate_invalid"),
    ("certificate has expired", "certificate_invalid"),
    ("unknown authority", "certificate_authority"),
    ("certificate is valid for", "certificate_hostname"),
    ("stopped after 10 redirects", "too_many_redirects"),
    ("too many redirects", "too_many_redirects"),
    ("no such host", "nxdomain"),
    ("nxdomain", "nxdomain"),
    ("server misbehaving", "servfail"),
    ("server failure", "servfail"),
    ("servfail", "servfail"),
    ("use of closed network connection", "interrupted"),
    ("context canceled", "interrupted"),
    ("i/o timeout", "timeout"),
    ("deadline exceeded", "timeout"),
    ("timed out", "timeout"),
    ("timeout", "timeout"),
    ("connection reset", "reset"),
    ("connection_reset", "reset"),
    ("connectionlost", "eof"),
    ("unexpected eof", "eof"),
    ("connection refused", "refused"),
    ("connection_refused", "refused"),
    ("unreachable", "unreachable"),
    ("no route to host", "unreachable"),
    ("ssl_error", "tls_alert"),
    ("tls: ", "tls_alert"),
    ("sslv3 alert", "tls_alert"),
)
"""Searched in order in the lower-cased string when it is no exact row; the first hit wins."""


def classify_failure(failure: str | bool | None) -> FailureClass:
    """Give the class of an OONI failure string.

    Args:
        failure: df-007 string; None (and, in old documents, ``false``) for success; ``true`` for an unnamed failure.

    Returns:
        ``ok`` for success, ``other`` for a failure that no row knows.
    """
    if failure is None or failure is False:
        return "ok"
    if failure is True:
        return "other"
    known = _EXACT.get(failure)
    return known if known is not None else _classify_words(failure[:400].lower())


def _classify_words(words: str) -> FailureClass:
    known = _EXACT.get(words.strip())
    if known is not None:
        return known
    for part, failure_class in _PARTS:
        if part in words:
            return failure_class
    return "other"
