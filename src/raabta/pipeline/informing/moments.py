"""Times as people type them: with a zone, in the site's own zone, or from now on.

A local time that a change of clocks skips or repeats is refused: the person must say which one is meant.
"""

import datetime as dt
import re
from typing import Final
from zoneinfo import ZoneInfo

_SPAN: Final = re.compile(r"([+-])(\d{1,4})(m|min|h|d)")
_UNITS: Final = {"m": 60, "min": 60, "h": 3600, "d": 86_400}
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_EXAMPLES: Final = "Write 2026-11-22T14:00+05:00, 2026-11-22 14:00 (local), 14:00 (today, local), +2h or now"


def read_moment(text: str, *, zone: str, now: dt.datetime) -> dt.datetime:
    """Read a time that somebody typed.

    Args:
        text: ``now``, ``+90m``, ``-2h``, ``14:00``, ``2026-11-22 14:00``, or with a zone ``2026-11-22T14:00+05:00``.
        zone: IANA's name of the local time zone.
        now: Aware UTC.

    Returns:
        Aware UTC.

    Raises:
        ValueError: It is no time, or a local time that does not exist or exists twice.
    """
    given = text.strip()
    if given == "now":
        return now
    if span := _SPAN.fullmatch(given):
        length = dt.timedelta(seconds=int(span[2]) * _UNITS[span[3]])
        return now + length if span[1] == "+" else now - length
    local = ZoneInfo(zone)
    if clock := _CLOCK.fullmatch(given):
        day = now.astimezone(local).replace(tzinfo=None)
        return _from_local(day.replace(hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0), local)
    try:
        read = dt.datetime.fromisoformat(given)
    except ValueError as error:
        message = f"{given!r} is no time. {_EXAMPLES}."
        raise ValueError(message) from error
    return read.astimezone(dt.UTC) if read.tzinfo else _from_local(read, local)


def _from_local(naive: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    first, second = (naive.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1))
    if first != second:
        how = "exists twice" if first < second else "does not exist"
        message = f"{naive} {how} in {zone.key}: clocks change. Write it with its zone, as {first.isoformat()}."
        raise ValueError(message)
    return first
