"""Templates say the same in both languages, whatever they are filled with."""

import datetime as dt
import re
from typing import Final, get_args

import pytest
from msgspec import structs

from raabta.model.site import Digits
from raabta.publish.bulletin.comparing import compare_texts
from raabta.publish.bulletin.templates import Template, Value, all_templates, fill, missing_values, template_of
from raabta.publish.bulletin.wording import TEXT_PARTS
from tests.cases.bulletins import NOW, SITE

NAMES: Final = (
    "first_notice", "update", "cause_found", "monitoring", "resolved", "report", "relapse", "correction", "notice",
    "meeting", "advisory", "maintenance",
)  # fmt: skip
VALUES: Final[dict[str, Value]] = {
    "text": {"en": "3 of 5 networks fail.", "ur": "5 میں سے 3 نیٹ ورکس ناکام ہیں۔"},
    "line": "10.2.9-h1",
    "moment": NOW,
    "number": 12,
    "components": ("cloudflare", "vpn"),
    "operators": ("jazz", "zong"),
}


def values(template: Template, *, optional: bool) -> dict[str, Value]:
    return {name: VALUES[ask.kind] for name, ask in template.asks.items() if optional or not ask.optional}


def test_there_is_a_template_for_every_occasion() -> None:
    assert set(all_templates()) == set(NAMES)


@pytest.mark.parametrize("optional", [True, False], ids=["all-values", "only-what-must-be"])
@pytest.mark.parametrize("digits", get_args(Digits))
@pytest.mark.parametrize("name", NAMES)
def test_a_filled_template_says_the_same_in_both_languages(name: str, digits: Digits, *, optional: bool) -> None:
    site, template = structs.replace(SITE, digits=digits), template_of(name)
    texts = fill(template, values(template, optional=optional), site=site)
    assert compare_texts(texts, site, at=NOW) == []
    assert all("{" not in getattr(text, part) for text in texts for part in ("title", *TEXT_PARTS))


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_of_a_line_have_the_same_names(name: str) -> None:
    template = template_of(name)
    lines = [template.title, *(line for part in TEXT_PARTS for line in getattr(template, part))]
    found = [{language: set(re.findall(r"\{(\w+)\}", text)) for language, text in line.items()} for line in lines]
    assert all(one["en"] == one["ur"] for one in found)
    used = {key for one in found for key in one["en"]}
    assert used == set(template.asks)


def test_a_line_without_its_value_is_left_out_in_both_languages() -> None:
    template = template_of("first_notice")
    given = values(template, optional=False)
    for text in fill(template, given, site=SITE):
        assert text.known.count("\n") == 1
        assert text.workaround == ""


def test_a_time_is_said_with_its_zone_in_both_languages() -> None:
    template = template_of("monitoring")
    at = dt.datetime(2024, 11, 10, 20, 30, tzinfo=dt.UTC)
    texts = fill(template, values(template, optional=False) | {"restored": at}, site=SITE)
    assert all("01:30 PKT (UTC+05:00)" in text.known for text in texts)
    assert "11 November 2024" in texts[0].known
    assert "11 نومبر 2024" in texts[1].known


def test_what_is_missing_is_named_as_it_is_set() -> None:
    template = template_of("update")
    assert missing_values(template, {"news": {"en": "Better"}, "title": {"en": "T", "ur": "ع"}}) == ["news_ur"]
    with pytest.raises(ValueError, match="news_en, news_ur"):
        fill(template, {"title": {"en": "T", "ur": "ع"}}, site=SITE)


def test_a_value_that_the_template_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="has no value 'nws'"):
        fill(template_of("update"), {"nws": "x"}, site=SITE)


def test_a_text_that_ends_with_a_stop_gets_no_second_one() -> None:
    template = template_of("meeting")
    texts = fill(template, values(template, optional=True), site=SITE)
    assert not any(stop in text.known for text in texts for stop in ("..", "۔۔"))


def test_an_unknown_template_names_those_that_there_are() -> None:
    with pytest.raises(ValueError, match="There are: first_notice, update"):
        template_of("second_notice")


@pytest.mark.parametrize("name", ["first_notice", "resolved", "report"])
def test_a_day_stands_behind_on(name: str) -> None:
    template = template_of(name)
    (english, _) = fill(template, values(template, optional=True), site=SITE)
    assert re.search(r"It began on \d", english.known)
    assert not re.search(r"\b(began|ended) at\b", english.known)
