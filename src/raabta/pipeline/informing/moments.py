"""Times as people type them: with a zone, in the site's own zone, or from now on.

A local time that a change of clocks skips or repeats is refused: the person must say which one is meant. So is a year
that nobody means (``registry.incidents.steps.YEARS``), and whatever else ISO 8601 may write: weeks, digits alone.
"""

import datetime as dt
import re
from typing import Final
from zoneinfo import ZoneInfo

from raabta.registry.incidents.steps import YEARS

_SPAN: Final = re.compile(r"([+-])(\d{1,4})(m|min|h|d)", re.ASCII)
_SIGNED: Final = re.compile(r"[+-]\d", re.ASCII)
_UNITS: Final = {"m": 60, "min": 60, "h": 3600, "d": 86_400}
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_WRITTEN: Final = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d(:?\d\d)?)?)?", re.ASCII | re.IGNORECASE
)
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
        ValueError: It is no time, a local time that does not exist or exists twice, or of a far year.
    """
    given = text.strip()
    return now if given == "now" else _near(_read(given, ZoneInfo(zone), now), given)


def _read(given: str, local: ZoneInfo, now: dt.datetime) -> dt.datetime:
    if span := _SPAN.fullmatch(given):
        length = dt.timedelta(seconds=int(span[2]) * _UNITS[span[3]])
        return now + length if span[1] == "+" else now - length
    if clock := _CLOCK.fullmatch(given):
        day = now.astimezone(local).replace(tzinfo=None)
        return _from_local(day.replace(hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0), local)
    try:
        read = dt.datetime.fromisoformat(given if _WRITTEN.fullmatch(given) else "")
    except ValueError:
        unit = "Units are m, h and d: -90m, +2h, +3d. " if _SIGNED.match(given) else ""
        message = f"{given[:40]!r} is no time. {unit}{_EXAMPLES}."
        raise ValueError(message) from None
    _near(read, given)
    return read.astimezone(dt.UTC) if read.tzinfo else _from_local(read, local)


def _near(at: dt.datetime, given: str) -> dt.datetime:
    first, last = YEARS
    if not first <= at.year <= last:
        message = f"{given!r}: a time from {first} to {last}. Look at the year."
        raise ValueError(message)
    return at


def _from_local(naive: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    first, second = (naive.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1))
    if first != second:
        how = "exists twice" if first < second else "does not exist"
        message = f"{naive} {how} in {zone.key}: clocks change. Write it with its zone, as {first.isoformat()}."
        raise ValueError(message)
    return first
