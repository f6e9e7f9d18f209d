import datetime as dt
import io
from typing import Any

from pypdf import PdfReader

from raabta.publish.paper import open_paper, unprintable

AT = dt.datetime(2025, 5, 20, tzinfo=dt.UTC)


def sizes(raw: bytes) -> dict[str, float]:
    """Each text of the file and the size that it is printed in."""
    found: dict[str, float] = {}

    def visit(text: str, _matrix: Any, _text_matrix: Any, _font: Any, size: float) -> None:
        if text.strip():
            found[text.strip()] = size

    for page in PdfReader(io.BytesIO(raw)).pages:
        page.extract_text(visitor_text=visit)
    return found


def test_what_follows_an_urdu_line_is_as_large_as_what_stood_before() -> None:
    with open_paper("t", made_at=AT, letters="رابطہ") as paper:
        paper.title("Title")
        paper.line("رابطہ کے پیچھے", right_to_left=True)
        paper.line("after")
        paper.line("before")
        paper.field("label", "رابطہ")
        paper.line("last")
        found = sizes(paper.output())
    assert {found["after"], found["before"], found["last"]} == {9.5}
    assert found["Title"] == 15


def test_letters_of_neither_font_are_told() -> None:
    assert unprintable("Zoë رابطہ 株") == "株"
