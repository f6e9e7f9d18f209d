"""The whole reference policy with its elements as one file for ``nft -f``, for a gateway without the agent.

Loading is one transaction that replaces the table, so packets see the old list or the new one. It ends by itself: every
element has its kernel timeout, and the list's gate closes at the end of its grace. Timeouts count from ``now``: load
the file when it was made, and again every day. See ``remedy.policy`` for the rules and the one line that the
operator's inspection needs.
"""

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from typing import Final

from raabta.model.exemption import ExemptionEntry, ExemptionList
from raabta.remedy.canonical import canonical
from raabta.remedy.flows import find_flows
from raabta.remedy.policy import Marker, PolicySettings
from raabta.remedy.render.sheet import commented, head, lay_out, stamp, written
from raabta.remedy.transaction import whole_text

HOLDS: Final = "exact tuples and blocked networks with timeouts, and the rules that spare, cut and block"
LOSES: Final = "blocked host names"


def render(exemptions: ExemptionList, *, now: dt.datetime, verified: Sequence[ExemptionEntry] = ()) -> bytes:
    """Write the file."""
    return written(_lines(exemptions, now=now, verified=verified))


def _lines(exemptions: ExemptionList, *, now: dt.datetime, verified: Sequence[ExemptionEntry]) -> Iterator[str]:
    sheet = lay_out(exemptions, now=now, verified=verified)
    yield from commented((*head(sheet, holds=HOLDS, loses=LOSES), f"timeouts count from {stamp(now)}: load it then"))
    marker = Marker(
        serial=exemptions.serial,
        leases=0,
        content=hashlib.sha256(canonical(exemptions)).hexdigest()[:16],
        policy="0" * 12,
    )
    yield from whole_text(
        find_flows(exemptions, now=now, verified=verified),
        marker=marker,
        settings=PolicySettings(),
        now_s=int(now.timestamp()),
    )
