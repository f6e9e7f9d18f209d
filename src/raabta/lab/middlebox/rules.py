"""What a rule of a middlebox says: an action, a trigger, and everything that either needs, with addresses filled in.

The words are those of ``lab.scenario.vocabulary``; ``lab.interference`` makes these rules from a scenario's, one for
each operator, since the addresses of answers and senders are the operator's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

Direction = Literal["both", "to_client", "to_server"]

Chance = Callable[[], float]
"""Throws a die: a number from 0 up to, not including, 1. Whoever makes a middlebox or line seeds it."""

FLOW_TRIGGERS: Final = frozenset({"address", "port", "dot", "doq", "doh", "icmp", "all"})
"""Decided by a connection's first packet."""
HELLO_TRIGGERS: Final = frozenset({"sni", "tls", "doh"})
REQUEST_TRIGGERS: Final = frozenset({"host", "keyword", "http"})
QUIC_TRIGGERS: Final = frozenset({"quic", "quic_sni"})

SHAPING: Final = frozenset({"throttle", "freeze", "delay", "detour", "loss"})
"""Actions that let packets pass, changed in time or number; the others end what they hit, or answer it."""

ICMP_CODES: Final[dict[str, tuple[tuple[int, int], tuple[int, int]]]] = {
    "port": ((3, 3), (1, 4)),
    "host": ((3, 1), (1, 3)),
    "net": ((3, 0), (1, 0)),
    "admin": ((3, 13), (1, 1)),
    "net_prohibited": ((3, 9), (1, 6)),
    "protocol": ((3, 2), (4, 1)),
}
"""Type and code of ICMP errors, IPv4 and IPv6 (RFC 792, RFC 1812 section 5.2.7.1, RFC 4443 section 3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A forged DNS answer. Without an address of the type asked for, a positive answer is empty."""

    rcode: int = 0
    address: str = ""
    address6: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. Addresses are packed; an empty set means any.

    ``hosts`` are lower-case; a name below a host counts as the host. ``spared`` servers are never touched (the
    operator's own services). ``page`` is a whole HTTP response. ``senders`` are the addresses (IPv4, IPv6) that
    its ICMP errors come from.
    """

    action: str
    trigger: str
    clients: frozenset[bytes] = frozenset()
    servers: frozenset[bytes] = frozenset()
    spared: frozenset[bytes] = frozenset()
    hosts: frozenset[str] = frozenset()
    ports: frozenset[int] = frozenset()
    words: tuple[bytes, ...] = ()
    probability: float = 1.0
    residual_s: float = 0.0
    direction: Direction = "both"
    answer: Answer = Answer()
    icmp: str = "port"
    senders: tuple[bytes, bytes] = (b"", b"")
    page: bytes = b""
    rate_bytes_s: float = 0.0
    after_bytes: int = 0
    delay_s: float = 0.0
    loss: float = 0.0


def is_about(rule: Rule, host: str) -> bool:
    """Whether a name is one of the rule's hosts or below one; a rule without hosts is about every name."""
    if not rule.hosts or host in rule.hosts:
        return True
    return any(host.endswith("." + known) for known in rule.hosts)
