"""Shapes of OONI documents as decoded, of all versions at once.

Source: ooni/spec data-formats df-000, df-001 (HTTP), df-002 (DNS), df-005 (TCP), df-006 (TLS), df-008 (network
events) and nettests ts-*; where older programs wrote something else (a bool for a failure, an object for a list),
the union says so. Fields that no question needs are not named, so that the decoder skips them.
``Raw`` parts are decoded only where they are looked at: they are large, and seldom needed.
"""

from typing import Any, Final

from msgspec import DecodeError, Raw, Struct

from raabta.model import LocalHealth, PageSigns

DECODE_ERRORS: Final = (DecodeError, UnicodeDecodeError, RecursionError)
"""What the decoder raises for bytes that do not fit: not JSON, another type, not UTF-8, nested too deep."""

Failure = str | bool | None
Number = int | float | None


class WireAnswer(Struct, gc=False):
    answer_type: str | None = None
    ipv4: str | None = None
    ipv6: str | None = None
    asn: int | str | None = None


class WireLookup(Struct, gc=False):
    answers: list[WireAnswer] | None = None
    engine: str | None = None
    failure: Failure = None
    hostname: str | None = None
    query_type: str | None = None
    resolver_address: str | None = None
    t: Number = None


class WireStatus(Struct, gc=False):
    failure: Failure = None
    success: bool | None = None


class WireIcmp(Struct, gc=False):
    sender: str | None = None


class WireConnect(Struct, gc=False):
    ip: str | None = None
    port: int | None = None
    status: WireStatus | None = None
    t: Number = None
    x_icmp: WireIcmp | None = None
    x_retransmits: int | None = None
    x_rtt_ms: Number = None


class WireHandshake(Struct, gc=False):
    address: str | None = None
    failure: Failure = None
    network: str | None = None
    no_tls_verify: bool | None = None
    peer_certificates: Raw = Raw()
    server_name: str | None = None
    t: Number = None
    transaction_id: int | None = None


class WireRequest(Struct, gc=False):
    method: str | None = None
    url: str | None = None
    headers: Raw = Raw()


class WireResponse(Struct, gc=False):
    body: str | dict[str, Any] | None = None
    body_is_truncated: bool | None = None
    code: int | None = None
    headers: dict[str, Any] | None = None
    x_page: PageSigns | None = None


class WireExchange(Struct, gc=False):
    address: str | None = None
    failure: Failure = None
    network: str | None = None
    request: WireRequest | None = None
    response: WireResponse | None = None
    t: Number = None
    t0: Number = None
    transaction_id: int | None = None


class WireEvent(Struct, gc=False):
    address: str | None = None
    failure: Failure = None
    num_bytes: int | None = None
    operation: str | None = None
    t: Number = None
    transaction_id: int | None = None


class WireControlDns(Struct, gc=False):
    addrs: list[str] | None = None
    failure: Failure = None


class WireControlStep(Struct, gc=False):
    failure: Failure = None
    status: bool | None = None


class WireControlHttp(Struct, gc=False):
    body_length: int | None = None
    failure: Failure = None
    headers: dict[str, Any] | None = None
    status_code: int | None = None
    title: str | None = None
    x_body_s: Number = None


class WireAddressInfo(Struct, gc=False):
    asn: int | None = None


class WireControl(Struct, gc=False):
    dns: WireControlDns | None = None
    http_request: WireControlHttp | None = None
    ip_info: dict[str, WireAddressInfo] | None = None
    quic_handshake: dict[str, WireControlStep] | None = None
    tcp_connect: dict[str, WireControlStep] | None = None
    tls_handshake: dict[str, WireControlStep] | None = None


class WireTarget(Struct, gc=False):
    """One relay or bridge of the tor nettest."""

    failure: Failure = None
    target_address: str | None = None
    target_protocol: str | None = None


class WireEndpointCheck(Struct, gc=False):
    """One handshake of the openvpn nettest."""

    endpoint: str | None = None
    failure: Failure = None
    ip: str | None = None
    port: int | None = None


class WireBootstrap(Struct, gc=False):
    queries: list[WireLookup] | None = None


class WireEncryptedLookup(Struct, gc=False):
    """One resolver endpoint of the dnscheck nettest."""

    failure: Failure = None


class WireContrast(Struct, gc=False):
    """One follow-up of our own probe (``writing.Contrast``)."""

    kind: str | None = None
    address: str | None = None
    port: int | None = None
    name: str | None = None
    failure: Failure = None
    n: int = 1
    n_good: int = 0
    received_bytes: int = 0
    rtt_ms: Number = None
    t: Number = None
    t0: Number = None
    hop: int = 0
    asn: int = 0
    sender: str = ""
    detail: str = ""


class WireSpeed(Struct, gc=False):
    """``summary`` of ndt, ``simple`` of dash. Rates in kbit/s, times in ms (ndt)."""

    download: Number = None
    median_bitrate: Number = None
    min_rtt: Number = None
    retransmit_rate: Number = None
    upload: Number = None


class WireTampering(Struct, gc=False):
    header_field_name: bool | None = None
    header_field_number: bool | None = None
    header_field_value: bool | None = None
    header_name_capitalization: bool | None = None
    request_line_capitalization: bool | None = None
    total: bool | None = None


class WireTestKeys(Struct, gc=False):
    """``test_keys`` of every judged nettest: one name never means two things that a union cannot hold."""

    bootstrap: WireBootstrap | None = None
    bootstrap_time: Number = None
    control: WireControl | None = None
    control_failure: Failure = None
    endpoint: str | None = None
    failure: Failure = None
    failure_list: list[Failure] | None = None
    lookups: dict[str, WireEncryptedLookup] | None = None
    network_events: Raw = Raw()
    openvpn_handshake: list[WireEndpointCheck] | None = None
    quic_handshakes: list[WireHandshake] | None = None
    queries: list[WireLookup] | None = None
    received: list[str | None] | None = None
    remote: str | None = None
    requests: list[WireExchange] | None = None
    sent: list[str] | None = None
    simple: WireSpeed | None = None
    success_handshake: bool | None = None
    summary: WireSpeed | None = None
    tampering: bool | WireTampering | None = None
    targets: dict[str, WireTarget] | None = None
    tcp_connect: list[WireConnect] | WireConnect | None = None
    tls_handshakes: list[WireHandshake] | None = None
    x_contrasts: list[WireContrast] | None = None
    x_dns_duplicate_responses: list[WireLookup] | None = None
    x_local: LocalHealth | None = None


class WireDocument(Struct, gc=False):
    """The df-000 envelope. ``test_name`` is the one field without which nothing can be said."""

    test_name: str
    id: str | None = None
    input: str | list[str] | None = None
    measurement_start_time: str | None = None
    measurement_uid: str | None = None
    probe_asn: str | int | None = None
    probe_cc: str | None = None
    report_id: str | None = None
    test_keys: WireTestKeys | None = None
    test_start_time: str | None = None
    test_version: str | None = None
