"""Whether an Urdu text has an English name as it sounds: "Fujairah" in "فجیرہ", "StormFiber" in "اسٹارم فائبر".

Both are brought down to their consonants, since Urdu writes few vowels and English writes them freely; sounds that
Urdu has several letters for are one (س ث ص: s; ت ط ٹ: t), and و ی ہ, which are vowels as often, go. Equal skeletons
are a match; from four consonants on one may differ. With one consonant or none nothing can be said: that counts as
heard.

Limits: it is a test whether a name could be there, so a wrong name that sounds alike passes ("Zong" and "Zing").
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from typing import Final

_URDU: Final = str.maketrans(
    {
        "ب": "B", "پ": "P", "ت": "T", "ٹ": "T", "ط": "T", "ث": "S", "س": "S", "ص": "S", "ج": "J", "چ": "C", "ح": "",
        "خ": "K", "د": "D", "ڈ": "D", "ذ": "S", "ر": "R", "ڑ": "R", "ز": "S", "ژ": "S", "ش": "H", "ض": "S", "ظ": "S",
        "ع": "", "غ": "G", "ف": "F", "ق": "K", "ک": "K", "گ": "G", "ل": "L", "م": "M", "ن": "N", "ں": "N", "و": "",
        "ہ": "", "ھ": "", "ء": "", "ی": "", "ے": "", "ئ": "", "ا": "", "آ": "",
    }
)  # fmt: skip
_ENGLISH: Final = (
    ("tion", ("HN",)), ("sch", ("H", "SK")), ("tch", ("C",)), ("dge", ("J",)), ("sh", ("H",)), ("ch", ("C", "K", "H")),
    ("kh", ("K",)), ("gh", ("G", "")), ("ph", ("F",)), ("th", ("T", "D")), ("ck", ("K",)), ("qu", ("K",)),
    ("x", ("KS",)), ("c", ("K", "S")), ("g", ("G", "J")), ("j", ("J", "S")), ("z", ("S", "J")), ("s", ("S", "H")),
    ("q", ("K",)),
    *((letter, (letter.upper(),)) for letter in "bdfklmnprt"),
)  # fmt: skip
"""What English letters may sound like; "H" stands for sh."""
_MANY: Final = 64
"""Possible skeletons of one name at most: names with more are no names."""
_LONG: Final = 4
_WINDOW: Final = 3
"""Words of Urdu that may be one of English ("ٹرانس ورلڈ")."""


def _once(skeleton: str) -> str:
    return re.sub(r"(.)\1+", r"\1", skeleton)


@cache
def skeletons(name: str) -> frozenset[str]:
    """Give the consonants that an English name may sound like."""
    text, options = re.sub(r"[^a-z]", "", name.lower()), []
    while text:
        for letters, sounds in _ENGLISH:
            if text.startswith(letters):
                options.append(sounds)
                text = text[len(letters) :]
                break
        else:
            text = text[1:]
    n_options = 1
    for place, sounds in enumerate(options):
        n_options *= len(sounds)
        if n_options > _MANY:
            options[place] = sounds[:1]
            n_options //= len(sounds)
    return frozenset(_once("".join(one)) for one in product(*options))


@cache
def urdu_skeleton(word: str) -> str:
    """Give the consonants of an Urdu word."""
    return _once("".join(sign for sign in word.translate(_URDU) if sign.isascii() and sign.isalpha()))


def is_heard(name: str, words: Sequence[str], *, strictly: bool = False) -> bool:
    """Say whether a name may stand among Urdu words, as it sounds.

    Args:
        name: In English, one word.
        words: Of the Urdu text.
        strictly: Its Urdu form is known and not there, so only another spelling counts: three consonants at least.
    """
    wanted = skeletons(name)
    n_consonants = max(map(len, wanted), default=0)
    if n_consonants < 2 or (strictly and n_consonants < 3):
        return not strictly
    return any(_is_near(heard, wanted) for heard in _windows(words))


def _windows(words: Sequence[str]) -> Iterator[str]:
    for place in range(len(words)):
        for n_words in range(1, min(_WINDOW, len(words) - place) + 1):
            yield urdu_skeleton("".join(words[place : place + n_words]))


def _is_near(heard: str, wanted: frozenset[str]) -> bool:
    return heard in wanted or any(len(one) >= _LONG and _differ_by_one(heard, one) for one in wanted)


def _differ_by_one(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 1 or not one or one[0] != other[0]:
        return False
    short, long = sorted((one, other), key=len)
    if len(short) == len(long):
        return sum(a != b for a, b in zip(one, other, strict=True)) <= 1
    return any(long[:place] + long[place + 1 :] == short for place in range(len(long)))
