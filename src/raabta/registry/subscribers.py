"""Questions about subscribers that are answered by an index, and counts that open no sealed field.

An address is found by its keyed hash. The hash has two halves: the first is that of the mailbox (of a web address: its
host), the second that of the address itself. So "a+1@example.pk" and "a+2@example.pk" are two subscribers of one
mailbox, and the limit against bombing one with requests to confirm can be asked of the index.
"""

import datetime as dt
import hmac
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct, structs
from sqlalchemy import ColumnElement, Table, func, literal_column, select

from raabta.model.subscription import Channel, Subscriber
from raabta.registry.records import Records
from raabta.registry.schema import table_of
from raabta.registry.secrets import RegisterKey

HALF_HEX: Final = 20
"""80 bits: no two of a million addresses meet by chance."""
_AT_ONCE: Final = 500
"""Values in one question: SQLite allows 32,766."""
_COUNTED: Final = {
    "channel": ("channel", ""),
    "language": ("language", ""),
    "component_ids": ("component", "(all)"),
    "kinds": ("kind", "(all)"),
    "products": ("product", "(none)"),
}
"""Fields that are counted, what they are called there, and what it is called where none was chosen."""
_AFTER_HEX: Final = "g"
"""Sorts behind every hexadecimal digit."""


class SubscriberCount(Struct, frozen=True, kw_only=True):
    """How many subscribers one value of a field has. ``of`` is "channel", "state", "language", "component" or so."""

    of: str
    name: str
    n: int


def address_hash(key: RegisterKey, channel: Channel, *, mailbox: str, address: str) -> str:
    """Give the keyed hash of an address: 40 hexadecimal digits, of which the first 20 are the mailbox's.

    Args:
        key: The register's: its identity secret outlives deletions.
        channel: One address may be there once on each channel.
        mailbox: What receives in the end, in its one way of writing.
        address: The address, in its one way of writing.
    """
    halves = (f"mailbox:{channel}:{mailbox}", f"address:{channel}:{address}")
    return "".join(
        hmac.digest(key.identity, f"raabta subscriber 1:{half}".encode(), "sha256").hex()[:HALF_HEX] for half in halves
    )


def find_subscriber(records: Records, hashed: str) -> Subscriber | None:
    """Give the one subscriber with this address hash, None where there is none. Who left has no hash any more."""
    return next(records.find(Subscriber, address_hash=hashed), None)


def count_asked(records: Records, hashed: str, *, since: dt.datetime) -> int:
    """Count the addresses of a mailbox that were sent a request to confirm since a time."""
    table = table_of(Subscriber)
    half = hashed[:HALF_HEX]
    of_mailbox = (table.c.address_hash >= half, table.c.address_hash < half + _AFTER_HEX)
    return _count(records, table, *of_mailbox, table.c.asked_at > since)


def known_hashes(records: Records, hashed: Sequence[str]) -> set[str]:
    """Say which of many address hashes are there."""
    column = table_of(Subscriber).c.address_hash
    found: set[str] = set()
    for start in range(0, len(hashed), _AT_ONCE):
        query = select(column).where(column.in_(hashed[start : start + _AT_ONCE]))
        found.update(records.connection.execute(query).scalars())
    return found


def forgettable(records: Records, *, pending_before: dt.datetime, ended_before: dt.datetime, n_most: int) -> list[str]:
    """Give ids of those who never confirmed, or left, so long ago that nothing is kept of them."""
    table = table_of(Subscriber)
    old = {"pending": table.c.asked_at < pending_before, "ended": table.c.ended_at < ended_before}
    ids: list[str] = []
    for state, is_old in old.items():
        query = select(table.c.id).where(table.c.state == state, is_old).order_by(table.c.id)
        ids += records.connection.execute(query.limit(n_most - len(ids))).scalars()
    return ids


def count_subscribers(records: Records) -> list[SubscriberCount]:
    """Count subscribers by state, and those who confirmed by channel, language, component, kind and product.

    Who chose no component, kind or product gets all: they stand under "(all)", for products under "(none)".
    """
    table = table_of(Subscriber)
    columns = [table.c[name] for name in ("state", *_COUNTED)]
    # One pass over the table: the database groups by all choices together, of which there are few.
    is_of_member: ColumnElement[bool] = literal_column(
        "member_id <> ''"
    )  # with a parameter PostgreSQL would see two expressions
    query = select(*columns, is_of_member, func.count()).group_by(*columns, is_of_member).select_from(table)
    counts: Counter[tuple[str, str]] = Counter()
    for state, *choices, is_member, n in records.connection.execute(query):
        named = _named(choices, is_member=is_member) if state == "confirmed" else ()
        counts.update(dict.fromkeys((("state", state), *named), n))
    order = ["state", *(name for name, _ in _COUNTED.values()), "member"]
    ordered = sorted(counts.items(), key=lambda counted: (order.index(counted[0][0]), counted[0][1]))
    return [SubscriberCount(of=of, name=name, n=n) for (of, name), n in ordered]


def _named(choices: Sequence[str | tuple[str, ...]], *, is_member: bool) -> Iterator[tuple[str, str]]:
    """Give what somebody chose, each with what it is a choice of."""
    for (of, of_none), chosen in zip(_COUNTED.values(), choices, strict=True):
        for name in (chosen,) if isinstance(chosen, str) else chosen or (of_none,):
            yield of, name
    yield "member", "yes" if is_member else "no"


def _count(records: Records, table: Table, *where: ColumnElement[bool]) -> int:
    return int(records.connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one())


class SubscriberRow(Struct, frozen=True, kw_only=True):
    """A subscriber without the address: as it is listed, opening no seal."""

    id: str
    state: str
    channel: str
    language: str
    component_ids: tuple[str, ...]
    kinds: tuple[str, ...]
    products: tuple[str, ...]
    member_id: str
    created_at: dt.datetime
    confirmed_at: dt.datetime | None
    n_bounces: int


def list_subscribers(records: Records, *, after: str = "", n_most: int, **equal: str) -> list[SubscriberRow]:
    """Give the next subscribers by id, without addresses.

    Args:
        records: Of a look or a change.
        after: The id that was the last one before; "" from the start.
        n_most: How many at most.
        equal: Fields that equal something, as ``state="confirmed"``.
    """
    table = table_of(Subscriber)
    names = SubscriberRow.__struct_fields__
    where = [table.c.id > after, *(table.c[name] == value for name, value in equal.items())]
    query = select(*(table.c[name] for name in names)).where(*where).order_by(table.c.id).limit(n_most)
    return [SubscriberRow(**dict(zip(names, row, strict=True))) for row in records.connection.execute(query)]


def count_like(records: Records, *, after: str = "", **equal: str) -> int:
    """Count what ``list_subscribers`` would give without its end."""
    table = table_of(Subscriber)
    return _count(records, table, table.c.id > after, *(table.c[name] == value for name, value in equal.items()))


class AddressRow(SubscriberRow, frozen=True, kw_only=True):
    """A subscriber as it is exported, with the address."""

    address: str


def open_addresses(records: Records, rows: Sequence[SubscriberRow]) -> list[AddressRow]:
    """Give rows their addresses."""
    ids = [row.id for row in rows]
    addresses: dict[str, str] = {}
    for start in range(0, len(ids), _AT_ONCE):
        addresses |= {one.id: one.address for one in records.find(Subscriber, id=ids[start : start + _AT_ONCE])}
    return [AddressRow(**structs.asdict(row), address=addresses[row.id]) for row in rows]
