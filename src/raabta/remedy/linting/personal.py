"""What in a text may be a person's: numbers of papers, phone numbers, e-mail addresses, names; and keys.

A list, a log and an error message must hold none of it, whatever a member types into a field that was meant for a
site or a purpose. Patterns err on the side of finding: a number of nine digits that is no address and no date is told.

Digits of other scripts count as digits (``۳۵۲۰۲`` is ``35202``), and so do the full-width ones.

Limits: a name is known only where the caller gives the organisation's people; otherwise it is guessed from titles and
common given names, and the guess is soft. A number that somebody spells out in words is not found.
"""

import functools
import importlib.resources
import re
import unicodedata
from collections.abc import Collection
from typing import Final

import msgspec

LONGEST_TEXT: Final = 500
"""Characters. Longer texts are refused unread: some of the patterns take time that grows with the square."""
_SIGNS: Final = r"[\s\-./_·–—]"

_IDENTITY: Final = re.compile(
    # Pakistan's CNIC and NICOP: 5-7-1 digits. India's Aadhaar: 4-4-4. United States: 3-2-4. Then passports (two letters
    # and seven digits), and IBANs (ISO 13616: country, two check digits, up to 30 more).
    rf"(?<!\d)\d{{5}}{_SIGNS}{{0,2}}\d{{7}}{_SIGNS}{{0,2}}\d(?!\d)"
    r"|(?<![\d.])\d{4}[\s\-]\d{4}[\s\-]\d{4}(?!\d)"
    r"|(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)"
    r"|(?<![A-Za-z0-9])[A-Z]{2}\d{7}(?![A-Za-z0-9])"
    r"|(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){3,7}(?:\s?[A-Z0-9]{1,4})?(?![A-Za-z0-9])"
)
_EMAIL: Final = re.compile(
    r"[^\s@<>()\[\],;:]+\s?(?:@|\(at\)|\[at\]|＠)\s?[^\s@<>()\[\],;:]+\.[^\s@]{2,}", re.IGNORECASE
)
# With a country's code, or with a leading 0: nine digits at least (E.164 allows fifteen).
_PHONE: Final = re.compile(r"(?<![\w.:/])(?:\+|00)?\d(?:[\s().\-]{0,2}\d){8,14}(?![\w:/])")
_LONG_NUMBER: Final = re.compile(r"(?<![0-9A-Za-z])\d{9,}(?![0-9A-Za-z])")
_NOT_PERSONAL: Final = re.compile(
    r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?![\d.])"  # an IPv4 address
    r"|(?<!\d)(?:19|20)\d\d-[01]\d-[0-3]\d(?:[T ][0-2]\d:[0-5]\d(?::[0-5]\d)?)?(?!\d)"  # a date, with its time
)
_KEY: Final = re.compile(
    r"-----BEGIN|(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=(?!=)|\b(?:password|passwd|psk|secret|token)\s*[:=]\s*\S{4,}",
    re.IGNORECASE,
)
# A code may hold digits beside letters by chance (base32, hexadecimal) and counters with leading zeros. What stands
# alone and has the form of a CNIC (its first digit is the province's, 1 to 8) or of a mobile number is no chance.
_NUMBER_IN_CODE: Final = re.compile(
    r"(?<![0-9A-Za-z])(?:[1-8]\d{4}[-._]?\d{7}[-._]?\d|(?:92|0)3\d{2}[-._]?\d{7})(?![0-9A-Za-z])"
)
_SUSPECT_CODE: Final = re.compile(r"[^0-9A-Za-z._:\-]|^[._:\-]|\d{4}|^$|.{65}")
_CODE: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:\-]{0,63}")
_MASK: Final = re.compile(r"\d(?:[\s().\-]{0,2}\d){6,}")
_WORD: Final = re.compile(r"[^\W\d_]+(?:/o)?")


class _Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    titles: frozenset[str]
    given: frozenset[str]


def in_text(text: str, *, names: Collection[str] = ()) -> str:
    """Give the rule that a free text breaks, "" for none.

    Args:
        text: What somebody typed.
        names: Full names of people that must not stand in it.
    """
    if not text:
        return ""
    if len(text) > LONGEST_TEXT:
        return "text.too_long"
    plain = with_plain_digits(text)
    if _KEY.search(plain):
        return "secret.key"
    if _EMAIL.search(plain):
        return "personal.email"
    if _IDENTITY.search(plain):
        return "personal.identity_number"
    rest = _NOT_PERSONAL.sub(" ", plain)
    if _IDENTITY.search(rest):
        return "personal.identity_number"
    if (phone := _PHONE.search(rest)) is not None:
        return "personal.phone" if phone.group().lstrip("(").startswith(("+", "0")) else "personal.number"
    if _LONG_NUMBER.search(rest):
        return "personal.number"
    words = _WORD.findall(plain.casefold())
    if any(_is_named(name, words) for name in names):
        return "personal.name"
    known = _load_names()
    return "personal.name_likely" if any(word in known.titles or word in known.given for word in words) else ""


def in_code(code: str) -> str:
    """Give the rule that a code breaks: it holds words, or a number that may be a person's. "" for none."""
    if len(code) > LONGEST_TEXT:
        return "text.too_long"
    if not _SUSPECT_CODE.search(code):
        return ""
    if not _CODE.fullmatch(code):
        return in_text(code) or "text.not_code"
    return "personal.identity_number" if _NUMBER_IN_CODE.search(code) else ""


def masked(text: str) -> str:
    """Give a text with its long numbers and e-mail addresses made unreadable, as it may stand in an error.

    Addresses (IPv4) and dates stay.
    """
    text = text[:LONGEST_TEXT]
    plain = with_plain_digits(text)
    if not _MASK.search(plain) and not _EMAIL.search(plain):
        return text
    kept: list[str] = []
    at = 0
    for match in _NOT_PERSONAL.finditer(plain):
        kept += [_mask(plain[at : match.start()]), match.group()]
        at = match.end()
    return "".join([*kept, _mask(plain[at:])])


def with_plain_digits(text: str) -> str:
    """Give a text with the digits of all scripts as 0 to 9."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)


def _mask(text: str) -> str:
    return _EMAIL.sub("(e-mail)", _MASK.sub(lambda match: "#" * len(match.group()), text))


def _is_named(name: str, words: list[str]) -> bool:
    """Whether a text has all parts of a name that have more than two letters."""
    parts = [part for part in _WORD.findall(name.casefold()) if len(part) > 2]
    return bool(parts) and all(part in words for part in parts)


@functools.cache
def _load_names() -> _Names:
    raw = importlib.resources.files("raabta.remedy").joinpath("data/names.toml").read_bytes()
    return msgspec.toml.decode(raw, type=_Names)
