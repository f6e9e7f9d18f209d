import itertools
import random
from collections.abc import Sequence
from fractions import Fraction

import pytest

from raabta.model.vocabulary import SMALL
from raabta.registry.incidents.aggregating import Contribution, Parts, is_safe_alone, may_show, tells_of_few


def parts(*members: int, note: str = "n") -> Parts:
    return frozenset(f"{note}{member}/m{member}" for member in members)


def given(members: Sequence[int], value: int = 100) -> list[Contribution]:
    return [Contribution(note_id=f"n{one}", member=f"m{one}", value=value) for one in members]


VALUES = {f"n{member}/m{member}": 100 for member in range(40)}


@pytest.mark.parametrize(("n_members", "shown"), [(0, False), (1, False), (4, False), (5, True), (9, True)])
def test_a_sum_needs_five_members(n_members: int, shown: bool) -> None:
    assert may_show(given(range(n_members)), [], values=VALUES) is shown


def test_five_notes_of_four_members_are_too_few() -> None:
    four = parts(0, 1, 2, 3) | {"other/m0"}
    assert not is_safe_alone(frozenset(four), VALUES | {"other/m0": 100})


def test_who_contributes_nothing_does_not_count() -> None:
    assert not may_show([*given(range(4)), *given([4], value=0)], [], values=VALUES)


@pytest.mark.parametrize(("largest", "shown"), [(3000, True), (3001, False), (1_000_000, False)])
def test_a_member_that_stands_out_hides_the_sum(largest: int, shown: bool) -> None:
    contributions = [*given(range(4)), *given([4], value=largest)]
    assert may_show(contributions, [], values={one.part: one.value for one in contributions}) is shown


@pytest.mark.parametrize("n_new", [1, 2, 3, 4])
def test_a_sum_that_differs_by_fewer_than_five_is_not_shown(n_new: int) -> None:
    assert not may_show(given(range(7 + n_new)), [parts(*range(7))], values=VALUES)


def test_a_sum_that_differs_by_five_is_shown() -> None:
    assert may_show(given(range(12)), [parts(*range(7))], values=VALUES)


def test_the_same_sum_may_be_shown_again() -> None:
    assert may_show(given(range(7)), [parts(*range(7)), parts(*range(12))], values=VALUES)


def test_a_member_who_left_is_not_found_by_subtraction() -> None:
    shown = [parts(*range(6))]
    assert not may_show(given(range(1, 6)), shown, values=VALUES)
    assert not may_show(given(range(1, 9)), shown, values=VALUES)
    assert may_show(given(range(1, 10)), shown, values=VALUES)


@pytest.mark.parametrize("n_more", [4, 8, 30])
def test_what_nobody_knows_any_more_is_never_in_a_difference(n_more: int) -> None:
    known = {part: value for part, value in VALUES.items() if part != "n0/m0"}
    later = given(range(1, 7 + n_more))
    assert not may_show(later, [parts(*range(7))], values=known)
    assert may_show(later, [parts(*range(1, 7))], values=known) is (n_more >= SMALL)


@pytest.mark.parametrize(("value", "shown"), [(1, False), (2, True)])
def test_a_total_that_leaves_no_choice_tells_every_value(value: int, shown: bool) -> None:
    five = given(range(5), value=value)
    assert may_show(five, [], values={one.part: one.value for one in five}) is shown


def test_a_total_that_leaves_hardly_any_choice_is_not_shown() -> None:
    values = [1, 1, 1, 2, 1]
    five = [Contribution(note_id=f"n{one}", member=f"m{one}", value=value) for one, value in enumerate(values)]
    assert not may_show(five, [], values={one.part: one.value for one in five})


@pytest.mark.parametrize(("value", "shown"), [(1, False), (2, True)])
def test_what_came_between_two_sums_leaves_a_choice_as_well(value: int, shown: bool) -> None:
    before, more = given(range(5), value=50), given(range(5, 10), value=value)
    values = {one.part: one.value for one in (*before, *more)}
    assert may_show([*before, *more], [frozenset(one.part for one in before)], values=values) is shown
    assert may_show(before, [frozenset(values)], values=values) is shown


def test_three_sums_of_which_each_two_are_safe_may_tell_together() -> None:
    ab, bc, ac_and_one = parts(*range(10)), parts(*range(5, 15)), parts(*range(5), *range(10, 15))
    whole = parts(*range(15))
    assert not tells_of_few([ab, bc, ac_and_one])
    assert tells_of_few([parts(*range(5)), parts(*range(5, 10)), parts(*range(10)) | parts(30)])
    assert not tells_of_few([ab, bc, whole])


def test_a_second_note_of_a_member_is_not_found_by_subtraction() -> None:
    assert tells_of_few([parts(*range(6)), parts(*range(6)) | parts(3, note="second")])


def told_exactly(shown: Sequence[Parts]) -> bool:
    """The same question by another way: solve for every choice of fewer than five members, in fractions."""
    columns = sorted(frozenset().union(*shown))
    rows = [[Fraction(column in one) for column in columns] for one in shown]
    members = sorted({column.rpartition("/")[2] for column in columns})
    whole = rank(rows)
    for few in itertools.combinations(members, min(SMALL - 1, len(members))):
        others = [place for place, column in enumerate(columns) if column.rpartition("/")[2] not in few]
        if rank([[row[place] for place in others] for row in rows]) < whole:
            return True
    return False


def rank(rows: list[list[Fraction]]) -> int:
    left = [row[:] for row in rows]
    found = 0
    for place in range(len(left[0]) if left else 0):
        pivot = next((n for n in range(found, len(left)) if left[n][place]), None)
        if pivot is None:
            continue
        left[found], left[pivot] = left[pivot], left[found]
        for n in range(found + 1, len(left)):
            factor = left[n][place] / left[found][place]
            left[n] = [a - factor * b for a, b in zip(left[n], left[found], strict=True)]
        found += 1
    return found


@pytest.mark.parametrize("seed", range(40))
def test_what_can_be_told_is_found_as_by_trying_everything(seed: int) -> None:
    chance = random.Random(seed)
    shown = [parts(*chance.sample(range(11), chance.randint(5, 11))) for _ in range(chance.randint(1, 4))]
    assert tells_of_few(shown) is told_exactly(shown)


@pytest.mark.parametrize("seed", range(15))
def test_whoever_comes_and_goes_no_arithmetic_finds_fewer_than_five(seed: int) -> None:
    chance = random.Random(seed)
    there, shown = set(range(6)), list[Parts]()
    for _ in range(25):
        there ^= set(chance.sample(range(12), chance.randint(1, 4)))
        if there and may_show(given(sorted(there)), shown, values=VALUES):
            shown.append(parts(*there))
    assert not shown or not told_exactly(list(dict.fromkeys(shown)))
