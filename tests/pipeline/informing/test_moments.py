"""Times as people type them: what they mean, and what is none."""

import datetime as dt

import pytest

from raabta.pipeline.informing.moments import read_moment
from tests.cases.incident_file import NOW, minutes

KARACHI = "Asia/Karachi"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("now", NOW),
        ("+90m", NOW + minutes(90)),
        ("-2h", NOW - minutes(120)),
        ("14:05", dt.datetime(2024, 11, 10, 9, 5, tzinfo=dt.UTC)),
        ("2024-11-10 14:05", dt.datetime(2024, 11, 10, 9, 5, tzinfo=dt.UTC)),
        ("2024-11-10T14:05:30", dt.datetime(2024, 11, 10, 9, 5, 30, tzinfo=dt.UTC)),
        ("2024-11-10T14:05+05:00", dt.datetime(2024, 11, 10, 9, 5, tzinfo=dt.UTC)),
        ("2024-11-10T14:05:00.5+05", dt.datetime(2024, 11, 10, 9, 5, 0, 500_000, tzinfo=dt.UTC)),
        ("2024-11-10T09:05Z", dt.datetime(2024, 11, 10, 9, 5, tzinfo=dt.UTC)),
        ("2024-11-10", dt.datetime(2024, 11, 9, 19, 0, tzinfo=dt.UTC)),
        ("2100-12-31T23:59+00:00", dt.datetime(2100, 12, 31, 23, 59, tzinfo=dt.UTC)),
    ],
)
def test_a_time_is_read_in_the_sites_zone_where_it_names_none(typed: str, meant: dt.datetime) -> None:
    assert read_moment(typed, zone=KARACHI, now=NOW) == meant


@pytest.mark.parametrize("typed", ["", "24:00", "10 pm", "+1.5h", "+٢h", "۱۴:۰۵", "2027-W01", "20241110", "٢٠٢٤-11-10"])
def test_what_is_no_time_is_refused_with_examples(typed: str) -> None:
    with pytest.raises(ValueError, match=r"is no time\. (Units .*)?Write 2026-11-22T14:00"):
        read_moment(typed, zone=KARACHI, now=NOW)


@pytest.mark.parametrize("zone", [KARACHI, "America/New_York", "UTC"])
@pytest.mark.parametrize(
    "typed",
    [
        "9999-12-31T23:59+00:00",
        "9999-12-31T23:59:59-14:00",
        "9999-12-31 23:59",
        "0001-01-01T00:00+00:00",
        "0001-01-01 00:00",
        "0001-01-01T00:00+14:00",
        "1999-12-30",
        "2101-01-02",
        "+9999999d",
        "-9999d",
    ],
)
def test_a_far_day_is_a_mistake_in_typing(typed: str, zone: str) -> None:
    with pytest.raises(ValueError, match=r"from 2000 to 2100|is no time"):
        read_moment(typed, zone=zone, now=NOW)


def test_a_local_time_that_clocks_skip_or_repeat_is_refused() -> None:
    for typed, words in (("2024-10-27 01:30", "exists twice"), ("2024-03-31 01:30", "does not exist")):
        with pytest.raises(ValueError, match=words):
            read_moment(typed, zone="Europe/London", now=NOW)
