"""What a host name leads to and needs, as it was measured: facts for the rules about names.

A host is one *fact*: where its name leads (CNAME chain, addresses), whether it gave a page, where that sends on to, and
which other hosts the page needs. It has no field that means "usable".
"""

import datetime as dt
from typing import Literal

from msgspec import Struct


class HostNeed(Struct, frozen=True, kw_only=True):
    """A host that a page names. ``essential``: scripts, style sheets, frames; ``shown``: pictures, media, fonts."""

    host: str
    use: Literal["essential", "shown"]


class HostFact(Struct, frozen=True, kw_only=True):
    """What was seen of one host name.

    Attributes:
        name: In plain form.
        lookup_failure: df-007 string, None where it resolved.
        chain: Names that it leads to by CNAME, in order.
        addresses: In the order of the answer.
        asked_page: Whether a page was asked for. Hosts that only a page needs are looked up and not asked.
        page_failure: df-007 string where no page came, None where one did.
        status: HTTP status of the last page, 0 for none.
        redirects: Hosts that pages sent on to, in order, without the host itself.
        needs: Hosts that the last page names, without the host itself.
    """

    name: str
    lookup_failure: str | None = None
    chain: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    asked_page: bool = False
    page_failure: str | None = None
    status: int = 0
    redirects: tuple[str, ...] = ()
    needs: tuple[HostNeed, ...] = ()


class Closure(Struct, frozen=True, kw_only=True):
    """Facts of the names of a list and of what they need. ``is_cut``: a bound was reached before all were seen."""

    measured_at: dt.datetime
    facts: tuple[HostFact, ...]
    is_cut: bool = False
