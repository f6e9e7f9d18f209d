"""What was sent long ago is forgotten: a register need not know for ever who was told what.

What was given up is kept as long, so that somebody can look why. A dispatch that is done makes no deliveries again,
so that nothing that was forgotten is sent a second time.
"""

import datetime as dt
from typing import Final

from sqlalchemy import delete, select

from raabta.model.subscription import CHANNELS, Delivery
from raabta.registry.outbox.counting import REASONS
from raabta.registry.records import Records
from raabta.registry.schema import table_of

KEPT: Final = dt.timedelta(days=30)
"""As long as somebody may ask whether a message went out. Judgement."""
SETTLED: Final = ("sent", "dropped", "given_up")


def forget_some(records: Records, *, now: dt.datetime, n_most: int) -> int:
    """Remove deliveries that were settled long ago, so many at most; count them."""
    columns = table_of(Delivery).c
    n_gone = 0
    for state, channel in ((state, channel) for state in SETTLED for channel in CHANNELS):
        old = (
            select(columns.id)
            .where(
                columns.state == state,
                columns.channel == channel,
                columns.reason.in_(REASONS),
                columns.next_try_at < now - KEPT,
            )
            .limit(n_most - n_gone)
        )
        ids = records.connection.execute(old).scalars().all()
        if ids:
            records.connection.execute(delete(table_of(Delivery)).where(columns.id.in_(ids)))
        n_gone += len(ids)
        if n_gone >= n_most:
            break
    return n_gone
