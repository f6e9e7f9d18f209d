"""CSV (RFC 4180) with every field of every entry: for people with a spreadsheet, and for programs of one's own.

A spreadsheet runs a cell that begins with one of ``= + - @`` as a formula, so such text gets an apostrophe in front.
"""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from typing import Final

from raabta.model.exemption import ExemptionEntry, ExemptionList
from raabta.remedy.render.sheet import Blocked, Prefix, Sheet, Spared, lay_out, plain, stamp

HOLDS: Final = "every field of every entry that is in force; ends_at is when it dies at the latest"
LOSES: Final = "nothing of an entry; a table has no comments, so serial and times of the list stand in every row"
BLOCK_HOLDS: Final = "every field of every protective block that is in force"
BLOCK_LOSES: Final = "nothing of a block; serial and times of the list stand in every row"

COLUMNS: Final = (
    "id",
    "source",
    "destination",
    "transport",
    "port",
    "member_side",
    "origin_asn",
    "organisation_ref",
    "evidence_level",
    "basis",
    "not_before",
    "not_after",
    "ends_at",
    "lease",
    "since_serial",
    "log_index",
    "reviewed",
)
BLOCK_COLUMNS: Final = (
    "id",
    "target",
    "reason",
    "basis",
    "owner",
    "not_before",
    "not_after",
    "ends_at",
    "shared",
    "log_index",
)
LIST_COLUMNS: Final = ("list_serial", "list_made_at", "list_expires_at")


def render(exemptions: ExemptionList, *, now: dt.datetime, verified: Sequence[ExemptionEntry] = ()) -> bytes:
    """Write the entries."""
    sheet = lay_out(exemptions, now=now, verified=verified)
    return _written((*COLUMNS, *LIST_COLUMNS), map(_entry_cells, sheet.spared), sheet=sheet)


def render_blocks(exemptions: ExemptionList, *, now: dt.datetime, verified: Sequence[ExemptionEntry] = ()) -> bytes:
    """Write the protective blocks."""
    sheet = lay_out(exemptions, now=now, verified=verified)
    return _written((*BLOCK_COLUMNS, *LIST_COLUMNS), map(_block_cells, (*sheet.blocked, *sheet.names)), sheet=sheet)


def _written(columns: Sequence[str], rows: Iterable[tuple[object, ...]], *, sheet: Sheet) -> bytes:
    of = (sheet.of.serial, stamp(sheet.of.made_at), stamp(sheet.of.expires_at))
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    writer.writerows((*row, *of) for row in rows)
    return buffer.getvalue().encode()


def _entry_cells(item: Spared) -> tuple[object, ...]:
    entry = item.entry
    return (
        _cell(entry.id),
        item.source.text,
        item.destination.text if item.destination else "",
        item.transport,
        item.port,
        entry.member_side,
        entry.origin_asn,
        _cell(entry.organisation_ref),
        entry.evidence_level,
        _cell(entry.basis),
        stamp(entry.not_before),
        stamp(entry.not_after),
        stamp(item.ends_at),
        "yes" if entry.lease else "no",
        entry.serial,
        entry.log_index,
        _cell(entry.reviewed),
    )


def _block_cells(item: Blocked) -> tuple[object, ...]:
    of = item.restriction
    return (
        _cell(of.id),
        item.target.text if isinstance(item.target, Prefix) else item.target,
        of.reason,
        _cell(of.basis),
        _cell(of.owner),
        stamp(of.not_before),
        stamp(of.not_after),
        stamp(item.ends_at),
        _cell(of.shared),
        of.log_index,
    )


def _cell(text: str) -> str:
    safe = plain(text)
    return f"'{safe}" if safe.startswith(("=", "+", "-", "@")) else safe
