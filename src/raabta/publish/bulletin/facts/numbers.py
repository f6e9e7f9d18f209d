"""Numbers in digits and words, English and Urdu: "three hundred and forty-two", "ساڑھے تین لاکھ", "3 لاکھ 10 ہزار".

One reader for both languages: a number is a sum of groups, each group a number below the next larger multiplier times
that multiplier. Urdu's fractions stand before the number (ساڑھے +1/2, سوا +1/4, پونے -1/4) or are one word (ڈیڑھ 1½,
ڈھائی 2½); English ones behind it ("and a half"). "One" is an article as often as a number, so it is never firm.
"""

from decimal import Decimal
from typing import Final, NamedTuple

from raabta.publish.bulletin.facts.items import Item, at

_HUNDRED: Final = Decimal(100)
_THOUSAND: Final = Decimal(1000)
_TWENTY: Final = Decimal(20)
_TEN: Final = Decimal(10)
_NEEDS_HELP: Final = ("unit", "currency", "multiplier", "oclock", "past", "to_hour", "noun")
"""What makes a word that may be another word ("بہتر" is 72, and "better") a number; "noun" not for بہتر."""


class _Sum(NamedTuple):
    """What was read of a number: whole groups, the group that is being read, and the last multiplier."""

    total: Decimal = Decimal(0)
    group: Decimal | None = None
    scale: Decimal = Decimal(10**15)
    spelled: bool = True
    ends_in_tens: bool = False

    @property
    def value(self) -> Decimal:
        return self.total + (self.group or 0)


def with_numbers(items: list[Item]) -> list[Item]:
    """Replace the words of each number by one item."""
    made: list[Item] = []
    place = 0
    while place < len(items):
        read, end = _read(items, place)
        if read is None:
            made.append(items[place])
            place += 1
            continue
        made.append(_number(read, items[place:end]))
        place = end
    return made


def _number(read: _Sum, words: list[Item]) -> Item:
    scale = read.scale if read.scale < _Sum().scale else Decimal(1)
    text = " ".join(word.text for word in words)
    firm = not (read.spelled and read.value == 1)
    return Item("number", text, value=read.value, scale=scale, firm=firm, spelled=read.spelled)


def _read(items: list[Item], start: int) -> tuple[_Sum | None, int]:
    read, place = _begin(items, start)
    if read is None:
        return None, start
    while (step := _more(read, items, place)) is not None:
        read, place = step
    return read, place


def _begin(items: list[Item], place: int) -> tuple[_Sum | None, int]:
    item, following = at(items, place), at(items, place + 1)
    if item.means("article"):
        is_scale = following.means("multiplier") and following.means("multiplier") != "1000000000000000"
        return (_Sum(group=Decimal(1)), place + 1) if is_scale else (None, place)
    if fraction := item.means("before_number"):
        whole, end = _small(items, place + 1)
        if whole is not None:
            return _Sum(group=whole + Decimal(fraction), spelled=at(items, place + 1).kind != "number"), end
        return (_Sum(group=1 + Decimal(fraction)), place + 1) if following.means("multiplier") else (None, place)
    if item.means("doubtful_number") and not _has_help(item, following):
        return None, place
    value, end = _small(items, place)
    if value is not None:
        tens = item.kind != "number" and _TWENTY <= value < _HUNDRED and value % _TEN == 0
        return _Sum(group=value, spelled=item.kind != "number", ends_in_tens=tens), end
    if item.means("multiplier") not in {"", "12", "100"} or (
        item.means("multiplier") and following.means("multiplier")
    ):
        return _Sum(group=Decimal(1)), place
    return None, place


def _has_help(item: Item, following: Item) -> bool:
    kinds = _NEEDS_HELP if item.means("doubtful_number") != "72" else _NEEDS_HELP[:-1]
    if item.means("multiplier"):  # "سو" alone also means "so"
        return bool(following.means("unit") or following.means("noun") or following.means("currency"))
    return any(following.means(kind) for kind in kinds)


def _small(items: list[Item], place: int) -> tuple[Decimal | None, int]:
    """Read one word or one group of digits."""
    item = at(items, place)
    if item.kind == "number":
        return item.value, place + 1
    meaning = item.means("number") or item.means("number_with_fraction")
    if not meaning and item.means("doubtful_number") and item.means("multiplier"):
        return Decimal(1), place  # "سو روپے": a hundred
    return (Decimal(meaning), place + 1) if meaning else (None, place)


def _more(read: _Sum, items: list[Item], place: int) -> tuple[_Sum, int] | None:
    """Read one more word of a number, or None where it ends."""
    item = at(items, place)
    if multiplier := item.means("multiplier") or _short_scale(read, items, place):
        return _multiplied(read, Decimal(multiplier), place)
    if (half := item.means("and_half")) and read.group is not None:
        return read._replace(group=read.group + Decimal(half), ends_in_tens=False), place + 1
    skip = 1 if read.spelled and item.text.lower() in {"and", "-"} else 0
    is_joined = skip == 1 and item.text == "-"
    value, end = _small(items, place + skip)
    word = at(items, place + skip)
    if value is None or (word.means("doubtful_number") and not word.means("number")):
        return None
    if word.means("doubtful_number") and not _has_help(word, at(items, end)):
        return None
    if read.ends_in_tens and word.kind != "number" and 0 < value < _TEN and (is_joined or not skip):
        return read._replace(group=(read.group or Decimal(0)) + value, ends_in_tens=False), end
    return _next_group(read, word, value, (skip, end), at(items, end))


def _short_scale(read: _Sum, items: list[Item], place: int) -> str:
    """Read "m" behind money: "$5m"."""
    is_money = bool(at(items, place - 2).means("currency")) and not read.spelled
    return "1000000" if is_money and at(items, place).text == "m" else ""


def _next_group(
    read: _Sum, word: Item, value: Decimal, places: tuple[int, int], following: Item
) -> tuple[_Sum, int] | None:
    """Read "… hundred (and) five", "… لاکھ 10 (ہزار)"."""
    skip, end = places
    tens = word.kind != "number" and _TWENTY <= value < _HUNDRED and value % _TEN == 0
    if read.group is not None and read.group >= _HUNDRED and read.group % _HUNDRED == 0 and read.spelled:
        if word.kind != "number" and value < _HUNDRED:
            return read._replace(group=read.group + value, ends_in_tens=tens), end
        return None
    smaller = following.means("multiplier")
    fits = (Decimal(smaller) < read.scale) if smaller else (value < read.scale and not word.means("unit"))
    is_scaled = read.scale < _Sum().scale
    is_written_together = skip == 0 or read.spelled
    if read.group is None and is_scaled and fits and is_written_together and (smaller or _is_rest(word, following)):
        return read._replace(group=value, ends_in_tens=tens), end
    return None


def _is_rest(word: Item, following: Item) -> bool:
    """Say whether digits after "thousand" belong to it ("2 ہزار 500 روپے"), and are not a number of their own."""
    return word.kind != "number" or (word.value >= _HUNDRED and not following.means("month"))


def _multiplied(read: _Sum, multiplier: Decimal, place: int) -> tuple[_Sum, int] | None:
    if multiplier >= _THOUSAND:
        if read.group is None and multiplier >= read.scale:
            return read._replace(total=read.total * multiplier, scale=read.scale * multiplier), place + 1
        total = read.total + (read.group if read.group is not None else Decimal(1)) * multiplier
        return read._replace(total=total, group=None, scale=min(multiplier, read.scale), ends_in_tens=False), place + 1
    group = read.group if read.group is not None else Decimal(1)
    return read._replace(group=group * multiplier, ends_in_tens=False), place + 1
