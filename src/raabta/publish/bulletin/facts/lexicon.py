"""Words and what they mean: ``data/facts_en.toml`` and ``data/facts_ur.toml``, [class] meaning = [phrases].

A phrase may stand in several classes ("second" is a unit and an ordinal): the reader that fits takes it. Of phrases
that begin at one word, the longest wins. Classes:

- number, doubtful_number (may be another word: counts only before a unit, a multiplier or a noun), soft_number ("both":
  need not be said in the other language), number_with_fraction, before_number, multiplier, and_half, fraction, times
- unit, every, currency, noun (what is counted), bound and bound_before ("more than")
- clock: oclock, past, to_hour, clock_fraction, moment, ampm, daypart, daytime, zone
- day: month, weekday, relative, relative_part
- ordinal, ordinal_ending, magnitude
- join ("to", "and"), role ("began", "until", "not"), filler (words that may stand between), article, ignore
"""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from raabta.model.bulletin import Language
from raabta.publish.bulletin.facts.items import Item
from raabta.publish.bulletin.facts.scanning import scan
from raabta.publish.bulletin.facts.writing import one_writing

_DATA: Final = Path(__file__).parents[1] / "data"

Readings = dict[str, str]
"""Class to meaning."""


@cache
def lexicon(language: Language) -> dict[tuple[str, ...], Readings]:
    """Give all phrases of a language, as the words that they consist of."""
    file = _DATA / f"facts_{language}.toml"
    read = msgspec.toml.decode(file.read_bytes(), type=dict[str, dict[str, list[str]]])
    phrases: dict[tuple[str, ...], Readings] = {}
    for kind, meanings in read.items():
        for meaning, forms in meanings.items():
            for form in forms:
                words = tuple(item.text.lower() for item in scan(one_writing(form)))
                phrases.setdefault(words, {})[kind] = meaning
    return phrases


@cache
def _longest(language: Language) -> int:
    return max(map(len, lexicon(language)))


def with_meanings(items: Sequence[Item], *, language: Language) -> list[Item]:
    """Join the words of known phrases into one item each, with what it means."""
    return list(_matched(items, language))


def _matched(items: Sequence[Item], language: Language) -> Iterator[Item]:
    place = 0
    while place < len(items):
        n_words = phrase_length(items, place, language=language)
        if n_words == 0:
            yield items[place]
            place += 1
            continue
        some = items[place : place + n_words]
        yield _joined(some, lexicon(language)[tuple(item.text.lower() for item in some)])
        place += n_words


def phrase_length(items: Sequence[Item], place: int, *, language: Language) -> int:
    """Say of how many words the longest known phrase at a place is; 0 where none begins there."""
    phrases = lexicon(language)
    words: list[str] = []
    for item in items[place : place + _longest(language)]:
        if not _may_be_phrase(item):
            break
        words.append(item.text.lower())
    return next((n for n in range(len(words), 0, -1) if tuple(words[:n]) in phrases), 0)


def _may_be_phrase(item: Item) -> bool:
    return item.kind in {"word", "sign", "number"} or item.text == "."


def _joined(items: Sequence[Item], readings: Readings) -> Item:
    if "ignore" in readings:
        return Item("other", " ".join(item.text for item in items))
    return Item("word", " ".join(item.text for item in items), readings=readings)
