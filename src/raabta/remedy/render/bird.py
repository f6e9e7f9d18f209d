"""Prefix sets for BIRD 2: for filters that must not black-hole a member, and for policy routing around inspection.

``P+`` matches the prefix and all inside it, since a request to black-hole is for single addresses of it. Include the
file and write, for instance, ``if net ~ RAABTA_SPARED4 then reject;`` in the filter of black-hole requests.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Final

from raabta.model.exemption import ExemptionEntry, ExemptionList
from raabta.remedy.render.sheet import Prefix, accountable, commented, head, lay_out, unique, written

HOLDS: Final = "the member's side of every entry (RAABTA_SPARED4, 6), and blocked prefixes (RAABTA_BLOCKED4, 6)"
LOSES: Final = (
    "destination, transport, port and end; blocked host names. A route has a destination only: what is spared by it "
    "is all traffic to and from the members' prefixes"
)


def render(exemptions: ExemptionList, *, now: dt.datetime, verified: Sequence[ExemptionEntry] = ()) -> bytes:
    """Write prefix sets, empty ones too, so that filters that name them can always be read."""
    sheet = lay_out(exemptions, now=now, verified=verified)
    spared = unique(item.member for item in sheet.spared)
    blocked = unique(item.target for item in sheet.blocked if isinstance(item.target, Prefix))
    lines = [
        *commented(head(sheet, holds=HOLDS, loses=LOSES)),
        *_define("RAABTA_SPARED", spared),
        *commented(accountable(item) for item in sheet.blocked),
        *_define("RAABTA_BLOCKED", blocked),
    ]
    return written(lines)


def _define(name: str, prefixes: Sequence[Prefix]) -> Iterable[str]:
    for family, wants_ipv6 in (("4", False), ("6", True)):
        texts = [f"  {prefix.text}+" for prefix in prefixes if prefix.is_ipv6 is wants_ipv6]
        body = ",\n".join(texts)
        yield f"define {name}{family} = [\n{body}\n];" if texts else f"define {name}{family} = [];"
