"""``raabta incident message add|list``."""

from enum import StrEnum
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


class Way(StrEnum):
    """How it was said."""

    EMAIL = "email"
    PHONE = "phone"
    MEETING = "meeting"
    PORTAL = "portal"
    LETTER = "letter"
    CHAT = "chat"


def add(
    id_: IncidentArgument,
    party: Annotated[str, typer.Argument(metavar="PARTY", help="Its id, or the beginning of its name.")],
    *,
    way: Annotated[Way, typer.Option("--way", help="How it was said.")] = Way.EMAIL,
    from_them: Annotated[bool, typer.Option("--from-them", help="They wrote to us; else we to them.")] = False,
    text_file: FileOption = None,
    at: AtOption = "now",
    by: ByOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Keep what was written or said to a party, or by it. Prints its id. Stored encrypted, never public.

    A first line "Subject: …" becomes the subject.

    Exit code: 0 kept, 2 wrong usage or refused, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.model.incident import Message  # noqa: PLC0415  --help need not wait for it
        from raabta.pipeline.informing.incidents.parties import add_message  # noqa: PLC0415

        with desk.register.look() as records:
            incident = chosen(records, id_)
            whose = chosen_party(records, incident.id, party)
        by, moment = who(by), desk.read_moment(at, "--at")
        subject, text = _parted(read_text(text_file, "What was said"))
        given: dict[str, Any] = {"direction": "from_them" if from_them else "to_them", "way": way.value}
        made = Message(
            id=desk.register.new_id("me-"),
            incident_id=incident.id,
            party_id=whose.id,
            at=moment,
            subject=subject,
            text=text,
            by=by,
            **given,
        )
        with desk.register.change() as records:
            add_message(records, made, now=now())
    typer.echo(made.id)


def list_(
    id_: IncidentArgument,
    *,
    format_: FormatOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Show an incident's messages in full, the earliest first.

    Exit code: 0 shown, 2 there is no such incident, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.cli.incident.file.sheet import TIME, write_labelled  # noqa: PLC0415  --help need not wait for it
        from raabta.model.incident import Message  # noqa: PLC0415

        found, names = records_of(desk, id_, Message, order=lambda one: one.at)
    if as_lines(format_):
        write_lines(found)
        return
    for one in found:
        side = "from" if one.direction == "from_them" else "to"
        head = f"{one.way} {side} {names.get(one.party_id, one.party_id)}, {one.by}"
        words = "\n".join(filter(None, (head, one.subject, one.text)))
        write_labelled(say_time(one.at, desk), words, wide=TIME)
    if not found:
        typer.echo("No message yet: raabta incident message add", err=True)


def _parted(text: str) -> tuple[str, str]:
    first, _, rest = text.partition("\n")
    name, colon, subject = first.partition(":")
    return (subject.strip(), rest.strip()) if colon and name.strip().lower() == "subject" else ("", text)
