"""Times as they are published: also one that no calendar should hold makes no page fail."""

import datetime as dt

import pytest

from raabta.publish.moments import month_of, say_moment, zone_words
from tests.cases.incident_file import desk


@pytest.mark.parametrize("zone", ["Asia/Karachi", "America/New_York"])
@pytest.mark.parametrize("at", [dt.datetime(1, 1, 1, tzinfo=dt.UTC), dt.datetime(9999, 12, 31, 23, 59, tzinfo=dt.UTC)])
def test_a_time_at_the_end_of_the_calendar_is_said_in_utc_where_no_local_one_is(zone: str, at: dt.datetime) -> None:
    site = desk(zone).site
    assert say_moment(at, site, language="en")
    assert zone_words(at, site)
    assert month_of(at, site)[-3] == "-"
