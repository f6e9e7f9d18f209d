"""Plain prefixes, one a line: what anything can read, and the least precise form that there is."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from raabta.model.exemption import ExemptionEntry, ExemptionList
from raabta.remedy.render.sheet import Prefix, accountable, commented, head, lay_out, unique, written

HOLDS: Final = "the member's side of every entry, as prefixes"
LOSES: Final = (
    "destination, transport, port and end: who spares these prefixes spares all traffic of the members. "
    "Prefer a format that holds them"
)
BLOCK_HOLDS: Final = "blocked prefixes, each under the words why"
BLOCK_LOSES: Final = "blocked host names (rpz-names has them); nothing ends by itself: write the file anew each day"


def render(exemptions: ExemptionList, *, now: dt.datetime, verified: Sequence[ExemptionEntry] = ()) -> bytes:
    """Write the members' prefixes."""
    sheet = lay_out(exemptions, now=now, verified=verified)
    return written(
        (
            *commented(head(sheet, holds=HOLDS, loses=LOSES)),
            *(prefix.text for prefix in unique(item.member for item in sheet.spared)),
        )
    )


def render_blocks(exemptions: ExemptionList, *, now: dt.datetime, verified: Sequence[ExemptionEntry] = ()) -> bytes:
    """Write the prefixes of protective blocks."""
    sheet = lay_out(exemptions, now=now, verified=verified)
    lines = commented(head(sheet, holds=BLOCK_HOLDS, loses=BLOCK_LOSES))
    last: Prefix | str = ""
    for item in sheet.blocked:
        lines.append(f"# {accountable(item)}")
        if item.target != last and isinstance(item.target, Prefix):
            lines.append(item.target.text)
        last = item.target
    return written(lines)
