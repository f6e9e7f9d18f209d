"""``raabta incident question withdraw|public|export``."""

from typing import Annotated

import typer

from raabta.cli.diagnose import STANDARD
from raabta.cli.incident.desk.questions import IncidentOption, QuestionArgument
from raabta.cli.incident.file.choosing import chosen
from raabta.cli.incident.wording import opened, opened_desk
from raabta.cli.output import open_output
from raabta.cli.publish.opening import SettingsOption
from raabta.cli.register.opening import RegisterOption, now


def withdraw(id_: QuestionArgument, *, register: RegisterOption = None) -> None:
    """Withdraw a question that has no answer. Prints its id.

    Exit code: 0 withdrawn, 2 there is none or it is answered, 1 the database failed.
    """
    from raabta.pipeline.informing.desk.questions import withdraw_question  # noqa: PLC0415  --help need not wait

    with opened(register) as found, found.change() as records:
        question = withdraw_question(records, id_)
    typer.echo(question.id)


def public(
    id_: QuestionArgument,
    *,
    off: Annotated[bool, typer.Option("--off", help="It may not be shown any more.")] = False,
    register: RegisterOption = None,
) -> None:
    """Say that a question and its answer may be shown to everybody, or with --off that they may not. Prints its id.

    Exit code: 0 noted, 2 there is none, 1 the database failed.
    """
    from raabta.pipeline.informing.desk.questions import show_question  # noqa: PLC0415  --help need not wait for it

    with opened(register) as found, found.change() as records:
        question = show_question(records, id_, public=not off)
    typer.echo(question.id)


def export(
    *,
    incident: IncidentOption = "",
    public_only: Annotated[bool, typer.Option("--public", help="Only what may be shown to everybody.")] = False,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Default: standard output.")] = STANDARD,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Write the dossier: every question with its times and its answer, as Markdown. Without --incident: standing ones.

    Exit code: 0 written, 2 wrong usage, 1 the database failed or the file cannot be written.
    """
    with opened_desk(register, settings) as desk:
        from raabta.model.incident import Question  # noqa: PLC0415  --help need not wait for it
        from raabta.pipeline.informing.desk.dossier import write_dossier  # noqa: PLC0415

        with desk.register.look() as records:
            found = chosen(records, incident) if incident else None
            questions = list(records.find(Question, incident_id=found.id if found else ""))
        title = f"Questions on: {found.title_en}" if found else "Standing questions"
        text = write_dossier(questions, title=title, site=desk.settings.site, now=now(), public_only=public_only)
        with open_output(output, private=not public_only) as stream:
            stream.write(text.encode())
