import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import structs

from raabta.model.incident import ImpactNote, ImpactRelease
from raabta.model.register import Consent
from raabta.pipeline.informing.desk.impact import (
    ImpactGiven,
    ImpactSum,
    add_impact,
    list_impact,
    remove_impact,
    sum_impact,
    total_impact,
)
from raabta.registry import Records
from raabta.registry.deletion import remove_organisation
from raabta.registry.incidents.aggregating import tells_of_few
from tests.cases.desk_records import consent, new_id, register_with
from tests.cases.incident_file import INCIDENT, NOW, at, incident

N_MEMBERS = 16


@pytest.fixture
def records() -> Iterator[Records]:
    with register_with(N_MEMBERS) as register, register.change() as found:
        found.add(incident(id="in-other"))
        yield found


def note(records: Records, member: int, amount: int = 100, incident_id: str = INCIDENT, **fields: Any) -> ImpactNote:
    given: dict[str, Any] = {"kind": "penalty", "amount": amount, "currency": "PKR"}
    whole = ImpactGiven(incident_id=incident_id, organisation_id=f"o-{member}", **given | fields)
    return add_impact(records, whole, by="Sana", now=NOW, new_id=new_id)


def sums(records: Records, incident_id: str = INCIDENT, **fields: Any) -> list[ImpactSum]:
    given: dict[str, Any] = {"now": NOW, "new_id": new_id}
    return sum_impact(records, incident_id, **given | fields)


def shown(records: Records, **fields: Any) -> list[tuple[int | None, int | None]]:
    return [(one.total, one.n_members) for one in sums(records, **fields)]


def withdraw(records: Records, id_: str) -> None:
    found = records.get(Consent, id_)
    assert found is not None
    records.put(structs.replace(found, withdrawn_at=at(1)))


def test_five_members_make_a_sum_and_four_do_not(records: Records) -> None:
    for member in range(4):
        note(records, member, 100 + member)
    assert shown(records) == [(None, None)]
    note(records, 4, 200)
    assert shown(records) == [(606, 5)]


def test_numbers_and_amounts_are_summed_by_kind_and_currency(records: Records) -> None:
    for member in range(5):
        note(records, member, 10, number=2)
        note(records, member, 7, currency="USD")
        note(records, member, 0, kind="hours_lost", number=3, currency="")
    assert [(one.kind, one.measure, one.currency, one.total) for one in sums(records)] == [
        ("hours_lost", "number", "", 15),
        ("penalty", "amount", "PKR", 50),
        ("penalty", "amount", "USD", 35),
        ("penalty", "number", "", 10),
    ]


def test_nothing_is_noted_without_consent(records: Records) -> None:
    withdraw(records, "n-public-0")
    with pytest.raises(ValueError, match="has not agreed"):
        note(records, 0)


def test_a_consent_for_another_purpose_is_none(records: Records) -> None:
    records.remove(Consent, "n-public-0")
    records.add(consent(0, id="n-x", purpose="contact"))
    with pytest.raises(ValueError, match="has not agreed"):
        note(records, 0)


def test_a_withdrawn_consent_takes_the_member_out_of_every_sum(records: Records) -> None:
    for member in range(5):
        note(records, member)
    withdraw(records, "n-public-4")
    assert shown(records) == [(None, None)]
    note(records, 5)
    assert shown(records) == [(500, 5)]


def test_a_sum_that_was_shown_does_not_grow_by_one(records: Records) -> None:
    for member in range(5):
        note(records, member)
    assert shown(records) == [(500, 5)]
    for member in range(5, 9):
        note(records, member, 170)
        assert shown(records) == [(500, 5)]
    note(records, 9, 130)
    assert shown(records) == [(1310, 10)]


def test_who_leaves_after_a_sum_was_shown_is_not_found_by_subtraction(records: Records) -> None:
    for member in range(6):
        note(records, member, 100 + member)
    assert shown(records) == [(615, 6)]
    withdraw(records, "n-public-2")
    assert shown(records) == [(None, None)]
    for member in range(6, 9):
        note(records, member)
        assert shown(records) == [(None, None)]
    note(records, 9)
    assert shown(records) == [(615 - 102 + 400, 9)]


def test_who_is_deleted_after_a_sum_was_shown_is_not_found_by_subtraction(records: Records) -> None:
    for member in range(6):
        note(records, member)
    shown(records)
    remove_organisation(records, "o-2")
    assert shown(records) == [(None, None)]
    assert "o-2" not in repr(list(records.find(ImpactRelease)))


def test_the_loss_of_who_was_deleted_is_not_found_by_subtraction_however_many_come_later(records: Records) -> None:
    for member, amount in enumerate((1_000_000, 950_000, 100_000, 100_000, 100_000, 100_000, 100_000)):
        note(records, member, amount)
    assert shown(records) == [(2_450_000, 7)]
    remove_organisation(records, "o-0")
    for member in range(7, 16):
        note(records, member, 1_000)
        assert shown(records) == [(None, None)]


def test_a_note_that_was_wrong_leaves_the_sum_when_enough_has_changed_beside_it(records: Records) -> None:
    wrong = note(records, 0, 300)
    for member in range(1, 6):
        note(records, member)
    assert shown(records) == [(800, 6)]
    remove_impact(records, wrong.id)
    assert wrong.id not in {one.id for one in list_impact(records, INCIDENT)}
    assert shown(records) == [(None, None)]
    for member in range(6, 10):
        note(records, member)
    assert shown(records) == [(900, 9)]
    with pytest.raises(LookupError, match="no impact note"):
        remove_impact(records, wrong.id)


def test_a_large_note_that_was_wrong_is_not_found_among_small_ones(records: Records) -> None:
    wrong = note(records, 0, 900)
    for member in range(1, 7):
        note(records, member)
    assert shown(records) == [(1500, 7)]
    remove_impact(records, wrong.id)
    for member in range(7, 13):
        note(records, member, 10)
        assert shown(records) == [(None, None)]


def test_a_note_that_was_in_no_sum_goes_for_good(records: Records) -> None:
    remove_impact(records, note(records, 0).id)
    assert records.count(ImpactNote) == 0


def test_five_members_who_lost_one_client_each_are_no_sum(records: Records) -> None:
    for member in range(5):
        note(records, member, 0, kind="clients_lost", number=1, currency="")
    assert shown(records) == [(None, None)]


@pytest.mark.parametrize("by", ["", "35202 1234567 1", "35202\u200c1234567\u200c1"])
def test_who_notes_it_is_named_and_no_number(records: Records, by: str) -> None:
    given = ImpactGiven(incident_id=INCIDENT, organisation_id="o-0", kind="penalty", number=1)
    with pytest.raises(ValueError, match=r"^by: "):
        add_impact(records, given, by=by, now=NOW, new_id=new_id)


def test_a_note_that_was_wrong_is_not_found_by_subtraction(records: Records) -> None:
    notes = [note(records, member) for member in range(6)]
    shown(records)
    remove_impact(records, notes[0].id)
    note(records, 0, 125)
    assert shown(records) == [(None, None)]


def test_a_second_note_of_a_member_is_not_found_by_subtraction(records: Records) -> None:
    for member in range(6):
        note(records, member)
    shown(records)
    note(records, 3, 55)
    assert shown(records) == [(600, 6)]


def test_a_member_that_stands_out_hides_the_sum(records: Records) -> None:
    for member in range(5):
        note(records, member, 100)
    note(records, 5, 1_000_000)
    assert shown(records) == [(None, None)]


def test_a_total_tells_no_more_than_the_incidents_do(records: Records) -> None:
    for member in range(5):
        note(records, member)
        note(records, member, 30, incident_id="in-other")
    both = [INCIDENT, "in-other"]
    single = [sums(records, one)[0].total for one in both]
    (total,) = total_impact(records, both, now=NOW, new_id=new_id)
    assert (total.total, total.n_members) == (sum(one or 0 for one in single), None)


def test_a_total_leaves_out_what_is_not_shown(records: Records) -> None:
    for member in range(5):
        note(records, member)
    note(records, 0, 31, incident_id="in-other")
    (total,) = total_impact(records, [INCIDENT, "in-other"], now=NOW, new_id=new_id)
    assert total.total == 500
    note(records, 1, 13, incident_id="in-other", kind="relocation")
    hidden = total_impact(records, [INCIDENT, "in-other"], now=NOW, new_id=new_id)
    assert [(one.kind, one.total) for one in hidden] == [("penalty", 500), ("relocation", None)]


def test_a_recipient_gets_what_members_agreed_to_for_it_or_for_all(records: Records) -> None:
    for member in range(5):
        note(records, member)
    withdraw(records, "n-public-5")
    records.add(consent(5, "pta"))
    note(records, 5, 111)
    assert shown(records) == [(500, 5)]
    assert shown(records, recipient="pta") == [(500, 5)], "six would tell the sixth beside the public sum"


def test_a_named_recipient_alone_gets_the_whole_sum(records: Records) -> None:
    withdraw(records, "n-public-5")
    records.add(consent(5, "pta"))
    for member in range(6):
        note(records, member)
    assert shown(records, recipient="pta") == [(600, 6)]
    assert shown(records) == [(None, None)], "five would tell the sixth beside that sum"


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_asked_when_no_arithmetic_tells_of_fewer_than_five(records: Records, seed: int) -> None:
    chance, notes = random.Random(seed), dict[int, str]()
    for _ in range(30):
        member = chance.randrange(N_MEMBERS)
        if member in notes:
            remove_impact(records, notes.pop(member))
        else:
            notes[member] = note(records, member, chance.randint(50, 150)).id
        if chance.random() < 0.6:
            sums(records)
    released = [frozenset(one.parts) for one in records.find(ImpactRelease)]
    assert not released or not tells_of_few(released)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"amount": 0, "currency": ""}, "give one of them"),
        ({"amount": 5, "currency": ""}, "currency: an amount has one"),
        ({"amount": 5, "currency": "rupees"}, "currency: three capitals"),
        ({"amount": -5}, "amount: a whole number"),
        ({"amount": 10**16}, "amount: a whole number"),
        ({"number": -1}, "number: a whole number"),
        ({"from_on": dt.date(1, 1, 1)}, "from, until: a day from 2000 to 2100"),
        ({"until_on": dt.date(9999, 12, 31)}, "from, until: a day from 2000 to 2100"),
        ({"words": "card 35202 1234567   1"}, "identity number"),
        ({"kind": "tears"}, "kind: one of clients_lost"),
        ({"words": "card 35202-1234567-1"}, "identity number"),
    ],
)
def test_a_note_that_is_wrong_is_refused(records: Records, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        note(records, 0, **fields)


def test_what_is_not_there_is_said(records: Records) -> None:
    with pytest.raises(LookupError, match="no incident"):
        note(records, 0, incident_id="in-nothing")
    with pytest.raises(LookupError, match="no organisation"):
        note(records, 99)
    with pytest.raises(LookupError, match="no impact note"):
        remove_impact(records, "im-nothing")
    with pytest.raises(ValueError, match="for: public"):
        sums(records, recipient="Everybody!")


def test_notes_are_listed_for_the_desk(records: Records) -> None:
    made = note(records, 0, words="two clients left")
    assert list_impact(records, INCIDENT) == [made]
