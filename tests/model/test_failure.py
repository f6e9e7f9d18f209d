"""Failure strings of all ages: the table of df-007, and the older programs' own words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raabta.model import classify_failure
from raabta.model.failure import FailureClass


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (None, "ok"),
        (False, "ok"),
        ("", "ok"),
        (True, "other"),
        ("generic_timeout_error", "timeout"),
        ("TimeoutError", "timeout"),
        ("deferred_timeout_error", "timeout"),
        ("timed_out", "timeout"),
        ("connection_reset", "reset"),
        ("connection_aborted", "reset"),
        ("connection_refused", "refused"),
        ("connection_refused_error", "refused"),
        ("eof_error", "eof"),
        ("response_never_received", "eof"),
        ("host_unreachable", "unreachable"),
        ("network_unreachable", "unreachable"),
        ("dns_nxdomain_error", "nxdomain"),
        ("dns_name_error", "nxdomain"),
        ("dns_lookup_error", "nxdomain"),
        ("dns_no_answer", "no_answer"),
        ("android_dns_cache_no_data", "no_data"),
        ("dns_servfail_error", "servfail"),
        ("dns_server_misbehaving", "servfail"),
        ("dns_refused_error", "dns_refused"),
        ("dns_bogon_error", "dns_bogon"),
        ("ssl_invalid_hostname", "certificate_hostname"),
        ("ssl_unknown_authority", "certificate_authority"),
        ("ssl_invalid_certificate", "certificate_invalid"),
        ("ssl_failed_handshake", "tls_alert"),
        ("http_invalid_redirect_location_host", "invalid_redirect"),
        ("http_too_many_redirects", "too_many_redirects"),
        ("interrupted", "interrupted"),
        ("unknown_failure: lookup gazette.example: no such host", "nxdomain"),
        ("unknown_failure: read tcp 10.0.0.2:5->5.9.40.1:443: read: connection reset by peer", "reset"),
        ("unknown_failure: net/http: TLS handshake timeout", "timeout"),
        ("unknown_failure: context deadline exceeded", "timeout"),
        ("unknown_failure: unexpected EOF", "eof"),
        ("unknown_failure: remote error: tls: handshake failure", "tls_alert"),
        ("unknown_failure: x509: certificate is valid for notice.example, not gazette.example", "certificate_hostname"),
        ("unknown_failure: Get: stopped after 10 redirects", "too_many_redirects"),
        ("[('SSL routines', 'tls_process_server_certificate', 'certificate verify failed')]", "certificate_invalid"),
        ("json_parse_error", "other"),
        ("a failure of tomorrow", "other"),
    ],
)
def test_class_of_failure(failure: str | bool | None, expected: FailureClass) -> None:
    assert classify_failure(failure) == expected


@pytest.mark.parametrize("failure", ["generic_timeout_error", "connection_reset", "dns_nxdomain_error"])
def test_capitals_and_blanks_around_do_not_matter(failure: str) -> None:
    assert classify_failure(f" {failure.upper()}\n") == classify_failure(failure)


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_any_words_have_a_class_and_only_none_at_all_are_ok(words: str) -> None:
    assert (classify_failure(words) == "ok") == (not words.strip())
