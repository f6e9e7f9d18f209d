"""Everything that a control depends on: where it listens, what it trusts and believes, and how much it gives to whom.

Nothing here is read from the environment: the command line fills it in, and the lab passes its own tables, resolver
and trust store.
"""

from typing import Final

from msgspec import Struct

from raabta.control.rate import Rate
from raabta.probe.settings import ProbeSettings, Resolver, Timeouts
from raabta.reference.guard import DEFAULT_PORTS
from raabta.reference.tables import Tables

MAX_SPEED_BYTES: Final = 1_000_000


class Limits(Struct, frozen=True, kw_only=True):
    """What is given to whom. Reasoned, not validated: a round of 150 targets asks once each, agents every ten minutes.

    ``rate`` is of each client address: a connection and a request take one token each.
    ``bytes_per_token`` turns a speed transfer into further tokens. Connections and measurements are counted at a time.
    """

    rate: Rate = Rate(per_s=1.0, burst=600.0)
    bytes_per_token: int = 200_000
    max_connections: int = 512
    max_connections_per_client: int = 16
    max_measurements: int = 64
    wrong_token_cost: float = 20.0
    max_question_bytes: int = 16_384
    max_header_bytes: int = 8_192
    max_requests_per_connection: int = 500
    max_endpoints: int = 12
    """End points tried for one question, the client's and those of the name's addresses together."""
    max_redirects: int = 10
    max_body_bytes: int = 131_072


class Deadlines(Struct, frozen=True, kw_only=True):
    """Seconds for each phase of a connection and of a question.

    ``crowded_idle_s`` holds while half of all connections are taken. ``queue_s`` is how long a question waits for its
    turn among the measurements. ``answer_s`` is for a client that reads slowly; ``speed_s`` likewise, for up to a
    megabyte. ``connection_s`` ends any connection.
    """

    tls_s: float = 8.0
    idle_s: float = 60.0
    crowded_idle_s: float = 5.0
    header_s: float = 8.0
    body_s: float = 8.0
    queue_s: float = 4.0
    measure_s: float = 14.0
    answer_s: float = 10.0
    speed_s: float = 60.0
    connection_s: float = 900.0
    close_s: float = 2.0


class ControlSettings(Struct, frozen=True, kw_only=True):
    """One control.

    Attributes:
        listen: Addresses and ports to listen on; port 0 takes any free one.
        tables: ``special`` is what the guard refuses, ``networks`` names the ASN of addresses.
        resolver: Who is asked for names; None asks the system's resolver.
        trust_pem: Certificate authorities to trust; "" for the platform's.
        ports: Ports that targets may be asked on.
        refused_prefixes: Further prefixes never connected to; the machine's own addresses always are.
        contact: Whom the page tells people to write to.
        tokens: Where there are any, a question must carry one.
        timeouts: For each step towards a target.
    """

    listen: tuple[tuple[str, int], ...]
    tables: Tables
    resolver: Resolver | None = None
    trust_pem: str = ""
    ports: frozenset[int] = DEFAULT_PORTS
    refused_prefixes: tuple[str, ...] = ()
    contact: str = ""
    tokens: frozenset[str] = frozenset()
    limits: Limits = Limits()
    deadlines: Deadlines = Deadlines()
    timeouts: Timeouts = Timeouts(dns_s=3.5, dns_second_s=0.0, tcp_s=4.0, tls_s=5.0, http_s=8.0, quic_s=4.0)

    def for_steps(self) -> ProbeSettings:
        """Give what the probe's steps are told."""
        # The system's resolver is asked by another step, which does not look at this address.
        unused = Resolver(engine="udp", address="0.0.0.0", port=53)  # noqa: S104  nothing listens here
        return ProbeSettings(
            plain_resolver=self.resolver or unused,
            trust_pem=self.trust_pem,
            timeouts=self.timeouts,
            max_redirects=self.limits.max_redirects,
            max_body_bytes=self.limits.max_body_bytes,
        )
