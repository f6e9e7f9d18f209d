"""What waits in the outbox, and what failed: counted by index, never by reading whole tables."""

import datetime as dt
from typing import Final, get_args

from msgspec import Struct
from sqlalchemy import func, select

from raabta.model.subscription import CHANNELS, Channel, Delivery, DeliveryState, Dispatch
from raabta.registry.outbox.queue import FIRST
from raabta.registry.records import Records
from raabta.registry.schema import table_of

STATES: Final[tuple[DeliveryState, ...]] = get_args(DeliveryState)
COUNT_MOST: Final = 200_000
"""No count goes further: two bulletins to 100,000 subscribers. Keeps the command within a second."""
REASONS: Final = (*FIRST, "bulletin")


class ChannelCount(Struct, frozen=True, kw_only=True):
    """How much of a channel is in each state. A count of ``COUNT_MOST`` means: at least so many."""

    channel: Channel
    due: int
    """Of those that wait: how many could go now."""
    waiting: int
    sending: int
    sent: int
    given_up: int
    dropped: int


def count_channels(records: Records, *, now: dt.datetime) -> list[ChannelCount]:
    """Count what each channel has."""
    return [
        ChannelCount(
            channel=channel,
            due=_count(records, channel, "waiting", until=now),
            **{state: _count(records, channel, state) for state in STATES},
        )
        for channel in CHANNELS
    ]


def open_dispatches(records: Records) -> list[Dispatch]:
    """Give dispatches that are not yet expanded to their end."""
    return list(records.find(Dispatch, done=False))


def failing(records: Records, *, now: dt.datetime, n_most: int) -> list[Delivery]:
    """Give deliveries that were given up, the newest first, and those that wait for another try."""
    columns = table_of(Delivery).c
    names = Delivery.__struct_fields__
    found: list[Delivery] = []
    for state, past in (("given_up", False), ("waiting", True)):
        when = columns.next_try_at > now if past else columns.next_try_at > dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
        for channel in CHANNELS:
            query = (
                select(table_of(Delivery))
                .where(
                    columns.state == state,
                    columns.channel == channel,
                    columns.reason.in_(REASONS),
                    when,
                    columns.failure != "",
                )
                .order_by(columns.next_try_at.desc())
                .limit(n_most - len(found))
            )
            rows = records.connection.execute(query).fetchall() if len(found) < n_most else []
            found += [Delivery(**dict(zip(names, row, strict=True))) for row in rows]
    return found


def _count(records: Records, channel: Channel, state: DeliveryState, *, until: dt.datetime | None = None) -> int:
    columns = table_of(Delivery).c
    where = [columns.state == state, columns.channel == channel, columns.reason.in_(REASONS)]
    if until is not None:
        where.append(columns.next_try_at <= until)
    some = select(columns.state).where(*where).limit(COUNT_MOST).subquery()
    return int(records.connection.execute(select(func.count()).select_from(some)).scalar_one())
