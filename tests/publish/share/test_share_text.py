"""A text that is passed on says who, when, what next and where, and is never longer than messengers show."""

import re

import pytest
from msgspec import structs

from raabta.model.bulletin import LANGUAGES, BulletinText, Language
from raabta.model.publication import PublicStatement, PublicThread, PublicUpdate
from raabta.publish.share import share_text
from tests.cases.hostile import WORDS, hostile, hostile_site
from tests.cases.publication import example_site, example_thread, example_threads

MOST = 900
EVERY = [(thread, update) for thread in example_threads() for update in thread.updates]


@pytest.mark.parametrize(("thread", "update"), EVERY, ids=[update.id for _, update in EVERY])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_says_when_and_where_and_what_comes_next(
    thread: PublicThread, update: PublicUpdate, language: Language
) -> None:
    text = share_text(thread, update, site=example_site(), language=language)
    assert len(text) <= MOST
    assert text.endswith(f"https://status.example.pk/{language}/{thread.kind}/{thread.id}.html#{update.id}\n")
    assert "PKT (UTC+05:00)" in text
    following = {"en": ("Next update by", "No further update"), "ur": ("اگلی اطلاع", "مزید اطلاع")}[language]
    assert any(words in text for words in following)


def test_a_cause_stands_with_its_evidence_probability_and_what_others_state() -> None:
    thread = example_thread("in-cdn2025may19")
    text = share_text(thread, thread.updates[1], site=example_site(), language="en")
    assert "Cause: Corroborated, and reproduced, probability 95%\nWho states what: Cloudflare sees no fault" in text


@pytest.mark.parametrize(("language", "comma"), [("en", ","), ("ur", "،")])
def test_the_official_statement_stands_beside_the_cause(language: Language, comma: str) -> None:
    thread = example_thread("in-cdn2025may19")
    update = thread.updates[1]
    stated = PublicStatement(
        party_en="Regulator", party_ur="ریگولیٹر", at=update.at, text_en="No fault. " * 60, source="https://r.example/p"
    )
    text = share_text(structs.replace(thread, statements=(stated,)), update, site=example_site(), language=language)
    who = {"en": "Regulator", "ur": "ریگولیٹر"}[language]
    assert f"\n{who}{comma} " in text
    assert "No fault" in text
    assert "https://r.example/p" in text
    assert len(text) <= MOST


def test_a_correction_says_so_first() -> None:
    thread = example_thread("in-vpn20241110")
    assert share_text(thread, thread.updates[1], site=example_site(), language="en").startswith("Correction: VPNs fail")
    assert share_text(thread, thread.updates[1], site=example_site(), language="ur").startswith("تصحیح: ")


def test_long_words_are_cut_and_times_and_link_stay() -> None:
    thread = example_thread("in-cdn2025may19")
    long = tuple(
        BulletinText(language=language, title="title " * 80, known="known " * 900, workaround="advice " * 200)
        for language in LANGUAGES
    )
    text = share_text(thread, structs.replace(thread.updates[2], texts=long), site=example_site(), language="en")
    assert MOST - 40 < len(text) <= MOST
    assert "20 May 2025, 17:50 PKT (UTC+05:00)" in text
    assert "Next update by: 20 May 2025, 22:00 PKT (UTC+05:00)" in text
    assert text.count("…") == 3


def test_the_link_stands_alone_in_its_line_so_that_messengers_find_it() -> None:
    thread = example_thread("in-vpn20241110")
    last = share_text(thread, thread.updates[0], site=example_site(), language="ur").splitlines()[-1]
    assert re.fullmatch(r"https://[!-~]+", last)


def test_a_cut_never_parts_what_belongs_together() -> None:
    thread = example_thread("in-vpn20241110")
    family = "👩🏽‍💻" * 400
    texts = tuple(BulletinText(language=language, title="t", known=family) for language in LANGUAGES)
    text = share_text(thread, structs.replace(thread.updates[0], texts=texts), site=example_site(), language="en")
    shown = next(line for line in text.splitlines() if line.startswith("👩"))
    assert re.fullmatch("(?:👩🏽‍💻)+(?:👩🏽|👩)?…", shown)


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_words_make_it_longer_or_unwritable(words: str, language: Language) -> None:
    site = hostile_site(example_site(), words)
    for thread in (hostile(one, words) for one in example_threads()):
        text = share_text(thread, thread.updates[-1], site=site, language=language)
        assert len(text) <= MOST
        assert "https://status.example.pk/" in text.splitlines()[-1]
        text.encode("utf-8")
        assert text.count("\u2068") == text.count("\u2069")
        assert "\u202e" not in text
