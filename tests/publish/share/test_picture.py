"""The picture has its size, holds its words within its edges, and is the same every time."""

import re
import struct
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from msgspec import structs

from raabta.model.bulletin import LANGUAGES, Language
from raabta.model.publication import PublicThread, PublicUpdate
from raabta.model.site import Site
from raabta.publish.share import share_picture
from raabta.publish.share.lines import BOLD, font_of, printable, width_of, wrap
from raabta.publish.share.picture import share_drawing
from tests.cases.hostile import WORDS, hostile, hostile_site
from tests.cases.publication import example_site, example_thread, example_threads

BYTES_MAX = 300_000
"""WhatsApp shows no larger picture beside a link."""
EVERY = [(thread, update) for thread in example_threads() for update in thread.updates]


def drawn(thread: PublicThread, update: PublicUpdate, language: Language, site: Site | None = None) -> Any:
    return ET.fromstring(share_drawing(thread, update, site=site or example_site(), language=language))


def lines_of(drawing: Any) -> Iterator[tuple[str, float, float, float]]:
    for one in drawing.iter("{http://www.w3.org/2000/svg}text"):
        words = re.sub("[\u2066-\u2069\u202a-\u202e]", "", one.text)
        width = width_of(words, size_px=float(one.get("font-size")), weight=int(one.get("font-weight")))
        start = {"start": 0.0, "middle": 0.5, "end": 1.0}[one.get("text-anchor")]
        left = float(one.get("x")) - start * width
        yield words, left, left + width, float(one.get("y"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_a_png_of_1200_by_630_and_small(language: Language) -> None:
    thread = example_thread("in-cdn2025may19")
    png = share_picture(thread, thread.updates[1], site=example_site(), language=language)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", png[16:24]) == (1200, 630)
    assert len(png) < BYTES_MAX
    assert png == share_picture(thread, thread.updates[1], site=example_site(), language=language)


@pytest.mark.parametrize(("thread", "update"), EVERY, ids=[update.id for _, update in EVERY])
@pytest.mark.parametrize("language", LANGUAGES)
def test_all_words_stand_within_the_picture(thread: PublicThread, update: PublicUpdate, language: Language) -> None:
    for words, left, right, y in lines_of(drawn(thread, update, language)):
        assert 60 <= left < right <= 1140, words
        assert 40 <= y <= 610, words


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_words_leave_the_picture_or_break_it(words: str, language: Language) -> None:
    site = hostile_site(example_site(), words)
    for id_ in ("in-cdn2025may19", "bu-meeting-1"):
        thread = hostile(example_thread(id_), words)
        drawing = drawn(thread, thread.updates[-1], language, site)
        for line, left, right, y in lines_of(drawing):
            assert left >= 60, line
            assert right <= 1140, line
            assert 40 <= y <= 610
        assert share_picture(thread, thread.updates[-1], site=site, language=language)[:4] == b"\x89PNG"


def test_it_says_when_it_was_published_and_when_the_next_word_comes() -> None:
    thread = example_thread("in-cdn2025may19")
    words = {line for line, *_ in lines_of(drawn(thread, thread.updates[1], "en"))}
    assert "20 May 2025, 08:55 PKT (UTC+05:00)" in words
    assert "Next update by: 20 May 2025, 18:00 PKT (UTC+05:00)" in words
    assert "Cause: Corroborated, and reproduced, probability 95%" in words
    assert "status.example.pk" in words


def test_urdu_begins_at_the_right_and_each_line_runs_from_right_to_left() -> None:
    thread = example_thread("in-cdn2025may19")
    drawing = drawn(thread, thread.updates[1], "ur")
    texts = list(drawing.iter("{http://www.w3.org/2000/svg}text"))
    titles = [one for one in texts if one.get("text-anchor") == "end"]
    assert len(titles) >= 6
    assert all(one.text[0] == "\u202b" and one.text[-1] == "\u202c" for one in titles)
    assert any("\u206808:55 PKT (UTC+05:00)\u2069" in one.text for one in titles)


def test_what_is_over_is_green_and_what_is_critical_is_red() -> None:
    thread = example_thread("in-vpn20241110")
    bars = [
        drawn(thread, one, "en").findall("{http://www.w3.org/2000/svg}rect")[1].get("fill") for one in thread.updates
    ]
    assert bars == ["#a51d2a", "#a51d2a", "#1e6b43"]


def test_letters_of_urdu_are_joined_when_they_are_measured() -> None:
    joined, parted = "رابطہ", "\u200c".join("رابطہ")
    assert width_of(joined, size_px=100) != width_of(parted, size_px=100)


def test_letters_without_a_font_are_left_out_and_accents_go_before_letters() -> None:
    assert printable("ok 👩‍💻 中文 done") == "ok done"
    assert printable("دو\u200cلفظ ≥ €5") == "دو\u200cلفظ €5"
    assert font_of("Noto") == "Noto Sans"
    assert font_of("Noto نوٹو") == "Noto Sans Arabic"


def test_lines_break_between_words_and_say_where_more_follows() -> None:
    lines = wrap("one two three four five six", size_px=40, width_px=200, n_most=2, weight=BOLD)
    assert len(lines) == 2
    assert lines[-1].endswith("…")
    assert wrap("", size_px=40, width_px=200, n_most=2) == []
    assert "".join(wrap("W" * 50, size_px=40, width_px=200, n_most=99)) == "W" * 50


def test_an_update_in_one_language_is_drawn_in_both() -> None:
    thread = example_thread("bu-notice-1")
    alone = structs.replace(thread.updates[0], texts=thread.updates[0].texts[:1])
    for language in LANGUAGES:
        assert list(lines_of(drawn(thread, alone, language)))
