"""Whether both languages of a bulletin say the same facts; if not: which fact, which language lacks it, what to try.

What. Of each text the facts are read (``facts``): times with zones, dates, days, durations, numbers in digits or
words, percentages, money, sizes, names, host names, addresses, links, identifiers. A fact that only one language says
is a difference. Facts are compared part by part ("what is known" with "what is known"), as sets: order and repetition
do not count. Three things are compared beyond sets: two numbers that changed places between what they count, two
times that changed places between beginning and end, and "more than" against "less than".

Why rules, and no model of language. A difference must be explained, the same text must always give the same answer,
and nothing may leave the house. Rules miss what they do not know, so the second person still reads.

Soft facts. Some words need no counterpart ("one" is an article as often as a number, "both" needs no "2", "first" and
"earlier" are one word in Urdu), but two that contradict each other are a difference.

Limits: what is said of a name or number (who is restored and who is down), negation, and names that nobody listed and
that sound alike are not compared. Measured on pairs that were written before the code: see docs/guides/bulletins.md.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from raabta.model.bulletin import LANGUAGES, BulletinText, Language
from raabta.model.site import Site
from raabta.publish.bulletin.facts import Fact, Found, Name, find_facts, names_of
from raabta.publish.bulletin.facts.names import is_optional_acronym, latin_words, spell, spelled_acronyms, strange_names
from raabta.publish.bulletin.facts.scanning import scan
from raabta.publish.bulletin.facts.sounds import is_heard
from raabta.publish.bulletin.facts.writing import fold, one_writing, share_of_script

PARTS: Final = ("title", "known", "not_known", "stated", "workaround", "correction")
_LANGUAGE_NAMES: Final[dict[Language, str]] = {"en": "English", "ur": "Urdu"}
_OTHER: Final[dict[Language, Language]] = {"en": "ur", "ur": "en"}
_SCRIPT_SHARE_MIN: Final = 0.4
"""Of its letters, a text's own script has at least this share; less is a text that was not translated. Judgement."""
_LETTERS_MIN: Final = 20
"""Shorter texts may be all names."""
_ANYWHERE: Final = frozenset({"name", "weekday", "year", "month", "part of day", "date"})
"""Kinds that need not stand in the same part, since a title or another part says them as well."""
_WITH_UNIT: Final = frozenset({"money", "percent", "duration", "size"})
_SOUNDS_LEFT: Final = 0.5
"""Of the words of a strange name, at least this share is heard in Urdu."""

_HINTS: Final = {
    "time": "Write it with its zone, as 14:05 PKT; in Urdu also the part of the day, as دوپہر 2 بجے.",
    "name": "Name it, or give its name in both languages in publishing.toml.",
    "zone": "Say the zone in both: PKT, پاکستانی وقت.",
}
_HINT: Final = "Say it in both, or take it out of both."


class Difference(NamedTuple):
    """A fact that only one language says.

    Attributes:
        part: Of the text: "known", "title" ….
        kind: What it is: "time", "name", "number" …, "zone", "order", "bound", "text", "script".
        fact: In words, as the one language says it.
        lacks: The language that does not.
        hint: What to try.
    """

    part: str
    kind: str
    fact: str
    lacks: Language
    hint: str

    @property
    def key(self) -> str:
        """What an acceptance names: it holds as long as part, fact and language are the same."""
        return f"{self.part}: {self.kind} {self.fact}, not in {_LANGUAGE_NAMES[self.lacks]}"


class Reading(NamedTuple):
    """One part of a bulletin, read in both languages."""

    part: str
    en: Found
    ur: Found


def compare_texts(
    texts: Sequence[BulletinText], site: Site, *, at: dt.datetime, parties: Sequence[tuple[str, str]] = ()
) -> list[Difference]:
    """Find the facts that only one language says.

    Args:
        texts: Both texts.
        site: Names, and the local zone.
        at: When it is said: the offset of the local zone holds then.
        parties: Further names in English and Urdu.

    Returns:
        In the order of the parts. Empty where both say the same.
    """
    found = {text.language: text for text in texts}
    missing = next((language for language in LANGUAGES if language not in found), None)
    if missing is not None:
        return [Difference("all", "text", "the whole text", missing, f"Write it in {_LANGUAGE_NAMES[missing]}.")]
    pairs = [(part, getattr(found["en"], part), getattr(found["ur"], part)) for part in PARTS]
    return compare_parts(pairs, known=names_of(site, parties), local=offset_of(site, at))


def offset_of(site: Site, at: dt.datetime) -> str:
    """Give the offset of the local zone, as "+05:00"."""
    text = at.astimezone(ZoneInfo(site.zone)).strftime("%z")
    return f"{text[:3]}:{text[3:5]}"


def compare_parts(pairs: Iterable[tuple[str, str, str]], *, known: tuple[Name, ...], local: str) -> list[Difference]:
    """Find the facts that only one language says, part by part.

    Args:
        pairs: Name of the part, English, Urdu.
        known: Names (``names_of``).
        local: The offset of the local zone, as "+05:00".
    """
    differences: list[Difference] = []
    readings: list[Reading] = []
    for part, english, urdu in pairs:
        differences += _unwritten(part, english, urdu)
        if not (english.strip() and urdu.strip()):
            continue
        en = find_facts(english, language="en", known=known, local=local)
        ur = find_facts(urdu, language="ur", known=known, local=local)
        readings.append(Reading(part, en, ur))
    for reading in readings:
        differences += _compare(reading, [one for one in readings if one is not reading])
    return list(dict.fromkeys(differences))


def _unwritten(part: str, english: str, urdu: str) -> Iterator[Difference]:
    """Say which language lacks the whole part, or has it in the other's script."""
    texts: tuple[tuple[Language, str], ...] = (("en", english), ("ur", urdu))
    for language, text in texts:
        name = _LANGUAGE_NAMES[language]
        if not text.strip() and any(other.strip() for _, other in texts):
            yield Difference(part, "text", "the whole part", language, f"Write it in {name}, or empty it in both.")
        elif share_of_script(_running_text(text), language=language) < _SCRIPT_SHARE_MIN:
            yield Difference(part, "script", f"a text in the letters of {name}", language, f"Translate it into {name}.")


def _running_text(text: str) -> str:
    """Leave out addresses and names, which stand in Latin everywhere; "" where too little is left to tell."""
    words = "".join(item.text for item in scan(one_writing(text)) if item.kind == "word" and not item.text[0].isupper())
    return words if len(words) >= _LETTERS_MIN else ""


def _compare(reading: Reading, others: list[Reading]) -> Iterator[Difference]:
    yield from _one_sided(reading, others)
    yield from _contradicting(reading)
    yield from _zones(reading)
    yield from _changed_places(reading)
    yield from _bounds(reading)
    yield from _strange(reading)


def _one_sided(reading: Reading, others: list[Reading]) -> Iterator[Difference]:
    sides: tuple[tuple[Language, Found, Found], ...] = (
        ("en", reading.en, reading.ur),
        ("ur", reading.ur, reading.en),
    )
    for language, mine, theirs in sides:
        for fact in mine.facts:
            if not fact.firm or any(_is_same(fact, other) for other in theirs.facts) or _lacks_unit(fact, mine, theirs):
                continue
            lacks = _OTHER[language]
            elsewhere = (one.ur if lacks == "ur" else one.en for one in others)
            if fact.kind in _ANYWHERE and any(_is_same(fact, other) for one in elsewhere for other in one.facts):
                continue
            if fact.kind == "name" and lacks == "ur" and _is_in_urdu((fact.shown,), theirs, strictly=True):
                continue
            if fact.kind == "name" and lacks == "en" and fact.shown.lower() in {word.lower() for word in theirs.words}:
                continue
            yield Difference(reading.part, fact.kind, fact.shown, lacks, _HINTS.get(fact.kind, _HINT))


def _is_same(one: Fact, other: Fact) -> bool:
    """Say whether two facts of two languages are one."""
    if one.kind != other.kind:
        return _is_same_across(one, other) or _is_same_across(other, one)
    if one.key == other.key:
        return True
    if one.kind == "day":
        return _days(one.key) & _days(other.key) != set()
    if one.kind == "magnitude":
        return {one.key, other.key} == {"lakhs", "millions"}
    return one.kind == "percent" and abs(float(one.key) - float(other.key)) < 1 and "/" in one.shown + other.shown


def _lacks_unit(fact: Fact, mine: Found, theirs: Found) -> bool:
    """Say whether one language says a unit once for several numbers: "15000 کے بجائے 12500 روپے"."""
    if fact.kind == "number":
        units = {_unit(one) for one in mine.facts} - {""}
        return not fact.noun and any(
            _unit(other) in units and _amount(other) == fact.key for other in theirs.facts if _unit(other)
        )
    units = {_unit(other) for other in theirs.facts} - {""}
    return _unit(fact) in units and any(
        other.kind == "number" and not other.noun and other.key == _amount(fact) for other in theirs.facts
    )


def _unit(fact: Fact) -> str:
    if fact.kind not in _WITH_UNIT:
        return ""
    return "%" if fact.kind == "percent" else fact.shown.rpartition(" ")[2].removesuffix("s")


def _amount(fact: Fact) -> str:
    return fact.shown.partition(" ")[0].removesuffix("%")


def _is_same_across(one: Fact, other: Fact) -> bool:
    kinds = (one.kind, other.kind)
    if kinds in {("number", "size"), ("number", "ordinal"), ("number", "year"), ("number", "network")}:
        return one.key == other.key.partition(" ")[0]
    if kinds == ("month", "date"):
        return one.key == other.key.partition("-")[0]
    return kinds == ("address", "version") and one.shown == other.shown


def _days(key: str) -> set[str]:
    both = {"kal": {"kal", "yesterday", "tomorrow"}, "parson": {"parson", "after_tomorrow", "before_yesterday"}}
    return both.get(key, {key})


def _contradicting(reading: Reading) -> Iterator[Difference]:
    """Find soft facts that stand on both sides and agree with nothing on the other."""
    lone = {
        kind: (_lone(kind, reading.en, reading.ur), _lone(kind, reading.ur, reading.en))
        for kind in ("number", "ordinal", "part of day", "percent", "duration")
    }
    for kind, (english, urdu) in lone.items():
        if english and urdu and (kind != "number" or not ({"1"} & {one.key for one in (*english, *urdu)})):
            yield Difference(reading.part, kind, english[0].shown, "ur", f"Urdu says {urdu[0].shown}. {_HINT}")


def _lone(kind: str, mine: Found, theirs: Found) -> list[Fact]:
    return [
        fact
        for fact in mine.facts
        if fact.kind == kind and not fact.firm and not any(_is_same(fact, other) for other in theirs.facts)
    ]


def _zones(reading: Reading) -> Iterator[Difference]:
    """Find times whose zone only one language says."""
    sides: tuple[tuple[Language, Found, Found], ...] = (
        ("ur", reading.en, reading.ur),
        ("en", reading.ur, reading.en),
    )
    for lacks, mine, theirs in sides:
        for fact in mine.facts:
            same = [other for other in theirs.facts if other.kind == fact.kind == "time" and other.key == fact.key]
            if fact.kind == "time" and fact.zone and same and not any(other.zone for other in same):
                yield Difference(reading.part, "zone", f"the zone of {fact.shown}", lacks, _HINTS["zone"])


def _changed_places(reading: Reading) -> Iterator[Difference]:
    """Find two numbers, or two times, that changed what they are said of."""
    for kind, said_of in (("number", "noun"), ("time", "role")):
        english, urdu = _by_use(reading.en, kind, said_of), _by_use(reading.ur, kind, said_of)
        for one, other in combinations(sorted(set(english) & set(urdu)), 2):
            if _are_swapped((english[one], urdu[one]), (english[other], urdu[other])):
                fact = f"{_say(english[one])} ({one}) and {_say(english[other])} ({other})"
                yield Difference(reading.part, "order", fact, "ur", f"Urdu has them the other way round. {_HINT}")


def _by_use(found: Found, kind: str, said_of: str) -> dict[str, dict[str, Fact]]:
    uses: dict[str, dict[str, Fact]] = defaultdict(dict)
    for fact in found.facts:
        if fact.kind == kind and (use := getattr(fact, said_of)):
            uses[use][fact.key] = fact
    return uses


def _are_swapped(one: tuple[dict[str, Fact], dict[str, Fact]], other: tuple[dict[str, Fact], dict[str, Fact]]) -> bool:
    straight = (one[0].keys() & one[1].keys()) or (other[0].keys() & other[1].keys())
    return not straight and bool(one[0].keys() & other[1].keys()) and bool(other[0].keys() & one[1].keys())


def _say(facts: dict[str, Fact]) -> str:
    return ", ".join(fact.shown for fact in facts.values())


def _bounds(reading: Reading) -> Iterator[Difference]:
    for fact in reading.en.facts:
        opposite = {"more": "less", "less": "more"}.get(fact.bound)
        same = [other for other in reading.ur.facts if _is_same(fact, other)]
        if opposite and same and all(other.bound == opposite for other in same):
            words = f"{fact.bound} than {fact.shown}"
            yield Difference(reading.part, "bound", words, "ur", f"Urdu says {opposite} than {fact.shown}. {_HINT}")


def _strange(reading: Reading) -> Iterator[Difference]:
    """Find names that nobody listed."""
    english, urdu = reading.en, reading.ur
    for name in strange_names(english.items):
        if not _is_in_urdu(name, urdu) and not all(map(is_optional_acronym, name)):
            yield Difference(reading.part, "name", " ".join(name), "ur", _HINTS["name"])
    known = {word.lower() for word in english.words} | {fact.shown.lower() for fact in english.facts}
    joined = "".join(english.words).lower()
    for word in latin_words(urdu.items):
        if word.lower() not in known and word.lower().removesuffix("s") not in known and word.lower() not in joined:
            yield Difference(reading.part, "name", word, "en", _HINTS["name"])
    for acronym in spelled_acronyms(urdu.items):
        if acronym.lower() not in known and f"{acronym.lower()}s" not in known and not is_optional_acronym(acronym):
            yield Difference(reading.part, "name", acronym, "en", _HINTS["name"])


def _is_in_urdu(name: tuple[str, ...], urdu: Found, *, strictly: bool = False) -> bool:
    """Say whether an English name stands in an Urdu text: in Latin, spelled, or as it sounds.

    A name with a digit ("SEA-ME-WE 4") does so only where it is a fact there as well.
    """
    whole = " ".join(name)
    if any(sign.isdigit() for sign in whole):
        return whole.lower() in {fact.key for fact in urdu.facts if fact.kind == "name"}
    latin = {word.lower() for word in urdu.words if word.isascii()}
    spoken = tuple(word for word in urdu.words if not word.isascii())
    folded = fold("".join(spoken))
    heard = [
        word.lower() in latin
        or (word.isupper() and spell(word) in folded)
        or is_heard(word, spoken, strictly=strictly or word.isupper())
        for word in whole.split()
    ]
    return sum(heard) >= len(heard) * _SOUNDS_LEFT
