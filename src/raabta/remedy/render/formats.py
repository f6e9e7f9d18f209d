"""All formats by name: ``FORMATS`` is what ``raabta list render --format`` takes."""

import datetime as dt
from collections.abc import Sequence
from typing import Final, Protocol

from msgspec import Struct

from raabta.model.exemption import ExemptionEntry, ExemptionList
from raabta.remedy.render import bird, cidr, exabgp, geofeed, ipset, mikrotik, misp, nftables, prefixes, rpz, table


class Renderer(Protocol):
    """Turns a list into the bytes of a file."""

    def __call__(
        self, exemptions: ExemptionList, *, now: dt.datetime, verified: Sequence[ExemptionEntry] = ()
    ) -> bytes:
        """Write what is in force at ``now``; ``verified`` are further entries, made of leases that were verified."""


class Format(Struct, frozen=True, kw_only=True):
    """One kind of file."""

    write: Renderer
    suffix: str
    holds: str
    loses: str
    is_exact: bool = False
    """Whether an entry stays what it is: source, destination, transport and port."""


FORMATS: Final[dict[str, Format]] = {
    "nftables": Format(write=nftables.render, suffix="nft", holds=nftables.HOLDS, loses=nftables.LOSES, is_exact=True),
    "ipset": Format(write=ipset.render, suffix="ipset", holds=ipset.HOLDS, loses=ipset.LOSES, is_exact=True),
    "mikrotik": Format(write=mikrotik.render, suffix="rsc", holds=mikrotik.HOLDS, loses=mikrotik.LOSES, is_exact=True),
    "rpz": Format(write=rpz.render, suffix="zone", holds=rpz.HOLDS, loses=rpz.LOSES),
    "rpz-names": Format(write=rpz.render_names, suffix="zone", holds=rpz.NAMES_HOLDS, loses=rpz.BLOCK_LOSES),
    "rpz-pass": Format(write=rpz.render_pass, suffix="zone", holds=rpz.PASSING_HOLDS, loses=rpz.LOSES),
    "rpz-networks": Format(write=rpz.render_networks, suffix="zone", holds=rpz.NETWORKS_HOLDS, loses=rpz.BLOCK_LOSES),
    "bird": Format(write=bird.render, suffix="conf", holds=bird.HOLDS, loses=bird.LOSES),
    "exabgp": Format(write=exabgp.render, suffix="conf", holds=exabgp.HOLDS, loses=exabgp.LOSES),
    "exabgp-flow": Format(
        write=exabgp.render_flows, suffix="conf", holds=exabgp.FLOW_HOLDS, loses=exabgp.FLOW_LOSES, is_exact=True
    ),
    "misp": Format(write=misp.render, suffix="json", holds=misp.HOLDS, loses=misp.LOSES),
    "json": Format(write=prefixes.render, suffix="json", holds=prefixes.HOLDS, loses=prefixes.LOSES),
    "geofeed": Format(write=geofeed.render, suffix="csv", holds=geofeed.HOLDS, loses=geofeed.LOSES),
    "csv": Format(write=table.render, suffix="csv", holds=table.HOLDS, loses=table.LOSES, is_exact=True),
    "csv-block": Format(
        write=table.render_blocks, suffix="csv", holds=table.BLOCK_HOLDS, loses=table.BLOCK_LOSES, is_exact=True
    ),
    "cidr": Format(write=cidr.render, suffix="txt", holds=cidr.HOLDS, loses=cidr.LOSES),
    "cidr-block": Format(write=cidr.render_blocks, suffix="txt", holds=cidr.BLOCK_HOLDS, loses=cidr.BLOCK_LOSES),
}
"""By the name that ``raabta list render --format`` takes."""


def render(exemptions: ExemptionList, *, kind: str, now: dt.datetime, verified: Sequence[ExemptionEntry] = ()) -> bytes:
    """Write a list in one of ``FORMATS``.

    Raises:
        ValueError: There is no such format, or a field of the list cannot be written in it; the text names the entry.
    """
    form = FORMATS.get(kind)
    if form is None:
        message = f"there is no format {kind!r}. There are: {', '.join(FORMATS)}."
        raise ValueError(message)
    return form.write(exemptions, now=now, verified=verified)
