"""Subscribers as a table: taken in from another system, and written out.

A row that comes in is checked as a form is, by the desk's rules. Without ``confirmed`` each new address is sent a
request to confirm. Who is known already stays as they are: a table cannot overrule what somebody chose themselves.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import structs

from raabta.model.register import Organisation
from raabta.model.subscription import Subscriber
from raabta.pipeline.importing import Imported
from raabta.pipeline.informing.settings import Publishing
from raabta.pipeline.informing.subscribing.asking import Made, new_subscriber, request_to_confirm
from raabta.pipeline.informing.subscribing.wishes import read_channel, read_wishes, with_wishes
from raabta.registry.records import Records
from raabta.registry.subscribers import SubscriberRow, known_hashes
from raabta.registry.tabular import Row, RowFault, read_table

COLUMNS: Final = SubscriberRow.__struct_fields__
ADDRESS_COLUMNS: Final = (*COLUMNS, "address")
_READ: Final = ("address", "channel", "language", "component_ids", "kinds", "products", "member_id")
_FIELDS: Final = {"component": "component_ids", "kind": "kinds", "product": "products"}
"""What a complaint calls a column that is called otherwise."""

ROWS_MAX: Final = 20_000
"""In one table: all of it goes in at once or not at all, and nobody else writes meanwhile."""


def import_subscribers(
    records: Records, source: Iterable[bytes], *, settings: Publishing, made: Made, confirmed: bool
) -> Imported:
    """Take in a table.

    Args:
        records: Of a change.
        source: Lines of a CSV file.
        settings: What may be chosen.
        made: What new rows are made with.
        confirmed: They confirmed elsewhere; no requests are sent.

    Raises:
        ValueError: The head is not understood, or there are too many rows.
    """
    rows: dict[str, tuple[Row, Subscriber]] = {}
    faults: list[RowFault] = []
    warnings: list[RowFault] = []
    for row, found in _read_rows(records, source, settings=settings, made=made):
        if isinstance(found, RowFault):
            faults.append(found)
        elif found.address_hash in rows:
            warnings.append(row.fault("address", "stands in an earlier line; that one holds."))
        else:
            rows[found.address_hash] = (row, found)
    known = known_hashes(records, list(rows))
    warnings += [
        row.fault("address", "known already; nothing changed.")
        for row, one in rows.values()
        if one.address_hash in known
    ]
    added = [one for _, one in rows.values() if one.address_hash not in known]
    _keep(records, added, made=made, confirmed=confirmed)
    return Imported(ids=tuple(one.id for one in added), n_changed=0, faults=tuple(faults), warnings=tuple(warnings))


def _read_rows(
    records: Records, source: Iterable[bytes], *, settings: Publishing, made: Made
) -> Iterator[tuple[Row, Subscriber | RowFault]]:
    """Give each line with whom it makes, or what is wrong with it."""
    members = {member.id for member in records.find(Organisation)}
    for number, row in enumerate(read_table(source, columns=ADDRESS_COLUMNS, required=("address",)), start=1):
        if number > ROWS_MAX:
            message = f"more than {ROWS_MAX:,} rows. Part the table, each part with its head."
            raise ValueError(message)
        if isinstance(row, RowFault):
            yield Row(line=row.line, texts={}, columns={}), row
            continue
        found = _read_row(records, row, settings=settings, made=made)
        if isinstance(found, Subscriber) and found.member_id and found.member_id not in members:
            found = row.fault("member_id", "no organisation has this id.")
        yield row, found


def _keep(records: Records, added: list[Subscriber], *, made: Made, confirmed: bool) -> None:
    if confirmed:
        records.add_all(structs.replace(one, state="confirmed", confirmed_at=made.now) for one in added)
        return
    waiting = [one for one in added if one.channel != "chat"]
    chats = [one for one in added if one.channel == "chat"]
    records.add_all([*waiting, *(structs.replace(one, state="confirmed", confirmed_at=made.now) for one in chats)])
    records.add_all(map(request_to_confirm, waiting))


def _read_row(records: Records, row: Row, *, settings: Publishing, made: Made) -> Subscriber | RowFault:
    texts = {name: row.texts.get(name, "") for name in _READ}
    if row.texts.get("state", "confirmed") not in ("", "confirmed"):
        return row.fault("state", "only who confirmed is taken in. Leave this row out.")
    try:
        wishes = read_wishes(
            settings,
            language=texts["language"] or "both",
            component_ids=texts["component_ids"].split(),
            kinds=texts["kinds"].split(),
            products=texts["products"].split(),
        )
        channel = read_channel(texts["channel"] or "email")
        made_of = new_subscriber(records.key, texts["address"], channel=channel, settings=settings, made=made)
    except ValueError as error:
        field, _, words = str(error).partition(": ")
        return row.fault(_FIELDS.get(field, field), words)
    return with_wishes(made_of, wishes, member_id=texts["member_id"])
