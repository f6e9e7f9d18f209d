"""Geofeed (RFC 8805): in which country a prefix is used, for content networks that guess wrongly and then refuse.

A line is prefix, country, region, city, postal code. Only the country is given: more would say where a member sits.
"""

import datetime as dt
import re
from collections.abc import Sequence
from typing import Final

from raabta.model.exemption import ExemptionEntry, ExemptionList
from raabta.remedy.render.sheet import commented, head, lay_out, plain, unique, written

HOLDS: Final = "the member's side of every entry, and the country it is used in"
LOSES: Final = "destination, transport, port and end; a geofeed spares nothing, it says where a prefix is"

_ALPHA2: Final = re.compile(r"[A-Za-z]{2}")


def render(exemptions: ExemptionList, *, now: dt.datetime, verified: Sequence[ExemptionEntry] = ()) -> bytes:
    """Write the members' prefixes with the country of the list.

    Raises:
        ValueError: The list's country is no code of two letters (RFC 8805, 2.1.1.2).
    """
    if not _ALPHA2.fullmatch(exemptions.country):
        message = (
            f"the list's country {plain(exemptions.country)!r} is no code of two letters, as geofeeds have them. "
            "Make the list anew with one such as pk."
        )
        raise ValueError(message)
    sheet = lay_out(exemptions, now=now, verified=verified)
    country = exemptions.country.upper()
    return written(
        (
            *commented(head(sheet, holds=HOLDS, loses=LOSES)),
            *(f"{prefix.text},{country},,," for prefix in unique(item.member for item in sheet.spared)),
        )
    )
