"""Drafts: what they take from the incident, what is refused, and that a change voids an approval."""

import datetime as dt
from typing import Any

import pytest
from msgspec import structs

from raabta.model.bulletin import Advisory, Bulletin, BulletinText, Meeting
from raabta.model.incident import Cause
from raabta.pipeline.informing.bulletins import change_bulletin, withdraw_bulletin
from raabta.registry import Register
from tests.cases.bulletins import LATER, NOW, SETTINGS, TEXTS, approved, incident, published, written

MEETING = Meeting(starts_at=NOW, ends_at=LATER, place_en="Hall", place_ur="ہال")


def test_a_draft_takes_over_what_the_incident_says(register: Register) -> None:
    cause = Cause(at=NOW, by="Amina", evidence_class="measured", probability_percent=75, words_en="A filter")
    with register.change() as records:
        records.put(incident(causes=(cause,)))
        draft = written(records, register.new_id)
        assert records.get(Bulletin, draft.id) == draft
    assert (draft.incident_state, draft.severity, draft.component_ids) == ("confirmed", "major", ("vpn",))
    assert (draft.evidence_class, draft.probability_percent) == ("measured", 75)
    assert (draft.state, draft.number, draft.thread_id, draft.author) == ("draft", 1, "in-a", "Amina")


def test_what_was_written_takes_precedence(register: Register) -> None:
    with register.change() as records:
        draft = written(records, register.new_id, severity="critical", component_ids=(), evidence_class="none")
    assert (draft.severity, draft.component_ids, draft.probability_percent) == ("critical", (), None)


def test_a_notice_begins_a_thread_and_can_be_gone_on_with(register: Register) -> None:
    with register.change() as records:
        first = written(records, register.new_id, kind="notice", thread_id="")
        second = written(records, register.new_id, kind="notice", thread_id=first.id)
    assert (first.thread_id, second.thread_id, second.number) == (first.id, first.id, 2)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"next_update_at": None}, "next: every bulletin says"),
        ({"final": True}, "Give --next or --final"),
        ({"component_ids": ("dns",)}, "knows no component 'dns'. There are: cloudflare"),
        ({"operator_ids": ("at&t",)}, "knows no operator"),
        ({"evidence_class": "measured"}, "a class of evidence and a probability"),
        ({"evidence_class": "measured", "probability_percent": 101}, "from 0 to 100"),
        ({"meeting": MEETING}, "only bulletins of kind meeting"),
        ({"kind": "meeting", "thread_id": ""}, "a meeting needs --starts"),
        ({"kind": "advisory", "thread_id": ""}, "an advisory needs --product"),
        ({"kind": "advisory", "thread_id": "", "advisory": Advisory(products=())}, "at least one product"),
        ({"audience": "product_users"}, "told by advisories only"),
        ({"kind": "meeting", "thread_id": "", "meeting": structs.replace(MEETING, ends_at=NOW)}, "must end after"),
        ({"kind": "meeting", "thread_id": "", "meeting": structs.replace(MEETING, place_ur="")}, "place_ur"),
        ({"texts": ()}, "one in English"),
        ({"texts": (TEXTS[0], TEXTS[0])}, "Write each once"),
        ({"texts": (structs.replace(TEXTS[0], known=""),)}, "nothing but its title"),
        ({"texts": (structs.replace(TEXTS[0], title="x" * 141),)}, "140 are allowed"),
        ({"texts": (structs.replace(TEXTS[0], known="Card 35202-1234567-1"),)}, "identity number"),
        ({"texts": (structs.replace(TEXTS[0], title="Two\nlines"),)}, "several lines"),
        ({"texts": (structs.replace(TEXTS[0], known="turned \u202e round"),)}, r"U\+202E"),
        ({"texts": (structs.replace(TEXTS[0], correction="It was 5"),)}, "corrects no other one"),
    ],
)
def test_what_cannot_be_is_refused_with_words_that_say_what_to_try(
    register: Register, fields: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words), register.change() as records:
        written(records, register.new_id, **fields)
    with register.look() as records:
        assert records.count(Bulletin) == 0


@pytest.mark.parametrize("fields", [{"thread_id": "in-none"}, {"kind": "notice", "thread_id": "bu-none"}])
def test_a_thread_that_is_not_there_is_refused(register: Register, fields: dict[str, Any]) -> None:
    with pytest.raises(LookupError, match="See: raabta"), register.change() as records:
        written(records, register.new_id, **fields)


def test_joiners_that_urdu_needs_stay(register: Register) -> None:
    text = BulletinText(language="ur", title="می\u200cروم", known="متن")
    with register.change() as records:
        assert written(records, register.new_id, texts=(text,)).texts == (text,)


def test_a_change_voids_the_approval_and_names_who_made_it(register: Register) -> None:
    with register.change() as records:
        draft = approved(records, register.new_id)
        changed = structs.replace(draft, severity="minor")
        kept = change_bulletin(records, changed, settings=SETTINGS, by="Chanda", now=LATER)
    assert (kept.state, kept.approved_by, kept.approved_hash, kept.approved_at) == ("draft", "", "", None)
    assert (kept.author, kept.changed_by, kept.changed_at) == ("Amina", ("Chanda",), LATER)


def test_nobody_changes_what_is_not_theirs_to_change(register: Register) -> None:
    with register.change() as records:
        draft = written(records, register.new_id)
        forged = structs.replace(
            draft, author="Else", approved_by="Else", state="approved", sequence=9, severity="minor"
        )
        kept = change_bulletin(records, forged, settings=SETTINGS, by="Chanda", now=NOW)
    assert (kept.author, kept.approved_by, kept.state, kept.sequence) == ("Amina", "", "draft", 0)


def test_a_change_that_changes_nothing_is_refused_and_keeps_the_approval(register: Register) -> None:
    with register.change() as records:
        draft = approved(records, register.new_id)
        with pytest.raises(ValueError, match="nothing changes"):
            change_bulletin(records, draft, settings=SETTINGS, by="Chanda", now=NOW)
        assert records.get(Bulletin, draft.id) == draft


def test_what_is_published_is_neither_changed_nor_withdrawn(register: Register) -> None:
    with register.change() as records:
        told = published(records, register.new_id)
        with pytest.raises(ValueError, match="raabta bulletin correct"):
            change_bulletin(records, structs.replace(told, severity="minor"), settings=SETTINGS, by="C", now=NOW)
        with pytest.raises(ValueError, match="cannot be withdrawn"):
            withdraw_bulletin(records, told.id, by="Chanda", now=NOW)


def test_a_withdrawn_draft_stays_and_is_out(register: Register) -> None:
    with register.change() as records:
        draft = written(records, register.new_id)
        kept = withdraw_bulletin(records, draft.id, by="Chanda", now=NOW + dt.timedelta(minutes=1))
        assert (kept.state, kept.changed_by) == ("withdrawn", ("Chanda",))
        with pytest.raises(ValueError, match="is withdrawn"):
            withdraw_bulletin(records, draft.id, by="Chanda", now=NOW)
