"""Every message has all its words in both languages, and says only what it is given."""

import datetime as dt
import string
from typing import Any, get_args

import msgspec
import pytest

from raabta.model.bulletin import LANGUAGES, Language
from raabta.model.incident import MemberReport
from raabta.model.publication import PublicStatement
from raabta.model.site import Component
from raabta.model.subscription import Alarm
from raabta.publish.message import letters
from raabta.publish.message.letters import (
    Letter,
    Links,
    acknowledge_letter,
    alarm_letter,
    answer_letter,
    bulletin_body,
    bulletin_letter,
    confirm_letter,
    goodbye_letter,
    languages_of,
)
from tests.cases.publication import example_site
from tests.registry.outbox.specimens import bulletin
from tests.registry.specimens import NOW

SITE = example_site()
LINKS = Links(page="https://p", confirm="https://c", change="https://g", leave="https://l", state="https://s")
REPORT = MemberReport(id="rp-a", code="abcdefgh", way="web", target="cdn.example.com", reported_at=NOW)


def all_letters(language: Language) -> dict[str, Letter]:
    alarm = Alarm(id="al", about_id="in-a", kind="update", level=1, due_at=NOW, raised_at=NOW, words="Update overdue")
    return {
        "bulletin": bulletin_letter(
            bulletin_body(bulletin(), SITE, language=language), SITE, language=language, links=LINKS, repeated=True
        ),
        "confirm": confirm_letter(SITE, language=language, links=LINKS),
        "goodbye": goodbye_letter(SITE, language=language, again="https://again"),
        "acknowledge": acknowledge_letter(REPORT, SITE, language=language, links=LINKS),
        "answer": answer_letter(
            msgspec.structs.replace(REPORT, closed_because="{target} {0} works again"),
            SITE,
            language=language,
            links=LINKS,
        ),
        "alarm": alarm_letter(alarm, SITE, language=language),
    }


STATED = PublicStatement(
    party_en="Telecom regulator",
    party_ur="ٹیلی کام ریگولیٹر",
    at=NOW,
    text_en="A glitch. " * 60,
    text_ur="ایک خرابی۔",
    source="https://regulator.example/press",
)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            ("Official statements", "Telecom regulator, ", "“A glitch.", "…”", "Source: https://regulator.example/"),
        ),
        ("ur", ("باضابطہ بیانات", "ٹیلی کام ریگولیٹر، ", "“ایک خرابی۔”", "ماخذ: \u2068https://regulator.example/")),
    ],
)
def test_the_official_statement_stands_beside_our_cause(language: Language, words: tuple[str, ...]) -> None:
    body = bulletin_body(bulletin(), SITE, language=language, statements=(STATED,))
    text = bulletin_letter(body, SITE, language=language, links=LINKS).plain
    assert [one for one in (*words, "PKT (UTC+05:00)") if one not in text] == []
    assert len(text) < 1500


@pytest.mark.parametrize(("language", "name"), [("en", "VPN"), ("ur", "وی پی این")])
def test_who_reported_reads_the_name_of_a_component_in_their_language(language: Language, name: str) -> None:
    report = msgspec.structs.replace(REPORT, target="tunnels")
    site = msgspec.structs.replace(
        SITE, components=(Component(id="tunnels", kind="service", name_en="VPN", name_ur="وی پی این"),)
    )
    for write in (acknowledge_letter, answer_letter):
        text = write(report, site, language=language, links=LINKS).plain
        assert name in text
        assert "tunnels" not in text


def test_an_alarm_says_how_late_it_is_who_was_told_before_and_what_to_run() -> None:
    alarm = Alarm(
        id="al", about_id="pr-a", kind="promise", level=1, due_at=NOW, raised_at=NOW + dt.timedelta(minutes=65),
        words="Promise of PTA: repair. Next: raabta incident promise settle pr-a kept"
        "; or: raabta incident promise settle pr-a broken",
    )  # fmt: skip
    letter = alarm_letter(alarm, SITE, language="en", told_before=("asma", "bilal"))
    assert letter.subject == "Alarm, level 1: Promise of PTA: repair"
    assert "late by 1 hour 5 minutes." in letter.plain
    assert "Told before: asma, bilal." in letter.plain
    for outcome in ("kept", "broken"):
        assert f"raabta incident promise settle pr-a {outcome}" in letter.plain.splitlines()
    assert "raabta incident acknowledge pr-a" in letter.plain.splitlines()


def test_every_phrase_has_both_languages_and_the_same_gaps() -> None:
    for group in letters._words().values():
        for phrase in group.values():
            assert set(phrase) == set(LANGUAGES)
            gaps = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in phrase.values()]
            assert gaps[0] == gaps[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_letter_has_its_links_and_no_gap_left(language: Language) -> None:
    expected = {
        "bulletin": ("https://p", "https://g", "https://l"),
        "confirm": ("https://c", "https://g"),
        "goodbye": ("https://again",),
        "acknowledge": ("abcdefgh", "https://s", "cdn.example.com"),
        "answer": ("{target} {0} works again", "https://p"),
        "alarm": ("Update overdue", "raabta incident acknowledge in-a", "PKT (UTC+05:00)"),
    }
    for name, letter in all_letters(language).items():
        plain = letter.plain.replace("\u2068", "").replace("\u2069", "")
        for words in expected[name]:
            assert words in plain, name
        assert name == "answer" or "{" not in plain + letter.subject
        assert letter.subject


def test_a_bulletin_without_a_page_to_leave_says_where_to_write() -> None:
    body = bulletin_body(bulletin(), SITE, language="en")
    plain = bulletin_letter(body, SITE, language="en", links=Links()).plain
    assert "mailto:desk@example.pk" in plain


def test_a_request_to_confirm_says_nothing_that_a_stranger_wrote() -> None:
    first, other = (
        confirm_letter(SITE, language="en", links=Links(confirm=url)).plain for url in ("https://a", "https://b")
    )
    assert first.replace("https://a", "https://b") == other


@pytest.mark.parametrize(("wish", "languages"), [("en", ("en",)), ("ur", ("ur",)), ("both", ("en", "ur"))])
def test_languages_stand_in_order(wish: Any, languages: tuple[str, ...]) -> None:
    assert languages_of(wish) == languages
    assert set(languages) <= set(get_args(Language))
