"""The dossier written out: every question with when it was asked, until when an answer is due, and the answer.

Markdown that can be read as it is. What people wrote stands in quotation blocks, in which nothing of it becomes markup:
no link, no picture, no HTML. Times carry their zone.
"""

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from typing import Final

from raabta.model.incident import Question
from raabta.model.site import Site
from raabta.publish.moments import say_moment

_MARKUP: Final = re.compile(r"([\\`*_\[\]<>#|!~&])")
_STATES: Final = {
    "draft": "not asked yet",
    "asked": "asked, no answer yet",
    "answered": "answered",
    "refused": "refused",
    "withdrawn": "withdrawn",
}


def write_dossier(
    questions: Iterable[Question], *, title: str, site: Site, now: dt.datetime, public_only: bool = False
) -> str:
    """Write questions and answers as one text.

    Args:
        questions: In any order.
        title: Of the text, such as the incident's.
        site: Who asks, and in which time zone.
        now: Aware UTC.
        public_only: Leave out what may not be shown to everybody, and drafts.
    """
    shown = sorted(
        (one for one in questions if not public_only or (one.public and one.state not in {"draft", "withdrawn"})),
        key=lambda one: (one.asked_at or one.created_at, one.id),
    )
    n_answered = sum(one.state == "answered" for one in shown)
    head = [
        f"# {_plain(title)}",
        "",
        f"Questions of {_plain(site.name_en)}. Written {say_moment(now, site, language='en')}.",
        f"{len(shown)} {'question' if len(shown) == 1 else 'questions'}, {n_answered} answered.",
        "",
    ]
    parts = [line for number, one in enumerate(shown, start=1) for line in _part(number, one, site, now)]
    return "\n".join([*head, *parts]).rstrip("\n") + "\n"


def _part(number: int, question: Question, site: Site, now: dt.datetime) -> list[str]:
    lines = [f"## {number}. To {_plain(question.asked_of)}: {_STATES[question.state]}", "", *_quoted(question.text_en)]
    if question.text_ur:
        lines += ["", *_quoted(question.text_ur)]
    lines += ["", *(f"- {line}" for line in _times(question, site, now)), ""]
    if question.answer:
        lines += ["Answer:" if question.state != "refused" else "Refused:", "", *_quoted(question.answer), ""]
    return lines


def _times(question: Question, site: Site, now: dt.datetime) -> Sequence[str]:
    found = [f"Number {question.id}"]
    for words, at in (
        ("Asked", question.asked_at),
        ("Answer due", question.due_at),
        ("Answered", question.answered_at),
    ):
        if at is not None:
            found.append(f"{words} {say_moment(at, site, language='en')}")
    if question.state == "asked" and question.due_at is not None and question.due_at < now:
        n_days = (now - question.due_at).days
        found.append(f"Overdue{f' by {n_days} days' if n_days > 1 else ''}")
    return found


def _quoted(text: str) -> list[str]:
    return [f"> {_plain(line)}".rstrip() for line in text.split("\n")]


def _plain(text: str) -> str:
    return _MARKUP.sub(r"\\\1", text)
