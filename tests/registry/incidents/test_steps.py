import datetime as dt
import itertools
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from raabta.model.incident import INCIDENT_STEPS, Cause, IncidentState, IncidentStep, Link
from raabta.registry.incidents.steps import (
    acting,
    first_notice_from,
    moment,
    past_moment,
    stepped,
    with_cause,
    with_link,
)
from tests.cases.incident_file import NOW, at, incident, steps

STATES: tuple[IncidentState, ...] = get_args(IncidentState)


def cause(**fields: Any) -> Cause:
    given: dict[str, Any] = {"evidence_class": "measured", "probability_percent": 80, "words_en": "A filter"}
    return Cause(at=NOW, **{"by": "Sana"} | given | fields)


@pytest.mark.parametrize(("before", "after"), list(itertools.product(STATES, STATES)))
def test_only_steps_of_the_table_can_be_taken(before: IncidentState, after: IncidentState) -> None:
    here = incident(state=before, steps=steps((before, 0)))
    step = IncidentStep(state=after, at=at(1), by="Sana")
    if after in INCIDENT_STEPS[before]:
        assert stepped(here, step, now=at(2)).state == after
    else:
        with pytest.raises(ValueError, match=f"After {before} may come: "):
            stepped(here, step, now=at(2))


def test_a_relapse_keeps_the_history_and_opens_the_end_again() -> None:
    resolved = stepped(
        incident(state="monitoring", steps=steps(("reported", 0), ("monitoring", 10))),
        IncidentStep(state="resolved", at=at(20), by="Sana"),
        now=at(30),
    )
    assert resolved.ended_at == at(20)
    back = stepped(resolved, IncidentStep(state="confirmed", at=at(40), by="Omar"), now=at(40))
    assert back.ended_at is None
    assert [step.state for step in back.steps] == ["reported", "monitoring", "resolved", "confirmed"]


def test_a_review_leaves_the_end_where_it_was() -> None:
    over = incident(state="resolved", steps=steps(("reported", 0), ("resolved", 10)), ended_at=at(8))
    assert stepped(over, IncidentStep(state="reviewed", at=at(99), by="Sana"), now=at(99)).ended_at == at(8)


def test_a_step_lies_between_the_step_before_and_now() -> None:
    here = incident(state="confirmed", steps=steps(("reported", 0), ("confirmed", 10)))
    for minute, words in ((9, "the step before"), (21, "has not come yet")):
        with pytest.raises(ValueError, match=words):
            stepped(here, IncidentStep(state="monitoring", at=at(minute), by="Sana"), now=at(20))


def test_the_order_of_steps_is_that_of_moments_whatever_zone_they_are_written_in() -> None:
    london = dt.timezone(dt.timedelta(hours=1))
    here = incident(state="confirmed", steps=steps(("reported", 0), ("confirmed", 10)))
    step = IncidentStep(state="monitoring", at=at(11).astimezone(london), by="Sana")
    assert stepped(here, step, now=at(11)).state == "monitoring"


def test_a_step_in_the_hour_that_comes_twice_is_later_than_one_of_the_hour_before() -> None:
    """27 October 2024 in London: 01:50 summer time is followed, 20 minutes later, by 01:10 winter time."""
    london = ZoneInfo("Europe/London")
    first = dt.datetime(2024, 10, 27, 0, 50, tzinfo=dt.UTC).astimezone(london)
    here = incident(state="reported", steps=(IncidentStep(state="reported", at=first, by="Sana"),))
    later = dt.datetime(2024, 10, 27, 1, 10, tzinfo=dt.UTC).astimezone(london)
    assert stepped(here, IncidentStep(state="confirmed", at=later, by="Sana"), now=later).steps[-1].at == dt.datetime(
        2024, 10, 27, 1, 10, tzinfo=dt.UTC
    )


def test_the_newest_cause_holds_and_earlier_ones_stay() -> None:
    both = with_cause(with_cause(incident(), cause(), now=NOW), cause(evidence_class="reproduced"), now=NOW)
    assert [one.evidence_class for one in both.causes] == ["measured", "reproduced"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"probability_percent": None}, "needs one, from 0 to 100"),
        ({"probability_percent": 101}, "needs one, from 0 to 100"),
        ({"probability_percent": -1}, "needs one, from 0 to 100"),
        ({"words_en": ""}, "words_en: it is empty"),
        ({"evidence_class": "rumour"}, "is none of none, reports"),
        ({"evidence_class": "none", "words_en": ""}, "there is no probability"),
        ({"evidence_class": "none", "probability_percent": None}, "no cause is established"),
        ({"by": " "}, "by: it is empty"),
    ],
)
def test_a_cause_never_stands_without_class_probability_and_words(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        with_cause(incident(), cause(**fields), now=NOW)


def test_cause_not_established_is_an_answer() -> None:
    plain = cause(evidence_class="none", probability_percent=None, words_en="")
    assert with_cause(incident(), plain, now=NOW).causes == (plain,)


def test_the_same_link_again_changes_its_title() -> None:
    url = "https://status.example.net/"
    once = with_link(incident(), Link(url=url), now=NOW)
    assert with_link(once, Link(url=url, title="Status"), now=NOW).links == (Link(url=url, title="Status"),)


@pytest.mark.parametrize(
    ("taken", "since"),
    [
        ([("reported", 0)], None),
        ([("reported", 0), ("confirmed", 5)], 5),
        ([("reported", 0), ("cause_sought", 7), ("mitigating", 9)], 7),
        ([("reported", 0), ("confirmed", 5), ("monitoring", 9), ("confirmed", 11)], 5),
        ([("reported", 0), ("confirmed", 5), ("resolved", 9)], None),
        ([("reported", 0), ("resolved", 9)], None),
        ([("reported", 0), ("confirmed", 5), ("resolved", 9), ("confirmed", 50), ("cause_sought", 60)], 50),
        ([("reported", 0), ("confirmed", 5), ("resolved", 9), ("reviewed", 20), ("confirmed", 50)], 50),
        ([], None),
    ],
)
def test_the_first_notice_counts_from_the_confirmation_and_from_each_relapse(taken: Any, since: int | None) -> None:
    assert first_notice_from(steps(*taken)) == (None if since is None else at(since))


@pytest.mark.parametrize("far", ["0001-01-01T00:00", "9999-12-31T23:59", "1999-12-31T00:00", "2101-01-02T00:00"])
@pytest.mark.parametrize("hours", [-14, 0, 14])
def test_a_far_time_is_refused_before_anything_counts_with_it(far: str, hours: int) -> None:
    given = dt.datetime.fromisoformat(far).replace(tzinfo=dt.timezone(dt.timedelta(hours=hours)))
    for read in (moment, lambda name, at: past_moment(name, at, now=NOW)):
        with pytest.raises(ValueError, match=r"^due_at: a time from 2000 to 2100, with its zone\."):
            read("due_at", given)


def test_a_time_without_its_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="due_at: a time without its zone"):
        moment("due_at", NOW.replace(tzinfo=None))


@pytest.mark.parametrize("name", ["35202 1234567 1", "Ali 35202\u200c1234567\u200c1", "", "x" * 81])
def test_who_acts_is_a_name(name: str) -> None:
    with pytest.raises(ValueError, match=r"^by: "):
        acting(name)
