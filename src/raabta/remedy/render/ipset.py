"""Sets for ``ipset restore``: exact tuples with the kernel's own timeouts, for gateways that have iptables.

A kind of set is chosen by what an entry says, so that no entry becomes wider than it is:

=============  ==================  ==============================================================================
set            kind                members
=============  ==================  ==============================================================================
``_to``        hash:ip,port,net    destination, its port, source network: the usual entry
``_of``        hash:ip,port,net    source, destination's port, destination network: where the destination is wide
``_from``      hash:net,port       source network, port: any destination
``_pair_…``    hash:net,net        source and destination network: any port, one set for each transport
``_whole_…``   hash:net            source network: any destination and port, one set for each transport
``_block``     hash:net            blocked networks
=============  ==================  ==============================================================================

``hash:ip,…`` holds single addresses; a network of at most ``EXPANDED_MAX`` is written out. Where both sides are wider
the entry is not expressed, and a comment says so. ``hash:net,port,net`` would hold it, but is missing in many kernels
(also in small routers').

Every set is filled beside the one in force and swapped in, which is atomic for each set. Sets of the pair kind come
last, since their type is the one that kernels lack: what stands before them is then in force already.

Source: ipset(8), version 7.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from raabta.model.exemption import ExemptionEntry, ExemptionList
from raabta.remedy.render.sheet import Blocked, Prefix, Sheet, Spared, commented, head, lay_out, plain, stamp, written

HOLDS: Final = "exact tuples with timeouts, and blocked networks; docs/guides/lists.md has the iptables rules"
LOSES: Final = "blocked host names; entries of which both sides are wider than 8 addresses (named below)"

EXPANDED_MAX: Final = 8
"""A /29 or a /125: the widest source that the rules let through for IPv4 unless reviewed (remedy.md)."""

TIMEOUT_MAX_S: Final = 2_147_483
"""Longest timeout of the kernel (ipset(8)), 24 days. An entry that ends later ends then, unless it is loaded again."""

MEMBERS_MAX: Final = 1 << 20
"""Of a set. The same in every file, since ``create -exist`` accepts only the same parameters."""

_KINDS: Final = {
    "to": "hash:ip,port,net",
    "of": "hash:ip,port,net",
    "from": "hash:net,port",
    "whole_udp": "hash:net",
    "whole_tcp": "hash:net",
    "whole_any": "hash:net",
    "block": "hash:net",
    "pair_udp": "hash:net,net",
    "pair_tcp": "hash:net,net",
    "pair_any": "hash:net,net",
}
_OFTEN_EMPTY: Final = frozenset(("pair_udp", "pair_tcp", "pair_any"))
"""Written only where the list needs them: a kernel may lack their type."""

Member = tuple[str, str, dt.datetime]
"""Set without its family, what to add, until when."""


def render(exemptions: ExemptionList, *, now: dt.datetime, verified: Sequence[ExemptionEntry] = ()) -> bytes:
    """Write the sets. Their timeouts count from ``now``, so load the file when it was made."""
    sheet = lay_out(exemptions, now=now, verified=verified)
    sets: dict[tuple[str, bool], dict[str, dt.datetime]] = {
        (name, is_ipv6): {} for name in _KINDS for is_ipv6 in (False, True) if name not in _OFTEN_EMPTY
    }
    unexpressed = []
    for item in sheet.spared:
        members = tuple(_members(item))
        if not members:
            unexpressed.append(item)
        for name, text, ends_at in members:
            _keep_longest(sets.setdefault((name, item.source.is_ipv6), {}), text, ends_at)
    for blocked in sheet.blocked:
        _add_block(sets, blocked)
    return written(_lines(sheet, now=now, sets=sets, unexpressed=unexpressed))


def _keep_longest(members: dict[str, dt.datetime], text: str, ends_at: dt.datetime) -> None:
    known = members.get(text)
    if known is None or known < ends_at:
        members[text] = ends_at


def _add_block(sets: dict[tuple[str, bool], dict[str, dt.datetime]], item: Blocked) -> None:
    if isinstance(item.target, Prefix):
        _keep_longest(sets["block", item.target.is_ipv6], item.target.text, item.ends_at)


def _lines(
    sheet: Sheet,
    *,
    now: dt.datetime,
    sets: dict[tuple[str, bool], dict[str, dt.datetime]],
    unexpressed: Sequence[Spared],
) -> Iterator[str]:
    yield from commented((*head(sheet, holds=HOLDS, loses=LOSES), f"timeouts count from {stamp(now)}: load it then"))
    yield from (
        f"# not expressed: {plain(item.entry.id)}, both sides are wider than {EXPANDED_MAX} addresses"
        for item in unexpressed
    )
    order = list(_KINDS)
    for (name, is_ipv6), members in sorted(sets.items(), key=lambda pair: (order.index(pair[0][0]), pair[0][1])):
        yield from _one_set(f"raabta{'6' if is_ipv6 else '4'}_{name}", kind=_KINDS[name], members=members, now=now)


def _one_set(name: str, *, kind: str, members: dict[str, dt.datetime], now: dt.datetime) -> Iterator[str]:
    beside = f"{name}_new"
    family = "inet6" if name.startswith("raabta6") else "inet"
    shape = f"{kind} family {family} maxelem {MEMBERS_MAX} timeout 0 -exist"
    yield f"create {name} {shape}"
    yield f"create {beside} {shape}"
    yield f"flush {beside}"
    # Seconds are the same for most members, and subtracting times costs more than finding a number.
    seconds = {ends_at: _timeout_s(ends_at, now) for ends_at in set(members.values())}
    for text, ends_at in members.items():
        yield f"add {beside} {text} timeout {seconds[ends_at]} -exist"
    yield f"swap {beside} {name}"
    yield f"destroy {beside}"


def _timeout_s(ends_at: dt.datetime, now: dt.datetime) -> int:
    """Seconds, rounded down, yet never 0: that would be for ever."""
    return max(1, min(TIMEOUT_MAX_S, int((ends_at - now).total_seconds())))


def _members(item: Spared) -> Iterator[Member]:
    """Give what an entry puts into which set; nothing where no kind of set can hold it."""
    source, destination = item.source, item.destination
    if not item.port and item.transport not in ("esp", "gre"):
        pair = source.text if destination is None else f"{source.text},{destination.text}"
        yield f"{'whole' if destination is None else 'pair'}_{item.transport}", pair, item.ends_at
        return
    for transport in item.transports:
        for name, pattern in _patterns(source, destination):
            yield name, pattern.replace("*", f"{transport}:{item.port}", 1), item.ends_at


def _patterns(source: Prefix, destination: Prefix | None) -> Iterable[tuple[str, str]]:
    if destination is None:
        return (("from", f"{source.text},*"),)
    if 1 << destination.size_bits <= EXPANDED_MAX:
        return [("to", f"{address},*,{source.text}") for address in addresses(destination)]
    if 1 << source.size_bits <= EXPANDED_MAX:
        return [("of", f"{address},*,{destination.text}") for address in addresses(source)]
    return ()


def addresses(prefix: Prefix) -> list[str]:
    """Give every address of a narrow prefix as text."""
    if not prefix.size_bits:
        return [prefix.address]
    if prefix.is_ipv6:
        head_text = ":".join(f"{prefix.number >> shift & 0xFFFF:x}" for shift in range(112, 0, -16))
        return [f"{head_text}:{(prefix.number & 0xFFFF) + step:x}" for step in range(1 << prefix.size_bits)]
    front, _, last = prefix.address.rpartition(".")
    return [f"{front}.{int(last) + step}" for step in range(1 << prefix.size_bits)]
