"""A script for MikroTik's RouterOS (``/import file-name=raabta.rsc``).

It has one rule for each destination, with the members' sides in address lists whose timeouts the router keeps.

A rule of RouterOS has no end, but an entry of an address list has; a rule whose list is empty matches nothing. So
each (destination, transport, port) gets a rule and a list of its own, and tuples stay exact.

What is loaded has a generation in its names (serial and time of rendering). A new generation is built beside the one
in force, chain ``raabta`` is pointed to it, and the older ones are removed: at no time is there none. (Only a file
that is imported a second time takes its own generation away first.) The operator
says once where ``raabta`` and ``raabta-block`` are jumped to from; the head of the file has the commands.

Entries of address lists with a timeout are kept in memory: after a restart of the router, import the file anew.

Source: MikroTik's manual, "Scripting", "Filter", "Address-lists" (RouterOS 6.43 to 7).
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from raabta.model.exemption import ExemptionEntry, ExemptionList, Transport
from raabta.remedy.render.sheet import Prefix, Sheet, Spared, accountable, commented, head, lay_out, stamp, written

HOLDS: Final = "exact tuples with timeouts, and blocked networks, for the firewall's filter"
LOSES: Final = (
    "blocked host names (an address list would block all who share their addresses). "
    "Timeouts are kept in memory: after a restart import the file anew"
)

TIMEOUT_MAX_DAYS: Final = 35
"""RouterOS 6 keeps 35 weeks; days here. The list is loaded anew long before, so shorter is safer. Judgement."""

_PROTOCOLS: Final = {"udp": "udp", "tcp": "tcp", "esp": "ipsec-esp", "gre": "gre"}
_ONCE: Final = (
    "once, by hand, for /ip and for /ipv6, before the rules that inspect:",
    "  /ip firewall filter add chain=forward action=jump jump-target=raabta",
    "  /ip firewall filter add chain=forward action=jump jump-target=raabta-block",
)

Group = tuple[Prefix | None, Transport, int]
"""Destination, transport, port: what shares a rule."""


def render(exemptions: ExemptionList, *, now: dt.datetime, verified: Sequence[ExemptionEntry] = ()) -> bytes:
    """Write the script. Its timeouts count from ``now``, so import the file when it was made."""
    sheet = lay_out(exemptions, now=now, verified=verified)
    generation = f"raabta-{exemptions.serial}-{int(now.timestamp())}"
    lines = [
        *commented(head(sheet, holds=HOLDS, loses=LOSES)),
        *commented((f"timeouts count from {stamp(now)}: import it then", *_ONCE)),
        *_family(sheet, generation=generation, now=now, is_ipv6=False),
        *_family(sheet, generation=generation, now=now, is_ipv6=True),
    ]
    return written(lines)


def _family(sheet: Sheet, *, generation: str, now: dt.datetime, is_ipv6: bool) -> Iterator[str]:
    menu = "/ipv6 firewall" if is_ipv6 else "/ip firewall"
    groups: dict[Group, dict[Prefix, dt.datetime]] = {}
    for item in sheet.spared:
        if item.source.is_ipv6 is is_ipv6:
            _enrol(groups, item)
    named = [(f"{generation}-{number}", group, members) for number, (group, members) in enumerate(groups.items())]
    blocked = [item for item in sheet.blocked if isinstance(item.target, Prefix) and item.target.is_ipv6 is is_ipv6]
    yield f"{menu} address-list"
    yield f'remove [find list~"^{generation}"]'
    timeouts = _Timeouts(now)
    for name, _, members in named:
        for prefix, ends_at in members.items():
            yield f"add list={name} address={prefix.text} timeout={timeouts.text(ends_at)}"
    longest: dict[Prefix, dt.datetime] = {}
    for block in blocked:
        yield f"# {accountable(block)}"
        if isinstance(block.target, Prefix):
            longest[block.target] = max(block.ends_at, longest.get(block.target, block.ends_at))
    for prefix, ends_at in longest.items():
        yield f"add list={generation}-block address={prefix.text} timeout={timeouts.text(ends_at)}"
    yield f"{menu} filter"
    yield f'remove [find chain~"^{generation}"]'
    yield f'remove [find jump-target~"^{generation}"]'
    for name, group, _ in named:
        yield from _rules(generation, name=name, group=group)
    yield from _switch(menu, generation=generation)


class _Timeouts:
    """Durations as RouterOS writes them, each worked out once: most entries of a list end together."""

    def __init__(self, now: dt.datetime) -> None:
        self._now = now
        self._known: dict[dt.datetime, str] = {}

    def text(self, ends_at: dt.datetime) -> str:
        known = self._known.get(ends_at)
        if known is None:
            left = max(dt.timedelta(seconds=1), min(ends_at - self._now, dt.timedelta(days=TIMEOUT_MAX_DAYS)))
            known = self._known[ends_at] = (
                f"{left.days}d{left.seconds // 3600:02}:{left.seconds // 60 % 60:02}:{left.seconds % 60:02}"
            )
        return known


def _enrol(groups: dict[Group, dict[Prefix, dt.datetime]], item: Spared) -> None:
    for transport in item.transports:
        members = groups.setdefault((item.destination, transport, item.port), {})
        members[item.source] = max(item.ends_at, members.get(item.source, item.ends_at))


def _rules(generation: str, *, name: str, group: Group) -> Iterable[str]:
    """Give the rule for traffic there, and the one for the way back."""
    destination, transport, port = group
    there, back = f"src-address-list={name}", f"dst-address-list={name}"
    if destination is not None:
        there, back = f"{there} dst-address={destination.text}", f"{back} src-address={destination.text}"
    if transport != "any":
        there, back = f"{there} protocol={_PROTOCOLS[transport]}", f"{back} protocol={_PROTOCOLS[transport]}"
    if port:
        there, back = f"{there} dst-port={port}", f"{back} src-port={port}"
    return (
        f"add chain={generation} action=accept {there}",
        f"add chain={generation} action=accept {back}",
    )


def _switch(menu: str, *, generation: str) -> Iterable[str]:
    """Point the chains to this generation, then take the others away."""
    block = f"{generation}-block"
    return (
        f"add chain={block} action=drop src-address-list={block}",
        f"add chain={block} action=drop dst-address-list={block}",
        f"add chain=raabta action=jump jump-target={generation}",
        f"add chain=raabta-block action=jump jump-target={block}",
        f'remove [find chain="raabta" and jump-target!="{generation}"]',
        f'remove [find chain="raabta-block" and jump-target!="{block}"]',
        f'remove [find chain~"^raabta-[0-9]" and !(chain~"^{generation}")]',
        f"{menu} address-list",
        f'remove [find list~"^raabta-[0-9]" and !(list~"^{generation}")]',
    )
