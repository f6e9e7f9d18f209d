"""Names: operators, services and parties of the settings, well-known ones (``data/names.toml``), and strange ones.

A known name has forms in both languages, and any form will do. A strange one is an English word with a capital that
does not begin a sentence, or an abbreviation; Urdu has it in Latin letters, spelled letter by letter ("پی ٹی اے"), or
as it sounds (``sounds``). In Urdu, Latin words and spelled abbreviations are names.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from raabta.model.bulletin import Language
from raabta.model.site import Site
from raabta.publish.bulletin.facts.items import Fact, Item
from raabta.publish.bulletin.facts.lexicon import phrase_length
from raabta.publish.bulletin.facts.scanning import scan
from raabta.publish.bulletin.facts.writing import fold, one_writing

_FILE: Final = Path(__file__).parents[1] / "data" / "names.toml"
_WORDS_MAX: Final = 7
"""Of a known name."""
_LETTERS: Final = {
    "a": ("اے",), "b": ("بی",), "c": ("سی",), "d": ("ڈی",), "e": ("ای",), "f": ("ایف",), "g": ("جی",), "h": ("ایچ",),
    "i": ("آئی",), "j": ("جے",), "k": ("کے",), "l": ("ایل",), "m": ("ایم",), "n": ("این",), "o": ("او",), "p": ("پی",),
    "q": ("کیو",), "r": ("آر",), "s": ("ایس",), "t": ("ٹی",), "u": ("یو",), "v": ("وی",), "w": ("ڈبلیو",),
    "x": ("ایکس",), "y": ("وائی",), "z": ("زیڈ", "زی"),
}  # fmt: skip
"""How Urdu names Latin letters."""
_LETTER_OF: Final = {fold(name): letter for letter, names in _LETTERS.items() for name in names}
_ALSO_WORDS: Final = frozenset("kicoabpe")
"""Letters whose names are words as well ("کے" is "of"): at the ends of a row of letters they are taken for words."""


_INSTITUTIONS: Final = frozenset({"federal", "national", "provincial", "supreme", "ministry", "department", "state"})
"""What follows them with a capital is the name of an office, which Urdu translates."""


class Name(NamedTuple):
    """A name and all its forms."""

    shown: str
    en: tuple[str, ...]
    ur: tuple[str, ...]
    soft: bool = False


class _Row(Struct, frozen=True, forbid_unknown_fields=True):
    en: tuple[str, ...]
    ur: tuple[str, ...]
    soft: bool = False


class _Words(Struct, frozen=True, forbid_unknown_fields=True):
    words: tuple[str, ...]


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    name: tuple[_Row, ...]
    translated: _Words
    optional_acronyms: _Words


@cache
def _file() -> _File:
    return msgspec.toml.decode(_FILE.read_bytes(), type=_File)


def is_translated(word: str) -> bool:
    """Say whether Urdu translates an English word that is written with a capital."""
    return word.lower() in _file().translated.words


def is_optional_acronym(word: str) -> bool:
    """Say whether an abbreviation may be written out in the other language."""
    return (
        word.upper() in _file().optional_acronyms.words
        or word.upper().removesuffix("S") in _file().optional_acronyms.words
    )


def names_of(site: Site, others: Sequence[tuple[str, str]] = ()) -> tuple[Name, ...]:
    """Give all names that can be known: of the settings, of parties, and the well-known ones.

    Args:
        site: Components, operators, products and the publisher itself.
        others: Further names, English and Urdu, such as an incident's parties.
    """
    named = [(one.name_en, one.name_ur) for one in site.components]
    named += [(one.name_en, one.name_ur) for one in site.operators]
    named += [(one.name, one.name) for one in site.products]
    named += [(site.name_en, site.name_ur), *others]
    rows = [Name(row.en[0], row.en, row.ur, row.soft) for row in _file().name]
    return tuple(_merged(rows, [pair for pair in named if pair[0]]))


def _merged(rows: list[Name], pairs: list[tuple[str, str]]) -> Iterator[Name]:
    """Join what the settings name with a well-known name that has the same form."""
    short = {form.lower() for row in rows if not row.soft for form in row.en} | {
        english.lower() for english, _ in pairs
    }
    for english, urdu in pairs:
        if _has_name_within(english, short):
            continue
        forms = {english.lower(), _without_brackets(english).lower()}
        place = next((n for n, row in enumerate(rows) if forms & {one.lower() for one in row.en}), None)
        ur = tuple(filter(None, {urdu: 0, _without_brackets(urdu): 0}))
        if place is None:
            rows.append(Name(english, tuple(dict.fromkeys((english, _without_brackets(english)))), ur))
            continue
        row = rows[place]
        rows[place] = row._replace(en=tuple(dict.fromkeys((*row.en, english))), ur=(*row.ur, *ur))
    yield from rows


def _has_name_within(english: str, names: set[str]) -> bool:
    """Say whether a name is a phrase around another one, as "Sites behind Cloudflare": then that one counts."""
    words = english.lower().split()
    return len(words) > 2 and any(word in names for word in words)


def _without_brackets(name: str) -> str:
    return name.partition("(")[0].strip() or name


class _Table(NamedTuple):
    latin: dict[tuple[str, ...], list[tuple[tuple[str, ...], Name]]]
    urdu: dict[str, Name]


@cache
def _table(known: tuple[Name, ...]) -> _Table:
    latin: dict[tuple[str, ...], list[tuple[tuple[str, ...], Name]]] = {}
    urdu: dict[str, Name] = {}
    for name in known:
        for form in name.en:
            words = tuple(item.text for item in scan(one_writing(form)))
            latin.setdefault(tuple(word.lower() for word in words), []).append((words, name))
        for form in name.ur:
            if not form.isascii():
                urdu.setdefault(fold(form), name)
    return _Table(latin, urdu)


def with_names(items: Sequence[Item], *, known: tuple[Name, ...], language: Language) -> list[Item]:
    """Replace known names by their facts."""
    made: list[Item] = []
    place = 0
    while place < len(items):
        name, end = _known_at(items, place, known=known, language=language)
        if name is None or end - place < phrase_length(items, place, language=language):  # "پاکستانی وقت" is a zone
            made.append(items[place])
            place += 1
            continue
        fact = Fact("name", name.shown.lower(), name.shown, firm=not name.soft)
        made.append(Item("fact", " ".join(item.text for item in items[place:end]), facts=(fact,)))
        place = end
    return made


def _known_at(
    items: Sequence[Item], place: int, *, known: tuple[Name, ...], language: Language
) -> tuple[Name | None, int]:
    table = _table(known)
    for n_words in range(min(_WORDS_MAX, len(items) - place), 0, -1):
        some = items[place : place + n_words]
        if any(item.kind in {"break", "fact"} for item in some):
            continue
        words = tuple(item.text.removesuffix("'s").removesuffix("'") for item in some)
        for form, name in table.latin.get(tuple(word.lower() for word in words), ()):
            if _is_written(form, words):
                return name, place + n_words
        if language == "ur" and (found := table.urdu.get(fold("".join(words)))) is not None:
            return found, place + n_words
    return None, place


def _is_written(form: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """Say whether words are written as a name: "signal" is none, "Signal" may be."""
    return all(_has_case(one, other) for one, other in zip(form, words, strict=True))


def _has_case(form: str, word: str) -> bool:
    if form.isupper() and len(form) <= 5:
        return word.isupper()
    return word[:1].isupper() or not form[:1].isupper()


def strange_names(items: Sequence[Item]) -> list[tuple[str, ...]]:
    """Give names in an English text that nobody listed: rows of words with capitals, and abbreviations."""
    found: list[tuple[str, ...]] = []
    row: list[str] = []
    for place, item in enumerate(items):
        if _is_strange(items, place):
            row.append(item.text.removesuffix("'s").removesuffix("'"))
            continue
        if row:
            found.append(tuple(row))
        row = []
    return [*found, tuple(row)] if row else found


def _is_strange(items: Sequence[Item], place: int) -> bool:
    item = items[place]
    if (
        item.kind != "word"
        or item.readings
        or not item.text[:1].isupper()
        or is_translated(item.text.partition("'")[0])
    ):
        return False
    is_marked = len(item.text) > 1 and any(letter.isupper() for letter in item.text[1:])
    if is_marked:
        return True
    is_title = place > 0 and items[place - 1].text.lower() in _INSTITUTIONS
    return len(item.text) > 1 and not (is_title or _begins_sentence(items, place) or _is_headline(items, place))


def _begins_sentence(items: Sequence[Item], place: int) -> bool:
    before = items[place - 1] if place else None
    return before is None or before.kind == "break" or (before.kind == "sign" and before.text not in {",", "&", "/"})


def _is_headline(items: Sequence[Item], place: int) -> bool:
    """Say whether most words of this line have capitals, so that capitals say nothing; a list of names is none."""
    begin = next((n + 1 for n in range(place - 1, -1, -1) if items[n].kind == "break"), 0)
    end = next((n for n in range(place, len(items)) if items[n].kind == "break"), len(items))
    words = [item for item in items[begin:end] if item.kind in {"word", "fact"} and len(item.text) > 2]
    is_list = any(item.text == "," for item in items[begin:end])
    return not is_list and len(words) > 2 and sum(word.text[0].isupper() for word in words) > len(words) * 0.6


def latin_words(items: Sequence[Item]) -> list[str]:
    """Give Latin words in an Urdu text that were not read as something else."""
    return [
        item.text
        for item in items
        if item.kind in {"word", "other"} and item.text.isascii() and len(item.text) > 1 and not item.readings
        and any(sign.isalpha() for sign in item.text)
    ]  # fmt: skip


def spelled_acronyms(items: Sequence[Item]) -> list[str]:
    """Give abbreviations that an Urdu text spells letter by letter: "پی ٹی اے" as "PTA"."""
    found: list[str] = []
    row = ""
    for item in [*items, Item("break", "")]:
        letter = _LETTER_OF.get(fold(item.text), "") if item.kind == "word" and not item.readings else ""
        if letter:
            row += letter
            continue
        row = row.rstrip("kico").lstrip("kico") if len(row) <= 3 else row.removesuffix("k")
        if len(row) >= 3 or (len(row) == 2 and not set(row) & _ALSO_WORDS):
            found.append(row.upper())
        row = ""
    return found


def spell(acronym: str) -> str:
    """Spell an abbreviation in Urdu, folded: to be looked for in a folded text."""
    return fold("".join(_LETTERS[letter][0] for letter in acronym.lower() if letter in _LETTERS))
