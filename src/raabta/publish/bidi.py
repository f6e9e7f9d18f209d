"""Urdu that holds Latin: host names, addresses, versions and times stay whole, and digits are those of the site.

A text in Urdu runs from right to left. "cdn.example.com:443", "10.2.9-h1", "14:05 PKT (UTC+05:00)" within it are made
of letters, digits and signs of weak direction, which the Unicode bidirectional algorithm (UAX 9) puts in another order
beside Arabic letters: "104.16.0.0/13" after an Urdu word is shown as "13/104.16.0.0". Each such run is isolated: with
FSI and PDI in plain text, with ``<bdi dir="ltr">`` in HTML.

What a run is: Latin words, with single spaces between them and a version number behind; numbers with two dots or more
(addresses, versions), with "/24" or ":443"; a clock time with its zone; a date as 2024-11-10; a telephone number.
A plain number is none: beside Urdu words it stands right by itself, and its digits may be written as Urdu's.

Digits. ``digits`` "latin" writes 0-9, "extended_arabic" ۰-۹ (U+06F0, never Arabic's U+0660); None leaves them. Within
runs they stay as they are, but for clock times, zones and dates, which are running text too.

Embeddings, overrides and isolates that somebody typed are taken out: one that is not closed would turn round whatever
follows; and so are control characters and halves of surrogate pairs, which no page can hold. Marks (LRM, RLM, ALM) and
joiners, which Urdu needs, stay.
"""

import re
from collections.abc import Iterator
from html import escape
from typing import Final, Literal

from markupsafe import Markup

from raabta.model.site import Digits

FSI: Final = "\u2068"
PDI: Final = "\u2069"

RunKind = Literal["text", "latin", "time"]

_LATIN_DIGITS: Final = "0123456789"
_URDU_DIGITS: Final = "۰۱۲۳۴۵۶۷۸۹"
_ARABIC_DIGITS: Final = "٠١٢٣٤٥٦٧٨٩"
_TO: Final[dict[Digits, dict[int, int]]] = {
    "latin": str.maketrans(_URDU_DIGITS + _ARABIC_DIGITS, _LATIN_DIGITS * 2),
    "extended_arabic": str.maketrans(_LATIN_DIGITS + _ARABIC_DIGITS, _URDU_DIGITS * 2),
}
_CONTROLS: Final = re.compile("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

_D: Final = "[0-9۰-۹]"
_SIGN: Final = "!-~\u00c0-\u024f"
"""What may stand in a Latin run but for spaces: ASCII's signs, and Latin letters with accents."""
_LETTER: Final = "A-Za-z\u00c0-\u024f"
_ZONE: Final = rf"\(?UTC[+\-−]{_D}{{2}}:?{_D}{{2}}\)?"
_CLOCK: Final = rf"(?<![{_SIGN}۰-۹]){_D}{{1,2}}:{_D}{{2}}(?::{_D}{{2}})?(?![{_LETTER}0-9۰-۹:])"
_DATE: Final = rf"(?<![{_SIGN}۰-۹]){_D}{{4}}-{_D}{{2}}-{_D}{{2}}(?![{_LETTER}0-9۰-۹-])"
_TIME: Final = rf"(?:{_DATE} )?{_CLOCK}(?: [A-Z]{{2,5}}\b)?(?: ?{_ZONE})?|{_DATE}|{_ZONE}"
# It begins with a letter, or within 64 signs of one (a bound, so that no text takes quadratic time); the last sign is
# no full stop, comma or bracket.
_WORD: Final = rf"(?:[{_LETTER}]|[0-9@#/._~+-][{_SIGN}]{{0,63}}?[{_LETTER}])(?:[{_SIGN}]*[{_LETTER}0-9/#=_+~*])?"
_VERSION: Final = r"[0-9]+(?:\.[0-9]+)+"
_WORDS: Final = rf"{_WORD}(?: {_WORD})*(?: {_VERSION}|(?<=\bID) [0-9]+)?"
_NUMBERS: Final = (
    r"(?<![0-9.])[0-9]+(?:\.[0-9]+){2,}(?:[/:][0-9]+)?"  # IPv4, with a prefix or port; versions
    r"|(?<![0-9:])[0-9:]{0,39}?::[0-9:]{0,39}[0-9](?:/[0-9]+)?"  # IPv6 without letters
    r"|\+[0-9][0-9 ()-]{5,20}[0-9]"  # telephone, ITU E.123
    r"|(?<=ورژن )[0-9]+(?:\.[0-9]+)?"  # "version 10.2"
)
# The look ahead passes over Urdu letters at once: a tenth of the time.
_RUN: Final = re.compile(rf"(?=[{_SIGN}۰-۹])(?:(?P<time>{_TIME})|(?P<latin>{_WORDS}|{_NUMBERS}))")


def runs(text: str, *, digits: Digits | None = None) -> Iterator[tuple[RunKind, str]]:
    """Part a text in Urdu into text, Latin runs and times. Joined they are the text, without controls.

    Args:
        text: Any plain text.
        digits: How digits of running text and times are written; None leaves them.
    """
    table = _TO[digits] if digits else {}
    text = _CONTROLS.sub("", text)
    end = 0
    for found in _RUN.finditer(text):
        if found.start() > end:
            yield "text", text[end : found.start()].translate(table)
        kind: RunKind = "time" if found["time"] else "latin"
        yield kind, found[0].translate(table) if kind == "time" else found[0]
        end = found.end()
    if end < len(text):
        yield "text", text[end:].translate(table)


def isolate_text(text: str, *, digits: Digits | None = None) -> str:
    """Isolate the Latin runs of a plain text in Urdu with FSI and PDI. Twice is the same as once."""
    return "".join(run if kind == "text" else f"{FSI}{run}{PDI}" for kind, run in runs(text, digits=digits))


def isolate_html(text: str, *, digits: Digits | None = None) -> Markup:
    """Give a plain text in Urdu as HTML, escaped, each Latin run in ``<bdi dir="ltr">``."""
    shown = "".join(
        escape(run) if kind == "text" else f'<bdi dir="ltr">{escape(run)}</bdi>'
        for kind, run in runs(text, digits=digits)
    )
    return Markup(shown)  # noqa: S704  each run was escaped in the line above


def without_controls(text: str) -> str:
    """Take embeddings, overrides, isolates and control characters out of a text of any language; line feeds stay."""
    return _CONTROLS.sub("", text)
