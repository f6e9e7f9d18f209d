"""A printed page (PDF, A4): headings, lines, labelled fields and tables, in letters for English and Urdu.

Letters are those of Noto Sans and Noto Sans Arabic, which come as packages, so that a name in Urdu prints as it should;
letters of other scripts show as empty boxes, which ``unprintable`` tells beforehand. The bytes are the same for the
same content: the date inside the file is an argument.
"""

import datetime as dt
import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # comes with fpdf2, without types
from fpdf import FPDF
from fpdf.enums import TableCellFillMode
from fpdf.fonts import FontFace, TTFFont

from raabta.publish.fonts import ARABIC_FILE, LATIN_FILE

_LATIN: Final = "NotoSans"
_ARABIC: Final = "NotoSansArabic"
_MARGIN_MM: Final = 18.0
_LABEL_MM: Final = 52.0
_TEXT_PT: Final = 9.5
_HEADING_PT: Final = 11.5
_TITLE_PT: Final = 15.0
_LINE_MM: Final = 5.6
GREY: Final = (90, 90, 90)


class Paper:
    """Pages under way, and where on them the next line goes. Made by ``open_paper``."""

    def __init__(self, page: FPDF) -> None:
        self._page = page

    def title(self, words: str) -> None:
        """Write the title."""
        self._in_size(words, _TITLE_PT)

    def heading(self, words: str) -> None:
        """Begin a part."""
        self.gap(3)
        self._in_size(words, _HEADING_PT)

    def line(self, words: str, *, colour: tuple[int, int, int] = (0, 0, 0), right_to_left: bool = False) -> None:
        """Write a text over the whole width, in as many lines as it takes."""
        self._shape(words)
        self._page.set_text_color(*colour)
        align = "R" if right_to_left else "L"
        self._page.multi_cell(0, _LINE_MM, words, new_x="LMARGIN", new_y="NEXT", align=align)
        self._page.set_text_color(0, 0, 0)
        self._font_again()

    def field(self, label: str, value: str) -> None:
        """Write a label and its value; nothing where there is no value."""
        if not value:
            return
        self._shape(value)
        self._page.set_text_color(*GREY)
        self._page.cell(_LABEL_MM, _LINE_MM, label)
        self._page.set_text_color(0, 0, 0)
        self._page.multi_cell(0, _LINE_MM, value, new_x="LMARGIN", new_y="NEXT", align="L")
        self._font_again()

    def table(self, rows: Sequence[tuple[str, ...]], *, widths: tuple[int, ...]) -> None:
        """Write a table whose first row is its head; widths are shares."""
        self._shape("".join("".join(row) for row in rows))
        with self._page.table(
            rows,
            col_widths=widths,
            line_height=_LINE_MM,
            text_align="LEFT",
            headings_style=FontFace(emphasis="", fill_color=(236, 236, 236)),
            cell_fill_mode=TableCellFillMode.NONE,
        ):
            pass

    def gap(self, mm: float) -> None:
        """Leave some room."""
        self._page.ln(mm)

    def output(self) -> bytes:
        """Give the file."""
        return bytes(self._page.output())

    def _shape(self, words: str) -> None:
        """Join letters where there are any to join: it takes most of the time, and English needs it not."""
        self._page.set_text_shaping(use_shaping_engine=bool(_beyond_latin(words)))

    def _font_again(self) -> None:
        """Tell the file which font is meant: after letters of the second font, fpdf2 takes it to be known."""
        size_pt = self._page.font_size_pt
        self._page.set_font(_LATIN, size=size_pt + 1)
        self._page.set_font(_LATIN, size=size_pt)

    def _in_size(self, words: str, size_pt: float) -> None:
        self._page.set_font(_LATIN, size=size_pt)
        self.line(words)
        self._page.set_font(_LATIN, size=_TEXT_PT)


@contextmanager
def open_paper(title: str, *, made_at: dt.datetime, letters: str) -> Iterator[Paper]:
    """Begin a file; the files of its fonts, which are read as they are needed, are closed at the end.

    Args:
        title: For the file's properties.
        made_at: Likewise.
        letters: Holds every letter that will be written, so that a second font is opened only where it is needed.
    """
    page = FPDF(format="A4")
    page.set_margin(_MARGIN_MM)
    page.set_creation_date(made_at)
    page.set_title(title)
    page.set_lang("en")
    page.add_font(_LATIN, fname=LATIN_FILE)
    if _beyond_latin(letters):
        page.add_font(_ARABIC, fname=ARABIC_FILE)
        page.set_fallback_fonts([_ARABIC])
    page.add_page()
    page.set_font(_LATIN, size=_TEXT_PT)
    try:
        yield Paper(page)
    finally:
        for font in page.fonts.values():
            cast("TTFFont", font).ttfont.close()


def unprintable(letters: str) -> str:
    """Give the letters of a text that neither font has, each once; "" where all print."""
    beyond = _beyond_latin(letters)
    return "".join(sorted(beyond - _letters_of(ARABIC_FILE))) if beyond else ""


def _beyond_latin(letters: str) -> set[str]:
    """Give the letters that the first font lacks."""
    beyond = {letter for letter in letters if not letter.isascii() and not letter.isspace()}
    return beyond - _letters_of(LATIN_FILE) if beyond else beyond


@functools.cache
def _letters_of(file: Path) -> frozenset[str]:
    with TTFont(file, lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))
