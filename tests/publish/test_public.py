"""The one gate to the public: nothing passes that is not marked public."""

import datetime as dt

import msgspec
import pytest
from msgspec import structs

from raabta.model.incident import Link, Party, Promise, Statement
from raabta.model.publication import PublicThread
from raabta.publish.public import Surroundings, public_thread, read_thread
from tests.cases.bulletins import LATER, NOW, incident
from tests.publish.bulletin.test_wording import BULLETIN

TOLD = structs.replace(BULLETIN, state="published", sequence=7, published_at=NOW)
PARTY = Party(
    id="pa-a", incident_id="in-a", role="regulator", name_en="PTA", name_ur="پی ٹی اے", contact_name="Secret Person",
    email="secret@example.pk", phone="+92 300 1111111", reference="SECRET-1", created_at=NOW,
)  # fmt: skip
STATEMENT = Statement(id="st-a", incident_id="in-a", party_id="pa-a", at=NOW, text_en="A glitch.", by="Secret Clerk")
PROMISE = Promise(
    id="pr-a", incident_id="in-a", party_id="pa-a", words_en="Repair", made_at=NOW, due_at=LATER, public=True,
    by="Secret Clerk",
)  # fmt: skip


def thread(*bulletins: object, **around: object) -> PublicThread:
    told = bulletins or (TOLD,)
    return public_thread(told, Surroundings(**({"incident": incident()} | around)))  # type: ignore[arg-type]


def test_no_contact_no_member_and_no_name_of_staff_passes() -> None:
    whole = incident(
        member_ids=("o-secret",), opened_by="Secret Clerk", links=(Link(url="https://s.ecret", public=False),)
    )
    made = thread(incident=whole, parties=(PARTY,), statements=(STATEMENT,), promises=(PROMISE,), n_reports=4)
    text = msgspec.json.encode(made).decode().lower()
    assert "secret" not in text.replace("s.ecret", "secret")
    assert "amina" not in text
    assert (made.n_reports, made.n_members) == (None, None)


def test_only_what_is_marked_public_stands_beside_the_bulletins() -> None:
    held = structs.replace(STATEMENT, id="st-b", public=False)
    made = thread(
        parties=(PARTY,), statements=(STATEMENT, held), promises=(PROMISE, structs.replace(PROMISE, public=False))
    )
    assert [(one.party_en, one.party_ur, one.text_en) for one in made.statements] == [("PTA", "پی ٹی اے", "A glitch.")]
    assert [one.words_en for one in made.promises] == ["Repair"]


def test_a_promise_of_ours_has_no_party() -> None:
    (ours,) = thread(promises=(structs.replace(PROMISE, party_id=""),)).promises
    assert (ours.party_en, ours.party_ur) == ("", "")


def test_a_promise_that_was_put_off_keeps_its_earlier_deadlines() -> None:
    moved = structs.replace(PROMISE, put_off=(NOW,))
    (public,) = thread(parties=(PARTY,), promises=(moved,)).promises
    assert (public.put_off, public.due_at) == ((NOW,), LATER)


def test_a_thread_that_was_kept_before_promises_had_earlier_deadlines_is_read() -> None:
    made = thread(parties=(PARTY,), promises=(PROMISE,))
    old = msgspec.json.decode(msgspec.json.encode(made))
    del old["promises"][0]["put_off"]
    assert read_thread(msgspec.json.encode(old).decode()) == made


@pytest.mark.parametrize(("number", "shown"), [(0, None), (4, None), (5, 5), (523, 523)])
def test_small_counts_are_not_shown(number: int, shown: int | None) -> None:
    members = tuple(f"o-{one}" for one in range(number))
    made = thread(incident=incident(member_ids=members), n_reports=number)
    assert (made.n_reports, made.n_members) == (shown, shown)


@pytest.mark.parametrize(
    "wrong", [{"state": "draft"}, {"state": "approved"}, {"state": "withdrawn"}, {"audience": "members"}]
)
def test_drafts_and_what_is_for_members_never_pass(wrong: dict[str, str]) -> None:
    other = structs.replace(TOLD, id="bu-b", sequence=8, **wrong)
    assert [one.id for one in thread(TOLD, other).updates] == ["bu-a"]
    with pytest.raises(ValueError, match="needs published bulletins"):
        thread(other)


def test_a_correction_stays_visible_on_both_sides() -> None:
    right = structs.replace(TOLD, id="bu-b", sequence=8, corrects_id="bu-a")
    first, second = thread(right, TOLD).updates
    assert (first.id, first.corrected_by, second.corrects_id) == ("bu-a", "bu-b", "bu-a")


def test_the_newest_update_tells_the_state_and_an_earlier_component_stays() -> None:
    last = structs.replace(
        TOLD, id="bu-b", sequence=8, incident_state="resolved", component_ids=("cloudflare",), final=True,
        next_update_at=None,
    )  # fmt: skip
    made = thread(TOLD, last, incident=incident(state="resolved", ended_at=LATER))
    assert (made.state, made.is_open, made.ended_at, made.next_update_at) == ("resolved", False, LATER, None)
    assert made.component_ids == ("cloudflare", "vpn")
    assert made.sequence == 8


def test_an_end_is_not_told_before_the_bulletin_that_says_so() -> None:
    assert thread(incident=incident(state="resolved", ended_at=LATER)).ended_at is None


def test_a_notice_begins_when_it_is_published_and_is_open_until_the_last_one() -> None:
    notice = structs.replace(TOLD, kind="notice", thread_id="bu-a", incident_state=None)
    made = public_thread([notice], Surroundings())
    assert (made.started_at, made.is_open) == (NOW, True)
    assert not public_thread([structs.replace(notice, final=True)], Surroundings()).is_open


def test_what_is_kept_reads_back_the_same() -> None:
    made = thread(parties=(PARTY,), statements=(STATEMENT,))
    assert read_thread(msgspec.json.encode(made).decode()) == made


def test_a_bulletin_of_another_thread_is_refused() -> None:
    with pytest.raises(ValueError, match="of one thread"):
        thread(TOLD, structs.replace(TOLD, id="bu-b", thread_id="in-b", published_at=NOW + dt.timedelta(hours=1)))
