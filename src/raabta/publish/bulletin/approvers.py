"""Whether two names are one person's: whoever wrote a bulletin does not approve it under a name that looks alike.

Names are compared without case, width, accents, spaces, signs and what nobody sees, with Arabic letters as Urdu writes
them, letters that look like Latin ones as those, and their words in any order. A name in letters of two scripts is
refused: there is no honest reason for "\u0410mina" with a Cyrillic first letter.
"""

import unicodedata
from collections.abc import Sequence
from typing import Final

_UNSEEN: Final = frozenset(
    map(chr, (0x034F, 0x0640, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, *range(0x180B, 0x1810)))
)
"""Unicode's Default_Ignorable_Code_Point beyond category Cf and the marks, Braille's blank, and the Arabic stretch."""
_AS_URDU: Final = str.maketrans(
    {
        "\u064a": "\u06cc",  # yeh
        "\u0649": "\u06cc",  # alef maksura
        "\u0643": "\u06a9",  # kaf
        "\u0647": "\u06c1",  # heh
        "\u0629": "\u06c1",  # teh marbuta
        "\u06be": "\u06c1",  # do chashmi heh
        "\u06c3": "\u06c1",  # teh marbuta goal
        "\u06d5": "\u06c1",  # ae
    }
)
_CYRILLIC: Final = (
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u051d"
)
_GREEK: Final = "\u03b1\u03b2\u03b5\u03b7\u03b9\u03ba\u03bc\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u03b6"
_AS_LATIN: Final = str.maketrans(_CYRILLIC + _GREEK + "\u0131", "abekmhopctyxijshdqw" + "abenikmvoptuxz" + "i")
"""Small letters whose small or capital form looks like a Latin one."""


def acting_person(name: str) -> str:
    """Give the name of who acts, as it was typed.

    Raises:
        ValueError: Its letters are of two scripts, or it has none.
    """
    shown = _seen(name)
    scripts = {unicodedata.name(sign, "?").partition(" ")[0] for sign in shown if sign.isalpha()}
    if len(scripts) > 1:
        message = f"by: {name!r} mixes letters of {' and '.join(sorted(scripts))}. Write a name in one script."
        raise ValueError(message)
    if not any(sign.isalnum() for sign in shown):
        message = f"by: {name!r} has no letter that anybody sees. Write a name."
        raise ValueError(message)
    return name


def is_among(name: str, others: Sequence[str]) -> bool:
    """Say whether a name is one of some, however it is written."""
    forms = _forms(name)
    return any(forms & _forms(one) for one in others)


def _forms(name: str) -> set[str]:
    """Give a name as one word, as typed and with its words sorted: two names are one where any of these is."""
    plain = unicodedata.normalize("NFKD", _seen(name).translate(_AS_URDU)).casefold()
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign)).translate(_AS_URDU).translate(_AS_LATIN)
    digits = "".join(str(unicodedata.digit(sign, sign)) for sign in plain)
    words = "".join(sign if sign.isalnum() else " " for sign in digits).split()
    return {"".join(words), "".join(sorted(words))} if words else {name.casefold()}


def _seen(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name)
    return "".join(sign for sign in plain if sign not in _UNSEEN and unicodedata.category(sign) != "Cf")
