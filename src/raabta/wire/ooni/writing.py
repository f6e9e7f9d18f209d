"""Shapes of the documents that the probe writes: df-000 with df-001, 002, 005, 006 and 008 parts, complete.

``types`` holds what is *read*, of all versions and only what a question needs; here stands what is *written*, in
today's format and in full, so that OONI's own parsers read it. A probe's step returns one of these parts: one step, one
observation. Fields that OONI does not define begin with ``x_``, as its formats ask; they are null,
empty or left out where there is nothing to say.

Source: ooni/spec data-formats (df-000-base, df-001-httpt, df-002-dnst, df-005-tcpconnect, df-006-tlshandshake,
df-008-netevents) and nettests/ts-017-web-connectivity (the control's answer). Times are seconds since the measurement
began.
"""

from typing import Any

import msgspec
from msgspec import Struct

from raabta.model import LocalHealth, PageSigns


class Answer(Struct, kw_only=True, omit_defaults=True, gc=False):
    """One record of a DNS answer (df-002). ``x_value`` holds the text of a record that df-002 has no field for."""

    answer_type: str
    asn: int | None = None
    as_org_name: str | None = None
    hostname: str | None = None
    ipv4: str | None = None
    ipv6: str | None = None
    ttl: int | None = None
    x_value: str | None = None


class Query(Struct, kw_only=True, gc=False):
    """One DNS query (df-002). ``x_from`` is who answered, where that was not who was asked."""

    engine: str
    hostname: str
    query_type: str
    resolver_address: str
    failure: str | None = None
    answers: list[Answer] | None = None
    rcode: int | None = None
    resolver_hostname: str | None = None
    resolver_port: str | None = None
    t0: float = 0.0
    t: float = 0.0
    tags: list[str] = []
    transaction_id: int = 0
    x_from: str | None = None
    x_tries: int = 1


class Status(Struct, kw_only=True, gc=False):
    """How a connection attempt ended (df-005)."""

    failure: str | None
    success: bool


class Icmp(Struct, kw_only=True):
    """An ICMP error that ended a step: its type and code, and where its sender stands.

    ``sender`` is ``target``, ``access``, ``transit``, ``local`` or ``unknown``, never an address: a first hop's address
    tells where the person who measures is. ``asn`` is 0 where unknown.
    """

    type: int
    code: int
    sender: str = "unknown"
    asn: int = 0


class Connect(Struct, kw_only=True, gc=False):
    """One TCP connection attempt (df-005), with what the kernel knows of it (TCP_INFO)."""

    ip: str
    port: int
    status: Status
    t0: float
    t: float
    tags: list[str] = []
    transaction_id: int = 0
    x_rtt_ms: float | None = None
    x_retransmits: int | None = None
    x_icmp: Icmp | None = None


class Certificate(Struct, kw_only=True):
    """One certificate of a chain: base64 of its DER form."""

    data: str
    format: str = "base64"


class Handshake(Struct, kw_only=True, gc=False):
    """One TLS or QUIC handshake (df-006). ``network`` is ``tcp`` or ``udp``."""

    address: str
    server_name: str
    network: str = "tcp"
    failure: str | None = None
    cipher_suite: str = ""
    negotiated_protocol: str = ""
    tls_version: str = ""
    no_tls_verify: bool = False
    peer_certificates: list[Certificate] = []
    t0: float = 0.0
    t: float = 0.0
    tags: list[str] = []
    transaction_id: int = 0
    so_error: str | None = None
    x_alert: int | None = None


class Request(Struct, kw_only=True):
    """The request of an exchange (df-001)."""

    method: str
    url: str
    headers: dict[str, str] = {}
    headers_list: list[list[str]] = []
    body: str = ""
    body_is_truncated: bool = False
    tor: dict[str, Any] = msgspec.field(default_factory=lambda: {"exit_ip": None, "exit_name": None, "is_tor": False})
    x_transport: str = "tcp"


class Response(Struct, kw_only=True):
    """The response of an exchange (df-001). The body is never kept: ``x_page`` stands in its place."""

    code: int
    headers: dict[str, str]
    headers_list: list[list[str]]
    body: str = ""
    body_is_truncated: bool = False
    x_page: PageSigns | None = None


class Exchange(Struct, kw_only=True):
    """One HTTP request and what came back (df-001). A redirect's next request is an exchange of its own."""

    request: Request
    failure: str | None = None
    response: Response | None = None
    network: str = "tcp"
    address: str = ""
    alpn: str = ""
    t0: float = 0.0
    t: float = 0.0
    tags: list[str] = []
    transaction_id: int = 0


class Event(Struct, kw_only=True, gc=False):
    """One network event (df-008)."""

    operation: str
    t: float
    t0: float = 0.0
    failure: str | None = None
    address: str | None = None
    num_bytes: int | None = None
    proto: str | None = None
    tags: list[str] = []
    transaction_id: int = 0


class Contrast(Struct, kw_only=True, omit_defaults=True):
    """One follow-up: the step that failed, or its like, with one thing changed.

    ``kind`` is an id of ``model.followup.FOLLOW_UPS`` (``tls.other_name``, ``tcp.repeat``, …). ``name`` is the
    server name, host or question used; ``failure`` as in every step. ``n`` tries were made, ``n_good`` went well.
    ``received_bytes`` in ``t - t0`` seconds gives a rate where the follow-up is a transfer. ``hop`` and ``asn`` say
    where an answer came from in a walk by TTL; ``sender`` as in ``Icmp``.
    """

    kind: str
    address: str = ""
    port: int = 0
    name: str = ""
    failure: str | None = None
    n: int = 1
    n_good: int = 0
    received_bytes: int = 0
    t0: float = 0.0
    t: float = 0.0
    rtt_ms: float | None = None
    hop: int = 0
    asn: int = 0
    sender: str = ""
    detail: str = ""
    transaction_id: int = 0


class Skipped(Struct, kw_only=True):
    """Something that was not measured, and why: the platform lacks it, the budget was spent, the user left it out."""

    what: str
    reason: str


class TestKeys(Struct, kw_only=True):
    """``test_keys`` of a web-like measurement (ts-017), with the follow-ups."""

    queries: list[Query] = []
    tcp_connect: list[Connect] = []
    tls_handshakes: list[Handshake] = []
    quic_handshakes: list[Handshake] = []
    requests: list[Exchange] = []
    network_events: list[Event] = []
    control: dict[str, Any] | None = None
    control_failure: str | None = None
    x_dns_duplicate_responses: list[Query] = []
    x_contrasts: list[Contrast] = []
    x_local: LocalHealth | None = None
    x_skipped: list[Skipped] = []


class Document(Struct, kw_only=True):
    """The df-000 envelope."""

    input: str
    measurement_start_time: str
    test_start_time: str
    probe_asn: str
    probe_cc: str
    report_id: str
    test_name: str
    test_version: str
    software_name: str
    software_version: str
    test_runtime: float
    test_keys: TestKeys
    annotations: dict[str, str] = {}
    data_format_version: str = "0.2.0"
    probe_ip: str = "127.0.0.1"
    probe_network_name: str = ""
    probe_city: str | None = None
    resolver_asn: str = "AS0"
    resolver_ip: str = "127.0.0.2"
    resolver_network_name: str = ""
    input_hashes: list[str] = []
    options: list[str] = []
    id: str = ""


def encode_document(document: Document) -> bytes:
    """Give a document as one line of JSON, without the newline."""
    return msgspec.json.encode(document)
