"""July to September 2024: what members, visitors and the desk saw of three slow months."""

from typing import Any

import pytest

from tests.cases.readers import read_html
from tests.lab.publishing.story.people import CHAND
from tests.lab.publishing.story.story import Story

pytestmark = pytest.mark.lab


def test_a_confirmation_starts_the_clock_of_the_first_notice(story: Story) -> None:
    assert "A notice is due by 24 Jul 2024 10:30 PKT." in story.told["confirmed"].err


def test_a_notice_in_time_leaves_nothing_overdue_but_the_promised_update(story: Story) -> None:
    (clock,) = story.told["in time"].rows
    assert (clock["kind"], clock["due_at"]) == ("update", "2024-08-01T13:00:00Z")


def test_a_step_that_cannot_follow_is_refused_with_those_that_can(story: Story) -> None:
    assert "may come: confirmed, cause_sought, resolved" in story.told["opened twice"].err


def test_an_identity_number_is_refused_in_a_note(story: Story) -> None:
    assert "identity number" in story.told["identity"].err


@pytest.mark.parametrize(
    ("page", "words"), [("August en", "Cause not established"), ("August ur", "وجہ ثابت نہیں ہوئی")]
)
def test_for_weeks_the_page_says_that_the_cause_is_not_established(story: Story, page: str, words: str) -> None:
    (ours,) = read_html(story.pages[page]).xpath("//section[@class='cause']//div[@class='ours']")
    said = " ".join(ours.itertext())
    assert words in said
    assert "%" not in said


@pytest.mark.parametrize(
    ("page", "who", "words"),
    [
        ("August en", "Telecom regulator", "Two submarine cables are damaged."),
        ("August ur", "ٹیلی کام ریگولیٹر", "دو زیرِ سمندر کیبلز خراب ہیں۔"),
    ],
)
def test_the_official_statement_stands_beside_our_evidence_with_its_source(
    story: Story, page: str, who: str, words: str
) -> None:
    (theirs,) = read_html(story.pages[page]).xpath("//section[@class='cause']//div[@class='theirs']")
    said = " ".join(theirs.itertext())
    assert who in said
    assert words in said
    assert theirs.xpath(".//a/@href") == ["https://regulator.example/press/2024-07-25"]


def test_a_promise_put_off_twice_keeps_the_deadlines_that_it_had(story: Story) -> None:
    (promise,) = story.incident("promise", "list", story.ids["summer"], "--format", "jsonl").rows
    assert promise["put_off"] == ["2024-08-01T13:00:00Z", "2024-08-15T13:00:00Z"]
    assert (promise["due_at"], promise["state"]) == ("2024-08-27T13:00:00Z", "broken")


def test_a_broken_promise_is_overdue_and_then_shown_as_broken_to_everybody(story: Story) -> None:
    assert story.told["broken"].rows[0]["kind"] == "promise"
    promises = [" ".join(one.itertext()) for one in _promises(story, "en")]
    assert ["Cable consortium" in promises[0], "Not kept" in promises[0]] == [True, True]
    assert "کیبل کنسورشیم" in " ".join(_promises(story, "ur")[0].itertext())


@pytest.mark.parametrize(("language", "words"), [("en", "put off from"), ("ur", "پہلے کی مدت")])
def test_the_page_shows_the_deadlines_that_a_promise_had(story: Story, language: str, words: str) -> None:
    (promise,) = _promises(story, language)
    times = [one.get("datetime") for one in promise.iter("time")]
    assert times[:3] == ["2024-08-27T13:00:00Z", "2024-08-01T13:00:00Z", "2024-08-15T13:00:00Z"]
    assert words in " ".join(promise.itertext())


def test_mail_and_call_give_the_official_statement_beside_our_cause(story: Story) -> None:
    text = next(one.text for one in story.mails(CHAND) if "55%" in one.text)
    told = ("Telecom regulator", "Two submarine cables are damaged.", "دو زیرِ سمندر کیبلز خراب ہیں۔")
    assert [words in text for words in told] == [True] * 3
    assert "25 July 2024, 12:00 PKT (UTC+05:00)" in text
    assert "https://regulator.example/press/2024-07-25" in text
    (statement,) = next(
        call["data"]["statements"]
        for call in story.calls()
        if call["data"].get("update", {}).get("evidence_class") == "measured"
        and call["data"]["thread"]["id"] == story.ids["summer"]
    )
    assert statement["party_en"] == "Telecom regulator"
    assert statement["at"].startswith("2024-07-25T07:00:00")


def _promises(story: Story, language: str) -> list[Any]:
    page = story.page(f"{language}/incident/{story.ids['summer']}.html")
    found: list[Any] = read_html(page).xpath("//li[contains(@class,'promise')]")
    return found


def test_no_cause_is_kept_without_a_probability(story: Story) -> None:
    assert "--probability is missing" in story.told["no class"].err


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("Measured on one network", "55%")), ("ur", ("ایک نیٹ ورک پر پیمائش", "55 فیصد"))],
)
def test_a_cause_stands_with_the_class_of_its_evidence_and_its_probability(
    story: Story, language: str, words: tuple[str, str]
) -> None:
    page = read_html(story.page(f"{language}/incident/{story.ids['summer']}.html"))
    (ours,) = page.xpath("//section[@class='cause']//div[@class='ours']")
    assert [word in " ".join(ours.itertext()) for word in words] == [True, True]


def test_a_loss_is_noted_only_with_consent_and_shown_only_as_a_sum_of_five(story: Story) -> None:
    assert "has not agreed" in story.told["without consent"].err
    sums = {(row["kind"], row["measure"]): (row["total"], row["n_members"]) for row in story.told["losses"].rows}
    assert sums["orders_lost", "amount"] == (460_000, 5)
    assert sums["relocation", "number"] == (None, None)


def test_the_report_tells_members_in_both_languages_what_it_cost(story: Story) -> None:
    (mail,) = [one for one in story.mails(CHAND) if "Report: The internet is slow" in one.subject]
    assert "Members lost orders worth 460,000 US dollars." in mail.text
    assert "460,000 امریکی ڈالر" in mail.text.replace("\u2068", "").replace("\u2069", "")


def test_all_of_it_stands_in_the_timeline_with_who_did_it(story: Story) -> None:
    rows = story.incident("timeline", story.ids["summer"], "--format", "jsonl").rows
    assert {row["what"] for row in rows} >= {"opened", "step", "message", "promise", "statement", "cause", "bulletin"}
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
