import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from raabta.model.incident import Party, Question
from raabta.pipeline.informing.desk.dossier import write_dossier
from raabta.pipeline.informing.desk.questions import (
    QuestionGiven,
    add_question,
    answer_question,
    ask_question,
    show_question,
    withdraw_question,
)
from raabta.registry import Records
from tests.cases.desk_records import new_id, register_with, settings
from tests.cases.incident_file import INCIDENT, NOW, at


@pytest.fixture
def records() -> Iterator[Records]:
    with register_with() as register, register.change() as found:
        found.add(Party(id="pa-a", incident_id=INCIDENT, role="regulator", name_en="Regulator", created_at=NOW))
        yield found


def add(records: Records, **fields: Any) -> Question:
    given: dict[str, Any] = {"asked_of": "Regulator", "text_en": "Which ports does the filter touch?"}
    return add_question(records, QuestionGiven(**given | fields), by="Sana", now=NOW, new_id=new_id)


def asked(records: Records, due_at: dt.datetime | None = None, **fields: Any) -> Question:
    return ask_question(records, add(records, **fields).id, asked_at=NOW, due_at=due_at, now=NOW)


def test_a_question_goes_from_draft_to_answer(records: Records) -> None:
    question = add(records, asked_of="", incident_id=INCIDENT, party_id="pa-a", text_ur="کون سی پورٹس؟")
    assert (question.state, question.asked_of) == ("draft", "Regulator")
    waiting = ask_question(records, question.id, asked_at=NOW, due_at=at(60), now=at(1))
    assert (waiting.state, waiting.due_at) == ("asked", at(60))
    done = answer_question(records, question.id, answer="443 only.\n\nNo others.", answered_at=at(30), now=at(31))
    assert (done.state, done.answer, done.answered_at) == ("answered", "443 only.\n\nNo others.", at(30))
    assert records.get(Question, question.id) == done


def test_a_second_answer_stands_below_the_first(records: Records) -> None:
    question = asked(records)
    answer_question(records, question.id, answer="443 only.", answered_at=at(30), now=at(31))
    again = answer_question(records, question.id, answer="And 1194.", answered_at=at(90), now=at(91))
    assert again.answer == "443 only.\n\n[2024-11-10 11:00 UTC]\nAnd 1194."


def test_a_refusal_may_be_followed_by_an_answer(records: Records) -> None:
    question = asked(records)
    assert answer_question(records, question.id, answer="Secret.", answered_at=NOW, now=NOW, refused=True).state == (
        "refused"
    )
    assert answer_question(records, question.id, answer="443.", answered_at=at(1), now=at(1)).state == "answered"


def test_what_cannot_follow_is_refused(records: Records) -> None:
    draft, done = add(records), asked(records)
    with pytest.raises(ValueError, match="it is draft; what may follow is asked, withdrawn"):
        answer_question(records, draft.id, answer="443.", answered_at=NOW, now=NOW)
    with pytest.raises(ValueError, match="it is asked"):
        ask_question(records, done.id, asked_at=NOW, due_at=None, now=NOW)
    withdraw_question(records, done.id)
    with pytest.raises(ValueError, match="what may follow is nothing"):
        answer_question(records, done.id, answer="443.", answered_at=NOW, now=NOW)


def test_times_must_follow_each_other(records: Records) -> None:
    question = add(records)
    with pytest.raises(ValueError, match="asked: a time that has not come"):
        ask_question(records, question.id, asked_at=at(5), due_at=None, now=NOW)
    with pytest.raises(ValueError, match="due: an answer cannot be due before"):
        ask_question(records, question.id, asked_at=NOW, due_at=NOW, now=NOW)
    ask_question(records, question.id, asked_at=NOW, due_at=None, now=NOW)
    for answered_at in (at(-1), at(9)):
        with pytest.raises(ValueError, match="answered: a time between"):
            answer_question(records, question.id, answer="443.", answered_at=answered_at, now=at(5))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"text_en": ""}, "text-en: it is empty"),
        ({"asked_of": ""}, "asked-of: it is empty"),
        ({"text_en": "Is 35202-1234567-1 blocked?"}, "identity number"),
        ({"text_ur": "\u202ex"}, "control character"),
    ],
)
def test_a_question_that_is_wrong_is_refused(records: Records, fields: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        add(records, **fields)


@pytest.mark.parametrize("fields", [{"incident_id": "in-x"}, {"incident_id": INCIDENT, "party_id": "pa-x"}])
def test_a_question_belongs_to_what_is_there(records: Records, fields: dict[str, str]) -> None:
    with pytest.raises(LookupError):
        add(records, **fields)
    with pytest.raises(LookupError, match="no question"):
        withdraw_question(records, "qu-x")


def dossier(*questions: Question, public_only: bool = False) -> str:
    return write_dossier(questions, title="Questions", site=settings().site, now=at(60 * 72), public_only=public_only)


def test_the_dossier_tells_times_with_their_zone_and_what_is_overdue(records: Records) -> None:
    answered = answer_question(
        records, asked(records, text_ur="کون سی؟").id, answer="443.\nSee <b>.", answered_at=at(5), now=at(5)
    )
    waits = asked(records, due_at=at(60))
    text = dossier(waits, answered)
    assert text.startswith("# Questions\n\nQuestions of Association. Written 13 November 2024, 14:30 PKT (UTC+05:00).")
    assert "2 questions, 1 answered." in text
    assert "- Answered 10 November 2024, 14:35 PKT (UTC+05:00)" in text
    assert "- Overdue by 2 days" in text
    assert "> کون سی؟" in text


def test_nothing_that_somebody_wrote_becomes_markup(records: Records) -> None:
    question = add(records, text_en="![x](http://a.example/p.png) <script>\n# no head\n`code`")
    text = dossier(question)
    assert "> \\!\\[x\\](http://a.example/p.png) \\<script\\>\n> \\# no head\n> \\`code\\`" in text


def test_only_what_is_public_is_shown_to_everybody(records: Records) -> None:
    hidden, shown = asked(records, text_en="Hidden"), show_question(records, asked(records).id, public=True)
    draft = add(records, text_en="Draft", public=True)
    text = dossier(hidden, shown, draft, public_only=True)
    assert ("Which ports" in text, "Hidden" in text, "Draft" in text) == (True, False, False)
