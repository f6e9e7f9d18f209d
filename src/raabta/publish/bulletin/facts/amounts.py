"""Numbers with what they count: durations, percentages, money, sizes, ordinals, fractions; and plain numbers.

A duration is compared in minutes (or months), so "1 hour 30 minutes", "90 minutes" and "ڈیڑھ گھنٹہ" are one fact. In a
range the unit stands once ("24–48 hours"): the first number takes that of the second, and its multiplier ("2 to 3
million").
"""

from decimal import Decimal
from typing import Final

from raabta.publish.bulletin.facts.items import Fact, FactKind, Item, at

_MINUTES: Final[dict[str, Decimal]] = {
    "second": Decimal(1) / 60,
    "minute": Decimal(1),
    "hour": Decimal(60),
    "day": Decimal(1440),
    "week": Decimal(7 * 1440),
    "fortnight": Decimal(14 * 1440),
}
_MONTHS: Final = {"month": Decimal(1), "year": Decimal(12)}
_APART: Final = {"percent": "percent", "permille": "permille"}
_LOOK: Final = 3
"""How many words behind a number its noun may stand."""


def with_amounts(items: list[Item]) -> list[Item]:
    """Replace numbers, with their units and nouns, by facts. Expects times and dates to be read already."""
    scaled = _with_ranges(_with_articles(items))
    made: list[Item] = []
    place = 0
    while place < len(scaled):
        for read in (_fraction, _ordinal, _duration, _money, _measured, _every, _plain):
            fact, end = read(scaled, place)
            if fact is not None:
                made.append(Item("fact", fact.shown, facts=(fact,)))
                place = end
                break
        else:
            made.append(scaled[place])
            place += 1
    return made


def _with_articles(items: list[Item]) -> list[Item]:
    """Read "an hour" and "half an hour" as numbers; an article elsewhere stays a word."""
    made: list[Item] = []
    place = 0
    while place < len(items):
        item, following = items[place], at(items, place + 1)
        half = item.means("fraction")
        unit_at = place + 1 + bool(following.means("article") or following.text == "-")
        if half and (_is_time(at(items, unit_at)) or at(items, unit_at).means("unit") == "percent"):
            top, bottom = map(int, half.split("/"))
            made.append(Item("number", item.text, value=Decimal(top) / bottom))
            place = unit_at
        elif item.means("article") and _is_time(following):
            made.append(Item("number", item.text, value=Decimal(1)))
            place += 1
        else:
            made.append(item)
            place += 1
    return made


def _is_time(item: Item) -> bool:
    return item.means("unit") in {*_MINUTES, *_MONTHS, "working_day"}


def _unit_at(items: list[Item], place: int) -> tuple[str, int]:
    """Give the unit behind a number ("6-hour", "6 hours", "30%"), and where it ends."""
    skip = at(items, place).text == "-" and not at(items, place + 1).text.isdigit()
    item = at(items, place + skip)
    kind = item.means("unit")
    return (kind, place + skip + 1) if kind else ("", place)


def _dimension(items: list[Item], place: int) -> str:
    """Name what is measured by the number at a place, "" where it is only a number."""
    unit, _ = _unit_at(items, place + 1)
    if unit:
        return unit
    return at(items, place + 1).means("currency") or items[place].dimension


def _with_ranges(items: list[Item]) -> list[Item]:
    """Give the first number of a range the unit and the multiplier of the second, from the end to the start."""
    made = list(items)
    for place in range(len(made) - 3, -1, -1):
        first, joint, second = made[place : place + 3]
        is_range = joint.means("join") == "to" or joint.text in {"-", "/"}
        if first.kind != "number" or second.kind != "number" or not is_range:
            continue
        value, scale = first.value, first.scale
        if scale == 1 and second.scale > 1 and not first.spelled and first.value < second.value / second.scale:
            value, scale = value * second.scale, second.scale
        prefix = at(made, place - 1).means("currency")
        made[place] = first._replace(value=value, scale=scale, dimension=_dimension(made, place + 2))
        if prefix:
            made[place + 2] = second._replace(dimension=second.dimension or prefix)
    return made


def _number_at(items: list[Item], place: int) -> Item | None:
    item = at(items, place)
    return item if item.kind == "number" else None


def _duration(items: list[Item], place: int) -> tuple[Fact | None, int]:
    item = _number_at(items, place)
    if item is None:
        return None, place
    unit, end = _unit_at(items, place + 1)
    unit = unit or item.dimension
    if unit in _MONTHS:
        return _with_bound(
            Fact("duration", f"{_plain_text(item.value * _MONTHS[unit])} months", _said(item, unit)),
            items,
            (place, end),
        )
    if unit == "working_day":
        return Fact("duration", f"{_plain_text(item.value)} working days", _said(item, "working day")), end
    if unit not in _MINUTES:
        return None, place
    end = max(end, place + 1)
    total, shown, smallest = item.value * _MINUTES[unit], _said(item, unit), _MINUTES[unit]
    if half := at(items, end).means("and_half"):  # "a day and a half"
        total, shown, end = total + Decimal(half) * smallest, f"{_shown(item.value + Decimal(half))} {unit}s", end + 1
    while (more := _smaller_part(items, end, smallest)) is not None:
        value, unit, end = more
        smallest = _MINUTES[unit]
        total, shown = total + value * smallest, f"{shown} {_plain_text(value)} {unit}s"
    fact = Fact("duration", _plain_text(total), shown, firm=item.value != 0)
    return _with_bound(fact, items, (place, end))


def _smaller_part(items: list[Item], place: int, largest: Decimal) -> tuple[Decimal, str, int] | None:
    """Read the "30 minutes" of "1 hour and 30 minutes"."""
    begin = place + (at(items, place).text in {"and", "اور", ","})
    item = _number_at(items, begin)
    unit, end = _unit_at(items, begin + 1)
    if item is None or unit not in _MINUTES or _MINUTES[unit] >= largest:
        return None
    return item.value, unit, end


def _money(items: list[Item], place: int) -> tuple[Fact | None, int]:
    begin, currency = place, at(items, place).means("currency")
    if currency:
        begin = place + 1 + (at(items, place + 1).text == ".")
    item = _number_at(items, begin)
    if item is None:
        return None, place
    end = begin + 1
    behind = at(items, end).means("currency")
    end += bool(behind)
    currency = currency or behind or (item.dimension if item.dimension.isupper() else "")
    if not currency:
        return None, place
    fact = Fact("money", f"{_plain_text(item.value)} {currency}", f"{_shown(item.value)} {currency}")
    return _with_bound(fact, items, (place, end))


def _measured(items: list[Item], place: int) -> tuple[Fact | None, int]:
    """Read percentages and sizes; "%85" too."""
    item = _number_at(items, place)
    if item is None:
        following = _number_at(items, place + 1)
        if at(items, place).text == "%" and following is not None and not at(items, place + 2).means("unit"):
            return _percent(following.value), place + 2
        return None, place
    unit, end = _unit_at(items, place + 1)
    unit = unit or (item.dimension if item.dimension.islower() else "")
    if not unit:
        return None, place
    end = max(end, place + 1)
    if unit == "percent":
        return _with_bound(_percent(item.value), items, (place, end))
    kind: FactKind = "size"
    fact = Fact(kind, f"{_plain_text(item.value)} {unit}", f"{_shown(item.value)} {unit}")
    return _with_bound(fact, items, (place, end))


def _percent(value: Decimal) -> Fact:
    return Fact("percent", _plain_text(value), f"{_shown(value)}%")


def _fraction(items: list[Item], place: int) -> tuple[Fact | None, int]:
    meaning = at(items, place).means("fraction")
    if not meaning:
        return None, place
    top, bottom = map(int, meaning.split("/"))
    firm = at(items, place).text.lower() not in {"half", "تہائی", "چوتھائی", "پاؤ", "پون"}
    key = _plain_text(
        (Decimal(100 * top) / bottom).quantize(Decimal(1)) if 100 % bottom else Decimal(100 * top) / bottom
    )
    return Fact(
        "percent", key, f"{meaning} ({key}%)", firm=firm or at(items, place + 1).means("filler") != ""
    ), place + 1


def _ordinal(items: list[Item], place: int) -> tuple[Fact | None, int]:
    item = at(items, place)
    if (
        item.kind == "number"
        and at(items, place + 1).means("ordinal_ending")
        and at(items, place + 1).text.lower() != "s"
    ):
        return Fact("ordinal", _plain_text(item.value), f"no. {_plain_text(item.value)}"), place + 2
    meaning = item.means("ordinal")
    if not meaning:
        return None, place
    return Fact("ordinal", meaning, f"no. {meaning}", firm=int(meaning) > 2), place + 1


def _every(items: list[Item], place: int) -> tuple[Fact | None, int]:
    unit = at(items, place).means("every")
    if not unit:
        return None, place
    key = _plain_text(_MINUTES[unit]) if unit in _MINUTES else f"{_plain_text(_MONTHS[unit])} months"
    return Fact("duration", key, f"1 {unit}", firm=False), place + 1


def _plain(items: list[Item], place: int) -> tuple[Fact | None, int]:
    item = at(items, place)
    if meaning := item.means("magnitude"):
        return Fact("magnitude", meaning, meaning.replace("_", " ")), place + 1
    for kind, firm in (("soft_number", False), ("times", True)):
        if meaning := item.means(kind):
            return Fact("number", meaning, meaning, firm=firm), place + 1
    if item.kind != "number":
        return None, place
    noun = _noun(items, place)
    fact = Fact("number", _plain_text(item.value), _shown(item.value), firm=item.firm, noun=noun)
    return _with_bound(fact, items, (place, place + 1))


def _noun(items: list[Item], place: int) -> str:
    """Name what a number counts: the noun behind it, over "of 14" and "میں سے 12"."""
    n_words = 0
    for item in items[place + 1 : place + 1 + 3 * _LOOK]:
        if noun := item.means("noun"):
            return noun
        if item.kind in {"break", "fact", "literal"} or item.text in {",", "،", "("}:
            return ""
        steps_over = item.kind == "number" or item.means("join")
        n_words += not steps_over
        if n_words >= _LOOK or item.text in {"and", "اور"}:
            return ""
    return ""


def _with_bound(fact: Fact, items: list[Item], places: tuple[int, int]) -> tuple[Fact, int]:
    """Say whether it is only a bound: English says so before, Urdu behind the number and its noun."""
    start, end = places
    before = at(items, start - 1)
    bound = before.means("bound_before") or (before.means("bound") if before.text.isascii() else "")
    if not bound:
        behind = next((item for item in items[end : end + 2] if not item.means("noun")), None)
        bound = behind.means("bound") if behind is not None and not behind.text.isascii() else ""
    return fact._replace(bound=bound), end


def _said(item: Item, unit: str) -> str:
    return f"{_shown(item.value)} {unit}{'' if item.value == 1 else 's'}"


def _plain_text(value: Decimal) -> str:
    rounded = value.quantize(Decimal("0.0001")).normalize()
    return f"{rounded:f}"


def _shown(value: Decimal) -> str:
    return _plain_text(value)
