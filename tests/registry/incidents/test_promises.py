import pytest

from raabta.model.incident import Escalation
from raabta.registry.incidents.promises import made, put_off, settled
from tests.cases.incident_file import NOW, at, promise


def test_a_promise_is_due_after_it_was_made() -> None:
    with pytest.raises(ValueError, match="due_at: it must lie after the promise was made"):
        made(promise(due_at=NOW), duty=(), now=NOW)


def test_a_promise_written_down_late_may_be_overdue_already() -> None:
    assert made(promise(made_at=at(-90), due_at=at(-30)), duty=(), now=NOW).state == "open"


def test_only_people_of_the_duty_list_can_be_told() -> None:
    given = promise(escalations=(Escalation(after_min=60, to="chair"), Escalation(after_min=10, to="omar")))
    assert [one.to for one in made(given, duty=["omar", "chair"], now=NOW).escalations] == ["omar", "chair"]
    with pytest.raises(ValueError, match=r"'chair' is not on the duty list\. There is: omar"):
        made(given, duty=["omar"], now=NOW)


def test_a_deadline_that_was_put_off_stays_to_be_seen_and_its_escalation_begins_anew() -> None:
    told = promise(escalations=(Escalation(after_min=5, to="chair", told_at=at(70)),))
    later = put_off(put_off(told, at(120), now=at(75)), at(240), now=at(100))
    assert (later.put_off, later.due_at) == ((at(60), at(120)), at(240))
    assert later.escalations == (Escalation(after_min=5, to="chair"),)


def test_a_deadline_is_put_off_to_a_later_time_that_lies_ahead() -> None:
    for due, now in ((60, 0), (59, 0), (90, 90)):
        with pytest.raises(ValueError, match="it must lie ahead, and after 2024-11-10 10:30 UTC"):
            put_off(promise(), at(due), now=at(now))


def test_what_is_settled_stays_settled_until_that_is_taken_back() -> None:
    broken = settled(promise(), "broken", at=at(61), now=at(61))
    assert (broken.state, broken.settled_at) == ("broken", at(61))
    with pytest.raises(ValueError, match="it is broken already"):
        settled(broken, "kept", at=at(62), now=at(62))
    with pytest.raises(ValueError, match="Only an open promise can be put off"):
        put_off(broken, at(90), now=at(62))
    assert settled(broken, "open", at=at(62), now=at(62)) == promise()


def test_a_promise_is_not_settled_before_it_was_made_or_in_time_to_come() -> None:
    for minute, words in ((-1, "it was made at"), (5, "has not come yet")):
        with pytest.raises(ValueError, match=words):
            settled(promise(), "kept", at=at(minute), now=at(1))
