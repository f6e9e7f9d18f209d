"""Times of day: "14:05 PKT", "2 pm", "half past six", "سہ پہر ساڑھے چار بجے", "رات 11 بج کر 59 منٹ".

Compared is the moment within the day: where both languages name a zone, the same moment in two zones is one fact. A
time without a zone is taken in the zone that the text declares for all its times ("All times are UTC"), or in the only
one that it names; else in the local one.

Urdu counts twelve hours and names the part of the day; where neither that nor a form on 24 hours tells ("9 بجے"),
the fact says that it may be twelve hours later (``half_day``).
"""

from decimal import Decimal
from typing import Final, NamedTuple

from raabta.publish.bulletin.facts.items import Fact, Item, at

_DAY_MIN: Final = 1440
_HALF_MIN: Final = 720
_HOURS: Final = 24
_AFTERNOON_ENDS_H: Final = 6
_NIGHT_BEGINS_H: Final = 6
""""رات 6 بجے" is six in the evening, "رات 5 بجے" five in the morning. Judgement."""
_LOOK: Final = 4
"""How many words away a part of the day, a zone or a role may stand."""
_SHORT: Final = 4
"""Letters of an abbreviation."""
_LEADS: Final = frozenset(
    {"at", "by", "until", "from", "since", "before", "after", "till", "between", "around", "about"}
)


class _Clock(NamedTuple):
    """A time that was read: minutes since midnight, whether on twelve hours, and where it ends."""

    minute: int
    twelve: bool
    start: int
    end: int
    part: str = ""
    zone: str = ""


def with_times(items: list[Item], *, local: str) -> list[Item]:
    """Replace each time of day by its fact.

    Args:
        items: After ``with_numbers``.
        local: The local zone, as "+05:00".
    """
    clocks = _all_clocks(items)
    clocks = _with_shared_parts(items, clocks)
    clocks, used = _with_zones(items, clocks)
    loose = {zone_of(item) for place, item in enumerate(items) if zone_of(item) and place not in used}
    named = loose or {clock.zone for clock in clocks if clock.zone}
    declared = named.pop() if len(named) == 1 else ""
    made: list[Item] = []
    place = 0
    by_start = {clock.start: clock for clock in clocks}
    while place < len(items):
        clock = by_start.get(place)
        if clock is None:
            made.append(items[place] if place not in used else Item("sign", items[place].text))
            place += 1
            continue
        fact = _fact(clock, declared=declared, local=local, role=_role(items, clock))
        made.append(Item("fact", fact.shown, facts=(fact,)))
        place = clock.end
    return made


def zone_of(item: Item) -> str:
    """Give the zone that an item names; "ist" and "gst" do so in capitals only."""
    is_short = item.text.isascii() and item.text.isalpha() and len(item.text) <= _SHORT
    return "" if is_short and not item.text.isupper() else item.means("zone")


def instant(minute: int, zone: str, *, local: str) -> int:
    """Give the minute of the day in UTC."""
    named = local if zone in {"", "local"} else zone
    offset = int(named[1:3]) * 60 + int(named[4:6])
    return (minute - (offset if named[0] == "+" else -offset)) % _DAY_MIN


def _fact(clock: _Clock, *, declared: str, local: str, role: str) -> Fact:
    minute = on_24_hours(clock.minute, clock.part) if clock.twelve else clock.minute % _DAY_MIN
    zone = clock.zone or declared
    said = local if zone == "local" else zone
    shown = f"{minute // 60:02}:{minute % 60:02}" + (f" (UTC{said})" if said else "")
    is_open = clock.twelve and not clock.part and 60 <= minute < _HALF_MIN + 60
    key = str(instant(minute, zone, local=local))
    return Fact("time", key, shown, zone=said, half_day=is_open, role=role)


def on_24_hours(minute: int, part: str) -> int:
    """Give minutes since midnight for a time on twelve hours in a part of the day; as it is, where none is known."""
    if minute >= _HALF_MIN + 60 or not part:
        return minute % _DAY_MIN
    early, hour = minute % _HALF_MIN, minute // 60 % 12
    match part:
        case "am" | "morning" | "dawn":
            return early
        case "pm" | "evening":
            return early + _HALF_MIN
        case "afternoon" | "day":
            return early + _HALF_MIN if hour < _AFTERNOON_ENDS_H else early
        case _:
            return early + _HALF_MIN if hour >= _NIGHT_BEGINS_H else early


def _all_clocks(items: list[Item]) -> list[_Clock]:
    found: list[_Clock] = []
    place = 0
    while place < len(items):
        clock = _clock_at(items, place)
        if clock is not None:
            found.append(clock)
        place = clock.end if clock else place + 1
    return found


def _clock_at(items: list[Item], place: int) -> _Clock | None:
    for read in (_moment, _digits, _half_past, _minutes_to, _hour):
        bare = read(items, place)
        if bare is not None:
            return _with_part(items, bare)
    return None


def _moment(items: list[Item], place: int) -> _Clock | None:
    meaning = items[place].means("moment")
    return _Clock(_minutes(meaning), twelve=False, start=place, end=place + 1) if meaning else None


def _minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:5])


def _digits(items: list[Item], place: int) -> _Clock | None:
    """Read "14:05", "2:05 pm", "2:30 بجے"."""
    item = items[place]
    if item.kind != "clock":
        return None
    end = place + 1 + bool(at(items, place + 1).means("oclock"))
    is_urdu = end > place + 1
    twelve = 60 <= item.minute < _HALF_MIN + 60 and not item.text.startswith("0")
    part = _part_before(items, place)[0] or _part_after(items, end)[0]
    return _Clock(item.minute, twelve and (is_urdu or bool(part)), place, end)


def _half_past(items: list[Item], place: int) -> _Clock | None:
    """Read "half past six", "quarter to nine"."""
    fraction, hour = items[place].means("clock_fraction"), at(items, place + 1)
    if not fraction or hour.kind != "number" or not _is_hour(hour.value):
        return None
    return _Clock((int(hour.value) * 60 + int(fraction)) % _DAY_MIN, twelve=True, start=place, end=place + 2)


def _minutes_to(items: list[Item], place: int) -> _Clock | None:
    """Read "ten (minutes) past nine", "نو بج کر بیس منٹ", "نو بجنے میں پانچ منٹ"."""
    first, middle, second = items[place], at(items, place + 1), at(items, place + 2)
    if first.kind == "number" and middle.means("unit") == "minute":
        middle, second = second, at(items, place + 3)
        if second.kind == "number" and (middle.means("past") or middle.text == "to") and _is_hour(second.value):
            sign = 1 if middle.means("past") else -1
            return _Clock(int(second.value) * 60 + sign * int(first.value), twelve=True, start=place, end=place + 4)
        return None
    if first.kind != "number" or second.kind != "number":
        return None
    if middle.text.lower() == "past" and _is_hour(second.value):
        return _Clock(int(second.value) * 60 + int(first.value), twelve=True, start=place, end=place + 3)
    if not _is_hour(first.value):
        return None
    is_urdu = at(items, place + 3).means("unit") == "minute"
    if is_urdu and (middle.means("past") or middle.means("to_hour")) and not middle.text.isascii():
        sign = 1 if middle.means("past") else -1
        return _Clock(int(first.value) * 60 + sign * int(second.value), first.value <= 12, place, place + 4)
    return None


def _hour(items: list[Item], place: int) -> _Clock | None:
    """Read "2 pm", "9 o'clock", "ساڑھے چار بجے", "1400 hrs", "at 9 PKT"."""
    item, following = items[place], at(items, place + 1)
    if item.kind != "number":
        return None
    lead = at(items, place - 1).text.lower() in _LEADS
    text = item.text
    behind = at(items, place + 2) if following.text == "(" else following
    clear = bool(following.means("oclock") or following.means("ampm") or zone_of(behind))
    military = text.isdigit() and len(text) == 4 and int(text[:2]) < _HOURS and int(text[2:]) < 60
    if military and (zone_of(following) or (lead and following.means("unit") == "hour")):
        end = place + 1 + (following.means("unit") == "hour")
        return _Clock(int(text[:2]) * 60 + int(text[2:]), twelve=False, start=place, end=end)
    dotted = "." in text and len(text.partition(".")[2]) == 2 and text.replace(".", "").isdigit()
    if dotted and (clear or zone_of(following)):
        hour, minute = map(int, text.split("."))
        if hour < _HOURS and minute < 60:
            return _Clock(hour * 60 + minute, hour <= 12 and bool(clear), place, place + 1)
    dayparted = lead and bool(
        _part_after(items, place + 1)[0] or following.means("relative") or _part_before(items, place)[0]
    )
    is_evening = following.text.lower().startswith(("in the ", "at night"))
    if not (clear or dayparted or is_evening) or not _is_hour(item.value):
        return None
    end = place + 1 + bool(following.means("oclock"))
    twelve = item.value < 13 and not (text.startswith("0") and len(text) == 2)
    return _Clock(int(item.value * 60), twelve, place, end)


def _is_hour(value: Decimal) -> bool:
    return 0 <= value <= _HOURS and (value * 4) % 1 == 0


def _with_part(items: list[Item], clock: _Clock) -> _Clock:
    """Take the part of the day that stands beside a time."""
    if at(items, clock.end).means("oclock"):
        clock = clock._replace(end=clock.end + 1)
    part, end = _part_after(items, clock.end, close=True)
    if part in {"am", "pm"}:
        return clock._replace(part=part, end=end, twelve=True)
    before, start = _part_before(items, clock.start)
    if before:
        return clock._replace(part=before, start=start if _is_free(items, start, clock.start) else clock.start)
    return clock._replace(part=part, end=end) if part else clock


def _is_free(items: list[Item], start: int, end: int) -> bool:
    """Say whether the part of the day belongs to the time alone: not "آج شام", which is a day as well."""
    return all(not item.means("relative_part") and item.kind in {"word", "sign"} for item in items[start:end])


def _part_of(item: Item) -> str:
    return (
        item.means("ampm")
        or item.means("daypart")
        or item.means("daytime")
        or item.means("relative_part").partition(" ")[2]
    )


def _part_before(items: list[Item], place: int) -> tuple[str, int]:
    """Look for "شام (کو تقریباً)" or "this evening at" before a time."""
    for back in range(1, _LOOK):
        item = at(items, place - back)
        if part := _part_of(item):
            if item.means("unit") and at(items, place - back - 1).kind == "number":
                return "", place  # "دو دن 5 بجے": two days
            if part == "day" and not item.means("daytime"):
                return "", place
            return part, place - back
        if not item.means("filler") and item.text not in {",", "،", "("}:
            return "", place
    return "", place


def _part_after(items: list[Item], place: int, *, close: bool = False) -> tuple[str, int]:
    """Look for "pm", "in the evening" or "رات" right behind a time; not where it begins the next time."""
    item = at(items, place)
    part = item.means("ampm") or item.means("daypart")
    if item.means("relative_part") and item.text.isascii():  # "at 11 last night": a day as well
        return item.means("relative_part").partition(" ")[2], place
    if item.means("daytime") and at(items, place - 1).means("oclock"):
        return "day", place + 1
    following = at(items, place + 1)
    is_next = item.means("daypart") and (following.kind in {"number", "clock"} or following.means("before_number"))
    if not part or (close and is_next and not item.text.isascii()):
        return "", place
    return part, place + 1


def _with_shared_parts(items: list[Item], clocks: list[_Clock]) -> list[_Clock]:
    """Let "3:00 to 4:30 pm" and "سہ پہر 3 سے 4 بجے" share their part of the day; read "2 to 4 pm"'s first number."""
    shared: list[_Clock] = []
    for clock in clocks:
        first = _number_before(items, clock)
        if first is not None and (not shared or shared[-1].end <= first.start):
            shared.append(first)
        shared.append(clock)
    for place in range(len(shared) - 1):
        one, two = shared[place], shared[place + 1]
        if _is_joined(items, one.end, two.start):
            shared[place], shared[place + 1] = _share(one, two)
    return shared


def _number_before(items: list[Item], clock: _Clock) -> _Clock | None:
    place = clock.start - 2
    number = at(items, place)
    is_joined = at(items, place + 1).means("join") == "to" or at(items, place + 1).text == "-"
    is_plain = number.kind == "number" and _is_hour(number.value) and number.scale == 1
    if not (is_joined and is_plain) or at(items, place - 1).text == ":":
        return None
    twelve = clock.twelve or clock.part != ""
    first = _Clock(int(number.value * 60), twelve and number.value < 13, place, place + 1)
    return _with_part(items, first)._replace(end=place + 1)


def _is_joined(items: list[Item], end: int, start: int) -> bool:
    between = items[end:start]
    if len(between) > 3:
        return False
    return bool(between) and all(
        item.means("join") == "to" or item.means("filler") or item.text in {"-", ",", "،"} for item in between
    )


def _share(one: _Clock, two: _Clock) -> tuple[_Clock, _Clock]:
    if one.zone == "" and two.zone:
        one = one._replace(zone=two.zone)
    may_take = not one.part and two.part and one.minute < _HALF_MIN + 60 and one.minute >= 60
    if may_take and (one.twelve or two.part in {"am", "pm"}):
        later = on_24_hours(two.minute, two.part)
        first = on_24_hours(one.minute, two.part)
        if first > later and two.part in {"am", "pm"}:  # "11 to 1 pm"
            first = (first + _HALF_MIN) % _DAY_MIN
        one = one._replace(minute=first, twelve=False, part=two.part)
    elif one.part and not two.part and two.twelve:
        first = on_24_hours(one.minute, one.part)
        early, late = two.minute % _HALF_MIN, two.minute % _HALF_MIN + _HALF_MIN
        second = early if (early - first) % _DAY_MIN <= (late - first) % _DAY_MIN else late
        two = two._replace(minute=second, twelve=False, part=one.part)
    return one, two


def _with_zones(items: list[Item], clocks: list[_Clock]) -> tuple[list[_Clock], set[int]]:
    """Give each time the zone that stands behind or (Urdu) before it, and pass it on within "10 to 12 PKT"."""
    used: set[int] = set()
    zoned: list[_Clock] = []
    for number, clock in enumerate(clocks):
        stop = clocks[number + 1].start if number + 1 < len(clocks) else len(items)
        begin = clocks[number - 1].end if number else 0
        place = _zone_place(items, range(clock.end, min(stop, clock.end + _LOOK + 1)))
        if place is None:
            near = [
                one for one in range(clock.start - 1, max(begin, clock.start - _LOOK - 2) - 1, -1) if one not in used
            ]
            place = _zone_place(items, near)
        if place is None:
            zoned.append(clock)
            continue
        used |= _zone_and_offset(items, place)
        zoned.append(clock._replace(zone=zone_of(items[place])))
    for place in range(len(zoned) - 2, -1, -1):
        one, two = zoned[place], zoned[place + 1]
        if not one.zone and two.zone and _is_joined(items, one.end, two.start):
            zoned[place] = one._replace(zone=two.zone)
        if one.zone and not two.zone and _is_joined(items, one.end, two.start):
            zoned[place + 1] = two._replace(zone=one.zone)
    return zoned, used


def _zone_and_offset(items: list[Item], place: int) -> set[int]:
    """Give the places of a zone, and of its offset in brackets behind it: "PKT (UTC+05:00)"."""
    used = {place}
    for more in range(place + 1, place + 4):
        item = at(items, more)
        if zone_of(item) and at(items, more + 1).kind not in {"number", "clock"}:
            used.add(more)
        elif item.text not in {"(", ")", ",", "/"} and not item.means("filler"):
            break
    return used


def _zone_place(items: list[Item], places: range | list[int]) -> int | None:
    for place in places:
        item = at(items, place)
        if zone_of(item):
            return place
        passes = (
            item.means("filler")
            or item.text in {"(", ",", "،", ")", "-"}
            or _part_of(item)
            or item.means("join") == "to"
        )
        if not passes and item.kind != "date" and not item.means("relative"):
            return None
    return None


def _role(items: list[Item], clock: _Clock) -> str:
    """Say whether something began or ended then: English says so before, Urdu behind it."""
    is_urdu = any(not item.text.isascii() for item in items if item.kind == "word")
    if not is_urdu:
        for place in range(clock.start - 1, clock.start - _LOOK - 1, -1):
            if (item := at(items, place)).kind == "break" or item.kind in {"clock", "number"}:
                return ""
            if role := item.means("role"):
                return role
        return ""
    for place in range(clock.end, clock.end + _LOOK + 2):
        if (item := at(items, place)).kind == "break" or item.kind in {"clock", "number"}:
            return ""
        if role := item.means("role"):
            return role
    return ""
