"""The reference policy: nftables rules by which listed traffic is spared, cut or blocked. Text in, text out.

Table ``inet raabta`` is ours alone; the operator's tables stay as they are, with one line added by hand where
inspection begins: ``meta mark & 0x00100000 != 0 accept``.

- ``on_arrival`` (prerouting, before all of the operator's chains and before connection tracking) looks up every packet,
  forwards and backwards, while the gate is open. What is listed gets our bit of the mark, and goes its way; from all
  else our bit is taken. Nothing is remembered between packets: a flow is spared exactly as long as it is listed.
- What is not listed, but was until just now, is cut: reset for TCP, silence for others. A new TCP connection is told by
  ICMP, from this router, that it is prohibited: a reset would look like the server's own. Then come blocked networks.
  A spared tuple is exact and has been proved, a block may be wide: so what is spared is not blocked.
- Where the gate has closed by itself, nothing is spared or blocked any more, and everything that was spared is cut for
  as long as ``closing`` lives.
- An operator's rule that copies a connection's mark over a packet's (``meta mark set ct mark``) must leave our bit out,
  or what was spared once would be spared as long as the connection lives. ``raabta gateway init`` looks for such rules.
- ``notrack`` (an option) also takes spared packets out of connection tracking. It is safe only where the gateway
  neither translates addresses nor has rules that ask for a connection's state: translation needs tracking to
  answer, and an untracked packet is neither ``new`` nor ``established``.

Counters are of the whole: spared, cut, blocked. No counter, log or set is filled from traffic.

One hook, and the gate as a map from family to chain: a spared packet costs two or three look-ups and four other
expressions: 0.3 to 0.5 µs, where sending and forwarding it take 4 µs (kernel 6.18, 100,000 entries).

The gate (``alive``) and its end (``closing``) are two maps each that take turns. To prolong one, the other is filled:
a replaced element could be missed for an instant on kernels before 6.17, a second one cannot.

An empty chain whose name says which list is loaded (``serial_42_leases_7_…``) changes in the same transaction as the
elements: so the kernel itself tells what it holds, whatever happens to files.

Fragments: only the first of a packet's fragments carries ports. Where the kernel reassembles (any rule that uses
``ct``) all are spared, else only those of entries without a port.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final, Literal

from msgspec import Struct

from raabta.remedy.flows import BlockShape, Shape

TABLE: Final = "inet raabta"
MARK: Final = 0x0010_0000
"""The bit that spares. Any that nothing else on the gateway uses will do: gateway.toml, ``mark``."""
PRIORITY: Final = -310
"""Before ``raw`` (-300), where operators' earliest rules are, and before connection tracking (-200)."""
ALIVE: Final = ("alive_0", "alive_1")
CLOSING: Final = ("closing_0", "closing_1")
GATES: Final = (*ALIVE, *CLOSING)
COUNTERS: Final = ("spared", "cut", "blocked")
CHAINS: Final = ("on_arrival", "find4", "find6", "close4", "close6", "spare", "sever", "stop")
_MARKER: Final = re.compile(r"serial_(\d+)_leases_(\d+)_list_([0-9a-f]{16})_policy_([0-9a-f]{12})")
_SET: Final = re.compile(r"(spared|cut)_([46])_s(\d+)_d(\d+)_(port|protocol|pair)|block_([46])_(\d+)")
_ALL_BITS: Final = 0xFFFF_FFFF


class PolicySettings(Struct, frozen=True, kw_only=True):
    """What an operator chooses."""

    mark: int = MARK
    """One bit of the packet mark that nothing else on this gateway uses."""
    notrack: bool = False


class Marker(Struct, frozen=True, kw_only=True):
    """Which list the kernel holds."""

    serial: int
    leases: int
    """Version of the leases beside it."""
    content: str
    """First 16 hexadecimal digits of a hash of list and leases."""
    policy: str
    """First 12 hexadecimal digits of a hash of the rules."""

    @property
    def name(self) -> str:
        """The chain's name."""
        return f"serial_{self.serial}_leases_{self.leases}_list_{self.content}_policy_{self.policy}"


def read_marker(chain: str) -> Marker | None:
    """Read the name of a chain; None where it is no marker."""
    match = _MARKER.fullmatch(chain)
    if match is None:
        return None
    return Marker(serial=int(match[1]), leases=int(match[2]), content=match[3], policy=match[4])


class Layout(Struct, frozen=True, kw_only=True):
    """Which sets and maps there are. Tuples are sorted by how many elements each has, the largest first, when made."""

    tuples: tuple[Shape, ...]
    blocks: tuple[BlockShape, ...] = ()

    def holds(self, other: "Layout") -> bool:
        """Whether all sets of another layout are in this one."""
        return set(other.tuples) <= set(self.tuples) and set(other.blocks) <= set(self.blocks)

    @property
    def sets(self) -> dict[str, str]:
        """Names of all, and their types."""
        named = dict.fromkeys(GATES, "nf_proto : verdict")
        for shape in self.tuples:
            named |= dict.fromkeys((f"spared_{shape.name}", f"cut_{shape.name}"), _type(shape))
        return named | {f"block_{shape.name}": f"ipv{shape.family}_addr" for shape in self.blocks}


def read_layout(names: Iterable[str]) -> Layout:
    """Say which layout sets of these names make up. Other names are passed over."""
    tuples: dict[Shape, None] = {}
    blocks: dict[BlockShape, None] = {}
    for match in filter(None, map(_SET.fullmatch, names)):
        if match[6]:
            blocks[BlockShape(_family(match[6]), int(match[7]))] = None
        else:
            kind = match[5]
            assert kind in ("port", "protocol", "pair")  # noqa: S101  the pattern has no others
            tuples[Shape(_family(match[2]), int(match[3]), int(match[4]), kind)] = None  # type: ignore[arg-type]
    return Layout(tuples=tuple(tuples), blocks=tuple(blocks))


def lay_sets(sizes: Mapping[Shape, int], blocks: Collection[BlockShape]) -> Layout:
    """Choose the sets for shapes of which there are so many elements each."""
    return Layout(
        tuples=tuple(sorted(sizes, key=lambda shape: (-sizes[shape], shape))),
        blocks=tuple(sorted(blocks)),
    )


def policy_digest(layout: Layout, settings: PolicySettings) -> str:
    """Give what tells whether rules are the same. The order of look-ups does not matter."""
    ordered = Layout(tuples=tuple(sorted(layout.tuples)), blocks=tuple(sorted(layout.blocks)))
    return hashlib.sha256("\n".join(policy_text(ordered, settings)).encode()).hexdigest()[:12]


def policy_text(layout: Layout, settings: PolicySettings) -> Iterator[str]:
    """Write the table with all sets and rules, in the words of ``nft -f``. What is there already is kept or replaced.

    Elements are not touched; sets that are no longer used are not removed.
    """
    yield f"add table {TABLE}"
    yield from (f"add counter {TABLE} {name}" for name in COUNTERS)
    for name, kind in layout.sets.items():
        yield f"add {'map' if name in GATES else 'set'} {TABLE} {name} {{ type {kind}; flags timeout; }}"
    yield f"add chain {TABLE} on_arrival {{ type filter hook prerouting priority {PRIORITY}; policy accept; }}"
    yield from (f"add chain {TABLE} {chain}" for chain in CHAINS if chain != "on_arrival")
    yield from (f"flush chain {TABLE} {chain}" for chain in CHAINS)
    for chain, rules in _rules(layout, settings).items():
        yield from (f"add rule {TABLE} {chain} {rule}" for rule in rules)


def check_mark(mark: int) -> None:
    """Refuse a mark that is no single bit.

    Raises:
        ValueError: It is none.
    """
    if not 0 < mark <= _ALL_BITS or mark & (mark - 1):
        message = f"mark {mark:#x} is no single bit of 32. Try 0x00100000, or another bit that nothing else uses."
        raise ValueError(message)


def gate_verdict(gate: str, family: str) -> str:
    """Say where a gate leads: what an element of its map has beside its key."""
    return f"goto {'find' if gate in ALIVE else 'close'}{family[-1]}"


def _rules(layout: Layout, settings: PolicySettings) -> dict[str, list[str]]:
    bit = f"{settings.mark:#010x}"
    unmark = f"meta mark set meta mark & {_ALL_BITS & ~settings.mark:#010x}"
    rules: dict[str, list[str]] = {
        "on_arrival": [
            *(f"meta nfproto vmap @{gate}" for gate in ALIVE),
            unmark,
            *(f"meta nfproto vmap @{gate}" for gate in CLOSING),
        ],
        "spare": [
            "counter name spared",
            f"meta mark set meta mark | {bit}{' notrack' if settings.notrack else ''} accept",
        ],
        "sever": [
            "counter name cut",
            "tcp flags & (syn | ack) == syn reject with icmpx type admin-prohibited",
            "meta l4proto tcp reject with tcp reset",
            "drop",
        ],
        "stop": ["counter name blocked", "drop"],
    }
    for family in (4, 6):
        shapes = [shape for shape in layout.tuples if shape.family == family]
        cut = [rule for shape in shapes for rule in _look_ups(shape, "cut", "sever")]
        blocks = [
            f"{_masked(family, side, shape.bits)} @block_{shape.name} goto stop"
            for shape in layout.blocks
            if shape.family == family
            for side in ("saddr", "daddr")
        ]
        spared = [rule for shape in shapes for rule in _look_ups(shape, "spared", "spare")]
        rules[f"find{family}"] = [*spared, unmark, *cut, *blocks]
        rules[f"close{family}"] = [rule for shape in shapes for rule in _look_ups(shape, "spared", "sever")] + cut
    return rules


def _look_ups(shape: Shape, prefix: str, target: str) -> Iterator[str]:
    """Both directions: there, and back."""
    for source, destination, port in (("saddr", "daddr", "dport"), ("daddr", "saddr", "sport")):
        parts = [_masked(shape.family, source, shape.source_bits)]
        if shape.destination_bits:
            parts.append(_masked(shape.family, destination, shape.destination_bits))
        if shape.kind != "pair":
            parts.append("meta l4proto")
        if shape.kind == "port":
            parts.append(f"th {port}")
        yield f"{' . '.join(parts)} @{prefix}_{shape.name} goto {target}"


def _masked(family: int, side: str, bits: int) -> str:
    width = 32 if family == 4 else 128
    field = f"{'ip' if family == 4 else 'ip6'} {side}"
    if bits == width:
        return field
    mask = ((1 << bits) - 1) << (width - bits)
    return f"{field} & {_address(mask, width)}"


def _address(number: int, width: int) -> str:
    """Write a mask as an address; one of IPv6 as eight groups, which nft reads as well as the short form."""
    if width == 32:
        return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))
    return ":".join(f"{number >> shift & 0xFFFF:x}" for shift in range(112, -16, -16))


def _type(shape: Shape) -> str:
    address = f"ipv{shape.family}_addr"
    parts = [address, *([address] if shape.destination_bits else ())]
    if shape.kind != "pair":
        parts.append("inet_proto")
    if shape.kind == "port":
        parts.append("inet_service")
    return " . ".join(parts)


def _family(text: str) -> Literal[4, 6]:
    return 4 if text == "4" else 6
