"""What a list amounts to: many narrow entries may spare as much as a wide one, and many blocks may close a country.

Limits are judgement: no association's list comes near them, and each keeps a list from becoming a second internet. They
bind the list of one recipient.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from raabta.model.exemption import ExemptionEntry, ExemptionList, Restriction
from raabta.remedy.linting.entries import Broken

SPARED4_MAX: Final = 65_536
"""IPv4 addresses that entries without a destination may hold together: a /16."""
SPARED6_MAX: Final = 65_536
"""Likewise of IPv6, in /48, the smallest network that is given to a site."""
BLOCKED4_MAX: Final = 1_048_576
"""IPv4 addresses under protective blocks: a /12."""
LENGTHS_MAX: Final = 64
"""Combinations of prefix lengths and kinds: as many sets as a gateway loads (``remedy.flows``)."""
NUMBER_MAX: Final = 2**53 - 1
"""RFC 8785: integers that every reader of JSON has exactly."""

_SITE_BITS: Final = 48
_HEX: Final = frozenset("0123456789abcdef")


def check_sums(listed: ExemptionList) -> Iterator[Broken]:
    """Give what is wrong with a list's sums and numbers."""
    yield from _numbers(listed)
    spared4, spared6 = _spared(entry.source for entry in listed.entries if not entry.destination)
    if spared4 > SPARED4_MAX:
        yield "list.spares_much", "entries", spared4, "IPv4 addresses"
    if spared6 > SPARED6_MAX:
        yield "list.spares_much", "entries", int(spared6), "networks of IPv6 sites"
    blocked = sum(_blocked(listed.restrictions))
    if blocked > BLOCKED4_MAX:
        yield "list.blocks_much", "restrictions", blocked, BLOCKED4_MAX
    n_lengths = len(set(map(_lengths, listed.entries)))
    if n_lengths > LENGTHS_MAX:
        yield "list.many_lengths", "entries", n_lengths, LENGTHS_MAX


def _numbers(listed: ExemptionList) -> Iterator[Broken]:
    if not 0 <= listed.serial <= NUMBER_MAX:
        yield "list.number", "serial", str(listed.serial)[:20], "a serial"
    if not 0 <= listed.log_size <= NUMBER_MAX:
        yield "list.number", "log_size", str(listed.log_size)[:20], "a log's size"
    if listed.log_root and not (len(listed.log_root) == 64 and _HEX.issuperset(listed.log_root)):
        yield "list.number", "log_root", "", "a root hash"


def _spared(sources: Iterable[str]) -> tuple[int, float]:
    spared4, spared6 = 0, 0.0
    for source in sources:
        bits = _bits(source)
        if ":" in source:
            spared6 += 2.0 ** max(0, _SITE_BITS - bits)
        else:
            spared4 += 1 << max(0, 32 - bits)
    return spared4, spared6


def _blocked(restrictions: Iterable[Restriction]) -> Iterator[int]:
    for row in restrictions:
        if "/" in row.target and ":" not in row.target:
            yield 1 << max(0, 32 - _bits(row.target))


def _lengths(entry: ExemptionEntry) -> tuple[bool, int, int, int]:
    kind = 2 if entry.port else 1 if entry.transport != "any" else 0
    destination = _bits(entry.destination) if entry.destination else 0
    return ":" in entry.source, _bits(entry.source), destination, kind


def _bits(prefix: str) -> int:
    """The length that a prefix states; that of one address where it states none, or nonsense (another rule tells)."""
    whole = 128 if ":" in prefix else 32
    length = prefix.rpartition("/")[2] if "/" in prefix else ""
    is_stated = length.isascii() and length.isdigit() and len(length) < 4
    return min(int(length), whole) if is_stated else whole
