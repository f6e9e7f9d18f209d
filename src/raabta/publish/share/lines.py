"""How wide words are in the fonts of pictures, and where lines break.

SVG breaks no lines. HarfBuzz says how wide each word is, shaped as the picture will have it: letters of Urdu change
with their neighbours. A line has one font: where it holds Urdu Noto Sans Arabic, which has Latin letters too, else Noto
Sans. Where resvg must look for a letter in another font, it may make boxes of the whole line; so letters that the
line's font lacks (emoji, other scripts) are left out, which is better than an empty box anyway.
"""

import functools
import re
from collections.abc import Iterator
from typing import Final
from unicodedata import normalize

import uharfbuzz as hb  # type: ignore[import-untyped]  # ships no types

from raabta.publish.fonts import ARABIC_FILE, LATIN_FILE

REGULAR: Final = 400
BOLD: Final = 700
_LATIN: Final = "Noto Sans"
_URDU: Final = "Noto Sans Arabic"
_OF_URDU: Final = re.compile("[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]")
_JOINERS: Final = re.compile("(?<![\u0600-\u06ff])[\u200c\u200d]|[\u200c\u200d](?![\u0600-\u06ff])")
"""Joiners that join no letters of Urdu: what is left of an emoji."""


FONT_FILES: Final = {
    _LATIN: LATIN_FILE,
    _URDU: ARABIC_FILE,
}


def font_of(text: str) -> str:
    """Name the font in which a line stands."""
    return _URDU if _OF_URDU.search(text) else _LATIN


def printable(text: str) -> str:
    """Give a text in one line, without the letters that its font lacks."""
    letters = _letters(font_of(text))
    left = "".join(_likeness(one, letters) for one in text)
    return " ".join(_JOINERS.sub("", left).split())


def width_of(text: str, *, size_px: float, weight: int = REGULAR) -> float:
    """Measure a text that stands in one line, in points of the picture."""
    return _advance(text, font=font_of(text), weight=weight) * size_px


def wrap(text: str, *, size_px: float, width_px: float, n_most: int, weight: int = REGULAR) -> list[str]:
    """Break a text into lines.

    Args:
        text: As ``printable`` gives it.
        size_px: Of the letters.
        width_px: Of a line.
        n_most: How many lines at most; the last one ends with an ellipsis where there is more.
        weight: Of the letters.
    """
    lines: list[str] = []
    line = ""
    for word in _words(text, size_px=size_px, width_px=width_px, weight=weight):
        longer = f"{line} {word}" if line else word
        if not line or width_of(longer, size_px=size_px, weight=weight) <= width_px:
            line = longer
            continue
        lines.append(line)
        line = word
        if len(lines) >= n_most:
            return [
                *lines[: n_most - 1],
                _with_dots(lines[n_most - 1], size_px=size_px, width_px=width_px, weight=weight),
            ]
    return [*lines, line] if line else lines


def _words(text: str, *, size_px: float, width_px: float, weight: int) -> Iterator[str]:
    """Give words; one that is wider than a line in pieces."""
    for word in text.split():
        rest = word
        while (width := width_of(rest, size_px=size_px, weight=weight)) > width_px and len(rest) > 1:
            n_letters = max(1, int(len(rest) * width_px / width) - 1)
            yield rest[:n_letters]
            rest = rest[n_letters:]
        yield rest


def _with_dots(line: str, *, size_px: float, width_px: float, weight: int) -> str:
    while line and width_of(f"{line}…", size_px=size_px, weight=weight) > width_px:
        line = line.rpartition(" ")[0] or line[:-1]
    return f"{line.rstrip(' ,;:،؛.')}…"


def _likeness(letter: str, letters: frozenset[int]) -> str:
    """Give a letter that a font has, or what comes near it: a letter without its accent; else nothing."""
    if letter.isspace() or ord(letter) in letters:
        return letter
    return "".join(one for one in normalize("NFKD", letter) if ord(one) in letters)


@functools.lru_cache(maxsize=4096)
def _advance(text: str, *, font: str, weight: int) -> float:
    """Give the width of a text in shares of its size; widths do not depend on the order in which runs are shown."""
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    shaped = _font(font, weight)
    hb.shape(shaped, buffer)
    return float(sum(one.x_advance for one in buffer.glyph_positions or [])) / float(shaped.face.upem)


@functools.cache
def _font(font: str, weight: int) -> hb.Font:
    made = hb.Font(_face(font))
    made.set_variations({"wght": float(weight)})
    return made


@functools.cache
def _face(font: str) -> hb.Face:
    return hb.Face(hb.Blob.from_file_path(str(FONT_FILES[font])))


@functools.cache
def _letters(font: str) -> frozenset[int]:
    return frozenset(_face(font).unicodes)
