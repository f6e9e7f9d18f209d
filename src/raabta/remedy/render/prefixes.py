"""JSON of prefixes in the shape in which Google publishes its own (``goog.json``): many firewalls import it by URL."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

import msgspec

from raabta.model.exemption import ExemptionEntry, ExemptionList
from raabta.remedy.render.sheet import head, lay_out, stamp, unique

HOLDS: Final = "the member's side of every entry, as prefixes"
LOSES: Final = "destination, transport, port and end: who spares these prefixes spares all traffic of the members"


def render(exemptions: ExemptionList, *, now: dt.datetime, verified: Sequence[ExemptionEntry] = ()) -> bytes:
    """Write the members' prefixes.

    ``syncToken`` is the serial. ``expirationTime`` and ``notes`` are not in Google's files; readers pass over them.
    """
    sheet = lay_out(exemptions, now=now, verified=verified)
    document = {
        "syncToken": str(exemptions.serial),
        "creationTime": exemptions.made_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f"),
        "expirationTime": stamp(exemptions.expires_at),
        "notes": head(sheet, holds=HOLDS, loses=LOSES),
        "prefixes": [
            {"ipv6Prefix" if prefix.is_ipv6 else "ipv4Prefix": prefix.text}
            for prefix in unique(item.member for item in sheet.spared)
        ],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
