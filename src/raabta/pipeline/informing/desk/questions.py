"""The dossier: technical questions to an authority, from the draft to the answer.

A question that was asked is not changed any more: what was sent is what stands there. ``STEPS`` says what may follow.
"""

import datetime as dt
from collections.abc import Callable
from typing import Final, Literal

from msgspec import Struct, structs

from raabta.model.incident import Incident, Party, Question
from raabta.registry.incidents.finding import whole_id
from raabta.registry.incidents.steps import acting, moment, utc
from raabta.registry.incidents.texts import needed, tidy_line, tidy_text
from raabta.registry.records import Records

QUESTION_CHARACTERS_MAX: Final = 4_000
ANSWER_CHARACTERS_MAX: Final = 20_000

State = Literal["draft", "asked", "answered", "refused", "withdrawn"]

STEPS: Final[dict[State, tuple[State, ...]]] = {
    "draft": ("asked", "withdrawn"),
    "asked": ("answered", "refused", "withdrawn"),
    "answered": ("answered",),
    "refused": ("answered",),
    "withdrawn": (),
}
"""What may follow. A further answer takes the place of the first only where it says so itself: both are kept."""


class QuestionGiven(Struct, frozen=True, kw_only=True):
    """A question. ``incident_id`` "" is a standing one; ``party_id`` names a party of the incident."""

    asked_of: str = ""
    text_en: str
    text_ur: str = ""
    incident_id: str = ""
    party_id: str = ""
    public: bool = False


def add_question(
    records: Records, given: QuestionGiven, *, by: str, now: dt.datetime, new_id: Callable[[str], str]
) -> Question:
    """Write a question down; it is not asked by that.

    Raises:
        ValueError: A field is wrong, or nobody is named whom it is for.
        LookupError: There is no such incident or party.
    """
    asked_of = tidy_line("asked-of", given.asked_of)
    if given.incident_id:
        require_incident(records, given.incident_id)
    if given.party_id:
        party = records.get(Party, given.party_id)
        if party is None or party.incident_id != given.incident_id:
            message = f"{given.party_id}: no party of this incident. Look for it with: raabta incident party list"
            raise LookupError(message)
        asked_of = asked_of or party.name_en
    question = Question(
        id=new_id("qu-"),
        incident_id=given.incident_id,
        party_id=given.party_id,
        asked_of=needed("asked-of", asked_of),
        text_en=needed("text-en", tidy_text("text-en", given.text_en, n_most=QUESTION_CHARACTERS_MAX)),
        text_ur=tidy_text("text-ur", given.text_ur, n_most=QUESTION_CHARACTERS_MAX),
        public=given.public,
        by=acting(by),
        created_at=now,
    )
    records.add(question)
    return question


def ask_question(
    records: Records, id_: str, *, asked_at: dt.datetime, due_at: dt.datetime | None, now: dt.datetime
) -> Question:
    """Note that a question was asked, and until when an answer is expected.

    Raises:
        LookupError: There is none.
        ValueError: It was asked already, in the future, or is due before it was asked.
    """
    question = _stepped(records, id_, "asked")
    asked, due = moment("asked", asked_at), None if due_at is None else moment("due", due_at)
    if asked > now:
        raise ValueError("asked: a time that has not come yet. Note it when it was asked.")
    if due is not None and due <= asked:
        raise ValueError("due: an answer cannot be due before the question. Give a later time.")
    return _put(records, structs.replace(question, asked_at=asked, due_at=due))


def answer_question(
    records: Records, id_: str, *, answer: str, answered_at: dt.datetime, now: dt.datetime, refused: bool = False
) -> Question:
    """Note the answer, word for word, or with ``refused`` that there will be none, and why.

    A second answer is put below the first one, with its time.

    Raises:
        LookupError: There is no such question.
        ValueError: It was not asked, or the answer is empty, in the future or before the question.
    """
    question = _stepped(records, id_, "refused" if refused else "answered")
    words = needed("answer", tidy_text("answer", answer, n_most=ANSWER_CHARACTERS_MAX))
    at = moment("answered", answered_at)
    if at > now or (question.asked_at is not None and at < question.asked_at):
        raise ValueError("answered: a time between the question and now.")
    if question.answer:
        words = tidy_text("answer", f"{question.answer}\n\n[{utc(at)}]\n{words}", n_most=ANSWER_CHARACTERS_MAX)
    return _put(records, structs.replace(question, answer=words, answered_at=at))


def withdraw_question(records: Records, id_: str) -> Question:
    """Withdraw a question that has no answer.

    Raises:
        LookupError: There is none.
        ValueError: It has an answer.
    """
    return _put(records, _stepped(records, id_, "withdrawn"))


def show_question(records: Records, id_: str, *, public: bool) -> Question:
    """Say whether a question and its answer may be shown to everybody.

    Raises:
        LookupError: There is none.
    """
    return _put(records, structs.replace(require_question(records, id_), public=public))


def require_question(records: Records, id_: str) -> Question:
    """Give a question, by its id or the beginning of it.

    Raises:
        LookupError: There is none.
    """
    question = records.get(Question, whole_id(records, id_, prefix="qu-", kind=Question))
    if question is None:
        message = f"{id_}: no question has this id. Look for it with: raabta incident question list"
        raise LookupError(message)
    return question


def require_incident(records: Records, id_: str) -> Incident:
    """Give an incident.

    Raises:
        LookupError: There is none.
    """
    incident = records.get(Incident, id_)
    if incident is None:
        message = f"{id_}: no incident has this id. Look for it with: raabta incident list"
        raise LookupError(message)
    return incident


def _stepped(records: Records, id_: str, state: State) -> Question:
    question = require_question(records, id_)
    if state not in STEPS[question.state]:
        may = ", ".join(STEPS[question.state]) or "nothing"
        message = f"{id_}: it is {question.state}; what may follow is {may}."
        raise ValueError(message)
    return structs.replace(question, state=state)


def _put(records: Records, question: Question) -> Question:
    records.put(question)
    return question
