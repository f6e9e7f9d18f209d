"""What ends soon, and who waits too long."""

import datetime as dt

import pytest

from raabta.registry.country import load_country
from raabta.registry.reminders import Reminder, find_due
from raabta.registry.way import show_way
from tests.cases.membership import NOW, case, company, endpoint, freelancer

PK = load_country("PK")


def due(hours: float = 0, **rows: object) -> list[Reminder]:
    given = {"organisations": [], "endpoints": [], "cases": []} | rows
    return find_due(**given, country=PK, now=NOW + dt.timedelta(hours=hours))  # type: ignore[arg-type]


@pytest.mark.parametrize(("days", "is_due"), [(61, False), (60, True), (0, True), (-3, True)])
def test_a_membership_is_reminded_of_from_sixty_days_on(days: int, is_due: bool) -> None:
    ends_on = NOW.date() + dt.timedelta(days=days)
    found = due(organisations=[company(association_valid_until=ends_on)])
    assert [(row.clock, row.days_left) for row in found] == ([("association_membership", days)] if is_due else [])


def test_a_provisional_letter_of_the_board_is_reminded_of_in_its_last_month() -> None:
    found = due(organisations=[company(board_valid_until=NOW.date() + dt.timedelta(days=29))])
    assert [row.clock for row in found] == ["board_registration"]


def test_an_end_point_is_reminded_of_before_it_ends() -> None:
    found = due(endpoints=[endpoint(valid_until=NOW + dt.timedelta(days=7))])
    assert [(row.subject, row.days_left) for row in found] == [("e-lahore", 7)]
    assert "ends in 7 days" in found[0].words


def test_an_answer_is_late_after_the_promised_hours_and_overdue_after_what_others_saw() -> None:
    waiting = case("pk.A", ("submitted", 0.0))
    assert due(hours=9, cases=[waiting]) == []
    assert [row.clock for row in due(hours=11, cases=[waiting])] == ["answer_late"]
    (overdue,) = due(hours=16 * 24, cases=[waiting])
    assert (overdue.clock, overdue.days_left) == ("answer_overdue", -1)
    assert overdue.words.endswith("Longer than the 15 days that others saw: take it further.")


def test_the_most_urgent_comes_first() -> None:
    rows = [endpoint(id=f"e-{days}", valid_until=NOW + dt.timedelta(days=days)) for days in (20, 5, -1)]
    assert [row.subject for row in due(endpoints=rows)] == ["e--1", "e-5", "e-20"]


def test_a_freelancer_s_way_shows_the_next_step() -> None:
    found = show_way(freelancer(), cases=[], country=PK)
    assert [step.id for step in found] == ["form", "company", "tax_number", "bank", "board", "application"]
    assert [step.is_done for step in found] == [False] * 6


def test_a_company_that_was_formed_has_gone_most_of_the_way() -> None:
    handed_in = case("pk.A", ("evidence", 0), ("verified", 0), ("submitted", 0))
    found = show_way(company(board_number="Z-1"), cases=[handed_in], country=PK)
    assert {step.id: step.is_done for step in found} == {
        "form": True,
        "company": True,
        "tax_number": True,
        "bank": False,
        "board": True,
        "application": True,
    }


def test_another_s_case_does_not_count() -> None:
    handed_in = case("pk.A", ("submitted", 0), organisation_id="o-other")
    assert not show_way(company(), cases=[handed_in], country=PK)[-1].is_done


@pytest.mark.parametrize("days", [-52, 0, 20])
def test_words_name_the_day_once_and_nothing_that_contradicts_it(days: int) -> None:
    ends_on = NOW.date() + dt.timedelta(days=days)
    found = due(organisations=[company(association_valid_until=ends_on, board_valid_until=ends_on)])
    assert [row.words.partition(":")[0] for row in found] == [
        "Membership of the association",
        "Registration with the export board",
    ]
    assert all(row.words.endswith(f", on {ends_on}") for row in found)
