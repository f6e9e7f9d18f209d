"""An application as a printed form (PDF), and as data (JSON).

The form is one to three A4 pages: applicant, focal person, papers, end points, and lines for signatures. Letters are
those of Noto Sans and Noto Sans Arabic, which come as packages, so that a name in Urdu prints as it should; letters of
other scripts show as empty boxes, which ``unprintable`` tells beforehand.

The bytes are the same for the same application: dates inside the file are the application's.
"""

import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

import fontpkg_noto_sans
import fontpkg_noto_sans_arabic
import msgspec
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # comes with fpdf2, without types
from fpdf import FPDF
from fpdf.enums import TableCellFillMode
from fpdf.fonts import FontFace, TTFFont

from raabta.model.application import Application

_LATIN: Final = "NotoSans"
_ARABIC: Final = "NotoSansArabic"
_MARGIN_MM: Final = 18.0
_LABEL_MM: Final = 52.0
_TEXT_PT: Final = 9.5
_LINE_MM: Final = 5.6
_GREY: Final = (90, 90, 90)
_TO_WRITE: Final = "________________________________"


def application_data(application: Application) -> bytes:
    """The application as JSON (UTF-8), one line a field, for the regulator's own systems."""
    return msgspec.json.format(msgspec.json.encode(application, order="sorted"), indent=2) + b"\n"


def application_pdf(application: Application) -> bytes:
    """The application as a form to print and sign."""
    with _open_page(application) as page:
        _Form(application, page).write()
        return bytes(page.output())


def unprintable(application: Application) -> str:
    """Letters of the application that neither font has, each once; "" where all print."""
    beyond = _beyond_latin(application)
    return "".join(sorted(beyond - _letters_of(_ARABIC_FILE))) if beyond else ""


class _Form:
    """One form under way: a page, and where on it the next line goes."""

    def __init__(self, application: Application, page: FPDF) -> None:
        self._application = application
        self._page = page

    def write(self) -> None:
        application = self._application
        self._page.set_font(_LATIN, size=15)
        self._line(application.title)
        self._page.set_font(_LATIN, size=_TEXT_PT)
        self._line(f"To: {application.regulator}")
        self._line(f"Type {application.kind} · case {application.case_id} · {application.made_at.date().isoformat()}")
        self._applicant()
        self._person()
        self._papers()
        self._endpoints()
        self._signatures()

    def _applicant(self) -> None:
        application = self._application
        self._heading("Applicant")
        self._field("Legal name", application.legal_name)
        self._field("Trade name", application.trade_name)
        self._field("Legal form", application.legal_form.replace("_", " "))
        self._field("Registration number", application.registration_number)
        self._field("Tax number", application.tax_number)
        self._field("Export board", application.board_number)
        self._field("Association", application.association_number)
        self._field("Vouched for by", application.sponsor)
        self._field("Your reference", application.reference)

    def _person(self) -> None:
        application = self._application
        self._heading("Focal person")
        self._field("Name", application.focal_name)
        self._field("Role", application.focal_role)
        self._field("E-mail", application.focal_email)
        self._field("Phone", application.focal_phone)
        if application.identity_seen_on is not None:
            kind = application.identity_kind.replace("_", " ") or "paper"
            self._field("Identity", f"{kind}, seen by the association on {application.identity_seen_on.isoformat()}")
        self._field("Identity number", f"{_TO_WRITE}  (by hand)")

    def _papers(self) -> None:
        self._heading("Papers")
        rows = [("Paper", "Seen on", "By, or why not needed")]
        rows += [
            (paper.title, paper.seen_on.isoformat() if paper.seen_on else "", paper.seen_by or paper.waived)
            for paper in self._application.papers
        ]
        self._table(rows, widths=(56, 15, 29))

    def _endpoints(self) -> None:
        self._heading("End points")
        rows = [("Address", "Remote end", "Tunnel", "Operator", "Site and purpose", "Until")]
        rows += [
            (
                row.address or row.addressing,
                row.remote,
                row.tunnel,
                row.operator,
                ": ".join(filter(None, (row.site, row.purpose))),
                row.valid_until.isoformat(),
            )
            for row in self._application.endpoints
        ]
        self._table(rows, widths=(20, 20, 14, 14, 19, 13))

    def _signatures(self) -> None:
        self._page.ln(8)
        for who in ("Date, signature and stamp of the applicant", "Operator: subscriber and address confirmed"):
            self._line(_TO_WRITE)
            self._line(who, colour=_GREY)
            self._page.ln(5)

    def _heading(self, words: str) -> None:
        self._page.ln(3)
        self._page.set_font(_LATIN, size=11.5)
        self._line(words)
        self._page.set_font(_LATIN, size=_TEXT_PT)

    def _line(self, words: str, *, colour: tuple[int, int, int] = (0, 0, 0)) -> None:
        self._page.set_text_color(*colour)
        self._page.multi_cell(0, _LINE_MM, words, new_x="LMARGIN", new_y="NEXT", align="L")
        self._page.set_text_color(0, 0, 0)

    def _field(self, label: str, value: str) -> None:
        if not value:
            return
        self._page.set_text_color(*_GREY)
        self._page.cell(_LABEL_MM, _LINE_MM, label)
        self._page.set_text_color(0, 0, 0)
        self._page.multi_cell(0, _LINE_MM, value, new_x="LMARGIN", new_y="NEXT", align="L")

    def _table(self, rows: Sequence[tuple[str, ...]], *, widths: tuple[int, ...]) -> None:
        heading = FontFace(emphasis="", fill_color=(236, 236, 236))
        with self._page.table(
            rows,
            col_widths=widths,
            line_height=_LINE_MM,
            text_align="LEFT",
            headings_style=heading,
            cell_fill_mode=TableCellFillMode.NONE,
        ):
            pass


@contextmanager
def _open_page(application: Application) -> Iterator[FPDF]:
    """An empty page; its fonts' files, which are read as they are needed, are closed at the end."""
    page = FPDF(format="A4")
    page.set_margin(_MARGIN_MM)
    page.set_creation_date(application.made_at)
    page.set_title(f"{application.title}, case {application.case_id}")
    page.set_lang("en")
    page.add_font(_LATIN, fname=_LATIN_FILE)
    if _beyond_latin(application):  # a second font, and shaping, take a third of the time
        page.add_font(_ARABIC, fname=_ARABIC_FILE)
        page.set_fallback_fonts([_ARABIC])
        page.set_text_shaping(use_shaping_engine=True)
    page.add_page()
    page.set_font(_LATIN, size=_TEXT_PT)
    try:
        yield page
    finally:
        for font in page.fonts.values():
            cast("TTFFont", font).ttfont.close()


def _beyond_latin(application: Application) -> set[str]:
    """Give the letters that the first font lacks."""
    letters = {letter for letter in msgspec.json.encode(application).decode() if not letter.isspace()}
    beyond = {letter for letter in letters if not letter.isascii()}
    return beyond - _letters_of(_LATIN_FILE) if beyond else beyond


@functools.cache
def _letters_of(file: Path) -> frozenset[str]:
    with TTFont(file, lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))


def _font_file(root: Path, prefix: str) -> Path:
    """The one upright file of a font package; its name carries the axes."""
    return next(file for file in sorted((root / "files").iterdir()) if file.name.startswith(prefix))


_LATIN_FILE: Final = _font_file(fontpkg_noto_sans.ROOT, "NotoSans[")
_ARABIC_FILE: Final = _font_file(fontpkg_noto_sans_arabic.ROOT, "NotoSansArabic[")
