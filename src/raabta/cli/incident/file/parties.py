"""``raabta incident party add|list|change``."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from raabta.cli.diagnose import STANDARD, fail
from raabta.cli.incident.file.choosing import IncidentArgument, chosen, read_text
from raabta.cli.incident.wording import opened_desk
from raabta.cli.prompting import ask_text, is_person
from raabta.cli.publish.opening import SettingsOption
from raabta.cli.register.opening import RegisterOption, now
from raabta.cli.register.table import FormatOption, as_lines, write_lines

CONTACT: Final = {"contact_name": "Contact's name", "email": "E-mail", "phone": "Phone"}

_Role = Annotated[str | None, typer.Argument(metavar="ROLE", help="regulator, operator, cdn, platform, member, …")]
_Ur = Annotated[str | None, typer.Option("--name-ur", metavar="TEXT", help="The name in Urdu.")]
_Desk = Annotated[str | None, typer.Option("--desk", metavar="TEXT", help="Such as NOC or abuse desk.")]
_Reference = Annotated[str | None, typer.Option("--reference", metavar="TEXT", help="Their ticket.")]
_Contact = Annotated[
    Path | None,
    typer.Option("--contact-file", metavar="FILE", help='Lines as: email = "noc@…" (contact_name, email, phone).'),
]


def add(
    id_: IncidentArgument,
    role: _Role = None,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="As it is named in bulletins.")] = None,
    *,
    name_ur: _Ur = None,
    desk_name: _Desk = None,
    reference: _Reference = None,
    contact_file: _Contact = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Add somebody who is asked or who acts. Prints its id. Contacts are asked for, and stored encrypted.

    Exit code: 0 added, 2 wrong usage or refused, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from typing import get_args  # noqa: PLC0415  --help need not wait for it

        from raabta.model.incident import Party, PartyRole  # noqa: PLC0415
        from raabta.pipeline.informing.incidents.parties import add_party  # noqa: PLC0415

        with desk.register.look() as records:
            incident = chosen(records, id_)
        asks = name is None and is_person()
        given: dict[str, Any] = {
            "role": ask_text(role, "ROLE", "Who is it", choices=get_args(PartyRole)),
            "name_en": ask_text(name, "NAME", "Name, in English"),
            "name_ur": _urdu(name_ur, asks=asks),
            "desk": desk_name or "",
            "reference": reference or "",
        }
        given |= _contact(contact_file, asks=asks)
        with desk.register.change() as records:
            new = desk.register.new_id("pa-")
            party = add_party(records, Party(id=new, incident_id=incident.id, created_at=now(), **given))
    typer.echo(party.id)


def change(
    party: Annotated[str, typer.Argument(metavar="PARTY", help="Its id, as pa-….")],
    *,
    name_en: Annotated[str | None, typer.Option("--name-en", metavar="TEXT", help="The name in English.")] = None,
    name_ur: _Ur = None,
    desk_name: _Desk = None,
    reference: _Reference = None,
    contact_file: _Contact = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Change what is known of a party: only what is named; an empty text empties one.

    Exit code: 0 changed, 2 wrong usage or refused, 1 the database failed.
    """
    with opened_desk(register, settings, name_en="--name-en") as desk:
        from msgspec import structs  # noqa: PLC0415  --help need not wait for it

        from raabta.pipeline.informing.incidents.parties import change_party, require_party  # noqa: PLC0415

        facts: dict[str, Any] = {"name_en": name_en, "name_ur": name_ur, "desk": desk_name, "reference": reference}
        facts = {name: value for name, value in facts.items() if value is not None}
        facts |= _contact(contact_file, asks=False)
        with desk.register.change() as records:
            changed = change_party(records, structs.replace(require_party(records, party), **facts))
    typer.echo(changed.id)


def list_(
    id_: IncidentArgument,
    *,
    format_: FormatOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """List an incident's parties with their contacts.

    Exit code: 0 listed, 2 there is no such incident, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.cli.incident.file.sheet import ID, write_labelled  # noqa: PLC0415  --help need not wait for it
        from raabta.model.incident import Party  # noqa: PLC0415

        with desk.register.look() as records:
            found = list(records.find(Party, incident_id=chosen(records, id_).id))
    if as_lines(format_):
        write_lines(found)
        return
    for one in found:
        first = " · ".join(filter(None, (one.name_en, one.desk, one.role.replace("_", " "), one.reference)))
        contact = " · ".join(filter(None, (one.contact_name, one.email, one.phone)))
        write_labelled(one.id, f"{first}\n{contact}" if contact else first, wide=ID)
    if not found:
        typer.echo("No party yet: raabta incident party add", err=True)


def _urdu(given: str | None, *, asks: bool) -> str:
    words = "The same in Urdu (Enter: later)"
    return ask_text(given, "--name-ur", words, default="") if asks else (given or "")


def _contact(file: Path | None, *, asks: bool) -> dict[str, str]:
    """Read a contact from a file, or ask a person."""
    if file is None:
        asked = CONTACT if asks else {}
        return {name: ask_text(None, name, f"{words} (Enter: none)", default="") for name, words in asked.items()}
    import msgspec  # noqa: PLC0415  --help need not wait for it

    try:
        read = msgspec.toml.decode(read_text(file, "Contact", option="--contact-file"), type=dict[str, str])
    except msgspec.DecodeError:
        fail(f'--contact-file: {"standard input" if str(file) == STANDARD else file} has other lines than: email = "…"')
    strange = sorted(read.keys() - CONTACT.keys())
    if strange:
        fail(f"--contact-file: it may name {', '.join(CONTACT)}, not {strange[0]!r}.")
    return read
