"""How long applications wait; a case that is still open counts for as long as it has waited."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from raabta.registry.waiting import waiting_times
from tests.cases.membership import NOW, case

LATER = NOW + dt.timedelta(hours=1000)


def answered(hours: float, how: str = "approved"):  # type: ignore[no-untyped-def]
    return case("pk.A", ("submitted", 0.0), (how, hours))


def waiting(since_h: float):  # type: ignore[no-untyped-def]
    return case("pk.A", ("submitted", since_h))


def test_no_case_no_figure() -> None:
    assert waiting_times([case("pk.A", ("evidence", 1.0))], now=LATER) == []


def test_without_open_cases_the_median_is_the_ordinary_one() -> None:
    (found,) = waiting_times([answered(hours) for hours in (1, 2, 3, 4, 5)], now=LATER)
    assert (found.median_h, found.p90_h, found.n_answered, found.n_open) == (3, 5, 5, 0)


def test_open_cases_make_the_median_longer_not_shorter() -> None:
    quick = [answered(hours) for hours in (1, 2, 3, 4, 5)]
    (found,) = waiting_times([*quick, *[waiting(0) for _ in range(4)]], now=LATER)
    assert (found.median_h, found.p90_h, found.n_open, found.longest_open_h) == (5, None, 4, 1000)


def test_the_textbook_case_of_leukaemia_patients() -> None:
    """Freireich 1963, the treated group, as Kaplan-Meier is taught with: the median is 23 weeks."""
    ended = (6, 6, 6, 7, 10, 13, 16, 22, 23)
    still = (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)
    back = [case("pk.A", ("submitted", 0.0), ("evidence", hours)) for hours in still]
    (found,) = waiting_times([*[answered(hours) for hours in ended], *back], now=LATER)
    assert (found.median_h, found.p90_h, found.n_answered) == (23, None, 9)


def test_a_case_handed_in_twice_waits_twice() -> None:
    twice = case(
        "pk.A", ("submitted", 0.0), ("evidence", 10.0), ("verified", 11.0), ("submitted", 20.0), ("approved", 25.0)
    )
    (found,) = waiting_times([twice], now=LATER)
    assert (found.n_answered, found.median_h) == (1, 5)


def test_the_operator_s_check_is_part_of_the_wait() -> None:
    (found,) = waiting_times([case("pk.A", ("submitted", 0.0), ("operator_check", 6.0), ("rejected", 9.0))], now=LATER)
    assert (found.median_h, found.n_approved) == (9, 0)


@given(st.lists(st.tuples(st.integers(1, 500), st.booleans()), min_size=1, max_size=40))
def test_more_waiting_never_makes_a_country_look_quicker(rows: list[tuple[int, bool]]) -> None:
    cases = [answered(hours) if is_answered else waiting(1000 - hours) for hours, is_answered in rows]
    (before,) = waiting_times(cases, now=LATER)
    (after,) = waiting_times([*cases, waiting(0)], now=LATER)
    assert after.median_h is None or (before.median_h is not None and after.median_h >= before.median_h)
