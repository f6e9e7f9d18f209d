"""``raabta incident draft new|version|state``."""

from typing import Annotated

import typer

from raabta.cli.diagnose import fail
from raabta.cli.incident.desk.questions import IncidentOption
from raabta.cli.incident.file.choosing import FileOption, chosen, read_text
from raabta.cli.incident.wording import opened, opened_desk
from raabta.cli.prompting import ask_text
from raabta.cli.publish.opening import ByOption, SettingsOption, who
from raabta.cli.register.opening import RegisterOption, new_id, now

DraftArgument = Annotated[str, typer.Argument(metavar="DRAFT", help="Its id, as dr-….")]


def new(
    *,
    title: Annotated[str | None, typer.Option(metavar="TEXT", help="What it is about.")] = None,
    consultation: Annotated[str, typer.Option(metavar="TEXT", help="Whose consultation, and its reference.")] = "",
    respond_by: Annotated[str, typer.Option("--respond-by", metavar="TIME", help="Until when it must be there.")] = "",
    incident: IncidentOption = "",
    text: FileOption = None,
    by: ByOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Begin a draft for a consultation. Prints its id.

    Exit code: 0 begun, 2 wrong usage or refused, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        with desk.register.look() as records:
            about = chosen(records, incident).id if incident else ""
        named, author = ask_text(title, "--title", "What is it about?"), who(by)
        words = read_text(text, "The draft's text")
        from raabta.pipeline.informing.desk.drafts import DraftGiven, new_draft  # noqa: PLC0415  --help need not wait

        until = desk.read_moment(respond_by, "--respond-by") if respond_by else None
        with desk.register.change() as records:
            given = DraftGiven(
                title=named,
                text=words,
                consultation=consultation,
                respond_by=until,
                incident_id=about,
            )
            draft = new_draft(records, given, by=author, now=now(), new_id=new_id)
    typer.echo(draft.id)


def version(
    id_: DraftArgument,
    *,
    text: FileOption = None,
    note: Annotated[str, typer.Option(metavar="TEXT", help="What is new.")] = "",
    by: ByOption = None,
    register: RegisterOption = None,
) -> None:
    """Add a version: its whole text. Earlier ones stay. Prints the draft's id and the version's number.

    Exit code: 0 added, 2 wrong usage or refused, 1 the database failed.
    """
    from raabta.pipeline.informing.desk.drafts import add_version  # noqa: PLC0415  --help need not wait for it

    author, words = who(by), read_text(text, "The whole text")
    with opened(register) as found, found.change() as records:
        draft = add_version(records, id_, text=words, by=author, note=note, now=now())
    typer.echo(f"{draft.id}\t{draft.versions[-1].number}")


def state(
    id_: DraftArgument,
    new_state: Annotated[str, typer.Argument(metavar="STATE", help="draft, circulated, submitted or withdrawn.")],
    *,
    register: RegisterOption = None,
) -> None:
    """Say that a draft was circulated, submitted or withdrawn. Prints its id.

    Exit code: 0 noted, 2 wrong usage, or it cannot follow, 1 the database failed.
    """
    from raabta.pipeline.informing.desk.drafts import STEPS, set_draft_state  # noqa: PLC0415  --help need not wait

    if new_state not in STEPS:
        fail(f"STATE: one of {', '.join(STEPS)}.")
    with opened(register) as found, found.change() as records:
        draft = set_draft_state(records, id_, state=new_state, now=now())
    typer.echo(draft.id)
