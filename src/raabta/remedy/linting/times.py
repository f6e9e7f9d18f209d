"""From when to when: rules about a beginning and an end."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

LONGEST: Final = timedelta(days=366)
"""Twelve months, one of them in a leap year. Source: design/remedy.md."""
SKEW: Final = timedelta(minutes=10)
"""How far two machines' clocks may be apart before a beginning in the future is one. Judgement."""

Broken = tuple[str, str, datetime]
"""A rule, the field, and the time that it tells."""


def broken_times(
    not_before: datetime, not_after: datetime, *, now: datetime, made_at: datetime | None = None
) -> Iterator[Broken]:
    """Give the rules that two times break.

    Args:
        not_before: From when.
        not_after: Until when.
        now: Aware UTC.
        made_at: When the list was made. What was in force then and ended since is no fault of the list: kernel
            timeouts end it, and a gateway that is cut off must not throw away the rest.
    """
    # Hot: 100,000 calls a list. The ordinary case leaves at the first test.
    since = now if made_at is None else made_at
    if not_before.tzinfo is None or not_after.tzinfo is None:
        yield "time.no_zone", "not_before" if not_before.tzinfo is None else "not_after", not_before
        return
    if not_after <= not_before:
        yield "time.reversed", "not_after", not_after
    elif not_after - not_before > LONGEST:
        yield "time.too_long", "not_after", not_after
    if not_after <= since:
        yield "time.expired", "not_after", not_after
    elif not_after <= now:
        yield "time.expired_since", "not_after", not_after
    if not_before > since + SKEW:
        yield "time.not_yet", "not_before", not_before


def are_plain(not_before: datetime, not_after: datetime, *, now: datetime, since: datetime) -> bool:
    """Whether no rule of ``broken_times`` is broken: the same tests, without a generator for each entry."""
    return (
        not_before.tzinfo is not None
        and not_after.tzinfo is not None
        and not_before < not_after
        and since < not_after
        and now < not_after
        and not_before <= since
        and not_after - not_before <= LONGEST
    )
