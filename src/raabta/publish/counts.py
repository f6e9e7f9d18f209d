"""The public page of counts: how many are exempt, on what basis, with which operators; and nobody's name or address.

Exemption lists became tiered internets where nobody could see them grow. So the association shows counts, of all lists
together, in one small static page without scripts or third parties, and as JSON.

Small numbers. A count below ``SMALL`` could point at somebody ("the one bank on this operator"), so it is not shown.
Where totals are known, a single hidden cell of a table, or the sum of some, could be worked out by subtraction; then
the next smallest is hidden as well (complementary suppression; Willenborg & de Waal, "Elements of Statistical
Disclosure Control", 2001).
Zero is shown. Counts of the log are shown in full: the log itself is public.

Limits. Whoever compares two days sees that a count rose by one; the public log tells that anyway. References of
members differ from list to list, so members are counted for each list, never over all.
"""

import datetime as dt
import html
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from raabta.model.exemption import EVIDENCE_LEVELS, ExemptionEntry, ExemptionList, LeaseGrant, LogLeaf, Restriction
from raabta.model.vocabulary import SMALL

RECENT: Final = dt.timedelta(days=30)
"""Of the log's changes that are counted."""

VERSION: Final = 1
"""Of the JSON's shape."""

Dated = TypeVar("Dated", ExemptionEntry, LeaseGrant, Restriction)

Counts = dict[str, int | None]
"""A count by what is counted; None where it is not shown."""


class ListLine(Struct, frozen=True, kw_only=True):
    """One recipient's list."""

    recipient: str
    serial: int
    made_at: dt.datetime
    expires_at: dt.datetime


class PublicCounts(Struct, frozen=True, kw_only=True):
    """All that the page says.

    Attributes:
        entries: In force, over all lists; likewise ``restrictions``, ``grants``.
        tables: A title and its counts.
        log_size: Leaves of the public log, and its head ``log_root`` (hex).
    """

    at: dt.datetime
    country: str
    lists: tuple[ListLine, ...]
    entries: int | None
    restrictions: int | None
    grants: int | None
    tables: dict[str, Counts]
    log_size: int
    log_root: str
    version: int = VERSION


def count(
    lists: Sequence[ExemptionList],
    *,
    at: dt.datetime,
    leaves: Iterable[LogLeaf] = (),
    log_root: str = "",
) -> PublicCounts:
    """Count what is in force.

    Args:
        lists: The newest of each recipient.
        at: The time that counts.
        leaves: Of the public log.
        log_root: Its head.

    Raises:
        ValueError: There is no list, two are of one recipient, or they are of several countries.
    """
    if not lists or len({one.recipient for one in lists}) != len(lists) or len({one.country for one in lists}) != 1:
        message = "counts need one list of each recipient, all of one country. Leave out older ones."
        raise ValueError(message)
    entries = {one.recipient: _in_force(one.entries, at) for one in lists}
    grants = [grant for one in lists for grant in _in_force(one.grants, at)]
    # A restriction stands in every recipient's list: it is one, not many.
    blocks = {block.id: block for one in lists for block in _in_force(one.restrictions, at)}
    known = list(leaves)
    return PublicCounts(
        at=at,
        country=lists[0].country,
        lists=tuple(map(_line, sorted(lists, key=lambda one: one.recipient))),
        entries=_shown(sum(map(len, entries.values()))),
        restrictions=_shown(len(blocks)),
        grants=_shown(len(grants)),
        tables={
            **_entry_tables(entries),
            "Protective blocks by reason": hide_small(Counter(block.reason for block in blocks.values())),
            "Changes in the log in 30 days": dict(_sorted(Counter(one.event for one in known if one.at > at - RECENT))),
        },
        log_size=len(known),
        log_root=log_root,
    )


def _entry_tables(entries: Mapping[str, Sequence[ExemptionEntry]]) -> dict[str, Counts]:
    flat = [entry for some in entries.values() for entry in some]
    members = {recipient: len({entry.organisation_ref for entry in some}) for recipient, some in entries.items()}
    return {
        "Entries by operator": hide_small({recipient: len(some) for recipient, some in entries.items()}),
        "Members by operator": hide_small(members),
        "Entries by basis": hide_small(Counter(entry.basis for entry in flat)),
        "Entries by evidence": hide_small(Counter(_level(entry.evidence_level) for entry in flat)),
        "Entries by precision": hide_small(Counter("tuple" if entry.destination else "source only" for entry in flat)),
        "Entries that rules were passed over for": hide_small(Counter(" ".join(one.reviewed for one in flat).split())),
    }


def _in_force(records: Iterable[Dated], at: dt.datetime) -> list[Dated]:
    return [record for record in records if record.not_before <= at < record.not_after]


def hide_small(counts: Mapping[str, int]) -> Counts:
    """Leave out small counts, and one more where a single hidden one could be worked out."""
    hidden = {name for name, number in counts.items() if 0 < number < SMALL}
    others = sorted((number, name) for name, number in counts.items() if number >= SMALL)
    if hidden and others and (len(hidden) < 2 or sum(counts[name] for name in hidden) < SMALL):
        hidden.add(others[0][1])
    return {name: None if name in hidden else number for name, number in _sorted(counts)}


def _sorted(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items())


def _shown(number: int) -> int | None:
    return None if 0 < number < SMALL else number


def _level(number: int) -> str:
    return f"level {number}: {EVIDENCE_LEVELS.get(number, 'unknown')}"


def _line(one: ExemptionList) -> ListLine:
    return ListLine(recipient=one.recipient, serial=one.serial, made_at=one.made_at, expires_at=one.expires_at)


def as_json(counts: PublicCounts) -> bytes:
    """Give the counts as JSON; a count that is not shown is null."""
    return msgspec.json.format(msgspec.json.encode(counts), indent=2) + b"\n"


_STYLE: Final = (
    "body{font:16px/1.5 sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;margin:.5rem 0 1.5rem}"
    "td,th{border:1px solid #999;padding:.2rem .6rem;text-align:left}"
    "td.n{text-align:right}code{overflow-wrap:anywhere}"
)

_HEAD: Final = (
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>",
    f"<title>Exemptions in numbers</title><style>{_STYLE}</style><h1>Exemptions in numbers</h1>",
)
_SMALL_PRINT: Final = (
    f"<p>Counts below {SMALL} are not shown, and sometimes a larger one beside them, so that nobody can be told by "
    "them. No names and no addresses are published.</p>"
)
_LISTS: Final = "<h2>Lists</h2><table><tr><th>for<th>serial<th>made<th>expires</tr>{rows}</table>"


def as_page(counts: PublicCounts) -> bytes:
    """Give the page: HTML, small, static, nothing fetched from anywhere."""
    lists = "".join(
        f"<tr><td>{_safe(one.recipient)}</td><td class=n>{one.serial}</td>"
        f"<td>{_time(one.made_at)}</td><td>{_time(one.expires_at)}</td></tr>"
        for one in counts.lists
    )
    in_force = (
        f"<p>Country {_safe(counts.country)}, {_time(counts.at)}. In force now: "
        f"<b>{_number(counts.entries)}</b> exempt tuples, <b>{_number(counts.grants)}</b> grants of leases, "
        f"<b>{_number(counts.restrictions)}</b> protective blocks.</p>"
    )
    log = (
        f"<h2>Public log</h2><p>{counts.log_size} leaves, head <code>{_safe(counts.log_root) or '-'}</code>. "
        "Every change of a list and every protective block is a leaf in it.</p></html>"
    )
    tables = (_table(title, numbers) for title, numbers in counts.tables.items())
    return "\n".join((*_HEAD, in_force, _SMALL_PRINT, _LISTS.format(rows=lists), *tables, log, "")).encode()


def _table(title: str, numbers: Counts) -> str:
    cells = ((_safe(name), _number(number)) for name, number in numbers.items())
    rows = "".join(f"<tr><td>{name}</td><td class=n>{number}</td></tr>" for name, number in cells)
    return f"<h2>{_safe(title)}</h2>" + (f"<table>{rows}</table>" if rows else "<p>None.</p>")


def _number(number: int | None) -> str:
    return "not shown" if number is None else str(number)


def _time(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")


def _safe(text: str) -> str:
    return html.escape(text)
