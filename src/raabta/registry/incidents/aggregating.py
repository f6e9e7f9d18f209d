r"""Sums over what several members lost, which never tell what one of them lost. Pure.

What is shown stays shown: whoever has yesterday's sum and today's subtracts them. So a sum is judged together with all
sums of the same kind that were shown before, to whomever (``ImpactRelease``).

Rules
-----
1. *Enough members*: at least ``SMALL`` contribute more than nothing.
2. *No member stands out* (the p% rule): what the others than the two largest contribute is at least
   ``SPREAD_PERCENT`` of the largest; else the second largest, who knows its own part, would guess the largest closely.
   The same for all that was added to, or taken from, each earlier sum. A note that was deleted meanwhile has no size
   that could be judged: no sum is shown whose difference to an earlier one holds it.
3. *A choice is left*: who contributes, contributes one or more. A total near the number of its members would tell what
   each of them lost; it is ``ROOM`` times that number at least, and so is what came to an earlier sum, or left it.
4. *No arithmetic tells*: sums that were shown are rows of a matrix of ones and zeros, notes its columns. No row that
   can be made of them by adding, subtracting and multiplying may concern fewer than ``SMALL`` members. This is tried
   exactly, for all combinations at once: a set of columns can be told when leaving them out lowers the matrix's rank.

A new sum that breaks a rule is not shown. Then the old one stands, as long as every note in it may still be used; else
none does, until enough has changed. A total over incidents is the sum of what is shown for each: it tells nothing more.

Source: Willenborg & de Waal, "Elements of Statistical Disclosure Control" (2001), chapters 6 and 8; Hundepool et al.,
"Statistical Disclosure Control" (2012), 4.2.

Limits. Several members who put their knowledge together know more (rule 1 leaves three unknown parts against two of
them). That a kind of loss occurred at all is shown, as in ``publish.counts``.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Final

from msgspec import Struct

from raabta.model.vocabulary import SMALL

ROOM: Final = 2
"""Members' values are two on average, or more. Judgement."""
SPREAD_PERCENT: Final = 10
"""p of the p% rule; statistical offices take 5 to 20."""
CLASSES_MAX: Final = 12
"""Sets of notes that combinations are tried for; with more, nothing new is shown. Bounds the work: 793 tries."""
_PRIME: Final = (1 << 61) - 1
"""Ranks are counted modulo this prime: for matrices of ones and zeros of this size they are the true ones."""


class Contribution(Struct, frozen=True, kw_only=True):
    """One note's part of a sum. ``member`` is a mark: the same for all notes of one member."""

    note_id: str
    member: str
    value: int

    @property
    def part(self) -> str:
        """How a release names it."""
        return f"{self.note_id}/{self.member}"


Parts = frozenset[str]
"""Of one sum: "note/mark" each."""


def may_show(candidate: Sequence[Contribution], earlier: Iterable[Parts], *, values: Mapping[str, int]) -> bool:
    """Say whether a sum may be shown beside all that were shown before.

    Args:
        candidate: What it would be made of.
        earlier: What sums of the same kind, incident and currency were made of.
        values: Value by part, of all notes that are still there.
    """
    parts = frozenset(one.part for one in candidate if one.value > 0)
    known = set(earlier)
    if parts in known:
        return True
    if not is_safe_alone(parts, values):
        return False
    return all(_is_safe_beside(parts, old, values) for old in known) and not tells_of_few([*known, parts])


def is_safe_alone(parts: Parts, values: Mapping[str, int]) -> bool:
    """Say whether a sum may be shown, if nothing was shown before: enough members, none of whom stands out."""
    sums = _by_member(parts, values)
    return len(sums) >= SMALL and _is_spread(sums.values()) and _leaves_a_choice(sums.values())


def _is_safe_beside(parts: Parts, old: Parts, values: Mapping[str, int]) -> bool:
    """Say whether the difference of two sums tells of no single member."""
    if not (parts ^ old) <= values.keys():
        return False
    came, left = _by_member(parts - old, values).values(), _by_member(old - parts, values).values()
    told = () if came and left else (came or left)
    return _is_spread(_by_member(parts ^ old, values).values()) and _leaves_a_choice(told)


def _by_member(parts: Parts, values: Mapping[str, int]) -> dict[str, int]:
    """Add up by member. A part without a value stands in sums that were shown; it is refused before, or counts zero."""
    sums: dict[str, int] = {}
    for part in parts:
        member = part.rpartition("/")[2]
        sums[member] = sums.get(member, 0) + values.get(part, 0)
    return sums


def _is_spread(sums: Collection[int]) -> bool:
    """The p% rule."""
    ordered = sorted(sums, reverse=True)
    return not ordered or sum(ordered[2:]) * 100 >= ordered[0] * SPREAD_PERCENT


def _leaves_a_choice(sums: Collection[int]) -> bool:
    return sum(sums) >= ROOM * len(sums)


def members_of(parts: Iterable[str]) -> frozenset[str]:
    """Give the marks of members."""
    return frozenset(part.rpartition("/")[2] for part in parts)


def tells_of_few(shown: Sequence[Parts]) -> bool:
    """Say whether sums that are shown can be combined into something that concerns fewer than ``SMALL`` members."""
    classes = _classes(shown)
    columns = list(classes)
    whole = _rank(columns, len(shown))
    small = [key for key in columns if len(classes[key]) < SMALL]
    if not small:
        return False
    if len(small) > CLASSES_MAX:
        return True
    tried: set[frozenset[tuple[bool, ...]]] = set()
    for n_joined in range(1, SMALL):
        for several in combinations(small, n_joined):
            members = frozenset().union(*(classes[key] for key in several))
            told = frozenset(key for key in small if classes[key] <= members)
            if len(members) >= SMALL or told in tried:
                continue
            tried.add(told)
            if _rank([key for key in columns if key not in told], len(shown)) < whole:
                return True
    return False


def _classes(shown: Sequence[Parts]) -> dict[tuple[bool, ...], frozenset[str]]:
    """Give members by the sums in which their notes stand: notes that always go together are one column."""
    found: dict[tuple[bool, ...], set[str]] = {}
    for part in frozenset().union(*shown):
        found.setdefault(tuple(part in one for one in shown), set()).add(part.rpartition("/")[2])
    return {key: frozenset(members) for key, members in found.items()}


def _rank(columns: Sequence[tuple[bool, ...]], n_rows: int) -> int:
    rows = [[int(column[row]) for column in columns] for row in range(n_rows)]
    rank = 0
    for place in range(len(columns)):
        pivot = next((row for row in range(rank, n_rows) if rows[row][place]), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        inverse = pow(rows[rank][place], -1, _PRIME)
        for row in range(rank + 1, n_rows):
            factor = rows[row][place] * inverse % _PRIME
            if factor:
                rows[row] = [(a - factor * b) % _PRIME for a, b in zip(rows[row], rows[rank], strict=True)]
        rank += 1
    return rank
