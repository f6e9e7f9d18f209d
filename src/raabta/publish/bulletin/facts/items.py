"""What reading passes hand on: items, in the order of the text; and facts, which is what remains at the end."""

import datetime as dt
from decimal import Decimal
from typing import Final, Literal, NamedTuple

FactKind = Literal[
    "time", "date", "month", "year", "weekday", "day", "part of day", "duration", "percent", "money", "size",
    "number",
    "ordinal", "magnitude", "name", "host", "address", "link", "e-mail", "network", "identifier", "version",
    "telephone",
]  # fmt: skip


class Fact(NamedTuple):
    """One thing that a text states and that the other language must state as well.

    Attributes:
        kind: What it is.
        key: What is compared: equal keys of one kind are one fact.
        shown: As people read it.
        firm: Whether the other language must say it; otherwise it may, and must only not say another one.
        zone: Of a time: its zone as "+05:00", "" where none was said.
        half_day: Of a time on twelve hours without a part of the day: it may be twelve hours later.
        noun: What is counted, where that is known.
        role: Of a time: whether something began, ended, or was not then.
        bound: "more" or "less", where the number is only a bound.
    """

    kind: FactKind
    key: str
    shown: str
    firm: bool = True
    zone: str = ""
    half_day: bool = False
    noun: str = ""
    role: str = ""
    bound: str = ""


ItemKind = Literal["word", "number", "clock", "date", "literal", "sign", "break", "fact", "other"]


class Item(NamedTuple):
    """One word, number or sign; or a phrase whose meaning is known; or a fact that was read already.

    Attributes:
        kind: What it is.
        text: As it stands there.
        readings: What it may mean: class to meaning.
        value: Of a number.
        scale: Of a number: what it was multiplied by ("2 million": 1000000).
        firm: Of a number: whether the other language must say it.
        minute: Of a clock: minutes since midnight.
        day: Of a date.
        spelled: The number stands in words.
        facts: What was read.
        dimension: Of a number that was read with its unit.
    """

    kind: ItemKind
    text: str
    readings: dict[str, str] = {}  # noqa: RUF012  never changed
    value: Decimal = Decimal(0)
    scale: Decimal = Decimal(1)
    firm: bool = True
    minute: int = 0
    zone: str = ""
    day: dt.date | None = None
    spelled: bool = False
    facts: tuple[Fact, ...] = ()
    dimension: str = ""

    def means(self, kind: str) -> str:
        """Give the meaning in a class, "" where it has none."""
        return self.readings.get(kind, "")


NOTHING: Final = Item("break", "")
"""What stands before the first and after the last item."""


def at(items: list[Item], place: int) -> Item:
    """Give the item at a place, or one that ends every phrase."""
    return items[place] if 0 <= place < len(items) else NOTHING
