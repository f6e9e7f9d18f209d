"""The proofs that may be due, out of a whole register: by a query, since most of 34,000 are not."""

import datetime as dt
from typing import Final

from sqlalchemy import or_, select

from raabta.model.register import Proof
from raabta.registry.proofs import RENEW_SHARE, VALID_DAYS, Due, find_due
from raabta.registry.schema import table_of
from raabta.registry.store import Records

_LONGEST_DAYS: Final = max(VALID_DAYS.values()) * RENEW_SHARE
"""Nothing is due earlier than this before its end."""


def find_due_in(records: Records, *, now: dt.datetime) -> list[Due]:
    """Give the proofs to see to, as ``registry.proofs.find_due``, the most urgent first."""
    table = table_of(Proof)
    soon = now + dt.timedelta(days=_LONGEST_DAYS)
    query = (
        select(table)
        .where(table.c.status.in_(("pending", "proved", "expired")))
        .where(or_(table.c.expires_at.is_(None), table.c.expires_at <= soon))
        .order_by(table.c.id)
    )
    names = Proof.__struct_fields__
    rows = records.connection.execute(query)
    return find_due((Proof(**dict(zip(names, row, strict=True))) for row in rows), now=now)
