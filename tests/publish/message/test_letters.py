"""Every message has all its words in both languages, and says only what it is given."""

import string
from typing import Any, get_args

import msgspec
import pytest

from raabta.model.bulletin import LANGUAGES, Language
from raabta.model.incident import MemberReport
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
