"""Approval: a second person, these very words, and no difference that nobody answers for."""

import datetime as dt

import pytest
from msgspec import structs

from raabta.model.bulletin import Bulletin, Meeting
from raabta.model.incident import Cause, Incident
from raabta.pipeline.informing.bulletins import (
    Draft,
    approve_bulletin,
    change_bulletin,
    check_bulletin,
    write_bulletin,
)
from raabta.pipeline.informing.bulletins.checking import contradictions, untold_cause
from raabta.pipeline.informing.bulletins.filling import Known, fill_template, known_values
from raabta.pipeline.informing.bulletins.starting import start
from raabta.publish.bulletin.hashing import content_hash
from raabta.publish.bulletin.templates import template_of
from raabta.registry import Register
from tests.cases.bulletins import LATER, NOW, OTHER_NUMBER, SETTINGS, SITE, TEXTS, approved, incident, written


def test_an_approval_is_bound_to_the_words(register: Register) -> None:
    with register.change() as records:
        kept = approved(records, register.new_id)
        assert records.get(Bulletin, kept.id) == kept
    assert (kept.state, kept.approved_by, kept.approved_at) == ("approved", "Bilal", NOW)
    assert kept.approved_hash.split("\n")[0] == content_hash(kept)


@pytest.mark.parametrize("name", ["Amina", "amina", " AMINA ", "A mina", "Ａｍｉｎａ", "Amína", "Amina."])
def test_the_author_is_no_second_person_however_the_name_is_written(register: Register, name: str) -> None:
    with register.change() as records:
        draft = written(records, register.new_id)
        if name == "Amína":
            draft = structs.replace(draft, author="Amína")
            records.put(draft)
        with pytest.raises(ValueError, match="Somebody else approves"):
            approve_bulletin(records, draft.id, settings=SETTINGS, by=name, now=NOW)


def test_nobody_who_changed_it_approves_it(register: Register) -> None:
    with register.change() as records:
        draft = written(records, register.new_id)
        change_bulletin(records, structs.replace(draft, severity="minor"), settings=SETTINGS, by="Bilal", now=NOW)
        with pytest.raises(ValueError, match="Bilal wrote or changed"):
            approve_bulletin(records, draft.id, settings=SETTINGS, by="Bilal", now=NOW)
        assert approve_bulletin(records, draft.id, settings=SETTINGS, by="Chanda", now=NOW).approved_by == "Chanda"


def test_a_difference_refuses_the_approval_and_names_the_fact(register: Register) -> None:
    with register.change() as records:
        draft = written(records, register.new_id, texts=OTHER_NUMBER)
        with pytest.raises(ValueError, match=r"1\. known: number 3, not in Urdu") as refused:
            approve_bulletin(records, draft.id, settings=SETTINGS, by="Bilal", now=NOW)
    assert "2. known: number 4, not in English" in str(refused.value)


@pytest.mark.parametrize("by_number", [True, False])
def test_each_difference_may_be_accepted_with_a_reason(register: Register, *, by_number: bool) -> None:
    with register.change() as records:
        draft = written(records, register.new_id, texts=OTHER_NUMBER)
        keys = [one.key for one in check_bulletin(records, draft, settings=SETTINGS)]
        named = ["1", "2"] if by_number else keys
        with pytest.raises(ValueError, match=r"2\. known: number 4"):
            approve_bulletin(
                records, draft.id, settings=SETTINGS, by="Bilal", now=NOW, accept={named[0]: "counted twice"}
            )
        accept = dict.fromkeys(named, "counted in two ways")
        kept = approve_bulletin(records, draft.id, settings=SETTINGS, by="Bilal", now=NOW, accept=accept)
    assert [(one.fact, one.reason, one.by) for one in kept.accepted] == [
        (key, "counted in two ways", "Bilal") for key in keys
    ]


@pytest.mark.parametrize(("key", "reason", "words"), [("1", "ok", "too short"), ("9", "a reason", "no difference")])
def test_an_acceptance_needs_a_difference_and_a_reason(register: Register, key: str, reason: str, words: str) -> None:
    with register.change() as records:
        draft = written(records, register.new_id, texts=OTHER_NUMBER)
        with pytest.raises(ValueError, match=words):
            approve_bulletin(records, draft.id, settings=SETTINGS, by="Bilal", now=NOW, accept={key: reason})


def test_no_reason_makes_up_for_a_missing_language(register: Register) -> None:
    with register.change() as records:
        draft = written(records, register.new_id, texts=TEXTS[:1])
        with pytest.raises(ValueError, match="can be accepted"):
            approve_bulletin(records, draft.id, settings=SETTINGS, by="Bilal", now=NOW, accept={"1": "no time for it"})


def test_a_change_forgets_what_was_accepted(register: Register) -> None:
    with register.change() as records:
        draft = written(records, register.new_id, texts=OTHER_NUMBER)
        accept = {"1": "counted twice", "2": "counted twice"}
        kept = approve_bulletin(records, draft.id, settings=SETTINGS, by="Bilal", now=NOW, accept=accept)
        changed = structs.replace(kept, severity="minor")
        assert change_bulletin(records, changed, settings=SETTINGS, by="Amina", now=NOW).accepted == ()


def test_only_a_draft_is_approved(register: Register) -> None:
    with register.change() as records:
        kept = approved(records, register.new_id)
        with pytest.raises(ValueError, match=r"is approved\. Only a draft"):
            approve_bulletin(records, kept.id, settings=SETTINGS, by="Chanda", now=NOW)


def test_places_of_a_meeting_are_compared_too(register: Register) -> None:
    meeting = Meeting(starts_at=NOW, ends_at=LATER, place_en="Room 204", place_ur="کمرہ 205")
    with register.change() as records:
        draft = written(records, register.new_id, kind="meeting", thread_id="", meeting=meeting)
        found = check_bulletin(records, draft, settings=SETTINGS)
    assert [one.key for one in found] == ["place: number 204, not in Urdu", "place: number 205, not in English"]


def test_a_next_update_in_the_past_is_refused_in_local_time_with_tomorrows(register: Register) -> None:
    night = dt.datetime(2024, 11, 10, 17, 3, tzinfo=dt.UTC)  # 22:03 in Karachi
    past = dt.datetime(2024, 11, 9, 20, 30, tzinfo=dt.UTC)  # 01:30 of that day
    with register.change() as records:
        draft = Draft(kind="incident", thread_id="in-a", texts=TEXTS, next_update_at=past)
        with pytest.raises(ValueError, match=r"01:30 PKT.* has passed.*22:03 PKT.*tomorrow's, write.*2024-11-11 01:30"):
            write_bulletin(records, draft, settings=SETTINGS, by="Amina", now=night, new_id=register.new_id)
        kept = written(records, register.new_id)
        with pytest.raises(ValueError, match="has passed"):
            approve_bulletin(records, kept.id, settings=SETTINGS, by="Bilal", now=night)
        changed = structs.replace(kept, next_update_at=past)
        with pytest.raises(ValueError, match="has passed"):
            change_bulletin(records, changed, settings=SETTINGS, by="Amina", now=night)


def test_a_cause_that_no_word_names_is_told(register: Register) -> None:
    cause = Cause(
        at=NOW, by="Sana", evidence_class="measured", probability_percent=80,
        words_en="A filter drops VPN packets", words_ur="ایک فلٹر وی پی این کے پیکٹ گراتا ہے",
    )  # fmt: skip
    with register.change() as records:
        records.put(incident(causes=(cause,)))
        silent = written(records, register.new_id)
        told = structs.replace(TEXTS[0], known=f"{TEXTS[0].known} {cause.words_en}.")
        half = written(records, register.new_id, texts=(told, TEXTS[1]))
        assert [one[:3] for one in untold_cause(records, silent)] == ["en:", "ur:"]
        assert [one[:3] for one in untold_cause(records, half)] == ["ur:"]
        known = Known(incident=records.get(Incident, "in-a"))
        for name in ("first_notice", "update"):
            filled = fill_template(
                template_of(name), {("news" if name == "update" else "symptom"): {"en": "It fails.", "ur": "ناکام۔"}},
                known=known, site=SITE,
            )  # fmt: skip
            assert not untold_cause(records, written(records, register.new_id, texts=filled))
            assert "not established" not in filled[0].not_known


def test_a_title_that_the_incident_lacks_comes_from_its_last_bulletin(register: Register) -> None:
    with register.change() as records:
        records.put(incident(title_ur=""))
        titled = tuple(
            structs.replace(text, title=title)
            for text, title in zip(
                TEXTS, ("Cause identified: VPNs fail", "وجہ معلوم ہو گئی: وی پی این ناکام"), strict=True
            )
        )
        written(records, register.new_id, texts=titled)
        known = start(records, "in-a", template="update").known
        values = known_values(template_of("update"), known, site=SITE)
    assert values["title"] == {"en": "VPNs fail", "ur": "وی پی این ناکام"}


def test_two_facts_against_each_other_are_asked_about(register: Register) -> None:
    texts = tuple(
        structs.replace(text, known=known)
        for text, known in zip(TEXTS, ("It ended at 21:20 PKT.", "یہ 21:40 PKT پر ختم ہوا۔"), strict=True)
    )
    with register.change() as records:
        draft = written(records, register.new_id, texts=texts)
        (asked,) = contradictions(check_bulletin(records, draft, settings=SETTINGS))
        assert asked == "known: English has 21:20, Urdu 21:40: which is right?"
        with pytest.raises(ValueError, match="which is right"):
            approve_bulletin(records, draft.id, settings=SETTINGS, by="Bilal", now=NOW)
