"""Does an exemption work? What single openings saw, and the answer from many of them."""

import datetime as dt
from typing import Final, Literal

from msgspec import Struct

EFFECTS: Final = {
    "effective": "listed traffic passes where the same traffic to somebody else does not",
    "not_effective": "listed traffic is restricted like everybody's",
    "undecidable": "cannot be told now",
}
"""The three answers."""

Leg = Literal["endpoint", "twin", "outside", "outside_twin", "line"]
"""Which way an opening went: to the end point, to its control twin; to either of them from a witness outside; or, with
something that nobody restricts, along the line, to know how much it loses."""


class OpeningFact(Struct, frozen=True, kw_only=True):
    """Openings of a protocol that ended alike: what was sent, and what came back. It has no field that means "blocked".

    ``failure`` is an OONI df-007 string or None. ``n_sent`` and ``n_answered`` count openings where a train of them
    was sent; those of a train that ended in another way are another fact.
    """

    leg: Leg
    protocol: str
    transport: Literal["udp", "tcp"]
    at_s: float
    """Since the test began."""
    n_sent: int = 1
    n_answered: int = 0
    rtt_ms: float | None = None
    failure: str | None = None
    operation: str = ""
    """Where it failed: resolve, connect, open."""
    place: int = 0
    """Which twin, where there are several."""
    late: bool = False
    """The answers came long after the line's own time, as from a queue."""
    sender: Literal["", "target", "router"] = ""
    """Who sent the ICMP error, if it was one: the target itself, or anybody else."""
    icmp: str = ""
    """Its type and code, as "3.13"; IPv6's begin with "v6 "."""


class Effect(Struct, frozen=True, kw_only=True):
    """The answer for one end point, from one network, at one time; with what it rests on."""

    endpoint: str
    """Protocol and place, as ``wireguard://192.0.2.1:51820``, or an opaque id."""
    answer: Literal["effective", "not_effective", "undecidable"]
    reason: str
    """A code of ``remedy.effect``; its words are there."""
    likelihood: float
    """Posterior of the answer."""
    restriction: str = ""
    """What the twin met: drop, reset, throttle, or ""."""
    n_endpoint: int
    n_endpoint_answered: int
    n_twin: int
    n_twin_answered: int
    asn: int = 0
    """The network measured from."""
    measured_at: dt.datetime
    facts: tuple[OpeningFact, ...] = ()
