"""A MISP warninglist: tells analysts that an indicator is a member's own address, before they share it as an attacker.

The shape is that of misp-warninglists' ``schema.json``. MISP takes a warninglist anew when its ``version`` rises,
which the serial does.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Final

import msgspec

from raabta.model.exemption import ExemptionEntry, ExemptionList
from raabta.remedy.render.sheet import head, lay_out, plain, unique

HOLDS: Final = "the member's side of every entry, as prefixes"
LOSES: Final = "destination, transport, port and end; a warninglist warns analysts, it spares no traffic"

ATTRIBUTES: Final = ("ip-src", "ip-dst", "ip-src|port", "ip-dst|port", "domain|ip")
"""MISP's attribute types that hold an address."""


def render(exemptions: ExemptionList, *, now: dt.datetime, verified: Sequence[ExemptionEntry] = ()) -> bytes:
    """Write the members' prefixes as a warninglist of type ``cidr``."""
    sheet = lay_out(exemptions, now=now, verified=verified)
    document = {
        "description": ". ".join(head(sheet, holds=HOLDS, loses=LOSES)),
        "list": [prefix.text for prefix in unique(item.member for item in sheet.spared)],
        "matching_attributes": ATTRIBUTES,
        "name": f"Members with a verified exemption, {plain(exemptions.recipient)}, {plain(exemptions.country)}",
        "type": "cidr",
        "version": exemptions.serial,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
