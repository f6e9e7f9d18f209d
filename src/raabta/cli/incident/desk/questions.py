"""``raabta incident question add|ask|answer|list``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from raabta.cli.incident.file.choosing import AtOption, FileOption, chosen, chosen_party, read_text, say_time
from raabta.cli.incident.wording import opened, opened_desk
from raabta.cli.publish.opening import ByOption, SettingsOption, who
from raabta.cli.register.opening import RegisterOption, new_id, now
from raabta.cli.register.table import PAGE, FormatOption, LimitOption, as_lines, write_lines, write_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from raabta.model.incident import Question

QuestionArgument = Annotated[str, typer.Argument(metavar="QUESTION", help="Its id, as qu-….")]
IncidentOption = Annotated[
    str, typer.Option("--incident", metavar="INCIDENT", help="Of this incident; without: a standing one.")
]


def add(
    *,
    incident: IncidentOption = "",
    party: Annotated[str, typer.Option(metavar="PARTY", help="A party of the incident: its id or name.")] = "",
    asked_of: Annotated[str, typer.Option("--asked-of", metavar="WHO", help="Who is asked; else the party.")] = "",
    text: FileOption = None,
    text_ur: Annotated[
        Path | None, typer.Option("--text-ur-file", metavar="FILE", help="The question in Urdu.")
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="Question and answer may be shown to everybody.")] = False,
    by: ByOption = None,
    register: RegisterOption = None,
) -> None:
    """Write down a technical question to an authority. Prints its id. It is asked by: question ask.

    Exit code: 0 written, 2 wrong usage or refused, 1 the database failed.
    """
    from raabta.pipeline.informing.desk.questions import QuestionGiven, add_question  # noqa: PLC0415  --help

    with opened(register) as found, found.look() as records:
        id_ = chosen(records, incident).id if incident else ""
    author, text_en = who(by), read_text(text, "The question, in English")
    urdu = read_text(text_ur, "The question, in Urdu", option="--text-ur-file") if text_ur else ""
    with opened(register) as found, found.change() as records:
        given = QuestionGiven(
            incident_id=id_,
            party_id=chosen_party(records, id_, party).id if party else "",
            asked_of=asked_of,
            text_en=text_en,
            text_ur=urdu,
            public=public,
        )
        question = add_question(records, given, by=author, now=now(), new_id=new_id)
    typer.echo(question.id)


def ask(
    id_: QuestionArgument,
    *,
    due: Annotated[str, typer.Option(metavar="TIME", help="Until when an answer is expected, as +3d.")] = "",
    at: AtOption = "now",
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Note that a question was asked; when its answer is overdue, the clocks say so. Prints its id.

    Exit code: 0 noted, 2 wrong usage or refused, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.pipeline.informing.desk.questions import ask_question  # noqa: PLC0415  --help need not wait

        due_at = desk.read_moment(due, "--due") if due else None
        asked_at = desk.read_moment(at, "--at")
        with desk.register.change() as records:
            asked = ask_question(records, id_, asked_at=asked_at, due_at=due_at, now=now())
    typer.echo(asked.id)


def answer(
    id_: QuestionArgument,
    *,
    text: FileOption = None,
    refused: Annotated[bool, typer.Option("--refused", help="They will not answer; the text says why.")] = False,
    at: AtOption = "now",
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Note the answer, word for word. Prints the question's id.

    Exit code: 0 noted, 2 wrong usage or refused, 1 the database failed.
    """
    words = read_text(text, "Their answer, word for word")
    with opened_desk(register, settings) as desk:
        from raabta.pipeline.informing.desk.questions import answer_question  # noqa: PLC0415  --help need not wait

        answered_at = desk.read_moment(at, "--at")
        with desk.register.change() as records:
            asked = answer_question(records, id_, answer=words, answered_at=answered_at, now=now(), refused=refused)
    typer.echo(asked.id)


def list_(
    *,
    incident: IncidentOption = "",
    state: Annotated[str, typer.Option(metavar="STATE", help="draft, asked, answered, refused or withdrawn.")] = "",
    limit: LimitOption = PAGE,
    after: Annotated[str, typer.Option("--after", metavar="ID", help="Go on after this one.")] = "",
    format_: FormatOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """List questions: of an incident, or all.

    Exit code: 0 listed, 2 wrong usage, 1 the database failed.
    """
    from raabta.model.incident import Question  # noqa: PLC0415  --help need not wait for it

    with opened_desk(register, settings) as desk, desk.register.look() as records:
        equal: dict[str, Any] = {"incident_id": chosen(records, incident).id} if incident else {}
        equal |= {"state": state} if state else {}
        found = records.page(Question, after=after, n_most=limit, **equal)
        rows = [
            (one.id, one.state, say_time(one.due_at, desk) if one.due_at else "", f"{one.asked_of}: {one.text_en}")
            for one in found
        ]
    _write(found, rows, format_)
    if len(found) == limit:
        typer.echo(f"More: --after {found[-1].id}", err=True)


def _write(found: "Sequence[Question]", rows: "Sequence[Sequence[str]]", format_: FormatOption) -> None:
    if as_lines(format_):
        write_lines(found)
    else:
        write_table(["id", "state", "due", "question"], rows)
