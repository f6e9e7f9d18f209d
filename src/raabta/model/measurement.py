"""A measurement as every stage sees it, whatever program or year it came from."""

from msgspec import Struct

from raabta.model.observation import (
    Contrast,
    DnsLookup,
    HttpExchange,
    LocalHealth,
    ServiceCheck,
    SpeedFact,
    TcpConnect,
    TlsHandshake,
    TransferFact,
)


class Note(Struct, frozen=True, kw_only=True, gc=False):
    """A field that was lost: where it stood, and why."""

    field: str
    reason: str


class Rejection(Struct, frozen=True, kw_only=True, gc=False):
    """A document that could not be read: where, and what to try."""

    file: str
    line: int
    field: str
    reason: str


class ControlEndpoint(Struct, frozen=True, kw_only=True, gc=False):
    """What the control saw at one endpoint. A class is "" where the control did not try."""

    tcp: str = ""
    tls: str = ""
    quic: str = ""


class Control(Struct, frozen=True, kw_only=True, gc=False):
    """The same target seen by the measurement's own helper. A class is "" where the control did not try.

    ``dns`` and ``http`` are failure classes; ``status`` is 0 and ``body_bytes`` -1 where no page was got.
    ``rate_bps`` is the rate at which the page came to the control, None where it did not say.
    ``endpoints`` is keyed ``address:port`` (``[v6]:port``) as in the document; ``asns`` gives the ASN it noted.
    """

    dns: str = ""
    addresses: tuple[str, ...] = ()
    endpoints: dict[str, ControlEndpoint] = {}
    http: str = ""
    status: int = 0
    title: str = ""
    body_bytes: int = -1
    headers: dict[str, str] = {}
    asns: dict[str, int] = {}
    rate_bps: float | None = None


class Measurement(Struct, frozen=True, kw_only=True, gc=False):
    """One plan, one target, one vantage point, one time.

    ``report`` names the run that it was sent in, its reporter; ``probe_asn`` is 0 where unknown; ``measured_at`` is
    ISO 8601 in UTC ("2024-02-12T20:33:47Z") or "". ``facts`` keeps what the nettest itself reported and no question
    asks about. ``unjudged`` is the reason why this nettest is read and not judged, "" where it is judged.
    """

    file: str
    line: int
    uid: str
    report: str
    test_name: str
    test_version: str
    input: str
    probe_cc: str
    probe_asn: int
    measured_at: str
    lookups: tuple[DnsLookup, ...] = ()
    connects: tuple[TcpConnect, ...] = ()
    handshakes: tuple[TlsHandshake, ...] = ()
    exchanges: tuple[HttpExchange, ...] = ()
    transfers: tuple[TransferFact, ...] = ()
    checks: tuple[ServiceCheck, ...] = ()
    speeds: tuple[SpeedFact, ...] = ()
    late_answers: tuple[DnsLookup, ...] = ()
    control: Control | None = None
    contrasts: tuple[Contrast, ...] = ()
    local: LocalHealth | None = None
    facts: dict[str, str | int | float | bool | None] = {}
    notes: tuple[Note, ...] = ()
    unjudged: str = ""
