"""One way of writing: so that "۳۱٬۰۰۰" and "31,000" are the same number, and "کلاؤڈ" and "کلاوڈ" the same word.

Digits of all scripts become 0-9, Arabic forms of letters Urdu's, vowel signs and invisible marks go. What is shown to
people is never this text.
"""

import re
import unicodedata
from typing import Final

from raabta.model.bulletin import Language

_INVISIBLE: Final = re.compile("[\u200b\u200d-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u0640\u00ad\u061c]")
_VOWEL_SIGNS: Final = re.compile("[\u064b-\u0653\u0656-\u065f\u0670\u06d6-\u06ed\u0610-\u061a]")
_LETTERS: Final = str.maketrans(
    {
        "ي": "ی", "ى": "ی", "ك": "ک", "ه": "ہ", "ة": "ہ", "ۃ": "ہ", "ۂ": "ہ", "ۀ": "ہ", "أ": "ا", "إ": "ا", "ٱ": "ا",
        "ؤ": "و", "ۓ": "ے", "٪": "%", "٫": ".", "٬": ",", "−": "-", "–": "-", "‐": "-", "‑": "-", "‒": "-",
        "’": "'", "‘": "'", "\u200c": " ", "\xa0": " ", "\u202f": " ", "\u2009": " ", "—": ";",
        "％": "%", "：": ":", "∶": ":",
    }
)  # fmt: skip
_TOTAL: Final = re.compile("ک\u064fل\\b")
"""Kul, "in all", where the vowel is written; without it the word may be kal, "yesterday" or "tomorrow"."""
_BETWEEN_DIGITS: Final = (
    (re.compile(r"(?<=\d)،(?=\d{3}(?!\d)|\d{2},)"), ","),
    (re.compile(r"(?<=\d)۔(?=\d)"), "."),
    (re.compile(r"(?<=\d)½"), ".5"),
    (re.compile(r"(?<=\d)¼"), ".25"),
    (re.compile(r"(?<=\d)¾"), ".75"),
    (re.compile(r"(?<=\d)\s?ء"), " "),
)


def one_writing(text: str) -> str:
    """Give a text in the one way of writing, in capitals and small letters as it was."""
    composed = unicodedata.normalize("NFC", _TOTAL.sub("مجموعی", unicodedata.normalize("NFC", text)))
    plain = _VOWEL_SIGNS.sub("", _INVISIBLE.sub("", composed)).translate(_LETTERS)
    plain = "".join(_digit(sign) for sign in plain)
    for pattern, sign in _BETWEEN_DIGITS:
        plain = pattern.sub(sign, plain)
    return plain.replace("½", " half ")


def _digit(sign: str) -> str:
    return str(unicodedata.decimal(sign)) if not sign.isascii() and sign.isdecimal() else sign


def fold(text: str) -> str:
    """Fold an Urdu name, so that its usual spellings are one: no spaces, no hamza, no letter twice, no ا before س."""
    letters = one_writing(text).replace("ئ", "ی").replace("ء", "").replace("آ", "ا").replace("ں", "ن")
    parts = (part.removeprefix("ا") if part.startswith("اس") else part for part in letters.split())
    return re.sub(r"(.)\1+", r"\1", "".join(parts)).lower()


def share_of_script(text: str, *, language: Language) -> float:
    """Give the share of a text's letters that are of its language's script; 1 where there are no letters."""
    letters = [sign for sign in text if sign.isalpha()]
    arabic = sum("\u0600" <= sign <= "\u08ff" or "\ufb50" <= sign <= "\ufeff" for sign in letters)
    if not letters:
        return 1.0
    share = arabic / len(letters)
    return share if language == "ur" else 1 - share
