"""The queue: what waits, started before it is sent, settled after.

Not in the order of ids: first what a person waits for (alarms, requests to confirm, answers), then bulletins; within
each by the time of the next try. The index ``(state, channel, reason, next_try_at)`` makes both a look at a few rows.

``start`` and ``settle`` belong into one change: then a sender that is killed leaves one uncertain message for each that
was under way, and no more. ``recover`` marks them; it may run only while no sender does (``lock``).
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final

from msgspec import structs
from sqlalchemy import Select, Update, bindparam, select, update

from raabta.model.subscription import Channel, Delivery
from raabta.registry.outbox.outcome import Outcome, settled
from raabta.registry.records import Records
from raabta.registry.schema import table_of

FIRST: Final = ("acknowledge", "alarm", "answer", "confirm", "goodbye")
"""Reasons that go before bulletins."""
NOTED: Final = ("state", "next_try_at", "n_tries", "started_at", "settled_at", "repeated", "failure")
"""Fields that a try changes."""


def enqueue(records: Records, deliveries: Iterable[Delivery]) -> int:
    """Put deliveries into the outbox, those that are not there yet; say how many these were."""
    given = {one.id: one for one in deliveries}
    known = known_ids(records, list(given))
    new = [one for id_, one in given.items() if id_ not in known]
    records.add_all(new)
    return len(new)


def known_ids(records: Records, ids: Sequence[str]) -> set[str]:
    """Say which of these deliveries are in the outbox, whatever became of them."""
    table = table_of(Delivery)
    return set(records.connection.execute(select(table.c.id).where(table.c.id.in_(ids))).scalars())


def recover(records: Records, *, now: dt.datetime) -> int:
    """Put back what a sender that was stopped had under way, marked as possibly repeated; count it."""
    table = table_of(Delivery)
    back = update(table).where(table.c.state == "sending")
    return int(records.connection.execute(back.values(state="waiting", repeated=True, next_try_at=now)).rowcount)


def due(records: Records, channel: Channel, *, now: dt.datetime, n_most: int) -> list[Delivery]:
    """Give the next deliveries of a channel that are due."""
    first = _read(records, _due(FIRST), of_channel=channel, now=now, n_most=n_most)
    if len(first) == n_most:
        return first
    return first + _read(records, _due(("bulletin",)), of_channel=channel, now=now, n_most=n_most - len(first))


def is_due(records: Records, channel: Channel, *, now: dt.datetime) -> bool:
    """Say whether a channel has anything to send now."""
    return bool(due(records, channel, now=now, n_most=1))


def start(records: Records, deliveries: Sequence[Delivery], *, now: dt.datetime) -> list[Delivery]:
    """Note that deliveries are being sent now; give them as they are then."""
    started = [structs.replace(one, state="sending", started_at=now, n_tries=one.n_tries + 1) for one in deliveries]
    _note(records, started)
    return started


def settle(records: Records, tried: Iterable[tuple[Delivery, Outcome]], *, now: dt.datetime) -> list[Delivery]:
    """Note what became of deliveries, which are as ``start`` gave them; give them as they are then."""
    done = [settled(one, outcome, now=now) for one, outcome in tried]
    _note(records, done)
    return done


def try_again(records: Records, ids: Sequence[str], *, now: dt.datetime) -> list[Delivery]:
    """Have deliveries that were given up tried once more, now.

    Raises:
        LookupError: One of them was not given up.
    """
    found = list(records.find(Delivery, id=list(ids), state="given_up"))
    if missing := set(ids) - {one.id for one in found}:
        message = f"{min(missing)}: nothing of this id was given up. See: raabta publish outbox --failures"
        raise LookupError(message)
    renewed = [structs.replace(one, state="waiting", settled_at=None, next_try_at=now) for one in found]
    _note(records, renewed)
    return renewed


def put_off(records: Records, deliveries: Iterable[Delivery], *, until: dt.datetime) -> None:
    """Let deliveries wait without a try: their receiver is busy, or down."""
    _note(records, [structs.replace(one, next_try_at=until) for one in deliveries])


@cache
def _due(reasons: tuple[str, ...]) -> "Select[Any]":
    """Give the question of what is due, made once: it is asked for every message."""
    table = table_of(Delivery)
    column = table.c
    where = (
        column.state == "waiting",
        column.channel == bindparam("of_channel"),
        column.reason == reasons[0] if len(reasons) == 1 else column.reason.in_(reasons),
        column.next_try_at <= bindparam("now"),
    )
    return select(table).where(*where).order_by(column.next_try_at).limit(bindparam("n_most"))


def _read(records: Records, query: "Select[Any]", **values: object) -> list[Delivery]:
    names = Delivery.__struct_fields__
    rows = records.connection.execute(query, values).fetchall()
    return [Delivery(**dict(zip(names, row, strict=True))) for row in rows]


@cache
def _noting() -> "Update":
    table = table_of(Delivery)
    return update(table).where(table.c.id == bindparam("known")).values({name: bindparam(name) for name in NOTED})


def _note(records: Records, deliveries: Iterable[Delivery]) -> None:
    """Write what a try changes of deliveries.

    Raises:
        LookupError: One of them is not there.
    """
    rows = [{name: getattr(one, name) for name in NOTED} | {"known": one.id} for one in deliveries]
    if rows and records.connection.execute(_noting(), rows).rowcount != len(rows):
        message = "a delivery is not in the register, so it cannot be changed. Is it the same register?"
        raise LookupError(message)
