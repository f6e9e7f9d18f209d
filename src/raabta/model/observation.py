"""Observations: what one step saw. No type here has a field that means "blocked".

``at`` is the place of the step in its document (``test_keys.queries[3]``): the witness that evidence points to.
``failure`` is the class of the step's failure (``model.failure``), ``ok`` when it went well. ``t_s`` is seconds since
the measurement began, None where the document does not say.
"""

from msgspec import Struct


class DnsLookup(Struct, frozen=True, kw_only=True, gc=False):
    """One name, one resolver, one kind of record.

    ``resolver`` is how it was asked: ``system``, ``udp`` (a resolver named by the probe, unencrypted) or
    ``encrypted`` (DoT, DoH, DoQ); ``engine`` is the probe's own word for it. ``answers`` pairs an address with the
    ASN that the probe noted (0: none).
    """

    at: str
    host: str
    resolver: str
    server: str
    failure: str
    answers: tuple[tuple[str, int], ...]
    engine: str = ""
    t_s: float | None = None


class TcpConnect(Struct, frozen=True, kw_only=True, gc=False):
    """One TCP connection attempt to ``address`` and ``port``.

    ``rtt_ms`` and ``retransmits`` are the kernel's (TCP_INFO), None where not measured. ``icmp_sender`` says where the
    sender of an ICMP error stands (``target``, ``access``, ``transit``, ``local``, ``unknown``), "" where none arrived.
    """

    at: str
    address: str
    port: int
    failure: str
    t_s: float | None = None
    rtt_ms: float | None = None
    retransmits: int | None = None
    icmp_sender: str = ""


class TlsHandshake(Struct, frozen=True, kw_only=True, gc=False):
    """One TLS or QUIC handshake.

    ``chain`` holds the certificates as base64 DER, as received, leaf first (empty when the document has none);
    ``verified`` is False where the probe was told not to check them; ``transport`` is ``tcp`` or ``quic``.
    ``step`` says how far it got where events tell: ``sent`` (ClientHello written, nothing read), ``read`` or "".
    """

    at: str
    address: str
    port: int
    server_name: str
    failure: str
    verified: bool
    transport: str
    chain: tuple[str, ...] = ()
    step: str = ""
    t_s: float | None = None


class PageSigns(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What is kept of a page in place of its body.

    ``sha256`` and ``bytes`` are of the body as received; ``title`` has no addresses; ``kind`` and ``id`` name the known
    page that it matches (reference/fingerprints); ``refusal`` says that its words refuse, ``own_reason`` that they give
    a site's own reason.
    """

    sha256: str = ""
    bytes: int = 0
    title: str = ""
    kind: str = ""
    id: str = ""
    refusal: bool = False
    own_reason: bool = False


class HttpExchange(Struct, frozen=True, kw_only=True, gc=False):
    """One HTTP request and what came back. Redirects are exchanges of their own.

    ``status`` is 0 when no response line arrived. ``headers`` are as in the document; ``body`` is text, "" when
    absent or binary; ``body_bytes`` its length in bytes as far as known, -1 unknown. ``signs`` stand in place of a body
    that the probe did not keep.
    """

    at: str
    url: str
    method: str
    address: str
    failure: str
    status: int
    headers: dict[str, str]
    body: str
    body_bytes: int
    truncated: bool
    t_s: float | None = None
    signs: PageSigns | None = None


class TransferFact(Struct, frozen=True, kw_only=True, gc=False):
    """How bytes arrived on one connection, from its read events.

    ``received_bytes`` until ``last_s``; ``silence_s`` from the last byte to the end of the exchange, where known.
    """

    at: str
    address: str
    received_bytes: int
    first_s: float
    last_s: float
    silence_s: float


class SpeedFact(Struct, frozen=True, kw_only=True, gc=False):
    """A result of a speed nettest (ndt, dash)."""

    at: str
    failure: str
    download_bps: float | None = None
    upload_bps: float | None = None
    min_rtt_ms: float | None = None
    retransmit_share: float | None = None


class ServiceCheck(Struct, frozen=True, kw_only=True, gc=False):
    """A step that is not one of the protocols above: a STUN binding, an OpenVPN or OONI-bridge handshake, an echo.

    ``kind`` names the protocol (``stun``, ``openvpn``, ``tor.or_port_dirauth``, ``echo.request_line``,
    ``echo.headers``); ``outcome`` is a failure class, or ``tampered`` for an echo that came back changed.
    """

    at: str
    kind: str
    address: str
    port: int
    outcome: str


class Contrast(Struct, frozen=True, kw_only=True, gc=False):
    """One follow-up: a step taken again with one thing changed. ``kind`` is an id of ``model.followup.FOLLOW_UPS``.

    ``failure`` is the class of the last try; ``n`` tries were made, ``n_good`` went well. ``received_bytes`` came in
    ``lasted_s``; ``rtt_ms`` is the connection's (TCP_INFO). ``hop``, ``asn`` and ``sender`` (``access``, ``transit``,
    ``target``, ``local``, ``unknown``, "") say where an answer or a silence began in a walk.
    """

    at: str
    kind: str
    address: str
    port: int
    name: str
    failure: str
    n: int
    n_good: int
    received_bytes: int = 0
    lasted_s: float = 0.0
    rtt_ms: float | None = None
    hop: int = 0
    asn: int = 0
    sender: str = ""
    detail: str = ""


class LocalHealth(Struct, frozen=True, kw_only=True, gc=False):
    """What the machine's own network looked like before anything else was asked. Words, never addresses.

    ``interface`` and ``gateway``: ``ok``, ``none`` or ``silent``. ``resolver``: ``ok``, ``none``, ``silent`` or
    ``failing``. ``portal``: ``none``, ``portal`` or ``unknown``. ``beyond``: whether anything past the operator
    answers, ``ok`` or ``silent``. ``clock``: ``ok``, ``wrong`` or ``unknown``, with ``clock_off_s`` (own clock minus
    the true one). ``ipv6``: ``ok``, ``none`` or ``broken``. ``encrypted`` gives, by way of encrypted lookup (``dot``,
    ``doh``, ``doq``), the df-007 failure of every try, "" where one was answered. ``rtt_ms``, ``loss_share`` and
    ``goodput_bps`` describe the line towards the anchors and the control, None where not measured.
    """

    interface: str = "ok"
    gateway: str = "ok"
    resolver: str = "ok"
    portal: str = "unknown"
    beyond: str = "ok"
    clock: str = "unknown"
    ipv6: str = "none"
    clock_off_s: float | None = None
    rtt_ms: float | None = None
    loss_share: float | None = None
    goodput_bps: float | None = None
    n_anchors: int = 0
    n_anchors_good: int = 0
    encrypted: dict[str, str] = {}
