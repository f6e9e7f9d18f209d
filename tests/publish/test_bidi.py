import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raabta.model.site import Digits
from raabta.publish.bidi import FSI, PDI, isolate_html, isolate_text, runs, without_controls


def isolated(text: str, digits: Digits | None = None) -> list[str]:
    return [run for kind, run in runs(text, digits=digits) if kind != "text"]


@pytest.mark.parametrize(
    "run",
    [
        "cdn.example.com",
        "https://desk.example.pk/a/b?x=1&y=2#z",
        "desk@example.pk",
        "104.16.0.0/13",
        "198.51.100.7:51820",
        "2001:db8::1/32",
        "2001::1",
        "AS17557",
        "CVE-2024-3400",
        "10.2.9-h1",
        "PAN-OS 10.2",
        "Threat ID 95187",
        "Cloudflare Workers",
        "HTTP/3",
        "+92 51 1234567",
        "12:34:56:ab:cd:ef",
    ],
)
def test_a_technical_run_stays_whole_and_keeps_its_digits_in_urdu(run: str) -> None:
    assert isolated(f"ہم نے {run} پر دیکھا۔", "extended_arabic") == [run]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("14:05", "۱۴:۰۵"),
        ("14:05 PKT", "۱۴:۰۵ PKT"),
        ("14:05 PKT (UTC+05:00)", "۱۴:۰۵ PKT (UTC+۰۵:۰۰)"),
        ("UTC+05:00", "UTC+۰۵:۰۰"),
        ("2024-11-10", "۲۰۲۴-۱۱-۱۰"),
    ],
)
def test_a_time_stays_whole_and_has_the_digits_of_running_text(written: str, shown: str) -> None:
    assert isolated(f"آج {written} سے", "extended_arabic") == [shown]
    assert isolated(f"آج {shown} سے", "latin") == [written]


def test_a_plain_number_needs_no_isolate_and_has_the_digits_of_the_site() -> None:
    assert isolate_text("10 نومبر 2024", digits="extended_arabic") == "۱۰ نومبر ۲۰۲۴"
    assert isolate_text("۱۰ نومبر ۲۰۲۴، 30%", digits="latin") == "10 نومبر 2024، 30%"
    assert isolate_text("١٠ نومبر", digits="extended_arabic") == "۱۰ نومبر"
    assert isolate_text("۱۰ نومبر 2024") == "۱۰ نومبر 2024"


def test_a_version_after_the_urdu_word_for_it_is_no_number() -> None:
    assert isolate_text("ورژن 10.2 میں 10.2 فیصد", digits="extended_arabic") == f"ورژن {FSI}10.2{PDI} میں ۱۰.۲ فیصد"


def test_punctuation_around_a_run_stays_outside() -> None:
    assert isolate_text("(AS17557)، cdn.example.com.") == f"({FSI}AS17557{PDI})، {FSI}cdn.example.com{PDI}."


def test_html_is_escaped_inside_and_outside_of_runs() -> None:
    assert isolate_html('<b> a&b "ب"') == ('&lt;<bdi dir="ltr">b</bdi>&gt; <bdi dir="ltr">a&amp;b</bdi> &quot;ب&quot;')


def test_overrides_and_controls_that_somebody_typed_are_taken_out_but_joiners_stay() -> None:
    assert without_controls("a\u202eb\u2066c\x00d\ud800e\nf\u200c\u200fg") == "abcde\nf\u200c\u200fg"
    assert "\u202e" not in isolate_text("الف \u202e ب")


@given(st.text(alphabet="ابپ abZ09۰۹.:/-+()@# \n\u2068\u2069", max_size=60))
def test_isolating_twice_is_isolating_once_and_loses_nothing(text: str) -> None:
    once = isolate_text(text)
    assert isolate_text(once) == once
    assert once.replace(FSI, "").replace(PDI, "") == text.replace(FSI, "").replace(PDI, "")
    assert once.count(FSI) == once.count(PDI)


@pytest.mark.parametrize("part", [".", "1.", "1:", "+1 ", "a ", ":", "::1", "(", "۱:", "UTC+", "a.", "@", "-1"])
def test_no_text_takes_more_than_a_moment(part: str) -> None:
    started = time.process_time()
    isolate_text(part * 10_000)
    assert time.process_time() - started < 1.0
