"""The check that both languages say the same facts: on many pairs, and what it says of a difference."""

import datetime as dt
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raabta.model.bulletin import BulletinText
from raabta.publish.bulletin.comparing import Difference, compare_parts, compare_texts
from tests.cases.bulletins import KNOWN, NOW, SITE, TEXTS, Pair, pairs
from tests.cases.publication import example_site, example_threads

LOCAL = "+05:00"
FILES = ("blind", "blind2", "blind3", "blind4", "pairs")
FALSE_ALARMS_MAX = {"blind": 0, "blind2": 0, "blind3": 2, "blind4": 0, "pairs": 0}
"""Of blind3: "from 9 to 5" leaves open which half of the day, and CNIC stands in English alone."""


def compared(english: str, urdu: str) -> list[Difference]:
    return compare_parts([("known", english, urdu)], known=KNOWN, local=LOCAL)


@pytest.mark.parametrize("file", FILES)
def test_every_planted_difference_is_found_and_named(file: str) -> None:
    planted = [pair for pair in pairs(file) if pair.only]
    assert planted
    for pair in planted:
        told = " ".join(f"{one.key} {one.hint}" for one in compared(pair.en, pair.ur))
        assert told, pair
        assert [words for words in pair.only if words not in told] == [], (pair, told)


@pytest.mark.parametrize("file", FILES)
def test_texts_that_say_the_same_raise_no_alarm(file: str) -> None:
    same = [pair for pair in pairs(file) if not pair.only]
    alarms = [(pair, found) for pair in same if (found := compared(pair.en, pair.ur))]
    assert len(alarms) <= FALSE_ALARMS_MAX[file], alarms


def test_half_of_the_pairs_are_planted() -> None:
    every = [pair for file in FILES for pair in pairs(file)]
    assert len(every) > 300
    assert 0.4 < sum(bool(pair.only) for pair in every) / len(every) < 0.6


@pytest.mark.parametrize("thread", example_threads(), ids=lambda one: one.id)
def test_bulletins_that_somebody_else_wrote_raise_no_alarm(thread: object) -> None:
    updates = thread.updates  # type: ignore[attr-defined]
    assert [compare_texts(one.texts, example_site(), at=one.at) for one in updates] == [[]] * len(updates)


def _with_other_digit(pair: Pair) -> list[tuple[str, str]]:
    """Change the last digit of each number, in one language at a time."""
    made = []
    for english, text in ((True, pair.en), (False, pair.ur)):
        for found in re.finditer(r"\d+", text):
            digits = found[0][:-1] + str((int(found[0][-1]) + 1) % 10)
            changed = text[: found.start()] + digits + text[found.end() :]
            made.append((changed, pair.ur) if english else (pair.en, changed))
    return made


@pytest.mark.parametrize("file", ["blind2", "blind3"])
def test_no_digit_can_change_in_one_language_unseen(file: str) -> None:
    changed = [texts for pair in pairs(file) if not pair.only for texts in _with_other_digit(pair)]
    assert [texts for texts in changed if not compared(*texts)] == []


def test_a_difference_names_the_fact_the_language_that_lacks_it_and_what_to_try() -> None:
    (found,) = compared("Jazz and Zong are slow.", "جاز سست ہے۔")
    assert (found.kind, found.fact, found.lacks) == ("name", "Zong", "ur")
    assert found.key == "known: name Zong, not in Urdu"
    assert "publishing.toml" in found.hint


def test_the_same_moment_in_two_zones_is_one_fact() -> None:
    assert compared("It began at 09:00 UTC.", "یہ 14:00 PKT پر شروع ہوا۔") == []


def test_a_time_without_a_zone_is_local() -> None:
    assert {one.kind for one in compared("It began at 09:00 UTC.", "یہ صبح 9 بجے شروع ہوا۔")} == {"time"}


def test_a_zone_that_one_language_leaves_out_is_told() -> None:
    (found,) = compared("It began at 14:00 PKT.", "یہ 14:00 بجے شروع ہوا۔")
    assert (found.kind, found.lacks) == ("zone", "ur")


@pytest.mark.parametrize(
    ("english", "urdu"),
    [
        ("at 9 am", "صبح 9 بجے"),
        ("at 9 pm", "رات 9 بجے"),
        ("at 12 noon", "دوپہر 12 بجے"),
        ("at midnight", "رات بارہ بجے"),
        ("at 1:30 am", "رات ڈیڑھ بجے"),
        ("at 2:30 pm", "دوپہر ڈھائی بجے"),
        ("at 6:45 pm", "شام پونے سات بجے"),
        ("at 4:15 am", "صبح سوا چار بجے"),
        ("at 8 pm", "8 بجے شب"),
    ],
)
def test_urdu_parts_of_the_day_are_read(english: str, urdu: str) -> None:
    assert compared(f"It ended {english}.", f"یہ {urdu} ختم ہوا۔") == []


@pytest.mark.parametrize("digits", ["15", "۱۵", "١٥", "پندرہ"])
def test_all_digits_and_words_are_one_number(digits: str) -> None:
    assert compared("15 networks", f"{digits} نیٹ ورکس") == []
    assert compared("16 networks", f"{digits} نیٹ ورکس") != []


def test_kal_is_yesterday_and_tomorrow_but_not_today() -> None:
    assert compared("It ended yesterday.", "یہ کل ختم ہوا۔") == []
    assert compared("It ends tomorrow.", "یہ کل ختم ہو گا۔") == []
    assert {one.lacks for one in compared("It ends today.", "یہ کل ختم ہو گا۔")} == {"en", "ur"}


def test_a_text_that_was_not_translated_is_told() -> None:
    english = "All networks of the country are slow, and nobody knows why."
    assert "script" in [one.kind for one in compared(english, english)]


def test_other_facts_are_told_beside_a_text_that_was_not_translated() -> None:
    found = compared("All 12 networks of the country are slow today.", "All 13 networks of the country are slow today.")
    assert {one.kind for one in found} >= {"script", "number"}


def test_a_part_that_one_language_leaves_out_is_told() -> None:
    found = compare_parts([("workaround", "Try another operator.", "")], known=KNOWN, local=LOCAL)
    assert [(one.part, one.kind, one.lacks) for one in found] == [("workaround", "text", "ur")]


def test_a_bulletin_in_one_language_alone_lacks_its_whole_text() -> None:
    found = compare_texts(TEXTS[:1], SITE, at=NOW)
    assert [(one.part, one.lacks) for one in found] == [("all", "ur")]


def test_a_name_may_stand_in_another_part() -> None:
    texts = (
        BulletinText(language="en", title="Jazz is slow", known="Jazz confirmed it."),
        BulletinText(language="ur", title="جاز سست ہے", known="کمپنی نے تصدیق کی۔"),
    )
    assert compare_texts(texts, SITE, at=NOW) == []


def test_a_time_may_not_stand_in_another_part() -> None:
    texts = (
        BulletinText(language="en", title="Since 14:00 PKT", known="It began at 14:00 PKT, says Jazz at 15:00 PKT."),
        BulletinText(language="ur", title="14:00 PKT سے", known="یہ 15:00 PKT پر شروع ہوا، جاز کے مطابق 15:00 PKT۔"),
    )
    assert [(one.part, one.kind, one.lacks) for one in compare_texts(texts, SITE, at=NOW)] == [("known", "time", "ur")]


def test_a_partys_names_are_known() -> None:
    texts = (
        BulletinText(language="en", title="News", known="The Ombudsman asked for papers."),
        BulletinText(language="ur", title="خبر", known="محتسب نے کاغذات طلب کیے۔"),
    )
    assert compare_texts(texts, SITE, at=NOW) != []
    assert compare_texts(texts, SITE, at=NOW, parties=[("Ombudsman", "محتسب")]) == []


def test_the_offset_of_the_day_counts_where_clocks_change() -> None:
    berlin = SITE.__class__(name_en="A", name_ur="ا", url="https://a.example", country="de", zone="Europe/Berlin")
    texts = (
        BulletinText(language="en", title="News", known="It ended at 10:00 UTC."),
        BulletinText(language="ur", title="خبر", known="یہ دوپہر 12:00 بجے (مقامی وقت) ختم ہوا۔"),
    )
    summer, winter = dt.datetime(2024, 7, 1, tzinfo=dt.UTC), dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    assert compare_texts(texts, berlin, at=summer) == []
    assert compare_texts(texts, berlin, at=winter) != []


@settings(max_examples=60, deadline=2000)
@given(
    english=st.text(alphabet="a1 :.,-/@+%$5PKT0س", max_size=60), urdu=st.text(alphabet="دو بجے3۔:.،-/ک٪a", max_size=60)
)
def test_no_text_raises_and_none_takes_long(english: str, urdu: str) -> None:
    compared(english, urdu)


@pytest.mark.parametrize(
    "text", ["1.2.3" + "a" * 4000, "a-" * 2500, "1," * 2500, "0 " * 2500, ":" * 5000, "دو " * 1600]
)
def test_a_text_made_to_be_slow_is_read_all_the_same(text: str) -> None:
    compared(text, "متن")


@pytest.mark.parametrize("english", ["We answer within a day.", "We answer within one day."])
def test_a_period_in_days_is_one_fact(english: str) -> None:
    assert compared(english, "ہم ایک دن کے اندر جواب دیں گے۔") == []
    assert compared("We answer after two days.", "ہم دو دن کے بعد جواب دیں گے۔") == []
    assert compared(english, "ہم دو دن کے اندر جواب دیں گے۔") != []
    assert compared("It began at 2 pm.", "یہ دن کے 2 بجے شروع ہوا۔") == []
