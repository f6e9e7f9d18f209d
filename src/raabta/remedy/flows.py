"""A list as the kernel holds it: exact tuples in shapes, each with its own end, and one gate for the list as a whole.

A *shape* is the family, the lengths of both prefixes, and what else counts (port, protocol or nothing). All entries of
one shape stand in one hash set, by their network addresses; a rule masks a packet's addresses to the shape's lengths
and looks them up. So a /29 is one element, not eight, overlaps need no care, and loading costs the same for each
element however many there are. Interval sets (nftables' "pipapo") would need one set for all shapes, but take no
overlaps, and measured on kernel 6.18 with 100,000 elements a flush and refill in one transaction took 127 s of
CPU time, where the hash set takes 1.1 s. The price is one look-up for each shape and direction on every packet, some
50 ns; lists have few shapes, since a rule bounds how wide an entry may be.

Ends. An element's kernel timeout is the entry's own end (``not_after``). What ends a list that nobody renews, at most
``GRACE`` after it expired, is the *gate*: one element that all exemptions hang on. So a daily renewal touches the gate
and no entry, and what did not change is never loaded anew.

Cuts. A flow that was spared must not live on by habit (inspection often looks at openings only): when its exemption
ends it is cut for ``CUT_S``. For everything that may end before the gate does, leases above all, the tuple is put
beforehand into a second set with the later end, so that the kernel cuts by itself while no agent runs. What is spared
is never cut: the second set is asked only about packets that the first did not spare.

Not done: host names (``remedy.render.rpz`` has them).
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from raabta.model.exemption import ExemptionEntry, ExemptionList, Lease, LeaseGrant
from raabta.remedy.render.sheet import GRACE, Prefix, Spared, lay_out

CUT_S: Final = 120
"""How long a flow is cut after its exemption. Longer than WireGuard's REKEY_AFTER_TIME and REJECT_AFTER_TIME's margin
(120 s, 180 s: a session without an answer for 15 s begins anew) and than usual keep-alives; issue's number."""

PROTOCOLS: Final = {"tcp": 6, "udp": 17, "gre": 47, "esp": 50}
"""IANA protocol numbers of what an entry may name; "any" is none of them."""

SHAPES_MAX: Final = 64
"""More would cost every packet that is not spared 128 look-ups, some 6 µs. Judgement."""


class Shape(NamedTuple):
    """What elements of one set have in common."""

    family: Literal[4, 6]
    source_bits: int
    destination_bits: int
    """0: any destination."""
    kind: Literal["port", "protocol", "pair"]
    """What counts beside addresses: protocol and port, the protocol, or nothing."""

    @property
    def name(self) -> str:
        """As names of sets have it: ``4_s32_d32_port``."""
        return f"{self.family}_s{self.source_bits}_d{self.destination_bits}_{self.kind}"


class BlockShape(NamedTuple):
    """What elements of one set of blocked networks have in common."""

    family: Literal[4, 6]
    bits: int

    @property
    def name(self) -> str:
        """As names of sets have it: ``4_24``."""
        return f"{self.family}_{self.bits}"


Elements = dict[str, int]
"""An element as nft writes it with numbers for names, and its end in seconds since 1970."""


class Flows(Struct, frozen=True, kw_only=True):
    """What the kernel is to hold.

    Attributes:
        spared: Tuples by shape, until their own end.
        cut: Those of them that may end before the gate closes, until ``CUT_S`` later.
        blocked: Blocked networks.
        closes_s: When the gate closes, seconds since 1970.
        next_at: When something begins that has not begun yet; None where nothing is to come.
        n_entries: Entries and leases that are in force.
    """

    spared: dict[Shape, Elements]
    cut: dict[Shape, Elements]
    blocked: dict[BlockShape, Elements]
    closes_s: int
    next_at: dt.datetime | None
    n_entries: int


def find_flows(
    exemptions: ExemptionList,
    *,
    now: dt.datetime,
    verified: Sequence[ExemptionEntry] = (),
    fresh_until: dt.datetime | None = None,
) -> Flows:
    """Say what the kernel is to hold.

    Args:
        exemptions: A list that was verified.
        now: Aware UTC.
        verified: Leases in force, as entries: ``entry_of_lease``.
        fresh_until: Until when the list is known to be the newest: its grace counts from then on, if that is earlier
            than the list's own end.

    Raises:
        ValueError: An entry cannot be loaded, or entries have too many shapes. The text names the entry.
    """
    sheet = lay_out(exemptions, now=now, verified=verified)
    closes_s = _seconds(min(exemptions.expires_at, fresh_until or exemptions.expires_at) + GRACE)
    spared: dict[Shape, Elements] = {}
    for item in sheet.spared:
        end_s = _seconds(item.entry.not_after)
        for shape, key in _elements(item):
            elements = spared.setdefault(shape, {})
            elements[key] = max(end_s, elements.get(key, 0))
    if len(spared) > SHAPES_MAX:
        message = f"the list has {len(spared)} shapes of entries, more than {SHAPES_MAX}: ask for fewer prefix lengths."
        raise ValueError(message)
    cut = {
        shape: {key: end_s + CUT_S for key, end_s in elements.items() if end_s <= closes_s}
        for shape, elements in spared.items()
    }
    blocked: dict[BlockShape, Elements] = {}
    for block in sheet.blocked:
        target = block.target
        if isinstance(target, Prefix):
            elements = blocked.setdefault(BlockShape(6 if target.is_ipv6 else 4, target.length), {})
            elements[target.address] = max(_seconds(block.restriction.not_after), elements.get(target.address, 0))
    lives = [(entry.not_before, entry.not_after) for entry in (*exemptions.entries, *verified)]
    lives += [(restriction.not_before, restriction.not_after) for restriction in exemptions.restrictions]
    starts = [begins for begins, ends in lives if now < begins < ends]
    return Flows(
        spared=spared,
        cut={shape: elements for shape, elements in cut.items() if elements},
        blocked=blocked,
        closes_s=closes_s,
        next_at=min(starts, default=None),
        n_entries=len(sheet.spared),
    )


def entry_of_lease(lease: Lease, grant: LeaseGrant) -> ExemptionEntry:
    """Give the entry that a verified lease stands for: never longer than its grant lets it be."""
    longest = lease.not_before + dt.timedelta(hours=grant.max_h)
    return ExemptionEntry(
        id=lease.id,
        source=lease.address,
        destination=grant.destination,
        transport=grant.transport,
        port=grant.port,
        organisation_ref=grant.organisation_ref,
        evidence_level=grant.evidence_level,
        basis=grant.basis,
        not_before=lease.not_before,
        not_after=min(lease.not_after, grant.not_after, longest),
        lease=True,
    )


def entries_of_leases(leases: Iterable[Lease], exemptions: ExemptionList) -> list[ExemptionEntry]:
    """Give the entries that verified leases stand for. A lease whose grant the list no longer has stands for none."""
    grants = {grant.id: grant for grant in exemptions.grants}
    return [entry_of_lease(lease, grants[lease.grant_id]) for lease in leases if lease.grant_id in grants]


def _elements(item: Spared) -> Iterable[tuple[Shape, str]]:
    source, destination = item.source, item.destination
    family: Literal[4, 6] = 6 if source.is_ipv6 else 4
    bits = (source.length, destination.length if destination else 0)
    pair = f"{source.address} . {destination.address}" if destination else source.address
    for transport in item.transports:
        if item.port:
            yield Shape(family, *bits, "port"), f"{pair} . {PROTOCOLS[transport]} . {item.port}"
        elif transport in PROTOCOLS:
            yield Shape(family, *bits, "protocol"), f"{pair} . {PROTOCOLS[transport]}"
        else:
            yield Shape(family, *bits, "pair"), pair


def _seconds(at: dt.datetime) -> int:
    return int(at.timestamp())
