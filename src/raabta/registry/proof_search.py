"""The proofs that are due, out of a whole register: by queries in the order of urgency, read as far as they are wanted.

What was replaced is withdrawn when its successor is kept (``pipeline.proof_keeping``), so a proof can be judged without
the others of its claim.
"""

import datetime as dt
import heapq
import itertools
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Select, select

from raabta.model.register import Proof
from raabta.registry.proofs import CHALLENGE_DAYS, FORGET_DAYS, RENEW_SHARE, VALID_DAYS, Due, find_due
from raabta.registry.schema import table_of
from raabta.registry.store import Records

_LONGEST_DAYS: Final = max(VALID_DAYS.values()) * RENEW_SHARE
"""Nothing is due earlier than this before its end."""


def find_due_in(records: Records, *, now: dt.datetime, n_most: int | None = None, **equal: str) -> list[Due]:
    """Give the proofs to see to, as ``registry.proofs.find_due``, the most urgent first.

    Args:
        records: The register.
        now: Aware UTC.
        n_most: So many of them; None for all.
        equal: Fields that they must have, such as ``endpoint_id``.
    """
    table = table_of(Proof)
    of_these = select(table).where(*(table.c[name] == value for name, value in equal.items()))
    ends_at, issued_at = table.c.expires_at, table.c.issued_at
    ending = of_these.where(
        table.c.status.in_(("proved", "expired")),
        ends_at <= now + dt.timedelta(days=_LONGEST_DAYS),
        ends_at > now - dt.timedelta(days=FORGET_DAYS),
    ).order_by(ends_at, table.c.id)
    waiting = of_these.where(table.c.status == "pending", issued_at > now - dt.timedelta(days=CHALLENGE_DAYS)).order_by(
        issued_at, table.c.id
    )
    merged = heapq.merge(_due(records, ending, now), _due(records, waiting, now), key=lambda due: due.ends_at)
    return list(itertools.islice(merged, n_most))


def _due(records: Records, query: Select[Any], now: dt.datetime) -> Iterator[Due]:
    names = Proof.__struct_fields__
    for row in records.connection.execute(query):
        yield from find_due([Proof(**dict(zip(names, row, strict=True)))], now=now)
