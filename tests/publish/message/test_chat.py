"""What a chat channel reads: short, with the next update and a link."""

import pytest
from msgspec import structs

from raabta.model.publication import PublicStatement
from raabta.publish.message.chat import NOTE_CHARACTERS_MAX, chat_text, letter_text
from raabta.publish.message.letters import Letter, Paragraph
from tests.cases.publication import example_site
from tests.registry.outbox.specimens import bulletin
from tests.registry.specimens import NOW

URL = "https://status.example.pk/en/incident/in-a.html#bu-a"


def test_it_says_what_is_known_when_the_next_update_comes_and_where() -> None:
    text = chat_text(bulletin(), example_site(), languages=("en", "ur"), url=URL)
    assert text.splitlines()[0].endswith("A CDN cannot be reached — Confirmed")
    for words in ("example.com does not answer.", "16:30 PKT (UTC+05:00)", "\u2068example.com\u2069"):
        assert words in text
    assert text.splitlines()[-1] == URL


def test_a_repetition_says_so_last() -> None:
    text = chat_text(bulletin(), example_site(), languages=("ur",), url="", repeated=True)
    assert text.splitlines()[-1] == "(may be a repetition)"


@pytest.mark.parametrize("repeated", [False, True])
def test_however_long_a_bulletin_is_the_text_fits_and_keeps_its_link(repeated: bool) -> None:
    texts = tuple(
        structs.replace(one, title="t" * 3000, known="k " * 3000, workaround="w" * 900) for one in bulletin().texts
    )
    text = chat_text(bulletin(texts=texts), example_site(), languages=("en", "ur"), url=URL, repeated=repeated)
    assert len(text) <= NOTE_CHARACTERS_MAX
    assert URL in text.splitlines()


def test_however_long_a_bulletin_is_both_languages_keep_the_statement_and_the_next_update() -> None:
    texts = tuple(
        structs.replace(one, known="جواب example.com " * 300, workaround="w" * 900) for one in bulletin().texts
    )
    told = bulletin(texts=texts, evidence_class="measured", probability_percent=55)
    stated = PublicStatement(party_en="Regulator", party_ur="ریگولیٹر", at=NOW, text_en="A glitch. " * 90)
    text = chat_text(told, example_site(), languages=("en", "ur"), url=URL, statements=(stated,))
    assert len(text) <= NOTE_CHARACTERS_MAX
    for words in ("Regulator, ", "ریگولیٹر، ", "55%", "Next update by", "اگلی اطلاع"):
        assert words in text
    assert text.count("\u2068") == text.count("\u2069")


def test_other_messages_fit_too() -> None:
    assert len(letter_text([Letter("en", "s", (Paragraph("x" * 9999),))])) == NOTE_CHARACTERS_MAX
