"""What a text in English or Urdu states that can be compared: times, dates, numbers, names, addresses.

No grammar: a text is read in passes, each of which replaces the words that it understands by facts, and leaves the rest
to the next: addresses and links first, then names, numbers, times, days, amounts. What words mean stands in
``publish/bulletin/data``. Theory and limits: ``comparing``.

- ``writing``: one way of writing, digits of all scripts; ``items``: what passes hand on, ``Fact``
- ``scanning``, ``lexicon``: text into words, words into meanings
- ``numbers``, ``clocks``, ``days``, ``amounts``, ``names``: the passes; ``sounds``: a name in the other script
"""

from typing import NamedTuple

from raabta.model.bulletin import Language
from raabta.publish.bulletin.facts.amounts import with_amounts
from raabta.publish.bulletin.facts.clocks import with_times
from raabta.publish.bulletin.facts.days import with_days
from raabta.publish.bulletin.facts.items import Fact, FactKind, Item
from raabta.publish.bulletin.facts.lexicon import with_meanings
from raabta.publish.bulletin.facts.names import Name, names_of, with_names
from raabta.publish.bulletin.facts.numbers import with_numbers
from raabta.publish.bulletin.facts.scanning import scan
from raabta.publish.bulletin.facts.writing import one_writing

__all__ = ["Fact", "FactKind", "Found", "Name", "find_facts", "names_of"]


class Found(NamedTuple):
    """What was read of one text.

    Attributes:
        facts: In the order of the text.
        items: What was read and what is left over, for names that nobody listed.
        words: All words, in the one way of writing.
    """

    facts: tuple[Fact, ...]
    items: tuple[Item, ...]
    words: tuple[str, ...]


def find_facts(text: str, *, language: Language, known: tuple[Name, ...], local: str) -> Found:
    """Find all facts of a text.

    Args:
        text: Plain text.
        language: Its language.
        known: Names (``names_of``).
        local: The offset of the local zone, as "+05:00".
    """
    scanned = list(scan(one_writing(text)))
    items = with_meanings(with_names(scanned, known=known, language=language), language=language)
    items = with_days(with_times(with_numbers(items), local=local))
    items = with_amounts(items)
    facts = tuple(fact for item in items for fact in item.facts)
    return Found(facts, tuple(items), tuple(item.text for item in scanned if item.kind in {"word", "other", "literal"}))
