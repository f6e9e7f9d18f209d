"""Follow-up questions: the steps worth taking once something odd was seen, each with one thing changed.

``diagnose`` names them, ``pipeline`` drives them within a budget, ``probe`` takes them. Ids are permanent. Costs are
what one follow-up spends at most, for the budget that is printed beforehand: packets and bytes counted in the lab,
seconds from the time-outs.
"""

from typing import Final

from msgspec import Struct


class FollowUp(Struct, frozen=True, kw_only=True):
    """One step to take. ``kind`` is an id of ``FOLLOW_UPS``, ``name`` the host it is about, ``n`` how many tries."""

    kind: str
    address: str = ""
    port: int = 0
    name: str = ""
    path: str = "/"
    n: int = 1
    why: str = ""


class FollowUpKind(Struct, frozen=True, kw_only=True):
    """A kind of follow-up: what it asks, in words, and what it costs at most."""

    id: str
    asks: str
    packets: int
    max_bytes: int
    seconds: float


def _rows(*rows: tuple[str, str, int, int, float]) -> dict[str, FollowUpKind]:
    return {
        kind: FollowUpKind(id=kind, asks=asks, packets=packets, max_bytes=max_bytes, seconds=seconds)
        for kind, asks, packets, max_bytes, seconds in rows
    }


FOLLOW_UPS: Final[dict[str, FollowUpKind]] = _rows(
    ("dns.repeat", "Does the same lookup fail again?", 6, 2_000, 12.0),
    ("dns.system", "What does the system's resolver say when it is asked without the system?", 2, 500, 4.0),
    ("dns.tcp", "What does the plain resolver say over TCP?", 10, 1_500, 4.0),
    ("dns.dot", "What does DNS over TLS say?", 20, 8_000, 6.0),
    ("dns.doq", "What does DNS over QUIC say?", 20, 12_000, 6.0),
    ("dns.other_name", "Does the plain resolver answer for a harmless name?", 2, 500, 4.0),
    ("dns.no_resolver", "Does an address where no resolver is answer for this name?", 2, 500, 2.0),
    ("dns.no_resolver_other_name", "Does an address where no resolver is answer for a harmless name?", 2, 500, 2.0),
    ("dns.odd_page", "What does the odd address show to a request in clear for this name?", 30, 100_000, 12.0),
    ("dns.walk", "At which hop is the query answered?", 90, 8_000, 6.0),
    ("tcp.repeat", "Does the connection fail again?", 12, 1_000, 24.0),
    ("tcp.other_port", "Does another port of the same address answer?", 6, 500, 8.0),
    ("tcp.walk", "At which hop does the opening of a connection end?", 100, 9_000, 6.0),
    ("tls.repeat", "Does the handshake fail again?", 40, 16_000, 24.0),
    ("tls.other_name", "Does a handshake with another name work at the same address?", 14, 6_000, 8.0),
    ("tls.no_name", "Does a handshake without a name work at the same address?", 14, 6_000, 8.0),
    ("tls.control_address", "Does a handshake with this name work at an address elsewhere?", 14, 6_000, 8.0),
    ("tls.split_hello", "Does the handshake work with its first message in two pieces?", 14, 6_000, 8.0),
    ("tls.browser_hello", "Does the handshake work as a browser opens it?", 14, 8_000, 8.0),
    ("tls.ech_grease", "Is a first message with an encrypted part (ECH) treated differently?", 10, 4_000, 8.0),
    ("tls.walk", "At which hop is the first message of the handshake answered or lost?", 200, 26_000, 6.0),
    ("http.repeat", "Does the request fail again?", 30, 100_000, 20.0),
    ("http.other_host", "Does a request in clear for another name work at the same address?", 12, 40_000, 8.0),
    ("http.control_address", "Does a request in clear for this name work at an address elsewhere?", 12, 40_000, 8.0),
    ("http.walk", "At which hop is the request in clear answered or lost?", 200, 26_000, 6.0),
    ("quic.repeat", "Does the QUIC handshake fail again?", 20, 16_000, 8.0),
    ("quic.other_name", "Does a QUIC handshake with another name work at the same address?", 20, 12_000, 4.0),
    ("quic.version_negotiation", "Does the server answer a QUIC version that nobody speaks?", 4, 3_000, 3.0),
    ("quic.control_address", "Does a QUIC handshake with this name work at an address elsewhere?", 20, 12_000, 4.0),
    ("flow.repeat", "Does the page come as slowly again?", 120, 131_072, 20.0),
    ("flow.other_name", "Does a page of another name come as slowly from the same address?", 120, 131_072, 20.0),
    ("flow.control", "Does a page come as slowly from the control?", 120, 131_072, 20.0),
)
