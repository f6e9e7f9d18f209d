"""``raabta incident statement add|list|change``."""

from typing import Annotated, Any

import typer

from raabta.cli.incident.file.choosing import (
    AtOption,
    FileOption,
    IncidentArgument,
    chosen,
    chosen_party,
    read_text,
    records_of,
    say_time,
)
from raabta.cli.incident.wording import opened_desk
from raabta.cli.publish.opening import ByOption, SettingsOption, who
from raabta.cli.register.opening import RegisterOption, now
from raabta.cli.register.table import FormatOption, as_lines, write_lines

_Ur = Annotated[str | None, typer.Option("--text-ur", metavar="TEXT", help="The same in Urdu.")]
_Source = Annotated[str | None, typer.Option("--source", metavar="TEXT", help="Where: a URL, or: press conference.")]
_Cause = Annotated[str | None, typer.Option("--cause", metavar="TEXT", help="The cause that they name.")]


def add(
    id_: IncidentArgument,
    party: Annotated[str, typer.Argument(metavar="PARTY", help="Its id, or the beginning of its name.")],
    text: Annotated[str | None, typer.Argument(metavar="TEXT", help="Word for word; else --text-file.")] = None,
    *,
    text_file: FileOption = None,
    text_ur: _Ur = None,
    source: _Source = None,
    cause: _Cause = None,
    private: Annotated[bool, typer.Option("--private", help="Not shown on the page.")] = False,
    at: AtOption = "now",
    by: ByOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Keep what a party stated officially. It is public with the next bulletin, beside our own evidence.

    Exit code: 0 kept, 2 wrong usage or refused, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.model.incident import Statement  # noqa: PLC0415  --help need not wait for it
        from raabta.pipeline.informing.incidents.statements import add_statement  # noqa: PLC0415

        with desk.register.look() as records:
            incident = chosen(records, id_)
            whose = chosen_party(records, incident.id, party)
        by, moment = who(by), desk.read_moment(at, "--at")
        words = text if text is not None and text_file is None else read_text(text_file, "What they stated")
        made = Statement(
            id=desk.register.new_id("st-"),
            incident_id=incident.id,
            party_id=whose.id,
            at=moment,
            text_en=words,
            text_ur=text_ur or "",
            source=source or "",
            cause_claimed=cause or "",
            public=not private,
            by=by,
        )
        with desk.register.change() as records:
            add_statement(records, made, now=now())
    typer.echo(made.id)


def change(
    statement: Annotated[str, typer.Argument(metavar="STATEMENT", help="Its id, as st-….")],
    *,
    text_ur: _Ur = None,
    source: _Source = None,
    cause: _Cause = None,
    public: Annotated[bool | None, typer.Option("--public/--private", help="Whether the page shows it.")] = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Change its translation, source, the cause named in it, or whether it is public. Its words and time stay.

    Exit code: 0 changed, 2 wrong usage or refused, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from msgspec import structs  # noqa: PLC0415  --help need not wait for it

        from raabta.pipeline.informing.incidents.statements import change_statement, require_statement  # noqa: PLC0415

        facts: dict[str, Any] = {"text_ur": text_ur, "source": source, "cause_claimed": cause, "public": public}
        named = {name: value for name, value in facts.items() if value is not None}
        with desk.register.change() as records:
            changed = change_statement(records, structs.replace(require_statement(records, statement), **named))
    typer.echo(changed.id)


def list_(
    id_: IncidentArgument,
    *,
    format_: FormatOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """List an incident's statements, the earliest first.

    Exit code: 0 listed, 2 there is no such incident, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.cli.incident.file.sheet import ID, write_labelled  # noqa: PLC0415  --help need not wait for it
        from raabta.model.incident import Statement  # noqa: PLC0415

        found, names = records_of(desk, id_, Statement, order=lambda one: one.at)
    if as_lines(format_):
        write_lines(found)
        return
    for one in found:
        public = "public" if one.public else "not public"
        head = f"{names.get(one.party_id, one.party_id)}, {say_time(one.at, desk)} · {public}"
        lines = (head, f"“{one.text_en}”", one.text_ur, one.source, one.cause_claimed and f"cause: {one.cause_claimed}")
        write_labelled(one.id, "\n".join(filter(None, lines)), wide=ID)
    if not found:
        typer.echo("No statement yet: raabta incident statement add", err=True)
