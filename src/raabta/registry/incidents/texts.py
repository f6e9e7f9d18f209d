"""What a text of an incident file must look like before it is kept, and its one way of writing. Pure.

Texts come pasted from mails and portals: line ends, no-break spaces and hidden characters are put right without a word.
Refused are people's identity numbers, control characters, and marks that turn the direction of what follows (a page
would show it in another order). Urdu needs joiners and direction marks: these stay.
"""

import re
import unicodedata
from typing import Final

from raabta.registry.wellformed import has_identity_number

LINE_CHARACTERS_MAX: Final = 200
"""Of a title, a name. Judgement."""
TEXT_CHARACTERS_MAX: Final = 10_000
"""Of a message or a note: some pages of a letter. Judgement."""
URL_CHARACTERS_MAX: Final = 500

_HIDDEN: Final = re.compile("[\u00ad\u200b\u2060\ufeff]")
"""Soft hyphen, zero-width space, word joiner, byte-order mark: nobody sees them, and they hide a number's digits."""
_NEEDED: Final = frozenset("\u200c\u200d\u200e\u200f\u061c\u0600\u0601\u0602\u0603\u0604\u0605\u06dd")
"""Joiners, direction marks and signs of numbers in Arabic script: of Unicode's class Cf, as forbidden ones are."""
_FORBIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_NO_CHARACTERS: Final = "\ufffe\uffff"
"""XML 1.0, 2.2: feeds cannot hold them."""
_GROUPED: Final = re.compile(r"(?<!\d)\d{5}[\W_]{0,9}\d{7}[\W_]{0,9}\d(?!\d)")
"""A card's number as 5-7-1, whatever stands between its parts."""
_SPELLED: Final = re.compile(r"(?<!\w)(?:\d[\W_]{1,3}){12}\d(?!\w)")
"""Thirteen digits one by one."""
_IN_PARTS: Final = re.compile(r"(?<![\w+.,:/-])(?<!\d )(?!0|92 )\d(?: ?\d){12}(?![.,:/-]?\d| \d)")
"""A whole run of thirteen digits with blanks between them; no phone number, which begins with 0, + or a country."""
_URL: Final = re.compile(r"https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?([/?#][!-~]*)?", re.IGNORECASE)
_MARKUP: Final = re.compile(r"[<>\"'`\\]")


def tidy_line(name: str, text: str, *, n_most: int = LINE_CHARACTERS_MAX) -> str:
    """Give a text of one line in its one way of writing.

    Args:
        name: Of the field or option: it stands in the error.
        text: As typed. It may be empty.
        n_most: Characters at most.

    Raises:
        ValueError: It cannot be kept. The words do not repeat it.
    """
    tidied = tidy_text(name, text, n_most=n_most)
    if "\n" in tidied:
        message = f"{name}: it has several lines. Put it into one."
        raise ValueError(message)
    return " ".join(filter(None, tidied.split(" ")))


def tidy_text(name: str, text: str, *, n_most: int = TEXT_CHARACTERS_MAX) -> str:
    """Give a text of one or more lines in its one way of writing. As ``tidy_line``."""
    whole = _HIDDEN.sub("", unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\t", " ")))
    spaced = "".join(" " if unicodedata.category(one) == "Zs" else one for one in whole)
    tidied = "\n".join(line.rstrip() for line in spaced.split("\n")).strip()
    if len(tidied) > n_most:
        message = (
            f"{name}: it has {len(tidied):,} characters; {n_most:,} are allowed. Shorten it, or attach it as a file."
        )
        raise ValueError(message)
    wrong = next((one for one in tidied if one != "\n" and one not in _NEEDED and _is_forbidden(one)), "")
    if wrong:
        message = f"{name}: it holds the control character U+{ord(wrong):04X}. Take it out."
        raise ValueError(message)
    if holds_identity_number(tidied):
        message = f"{name}: this looks like a person's identity number, which is not kept. Leave it out."
        raise ValueError(message)
    return tidied


def needed(name: str, tidied: str) -> str:
    """Give a tidied text that must not be empty.

    Raises:
        ValueError: It is.
    """
    if not tidied:
        message = f"{name}: it is empty. Say it in a few words."
        raise ValueError(message)
    return tidied


def tidy_url(name: str, url: str) -> str:
    """Give the address of a page: http or https, without a user's name in it.

    Raises:
        ValueError: It is none.
    """
    tidied = tidy_line(name, url, n_most=URL_CHARACTERS_MAX)
    if not _URL.fullmatch(tidied) or _MARKUP.search(tidied):
        message = f"{name}: this is no address of a page. Write https://host/path; other letters as %XX, hosts as xn--…"
        raise ValueError(message)
    return tidied


def holds_identity_number(text: str) -> bool:
    """Say whether a text holds what looks like a person's identity number, also with blanks or hidden signs in it."""
    seen = "".join(one for one in text if unicodedata.category(one) != "Cf")
    bare = re.sub(r"[^\S\n]+", " ", seen)
    return has_identity_number(bare) or any(form.search(bare) for form in (_GROUPED, _SPELLED, _IN_PARTS))


def _is_forbidden(character: str) -> bool:
    return unicodedata.category(character) in _FORBIDDEN or character in _NO_CHARACTERS
