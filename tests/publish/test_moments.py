"""Times as they are published: also one that no calendar should hold makes no page fail."""

import datetime as dt

import pytest

from raabta.publish.moments import month_of, say_moment, zone_words
from tests.cases.incident_file import desk


@pytest.mark.parametrize("zone", ["Asia/Karachi", "America/New_York"])
@pytest.mark.parametrize("at", [dt.datetime.min, dt.datetime.max])
def test_a_time_at_the_end_of_the_calendar_is_said_in_utc_where_no_local_one_is(zone: str, at: dt.datetime) -> None:
    site, moment = desk(zone).site, at.replace(tzinfo=dt.UTC)
    assert say_moment(moment, site, language="en")
    assert zone_words(moment, site)
    assert month_of(moment, site)[-3] == "-"
