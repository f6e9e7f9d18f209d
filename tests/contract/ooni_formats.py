"""OONI's published data formats as tables: every field, its type, and whether it must be there.

Compiled by hand from github.com/ooni/spec, ``data-formats`` and ``nettests/ts-017-web-connectivity.md``, and, where the
pages leave something open (the envelope's network names, the failure strings of errno), from the documents that
ooni/probe-cli writes. Fields that begin with ``x_`` are extensions, which the formats allow anywhere.

    name: (allowed Python types of the decoded JSON, whether it must be there)
"""

from typing import Any, Final

NULL: Final = type(None)

Fields = dict[str, tuple[tuple[Any, ...], bool]]

ENVELOPE: Final[Fields] = {  # df-000
    "annotations": ((dict,), True),
    "data_format_version": ((str,), True),
    "id": ((str,), False),
    "input": ((str, NULL), True),
    "input_hashes": ((list,), False),
    "measurement_start_time": ((str,), True),
    "options": ((list,), False),
    "probe_asn": ((str,), True),
    "probe_cc": ((str,), True),
    "probe_city": ((str, NULL), False),
    "probe_ip": ((str,), True),
    "probe_network_name": ((str,), True),
    "report_id": ((str,), True),
    "resolver_asn": ((str,), True),
    "resolver_ip": ((str,), True),
    "resolver_network_name": ((str,), True),
    "software_name": ((str,), True),
    "software_version": ((str,), True),
    "test_keys": ((dict,), True),
    "test_name": ((str,), True),
    "test_runtime": ((float, int), True),
    "test_start_time": ((str,), True),
    "test_version": ((str,), True),
}

TEST_KEYS: Final[Fields] = {  # ts-017
    "control": ((dict, NULL), True),
    "control_failure": ((str, NULL), True),
    "network_events": ((list, NULL), True),
    "queries": ((list, NULL), True),
    "quic_handshakes": ((list, NULL), False),
    "requests": ((list, NULL), True),
    "tcp_connect": ((list, NULL), True),
    "tls_handshakes": ((list, NULL), True),
}

TIMES: Final[Fields] = {"t": ((float, int), True), "t0": ((float, int), False)}
LABELS: Final[Fields] = {"tags": ((list, NULL), False), "transaction_id": ((int,), False)}

QUERY: Final[Fields] = {  # df-002
    "answers": ((list, NULL), True),
    "dial_id": ((int,), False),
    "engine": ((str,), False),
    "failure": ((str, NULL), True),
    "getaddrinfo_error": ((int,), False),
    "hostname": ((str,), True),
    "query_type": ((str,), True),
    "raw_response": ((str,), False),
    "rcode": ((int, NULL), False),
    "resolver_address": ((str,), True),
    "resolver_hostname": ((str, NULL), False),
    "resolver_port": ((str, NULL), False),
    **TIMES,
    **LABELS,
}

ENGINES: Final = frozenset(
    ("unknown", "system", "getaddrinfo", "golang_net_resolver", "go", "udp", "tcp", "dot", "doh")
)
"""df-002, "DNS resolver engines". DNS over QUIC has none: ours is ``doq``."""

ANSWER: Final[Fields] = {  # df-002
    "answer_type": ((str,), True),
    "as_org_name": ((str,), False),
    "asn": ((int,), False),
    "hostname": ((str,), False),
    "ipv4": ((str,), False),
    "ipv6": ((str,), False),
    "ttl": ((int, NULL), False),
}

CONNECT: Final[Fields] = {  # df-005
    "conn_id": ((int,), False),
    "dial_id": ((int,), False),
    "ip": ((str,), True),
    "port": ((int,), True),
    "status": ((dict,), True),
    **TIMES,
    **LABELS,
}

STATUS: Final[Fields] = {"failure": ((str, NULL), True), "success": ((bool,), True)}

HANDSHAKE: Final[Fields] = {  # df-006
    "address": ((str,), True),
    "cipher_suite": ((str,), True),
    "conn_id": ((int,), False),
    "echconfig": ((str,), False),
    "failure": ((str, NULL), True),
    "negotiated_protocol": ((str,), True),
    "network": ((str,), False),
    "no_tls_verify": ((bool,), True),
    "outer_server_name": ((str,), False),
    "peer_certificates": ((list, NULL), True),
    "server_name": ((str,), False),
    "so_error": ((str, NULL), False),
    "tls_version": ((str,), True),
    **TIMES,
    **LABELS,
}

BINARY: Final[Fields] = {"data": ((str,), True), "format": ((str,), True)}  # df-001, MaybeBinaryData

EXCHANGE: Final[Fields] = {  # df-001
    "address": ((str,), False),
    "alpn": ((str,), False),
    "failure": ((str, NULL), True),
    "network": ((str,), False),
    "request": ((dict,), True),
    "response": ((dict, NULL), True),
    **TIMES,
    **LABELS,
}

REQUEST: Final[Fields] = {  # df-001
    "body": ((str, dict), True),
    "body_is_truncated": ((bool,), False),
    "headers": ((dict,), True),
    "headers_list": ((list,), True),
    "method": ((str,), True),
    "tor": ((dict,), True),
    "url": ((str,), True),
}

RESPONSE: Final[Fields] = {  # df-001
    "body": ((str, dict), True),
    "body_is_truncated": ((bool,), False),
    "code": ((int,), True),
    "headers": ((dict,), True),
    "headers_list": ((list,), True),
}

EVENT: Final[Fields] = {  # df-008
    "address": ((str, NULL), False),
    "conn_id": ((int,), False),
    "failure": ((str, NULL), True),
    "num_bytes": ((int, NULL), False),
    "operation": ((str,), True),
    "proto": ((str, NULL), False),
    **TIMES,
    **LABELS,
}

CONTROL: Final[Fields] = {  # ts-017, the test helper's answer
    "dns": ((dict, NULL), True),
    "http_request": ((dict, NULL), True),
    "ip_info": ((dict, NULL), False),
    "quic_handshake": ((dict, NULL), False),
    "tcp_connect": ((dict, NULL), True),
    "tls_handshake": ((dict, NULL), False),
}

DF_007: Final = frozenset(
    """
    android_dns_cache_no_data connection_aborted connection_already_closed connection_refused connection_reset
    dns_bogon_error dns_no_answer dns_non_recoverable_failure dns_nxdomain_error dns_reply_with_wrong_query_id
    dns_refused_error dns_server_misbehaving dns_servfail_error dns_temporary_failure eof_error http_request_failed
    host_unreachable generic_timeout_error http_unexpected_redirect_url http_unexpected_status_code interrupted
    json_parse_error network_down network_reset network_unreachable quic_incompatible_version ssl_failed_handshake
    ssl_invalid_hostname ssl_unknown_authority ssl_invalid_certificate
    """.split()  # noqa: SIM905
)
"""df-007, the table of current failures."""

PROBE_CLI: Final = frozenset(
    """
    address_family_not_supported address_in_use address_not_available already_connected bad_address
    bad_file_descriptor connection_already_in_progress destination_address_required http_invalid_redirect_location_host
    invalid_argument message_size no_buffer_space no_protocol_option not_a_socket not_connected operation_would_block
    permission_denied protocol_not_supported timed_out wrong_protocol_type
    """.split()  # noqa: SIM905
)
"""What ooni/probe-cli (internal/netxlite, errno and errors) writes beside df-007."""

UNKNOWN: Final = "unknown_failure"
"""df-007: "any other error" begins with this."""


def is_failure(text: str | None) -> bool:
    """Whether a failure is one that the formats know."""
    return text is None or text in DF_007 or text in PROBE_CLI or text.startswith(UNKNOWN)


def problems(value: Any, fields: Fields, *, at: str) -> list[str]:
    """What of an object does not follow its table."""
    if not isinstance(value, dict):
        return [f"{at}: not an object"]
    found = [f"{at}.{name}: missing" for name, (_, needed) in fields.items() if needed and name not in value]
    for name, item in value.items():
        if name.startswith("x_"):
            continue
        if name not in fields:
            found.append(f"{at}.{name}: not in the format")
        elif not _is_of(item, fields[name][0]):
            found.append(f"{at}.{name}: {type(item).__name__}")
    if isinstance(value.get("failure"), str) and not is_failure(value["failure"]):
        found.append(f"{at}.failure: {value['failure']}")
    return found


def _is_of(item: Any, types: tuple[Any, ...]) -> bool:
    return type(item) in types


def document_problems(document: dict[str, Any]) -> list[str]:
    """What of a whole document does not follow the formats."""
    keys = document["test_keys"]
    found = problems(document, ENVELOPE, at="document") + problems(keys, TEST_KEYS, at="test_keys")
    for query in (*keys["queries"], *keys.get("x_dns_duplicate_responses", ())):
        found += problems(query, QUERY, at="query")
        for answer in query["answers"] or ():
            found += problems(answer, ANSWER, at="answer")
        if query["engine"] not in ENGINES | {"doq"}:
            found.append(f"query.engine: {query['engine']}")
    for connect in keys["tcp_connect"]:
        found += problems(connect, CONNECT, at="connect") + problems(connect["status"], STATUS, at="status")
    for handshake in (*keys["tls_handshakes"], *keys["quic_handshakes"]):
        found += problems(handshake, HANDSHAKE, at="handshake")
        for certificate in handshake["peer_certificates"]:
            found += problems(certificate, BINARY, at="certificate")
    for exchange in keys["requests"]:
        found += problems(exchange, EXCHANGE, at="exchange") + problems(exchange["request"], REQUEST, at="request")
        if exchange["response"] is not None:
            found += problems(exchange["response"], RESPONSE, at="response")
    for event in keys["network_events"]:
        found += problems(event, EVENT, at="event")
    if keys["control"] is not None:
        found += problems(keys["control"], CONTROL, at="control")
    return found
