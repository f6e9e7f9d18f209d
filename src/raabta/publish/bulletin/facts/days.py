"""Dates, months, years, weekdays, and days named from today: "4th of September", "10–11 نومبر", "tomorrow", "کل".

The day of the month and the year are facts of their own: one language may leave out a year that the other one says, and
that is told. "May" and "March" count as months with a capital, and where a sentence begins only beside a day or a year.
Urdu's کل is yesterday and tomorrow, پرسوں two days away on either side; کل before a number is more often "in all".
"""

import datetime as dt
from typing import Final

from raabta.publish.bulletin.facts.items import Fact, Item, at

MONTHS: Final = tuple(dt.date(2000, month, 1).strftime("%B") for month in range(1, 13))
_DAYS_MAX: Final = 31
_LISTED_MAX: Final = 12
"""Days of one month in a row: more are not read as such."""
_YEARS: Final = range(1990, 2100)
_VERBS: Final = {"may", "march"}
_CAPITALS: Final = {"may", "march", "mar", "jan", "sat", "sun", "mon", "wed", "fri", "thu", "tue", "dec", "mar.", "sep"}
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def with_days(items: list[Item]) -> list[Item]:
    """Replace dates, weekdays and days named from today by their facts."""
    made: list[Item] = []
    place = 0
    while place < len(items):
        facts, end = _read(items, place)
        if end == place:
            made.append(items[place])
            place += 1
            continue
        made.append(Item("fact", " ".join(item.text for item in items[place:end]), facts=tuple(facts)))
        place = end
    return made


def _read(items: list[Item], place: int) -> tuple[list[Fact], int]:
    for read in (_whole_date, _day_list, _day_month, _month_day, _month, _year, _weekday, _from_today):
        facts, end = read(items, place)
        if end > place:
            return facts, end
    return [], place


def _whole_date(items: list[Item], place: int) -> tuple[list[Fact], int]:
    day = items[place].day
    if items[place].kind != "date" or day is None:
        return [], place
    return [_date(day.day, day.month), _year_fact(day.year)], place + 1


def _month_of(items: list[Item], place: int) -> int:
    item = at(items, place)
    number = item.means("month")
    if not number or (item.text.lower() in _CAPITALS and not item.text[0].isupper()):
        return 0
    return int(number)


def _day_number(items: list[Item], place: int) -> tuple[int, int]:
    """Read a day of the month, "4", "4th", "fourth", and where it ends; 0 where it is none."""
    item = at(items, place)
    if item.kind == "number" and item.value == int(item.value) and 1 <= item.value <= _DAYS_MAX:
        return int(item.value), place + 1 + bool(at(items, place + 1).means("ordinal_ending"))
    if ordinal := item.means("ordinal"):
        return int(ordinal), place + 1
    return 0, place


def _passed(items: list[Item], place: int, *, most: int = 2) -> int:
    """Step over "of", "کی", ","."""
    for _ in range(most):
        item = at(items, place)
        if not (item.means("filler") or item.text in {",", "،"}):
            break
        place += 1
    return place


def _with_year(items: list[Item], place: int) -> tuple[list[Fact], int]:
    following = _passed(items, place, most=1)
    item = at(items, following)
    if item.kind == "number" and item.text.isdigit() and int(item.value) in _YEARS:
        return [_year_fact(int(item.value))], following + 1
    return [], place


def _day_month(items: list[Item], place: int) -> tuple[list[Fact], int]:
    day, end = _day_number(items, place)
    if not day:
        return [], place
    behind = _passed(items, end)
    month = _month_of(items, behind)
    if not month:
        return [], place
    facts, stop = _with_year(items, behind + 1)
    return [_date(day, month), *facts], stop


def _day_list(items: list[Item], place: int) -> tuple[list[Fact], int]:
    """Read "10–11 November", "10 اور 11 نومبر", "10, 11 and 12 November"."""
    days: list[int] = []
    end = place
    while True:
        day, stop = _day_number(items, end)
        if not day or len(days) == _LISTED_MAX:
            return [], place
        days.append(day)
        joint = at(items, stop)
        if joint.means("join") == "to" or joint.text in {"-", ",", "،", "&"}:
            end = _passed(items, stop + 1, most=1)
            continue
        break
    facts, stop = _day_month(items, end)
    if len(days) < 2 or stop == end:
        return [], place
    month = int(facts[0].key.partition("-")[0])
    return [*(_date(day, month) for day in days[:-1]), *facts], stop


def _month_day(items: list[Item], place: int) -> tuple[list[Fact], int]:
    """Read "November 10(th), 2024"."""
    month = _month_of(items, place)
    if not month:
        return [], place
    begin = place + 1 + (at(items, place + 1).text == "the")
    day, end = _day_number(items, begin)
    following = at(items, end)
    is_counted = (
        following.means("unit") or following.means("noun") or following.means("oclock") or following.means("month")
    )
    if not day or is_counted or at(items, end).kind == "clock":
        return [], place
    if not items[place].text.isascii() and at(items, end).text != "تاریخ":
        return [], place  # Urdu: "نومبر 10" is rare, "نومبر میں 10 ارکان" is not
    facts, stop = _with_year(items, end)
    return [_date(day, month), *facts], stop


def _month(items: list[Item], place: int) -> tuple[list[Fact], int]:
    month = _month_of(items, place)
    if not month:
        return [], place
    facts, stop = _with_year(items, place + 1)
    before = at(items, place - 1)
    if items[place].text.lower() in _VERBS and not facts and (before.kind == "break" or before.text in {'"', "("}):
        return [], place
    return [Fact("month", str(month), MONTHS[month - 1]), *facts], max(stop, place + 1)


def _year(items: list[Item], place: int) -> tuple[list[Fact], int]:
    item, following = items[place], at(items, place + 1)
    is_year = item.kind == "number" and item.text.isdigit() and len(item.text) == 4 and int(item.value) in _YEARS
    is_counted = (
        any(following.means(kind) for kind in ("unit", "noun", "currency", "multiplier")) or following.text == "-"
    )
    before = at(items, place - 1)
    if not is_year or is_counted or before.means("currency") or before.text.lower() in {"port", "پورٹ"}:
        return [], place
    return [_year_fact(int(item.value))], place + 1


def _weekday(items: list[Item], place: int) -> tuple[list[Fact], int]:
    item = items[place]
    number = item.means("weekday")
    if not number and item.means("unit") == "week" and not item.text.isascii():
        # "ہفتہ 30 نومبر": Saturday, and not a week.
        behind = _passed(items, place + 1, most=1)
        is_date = _day_number(items, behind)[0] and _month_of(items, _day_number(items, behind)[1])
        number = "6" if is_date and at(items, place - 1).kind != "number" else ""
    if not number or (item.text.lower() in _CAPITALS and not item.text[0].isupper()):
        return [], place
    return [Fact("weekday", number, _WEEKDAYS[int(number) - 1])], place + 1


def _from_today(items: list[Item], place: int) -> tuple[list[Fact], int]:
    item = items[place]
    if both := item.means("relative_part"):
        day, _, part = both.partition(" ")
        return [_relative(day), Fact("part of day", part, part, firm=False)], place + 1
    day = item.means("relative")
    if not day:
        part = item.means("daypart")
        return ([Fact("part of day", part, part, firm=False)], place + 1) if part else ([], place)
    following, second = at(items, place + 1), at(items, place + 2)
    is_total = (
        day == "kal"
        and following.kind == "number"
        and not (second.means("month") or second.kind == "fact" or second.means("daypart"))
    )
    return ([], place) if is_total else ([_relative(day)], place + 1)


def _relative(day: str) -> Fact:
    shown = {
        "kal": "کل (yesterday or tomorrow)",
        "parson": "پرسوں (two days ago, or in two days)",
        "after_tomorrow": "the day after tomorrow",
        "before_yesterday": "the day before yesterday",
    }
    return Fact("day", day, shown.get(day, day.replace("_", " ")))


def _date(day: int, month: int) -> Fact:
    return Fact("date", f"{month}-{day}", f"{day} {MONTHS[month - 1]}")


def _year_fact(year: int) -> Fact:
    return Fact("year", str(year), str(year))
