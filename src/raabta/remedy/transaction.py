"""One transaction that brings the kernel from what it holds to what it is to hold, in the words of ``nft -f``.

The kernel's table is a value here (``Held``), read by ``gateway.nft``. Only what differs is written: an element that
stays is not named in the transaction at all, so no packet can miss it (measured: 0 of 1.8 million packets of an
unchanged element were missed while 100,000 others were loaded and removed 13 times). Where the rules themselves are the
same they are not touched either.

An element whose end moved is deleted and added in the same transaction, since kernels before 6.12 pass over a new
timeout for an element that is there.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec
from msgspec import Struct

from raabta.remedy.flows import CUT_S, Elements, Flows, Shape
from raabta.remedy.policy import (
    ALIVE,
    CLOSING,
    GATES,
    TABLE,
    Marker,
    PolicySettings,
    gate_verdict,
    lay_sets,
    policy_digest,
    policy_text,
    read_layout,
)

_FAMILIES: Final = ("ipv4", "ipv6")
_SLACK_S: Final = 3
"""Ends are told in whole seconds, and a transaction takes some time."""
_ENDING_S: Final = 2
"""What ends sooner is left to the kernel: it may be gone when a transaction names it, which would fail as a whole."""
_SLACK_DIVISOR: Final = 1000
"""Clocks drift: an element that ends in a year may be wrong by 9 hours now, and will be set right as it comes near."""


class Held(Struct, frozen=True, kw_only=True):
    """What the kernel's table holds.

    Attributes:
        markers: Chains that say which list is loaded: one, if all is well.
        sets: By name: elements, and in how many seconds each ends.
        rules: Hash of chains, rules and types of sets as the kernel tells them, without the marker.
        counters: By name: packets and bytes.
    """

    markers: tuple[Marker, ...]
    sets: dict[str, Elements]
    rules: str
    counters: dict[str, tuple[int, int]] = {}

    @property
    def marker(self) -> Marker | None:
        """Which list is loaded; None where that is not told, or told twice."""
        return self.markers[0] if len(self.markers) == 1 else None


class Change(Struct, frozen=True, kw_only=True):
    """A transaction and what it does. ``text`` is "" where nothing is to be done."""

    text: str
    marker: Marker
    n_added: int
    n_removed: int
    n_moved: int
    """Elements whose end changes."""
    n_kept: int
    is_new_policy: bool


def whole_text(flows: Flows, *, marker: Marker, settings: PolicySettings, now_s: int) -> Iterator[str]:
    """Write a transaction that replaces whatever table is there."""
    yield find_change(flows, None, marker=marker, settings=settings, now_s=now_s, rebuild=True).text


def find_change(
    flows: Flows, held: Held | None, *, marker: Marker, settings: PolicySettings, now_s: int, rebuild: bool = False
) -> Change:
    """Find the transaction.

    Args:
        flows: What the kernel is to hold.
        held: What it holds; None where it has no table of ours.
        marker: Which list ``flows`` is of; ``policy`` in it is filled in here.
        settings: Of the policy.
        now_s: Seconds since 1970.
        rebuild: Replace the whole table: for one that somebody else has changed. Counters begin anew.
    """
    wanted = _wanted_sets(flows, held, now_s)
    sizes = {shape: len(elements) for shape, elements in flows.spared.items()}
    sizes |= {shape: 0 for shape in read_layout(wanted).tuples if shape not in sizes}
    layout = lay_sets(sizes, flows.blocked)
    before = held if held and not rebuild else Held(markers=(), sets={}, rules="")
    kept_layout = read_layout(before.sets)
    known = before.marker.policy if before.marker else ""
    is_new_policy = known != policy_digest(kept_layout, settings) or not kept_layout.holds(layout)
    layout = layout if is_new_policy else kept_layout
    steps = [_Step(name, wanted.get(name, {}), before.sets.get(name, {}), now_s) for name in layout.sets]
    policy = policy_digest(layout, settings)
    full = Marker(serial=marker.serial, leases=marker.leases, content=marker.content, policy=policy)
    lines = [f"add table {TABLE}", f"delete table {TABLE}"] if rebuild else []
    lines += policy_text(layout, settings) if is_new_policy else ()
    lines += [line for step in steps for line in step.lines()]
    if is_new_policy:
        lines += [f"delete set {TABLE} {name}" for name in before.sets if name not in layout.sets]
    if before.markers != (full,):
        lines += [f"delete chain {TABLE} {old.name}" for old in before.markers if old != full]
        lines += [f"add chain {TABLE} {full.name}"]
    counted = [step for step in steps if not step.name.startswith(("alive", "closing", "cut"))]
    return Change(
        text="".join(f"{line}\n" for line in lines),
        marker=full,
        n_added=sum(len(step.added) for step in counted),
        n_removed=sum(len(step.removed) for step in counted),
        n_moved=sum(len(step.moved) for step in counted),
        n_kept=sum(len(step.wanted) - len(step.added) - len(step.moved) for step in counted),
        is_new_policy=is_new_policy,
    )


def find_differences(flows: Flows, held: Held, *, now_s: int) -> list[str]:
    """Say in words where the kernel's sets are not what they are to be; nothing where they are.

    A tuple that is being cut may be there or be gone already: the kernel ends it by itself.
    """
    unended = {name: elements for name, elements in held.sets.items() if not name.startswith("spared_")}
    wanted = _wanted_sets(flows, msgspec.structs.replace(held, sets=unended), now_s)
    words = []
    for name in sorted(set(wanted) | set(held.sets)):
        step = _Step(name, wanted.get(name, {}), held.sets.get(name, {}), now_s)
        for n, what in (
            (len(step.added), "missing"),
            (len(step.removed), "too many"),
            (len(step.moved), "with another end"),
        ):
            if n:
                words.append(f"set {name}: {n} elements {what}")
    return words


class _Step:
    """What changes in one set."""

    def __init__(self, name: str, wanted: Mapping[str, int], held: Mapping[str, int], now_s: int) -> None:
        self.name = name
        self.wanted = {key: end_s - now_s for key, end_s in wanted.items() if end_s > now_s}
        self.added = {key: left_s for key, left_s in self.wanted.items() if key not in held}
        self.removed = [key for key, left_s in held.items() if key not in self.wanted and left_s >= _ENDING_S]
        self.moved = {
            key: left_s for key, left_s in self.wanted.items() if key in held and not _is_about(held[key], left_s)
        }

    def lines(self) -> Iterator[str]:
        """Write the step."""
        gone = [*self.removed, *self.moved]
        if gone:
            yield f"delete element {TABLE} {self.name} {{ {', '.join(gone)} }}"
        come = self.added | self.moved
        if come:
            is_gate = self.name in GATES
            elements = ", ".join(
                [
                    f"{key} timeout {left_s}s{f' : {gate_verdict(self.name, key)}' if is_gate else ''}"
                    for key, left_s in come.items()
                ]
            )
            yield f"add element {TABLE} {self.name} {{ {elements} }}"


def _is_about(held_s: int, wanted_s: int) -> bool:
    return abs(held_s - wanted_s) <= _SLACK_S + wanted_s // _SLACK_DIVISOR


def _wanted_sets(flows: Flows, held: Held | None, now_s: int) -> dict[str, Elements]:
    before = held.sets if held else {}
    wanted: dict[str, Elements] = {}
    for shape, elements in flows.spared.items():
        wanted[f"spared_{shape.name}"] = elements
    for shape in (*flows.spared, *_shapes_held(before, flows.spared)):
        cut = _wanted_cut(shape, flows, before, now_s)
        if cut:
            wanted[f"cut_{shape.name}"] = cut
    for block, elements in flows.blocked.items():
        wanted[f"block_{block.name}"] = elements
    for gates, end_s in ((ALIVE, flows.closes_s), (CLOSING, flows.closes_s + CUT_S)):
        wanted |= _wanted_gates(gates, end_s, before, now_s)
    return wanted


def _shapes_held(before: Mapping[str, Elements], known: Iterable[Shape]) -> list[Shape]:
    there = set(known)
    return [shape for shape in read_layout(before).tuples if shape not in there]


def _wanted_cut(shape: Shape, flows: Flows, before: Mapping[str, Elements], now_s: int) -> Elements:
    """What may end by itself, what ends now, and what ended less than ``CUT_S`` ago."""
    spared = flows.spared.get(shape, {})
    planned = flows.cut.get(shape, {})
    ending = {key: left_s + now_s for key, left_s in before.get(f"cut_{shape.name}", {}).items() if left_s <= CUT_S}
    ended = {key: now_s + CUT_S for key in before.get(f"spared_{shape.name}", {}) if key not in spared}
    return ending | ended | planned


def _wanted_gates(
    names: tuple[str, str], end_s: int, before: Mapping[str, Elements], now_s: int
) -> dict[str, Elements]:
    """Give what the two sets of a gate are to hold: what ends later stays if it ends in time, else they swap."""
    left_s = {name: min((before.get(name, {}).get(family, 0) for family in _FAMILIES), default=0) for name in names}
    earlier, later = sorted(names, key=lambda name: left_s[name])
    if left_s[later] and _is_about(left_s[later], end_s - now_s):
        return {later: dict.fromkeys(_FAMILIES, end_s), earlier: _as_held(earlier, before, now_s)}
    fits = left_s[later] <= end_s - now_s
    return {earlier: dict.fromkeys(_FAMILIES, end_s), later: _as_held(later, before, now_s) if fits else {}}


def _as_held(name: str, before: Mapping[str, Elements], now_s: int) -> Elements:
    return {key: left_s + now_s for key, left_s in before.get(name, {}).items()}
