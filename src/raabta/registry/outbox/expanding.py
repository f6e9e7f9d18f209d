"""From a dispatch to deliveries: whom a bulletin concerns, looked through some hundred subscribers at a time.

Looked at in the order of their ids, by the index ``(state, id)``; addresses and secrets stay sealed. Only who had
confirmed when the bulletin was published gets it: somebody who confirms while it is being expanded does not, on
whichever side of the cursor their id lies.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from msgspec import structs
from sqlalchemy import select

from raabta.model.bulletin import Bulletin
from raabta.model.subscription import Delivery, Dispatch, Subscriber
from raabta.registry.outbox.queue import enqueue
from raabta.registry.records import Records
from raabta.registry.schema import table_of

SUBSCRIBERS_AT_ONCE: Final = 500
"""Some 30 ms on two slow cores, during which no other command writes (tests/bench/outbox.py)."""


class Expanded(NamedTuple):
    """What one bit of expanding did."""

    bulletin_id: str
    n_looked_at: int
    n_made: int
    done: bool


class _Wish(NamedTuple):
    """What a subscriber asked for: no address."""

    id: str
    channel: Any
    component_ids: tuple[str, ...]
    kinds: tuple[str, ...]
    products: tuple[str, ...]
    member_id: str
    confirmed_at: dt.datetime | None


def expand_some(
    records: Records, *, n_most: int = SUBSCRIBERS_AT_ONCE, bulletin: Bulletin | None = None
) -> Expanded | None:
    """Make the next deliveries of the oldest dispatch that is not done.

    Args:
        records: Of one change: the deliveries and the cursor are kept together, or not at all.
        n_most: How many subscribers are looked at.
        bulletin: The one meant, where it is at hand; else it is read.

    Returns:
        What was done, or None where all is done.
    """
    dispatch = next_dispatch(records)
    if dispatch is None:
        return None
    told = bulletin if bulletin and bulletin.id == dispatch.bulletin_id else records.get(Bulletin, dispatch.bulletin_id)
    wishes = _next_wishes(records, after=dispatch.after_id, n_most=n_most) if told else []
    made = [
        _delivery(wish, dispatch)
        for wish in wishes
        if told and _had_confirmed(wish, dispatch.created_at) and concerns(told, wish)
    ]
    n_made = enqueue(records, made)
    done = len(wishes) < n_most
    records.put(structs.replace(dispatch, after_id=wishes[-1].id if wishes else dispatch.after_id, done=done))
    return Expanded(dispatch.bulletin_id, len(wishes), n_made, done)


def next_dispatch(records: Records) -> Dispatch | None:
    """Give the oldest dispatch that is not done."""
    return min(records.find(Dispatch, done=False), key=lambda one: (one.created_at, one.id), default=None)


def concerns(bulletin: Bulletin, wish: "Subscriber | _Wish") -> bool:
    """Say whether a subscriber asked for such a bulletin, and may have it.

    One that names no component concerns everybody's.
    """
    if wish.kinds and bulletin.kind not in wish.kinds:
        return False
    if wish.component_ids and bulletin.component_ids and not set(wish.component_ids) & set(bulletin.component_ids):
        return False
    match bulletin.audience:
        case "public":
            return True
        case "members":
            return bool(wish.member_id)
        case "product_users":
            about = {product for advisory in bulletin.advisory for product in advisory.products}
            return bool(about & set(wish.products))


def _had_confirmed(wish: _Wish, at: dt.datetime) -> bool:
    return wish.confirmed_at is not None and wish.confirmed_at <= at


def _next_wishes(records: Records, *, after: str, n_most: int) -> Sequence[_Wish]:
    columns = table_of(Subscriber).c
    query = (
        select(*(columns[name] for name in _Wish._fields))
        .where(columns.state == "confirmed", columns.id > after)
        .order_by(columns.id)
        .limit(n_most)
    )
    return [_Wish(*row) for row in records.connection.execute(query).fetchall()]


def _delivery(wish: _Wish, dispatch: Dispatch) -> Delivery:
    return Delivery(
        id=f"bulletin/{dispatch.bulletin_id}/{wish.id}",
        channel=wish.channel,
        reason="bulletin",
        subject_id=dispatch.bulletin_id,
        to_id=wish.id,
        created_at=dispatch.created_at,
        next_try_at=dispatch.created_at,
    )
