"""``raabta incident note|link``."""

from typing import Annotated

import typer

from raabta.cli.incident.file.choosing import AtOption, IncidentArgument, chosen
from raabta.cli.incident.wording import opened_desk
from raabta.cli.prompting import ask_text
from raabta.cli.publish.opening import ByOption, SettingsOption, who
from raabta.cli.register.opening import RegisterOption, now


def note(
    id_: IncidentArgument,
    text: Annotated[str | None, typer.Argument(metavar="TEXT", help="What the timeline shall say.")] = None,
    *,
    at: AtOption = "now",
    by: ByOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Write a line into the timeline. Prints its id.

    Exit code: 0 written, 2 wrong usage or refused, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.model.incident import TimelineNote  # noqa: PLC0415  --help need not wait for it
        from raabta.pipeline.informing.incidents.stepping import add_note  # noqa: PLC0415

        with desk.register.look() as records:
            incident = chosen(records, id_)
        by, words = who(by), ask_text(text, "TEXT", "Note")
        moment = desk.read_moment(at, "--at")
        with desk.register.change() as records:
            new = desk.register.new_id("nt-")
            made = TimelineNote(id=new, incident_id=incident.id, at=moment, text=words, by=by)
            add_note(records, made, now=now())
    typer.echo(made.id)


def link(
    id_: IncidentArgument,
    url: Annotated[str | None, typer.Argument(metavar="URL", help="A page elsewhere.")] = None,
    *,
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help="What it is.")] = "",
    private: Annotated[bool, typer.Option("--private", help="Not shown on the site.")] = False,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Add a page elsewhere: an operator's status, a report in the press. The same address again changes its title.

    Exit code: 0 added, 2 wrong usage or refused, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.model.incident import Link  # noqa: PLC0415  --help need not wait for it
        from raabta.pipeline.informing.incidents.stepping import add_link  # noqa: PLC0415

        with desk.register.look() as records:
            incident = chosen(records, id_)
        made = Link(url=ask_text(url, "URL", "Address of the page"), title=title, public=not private)
        with desk.register.change() as records:
            changed = add_link(records, incident.id, link=made, now=now())
    typer.echo(changed.id)
