"""Publishing: one transaction makes a bulletin public, starts the clock and queues it; nothing else does."""

import datetime as dt
from typing import Any

import pytest
from msgspec import structs

from raabta.model.bulletin import Advisory, Bulletin
from raabta.model.incident import Incident, Link, Party, Promise, Statement
from raabta.model.publication import Publication, PublicationPlace
from raabta.model.subscription import Alarm, Delivery, Dispatch
from raabta.pipeline.informing.bulletins import (
    Draft,
    approve_bulletin,
    change_bulletin,
    correct_bulletin,
    publish_bulletin,
)
from raabta.publish.public import read_thread
from raabta.registry import Records, Register
from tests.cases.bulletins import LATER, NOW, SETTINGS, TEXTS, approved, incident, published, written

CORRECTED = tuple(
    structs.replace(text, correction=words)
    for text, words in zip(TEXTS, ("We wrote 5 networks.", "ہم نے 5 نیٹ ورکس لکھا تھا۔"), strict=True)
)


def publish(records: Records, register: Register, id_: str, *, now: dt.datetime = NOW) -> Bulletin:
    return publish_bulletin(records, id_, settings=SETTINGS, by="Amina", now=now, new_id=register.new_id)


def test_publishing_makes_the_thread_public_and_queues_it(register: Register) -> None:
    with register.change() as records:
        told = published(records, register.new_id)
        publication = records.get(Publication, "in-a")
        (place,), (dispatch,) = records.find(PublicationPlace), records.find(Dispatch)
    assert (told.state, told.sequence, told.published_by, told.published_at) == ("published", 1, "Amina", NOW)
    assert publication is not None
    assert (publication.month, publication.is_open, publication.component_ids) == ("2024-11", True, ("vpn",))
    assert [one.id for one in read_thread(publication.content).updates] == [told.id]
    assert (place.component_id, place.thread_id, place.sequence) == ("vpn", "in-a", 1)
    assert (dispatch.bulletin_id, dispatch.created_at, dispatch.done) == (told.id, NOW, False)


def test_the_promise_of_the_next_update_starts_the_incidents_clock(register: Register) -> None:
    with register.change() as records:
        published(records, register.new_id)
        found = records.get(Incident, "in-a")
    assert found is not None
    assert found.next_update_at == LATER


def test_sequences_count_all_that_was_published(register: Register) -> None:
    with register.change() as records:
        told = [published(records, register.new_id, kind=kind, thread_id=thread) for kind, thread in _THREADS]
    assert [one.sequence for one in told] == [1, 2, 3]


_THREADS = (("incident", "in-a"), ("notice", ""), ("incident", "in-a"))


@pytest.mark.parametrize("state", ["draft", "withdrawn"])
def test_without_an_approval_nothing_is_published(register: Register, state: Any) -> None:
    with register.change() as records:
        draft = structs.replace(written(records, register.new_id), state=state)
        records.put(draft)
        with pytest.raises(ValueError, match="raabta bulletin approve"):
            publish(records, register, draft.id)
        assert (records.count(Publication), records.count(Dispatch)) == (0, 0)


def test_it_is_published_once(register: Register) -> None:
    with register.change() as records:
        told = published(records, register.new_id)
        with pytest.raises(ValueError, match=r"is out already: no\. 1, published on"):
            publish(records, register, told.id)
        assert records.count(Dispatch) == 1


def test_words_that_changed_behind_the_approval_are_not_published(register: Register) -> None:
    with register.change() as records:
        kept = approved(records, register.new_id)
        records.put(structs.replace(kept, severity="critical"))
        with pytest.raises(ValueError, match="not what was approved"):
            publish(records, register, kept.id)


def test_an_update_cannot_be_promised_for_a_time_that_has_passed(register: Register) -> None:
    with register.change() as records:
        kept = approved(records, register.new_id)
        with pytest.raises(ValueError, match="which has passed"):
            publish(records, register, kept.id, now=LATER)


def test_the_bulletin_and_the_incident_tell_the_same_state(register: Register) -> None:
    with register.change() as records:
        kept = approved(records, register.new_id, incident_state="resolved")
        with pytest.raises(ValueError, match="raabta incident step"):
            publish(records, register, kept.id)


def test_the_last_word_on_an_incident_comes_when_it_is_over(register: Register) -> None:
    with register.change() as records:
        kept = approved(records, register.new_id, next_update_at=None, final=True)
        with pytest.raises(ValueError, match="has a next update"):
            publish(records, register, kept.id)
        records.put(incident(state="resolved", ended_at=NOW))
        published(records, register.new_id, next_update_at=None, final=True)
        found, publication = records.get(Incident, "in-a"), records.get(Publication, "in-a")
    assert found is not None
    assert publication is not None
    assert (found.next_update_at, publication.is_open) == (None, False)


@pytest.mark.parametrize(
    "fields",
    [
        {"audience": "members"},
        {
            "kind": "advisory",
            "thread_id": "",
            "audience": "product_users",
            "advisory": Advisory(products=("pan-os",)),
        },
    ],
)
def test_what_is_not_for_the_public_is_sent_but_stands_nowhere(register: Register, fields: dict[str, Any]) -> None:
    with register.change() as records:
        published(records, register.new_id, **fields)
        assert (records.count(Publication), records.count(PublicationPlace), records.count(Dispatch)) == (0, 0, 1)


def test_statements_appear_with_the_next_bulletin_and_not_before(register: Register) -> None:
    party = Party(id="pa-a", incident_id="in-a", role="regulator", name_en="PTA", created_at=NOW)
    statement = Statement(id="st-a", incident_id="in-a", party_id="pa-a", at=NOW, text_en="A glitch.", by="Amina")
    with register.change() as records:
        published(records, register.new_id)
        records.add(party)
        records.add(statement)
        before = records.get(Publication, "in-a")
        published(records, register.new_id)
        after = records.get(Publication, "in-a")
    assert before is not None
    assert after is not None
    assert "glitch" not in before.content
    assert [one.party_en for one in read_thread(after.content).statements] == ["PTA"]


def test_a_correction_is_a_new_bulletin_and_marks_the_old_one(register: Register) -> None:
    with register.change() as records:
        wrong = published(records, register.new_id)
        draft = Draft(kind="incident", texts=CORRECTED, corrects_id=wrong.id, next_update_at=LATER)
        right = correct_bulletin(records, draft, settings=SETTINGS, by="Bilal", now=NOW, new_id=register.new_id)
        assert (right.thread_id, right.corrects_id, right.state, right.number) == ("in-a", wrong.id, "draft", 2)
        approve_bulletin(records, right.id, settings=SETTINGS, by="Amina", now=NOW)
        publish(records, register, right.id)
        publication = records.get(Publication, "in-a")
        assert records.get(Bulletin, wrong.id) == wrong
    assert publication is not None
    first, second = read_thread(publication.content).updates
    assert (first.corrected_by, second.corrects_id) == (right.id, wrong.id)


def test_only_what_is_published_is_corrected_and_both_texts_say_what_was_wrong(register: Register) -> None:
    with register.change() as records:
        draft = written(records, register.new_id)
        wanted = Draft(kind="incident", texts=CORRECTED, corrects_id=draft.id, next_update_at=LATER)
        with pytest.raises(ValueError, match="raabta bulletin change"):
            correct_bulletin(records, wanted, settings=SETTINGS, by="B", now=NOW, new_id=register.new_id)
        wrong = published(records, register.new_id)
        silent = structs.replace(wanted, corrects_id=wrong.id, texts=TEXTS)
        with pytest.raises(ValueError, match="say in both languages what was wrong"):
            correct_bulletin(records, silent, settings=SETTINGS, by="B", now=NOW, new_id=register.new_id)


def test_a_failure_leaves_nothing_behind(register: Register) -> None:
    with register.change() as records:
        kept = approved(records, register.new_id)
    with pytest.raises(ValueError, match="no id today"), register.change() as records:
        publish_bulletin(records, kept.id, settings=SETTINGS, by="Amina", now=NOW, new_id=_broken)
    with register.look() as records:
        assert (records.get(Bulletin, kept.id), records.count(Publication)) == (kept, 0)


def _broken(prefix: str) -> str:
    message = f"no id today for {prefix}"
    raise ValueError(message)


def _beside(what: str) -> Any:
    if what == "statement":
        return Statement(id="st-a", incident_id="in-a", party_id="pa-a", at=NOW, text_en="A glitch.", by="Amina")
    if what == "promise":
        return Promise(
            id="pr-a", incident_id="in-a", words_en="Repair", made_at=NOW, due_at=LATER, public=True, by="Amina"
        )
    changed: dict[str, Any] = {
        "link": {"links": (Link(url="https://example.pk/a"),)},
        "start": {"started_at": NOW - dt.timedelta(hours=3)},
        "kind": {"kind": "outage"},
    }
    return incident(**changed[what])


@pytest.mark.parametrize("what", ["statement", "promise", "link", "start", "kind"])
def test_what_goes_public_beside_it_is_approved_too(register: Register, what: str) -> None:
    with register.change() as records:
        records.add(Party(id="pa-a", incident_id="in-a", role="regulator", name_en="PTA", created_at=NOW))
        kept = approved(records, register.new_id)
        added = _beside(what)
        (records.put if isinstance(added, Incident) else records.add)(added)
        with pytest.raises(ValueError, match=f"new or changed: {what}: ") as refused:
            publish(records, register, kept.id)
        assert "needs a new approval" in str(refused.value)
        assert records.count(Publication) == 0
        with pytest.raises(ValueError, match="Somebody else approves"):
            approve_bulletin(records, kept.id, settings=SETTINGS, by="Amina", now=NOW)
        approve_bulletin(records, kept.id, settings=SETTINGS, by="Bilal", now=NOW)
        assert publish(records, register, kept.id).state == "published"


def test_what_was_taken_away_since_the_approval_is_told(register: Register) -> None:
    with register.change() as records:
        records.put(incident(links=(Link(url="https://example.pk/a"),)))
        kept = approved(records, register.new_id)
        records.put(incident())
        with pytest.raises(ValueError, match="gone: one link"):
            publish(records, register, kept.id)


def test_counts_and_what_is_not_public_may_change_after_the_approval(register: Register) -> None:
    with register.change() as records:
        kept = approved(records, register.new_id)
        records.put(
            incident(member_ids=tuple(f"o-{n}" for n in range(9)), links=(Link(url="https://a.pk", public=False),))
        )
        records.add(
            Promise(
                id="pr-a", incident_id="in-a", words_en="Repair", made_at=NOW, due_at=LATER, public=False, by="Amina"
            )
        )
        assert publish(records, register, kept.id).sequence == 1


def test_nothing_goes_public_with_what_members_alone_read(register: Register) -> None:
    with register.change() as records:
        kept = approved(records, register.new_id, audience="members")
        records.put(incident(kind="outage"))
        assert publish(records, register, kept.id).sequence == 1


def test_a_correction_is_told_to_those_who_read_what_was_wrong(register: Register) -> None:
    with register.change() as records:
        wrong = published(records, register.new_id)
        draft = Draft(kind="incident", texts=CORRECTED, corrects_id=wrong.id, next_update_at=LATER)
        right = correct_bulletin(records, draft, settings=SETTINGS, by="Bilal", now=NOW, new_id=register.new_id)
        hidden = structs.replace(right, audience="members")
        with pytest.raises(ValueError, match=r"Try: --audience public"):
            change_bulletin(records, hidden, settings=SETTINGS, by="Bilal", now=NOW)
        records.put(hidden)
        approve_bulletin(records, right.id, settings=SETTINGS, by="Amina", now=NOW)
        with pytest.raises(ValueError, match=r"Try: --audience public"):
            publish(records, register, right.id)


def test_an_alarm_mail_that_waits_is_dropped_when_the_bulletin_goes_out(register: Register) -> None:
    alarm = Alarm(id="update/in-a/0", about_id="in-a", kind="update", level=0, due_at=NOW, raised_at=NOW, words="late")
    waiting = Delivery(
        id="alarm/update/in-a/0/amina",
        channel="email",
        reason="alarm",
        subject_id=alarm.id,
        to_id="amina",
        created_at=NOW,
        next_try_at=NOW,
    )
    with register.change() as records:
        records.add(alarm)
        records.add(waiting)
        published(records, register.new_id)
        found = records.get(Delivery, waiting.id)
    assert found is not None
    assert found.state == "dropped"
