"""Observations: what one step saw. No type here has a field that means "blocked".

``at`` is the place of the step in its document (``test_keys.queries[3]``): the witness that evidence points to.
``failure`` is the class of the step's failure (``model.failure``), ``ok`` when it went well. ``t_s`` is seconds since
the measurement began, None where the document does not say.
"""

from msgspec import Struct


class DnsLookup(Struct, frozen=True, kw_only=True, gc=False):
    """One name, one resolver, one kind of record.

    ``resolver`` is how it was asked: ``system``, ``udp`` (a resolver named by the probe, unencrypted) or
    ``encrypted`` (DoT, DoH, DoQ). ``answers`` pairs an address with the ASN that the probe noted (0: none).
    """

    at: str
    host: str
    resolver: str
    server: str
    failure: str
    answers: tuple[tuple[str, int], ...]
    t_s: float | None = None


class TcpConnect(Struct, frozen=True, kw_only=True, gc=False):
    """One TCP connection attempt to ``address`` and ``port``."""

    at: str
    address: str
    port: int
    failure: str
    t_s: float | None = None


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


class HttpExchange(Struct, frozen=True, kw_only=True, gc=False):
    """One HTTP request and what came back. Redirects are exchanges of their own.

    ``status`` is 0 when no response line arrived. ``headers`` are as in the document; ``body`` is text, "" when
    absent or binary; ``body_bytes`` its length in bytes as far as known, -1 unknown.
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
