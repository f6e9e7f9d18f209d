"""BGP by ExaBGP: prefixes as routes (``exabgp``), or tuples as flow specifications (``exabgp-flow``, RFC 8955, 8956).

Each is a template, since ExaBGP reads one file: put it before neighbours of one's own that say ``inherit
raabta-prefixes;`` or ``inherit raabta-flows;``.

The routes are a list sent by BGP, not a way to anywhere: they carry NO_EXPORT and NO_ADVERTISE (RFC 1997), and belong
in a table of their own at the receiver. Their next hops lead nowhere, so in a forwarding table they would do what a
black hole does. (``next-hop self`` would pull traffic here, and ExaBGP 4.2 cannot send it for IPv6 over IPv4.)

A flow specification of an exempt tuple has the action ``accept``; routers order flow specifications from narrow to
wide (RFC 8955, 5.1), so it wins over a wider one that discards or limits.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from raabta.model.exemption import ExemptionEntry, ExemptionList
from raabta.remedy.render.sheet import Prefix, Spared, accountable, commented, head, lay_out, unique, written

HOLDS: Final = "the member's side of every entry, as routes with NO_EXPORT and NO_ADVERTISE, for a table of its own"
LOSES: Final = (
    "destination, transport, port and end; all blocks. Never take these routes into a forwarding table: "
    "their next hops lead nowhere"
)
FLOW_HOLDS: Final = "every entry as a pair of flow specifications that accept, blocked networks as ones that discard"
FLOW_LOSES: Final = "the end of an entry (write the file anew each day); blocked host names"

PROTOCOLS: Final = {"tcp": 6, "udp": 17, "gre": 47, "esp": 50}
"""IANA protocol numbers."""

NEXT_HOPS: Final = {"ipv4": "192.0.2.1", "ipv6": "100::1"}
"""Of addresses that nobody has: for documentation (RFC 5737, usual for black holes since RFC 5635), to be discarded
(RFC 6666)."""

COMMUNITIES: Final = "[ 65535:65281 65535:65282 ]"
"""NO_EXPORT and NO_ADVERTISE (RFC 1997)."""


def render(exemptions: ExemptionList, *, now: dt.datetime, verified: Sequence[ExemptionEntry] = ()) -> bytes:
    """Write the members' prefixes as routes."""
    sheet = lay_out(exemptions, now=now, verified=verified)
    spared = unique(item.member for item in sheet.spared)
    return written(
        (
            *commented(head(sheet, holds=HOLDS, loses=LOSES)),
            "template {",
            "  neighbor raabta-prefixes {",
            "    family { ipv4 unicast; ipv6 unicast; }",
            "    announce {",
            *_announced("ipv4", (prefix for prefix in spared if not prefix.is_ipv6)),
            *_announced("ipv6", (prefix for prefix in spared if prefix.is_ipv6)),
            "    }",
            "  }",
            "}",
        )
    )


def render_flows(exemptions: ExemptionList, *, now: dt.datetime, verified: Sequence[ExemptionEntry] = ()) -> bytes:
    """Write flow specifications: exempt tuples in both directions, and blocked networks."""
    sheet = lay_out(exemptions, now=now, verified=verified)
    routes: dict[str, None] = {}
    for item in sheet.spared:
        routes.update(dict.fromkeys(_accepted(item)))
    for blocked in sheet.blocked:
        if isinstance(blocked.target, Prefix):
            text = blocked.target.text
            routes.update(
                dict.fromkeys((f"destination {text}; }} then {{ discard;", f"source {text}; }} then {{ discard;"))
            )
    return written(
        (
            *commented(head(sheet, holds=FLOW_HOLDS, loses=FLOW_LOSES)),
            *commented(accountable(blocked) for blocked in sheet.blocked),
            "template {",
            "  neighbor raabta-flows {",
            "    family { ipv4 flow; ipv6 flow; }",
            "    flow {",
            *(f"      route r{number} {{ match {{ {route} }} }}" for number, route in enumerate(routes)),
            "    }",
            "  }",
            "}",
        )
    )


def _announced(family: str, prefixes: Iterable[Prefix]) -> Iterator[str]:
    hop = NEXT_HOPS[family]
    yield f"      {family} {{"
    yield from (f"        unicast {prefix.text} next-hop {hop} community {COMMUNITIES};" for prefix in prefixes)
    yield "      }"


def _accepted(item: Spared) -> Iterator[str]:
    """Give what matches an entry's traffic, and the way back."""
    there = f"source {item.source.text};"
    back = f"destination {item.source.text};"
    if item.destination is not None:
        there += f" destination {item.destination.text};"
        back += f" source {item.destination.text};"
    numbers = " ".join(f"={PROTOCOLS[transport]}" for transport in item.transports if transport != "any")
    if numbers:
        protocol = f" protocol {numbers};" if len(item.transports) == 1 else f" protocol [ {numbers} ];"
        there, back = there + protocol, back + protocol
    if item.port:
        there, back = f"{there} destination-port ={item.port};", f"{back} source-port ={item.port};"
    yield f"{there} }} then {{ accept;"
    yield f"{back} }} then {{ accept;"
