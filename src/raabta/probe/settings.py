"""What a probe is told about the world: whom to ask, whom to trust, how long to wait. The lab passes its own.

Every address here is infrastructure that the user or the package named (resolvers, anchors, the control), never a
target. Defaults for the internet stand in ``pipeline.defaults``, since they are data with an age.
"""

from typing import Literal

from msgspec import Struct

Engine = Literal["udp", "tcp", "dot", "doh", "doq"]


class Resolver(Struct, frozen=True, kw_only=True):
    """One resolver that the probe asks itself. ``name`` is its TLS name; ``path`` is for DoH."""

    engine: Engine
    address: str
    port: int
    name: str = ""
    path: str = "/dns-query"


class Anchor(Struct, frozen=True, kw_only=True):
    """An end point beyond the operator that answers TCP nearly always: does anything past the operator answer?"""

    address: str
    port: int


class PortalCheck(Struct, frozen=True, kw_only=True):
    """A page in clear whose answer is known: a captive portal answers something else."""

    host: str
    path: str
    status: int
    body: str = ""


class Timeouts(Struct, frozen=True, kw_only=True):
    """Seconds per step. A lost SYN is repeated after 1 s and 3 s, so that a connection must get at least 3.5 s."""

    dns_s: float = 4.0
    dns_second_s: float = 0.3
    """How long to listen for a second answer after the first (an injected one arrives first)."""
    tcp_s: float = 8.0
    tls_s: float = 8.0
    http_s: float = 20.0
    quic_s: float = 4.0
    control_s: float = 20.0


class ProbeSettings(Struct, frozen=True, kw_only=True):
    """Everything that a round of probing depends on besides its targets.

    ``trust_pem`` is the trust store (PEM text), "" for the platform's. ``other_name`` is a harmless server name for
    contrasts.
    ``control_anchor`` is an address and port outside the country that answers TLS with any name (usually the
    control's).
    ``max_in_flight`` TLS handshakes at a time: more makes clocks lie (docs/diagnosis.md).
    """

    plain_resolver: Resolver
    encrypted_resolvers: tuple[Resolver, ...] = ()
    anchors: tuple[Anchor, ...] = ()
    portal_check: PortalCheck | None = None
    trust_pem: str = ""
    other_name: str = "example.com"
    control_anchor: Anchor | None = None
    timeouts: Timeouts = Timeouts()
    max_in_flight: int = 10
    max_redirects: int = 10
    max_body_bytes: int = 131_072
    max_s: float = 60.0
    max_packets: int = 2_000
    max_bytes: int = 1_000_000
    layers: tuple[str, ...] = ("dns", "tcp", "tls", "http", "quic")
    ipv6: bool = True
