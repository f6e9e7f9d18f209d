"""``raabta incident promise add|list|change``."""

from typing import TYPE_CHECKING, Annotated

import typer

from raabta.cli.diagnose import fail
from raabta.cli.incident.file.choosing import AtOption, IncidentArgument, chosen, chosen_party, records_of, say_time
from raabta.cli.incident.wording import opened_desk
from raabta.cli.prompting import ask_text, is_person
from raabta.cli.publish.opening import ByOption, SettingsOption, who
from raabta.cli.register.opening import RegisterOption, now
from raabta.cli.register.table import FormatOption, as_lines, write_lines

if TYPE_CHECKING:
    from raabta.registry import Records

PromiseArgument = Annotated[str, typer.Argument(metavar="PROMISE", help="Its id, as pr-….")]
DueOption = Annotated[
    str | None, typer.Option("--due", metavar="TIME", help="Until when: as 18:00, +48h, with a zone.")
]
_Ur = Annotated[str | None, typer.Option("--words-ur", metavar="TEXT", help="The same in Urdu.")]


def add(
    id_: IncidentArgument,
    words: Annotated[str | None, typer.Argument(metavar="WORDS", help="What was promised, in English.")] = None,
    *,
    due: DueOption = None,
    party: Annotated[
        str, typer.Option("--party", metavar="PARTY", help="Who promised: id or name's beginning. Default: we.")
    ] = "",
    words_ur: _Ur = None,
    public: Annotated[bool, typer.Option("--public", help="Stands on the page with the next bulletin.")] = False,
    escalate: Annotated[
        list[str] | None,
        typer.Option("--escalate", metavar="MIN:NAME", help="Told so long after. Default: the duty list."),
    ] = None,
    at: AtOption = "now",
    by: ByOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Write down who promised what until when. Prints its id. A missed promise raises an alarm.

    Exit code: 0 written, 2 wrong usage or refused, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.model.incident import Escalation, Promise  # noqa: PLC0415  --help need not wait for it
        from raabta.pipeline.informing.incidents.promises import add_promise  # noqa: PLC0415

        with desk.register.look() as records:
            incident = chosen(records, id_)
            whose = _whose(records, incident.id, party, asks=words is None and is_person())
        by, what = who(by), ask_text(words, "WORDS", "What was promised")
        due_at = desk.read_moment(ask_text(due, "--due", "Until when"), "--due")
        levels = [Escalation(after_min=minutes, to=name) for minutes, name in map(_level, escalate or ())]
        moment = desk.read_moment(at, "--at")
        with desk.register.change() as records:
            made = Promise(
                id=desk.register.new_id("pr-"),
                incident_id=incident.id,
                party_id=whose,
                words_en=what,
                words_ur=words_ur or "",
                made_at=moment,
                due_at=due_at,
                escalations=tuple(levels),
                public=public,
                by=by,
            )
            add_promise(records, made, duty=desk.settings.duty, now=now())
    typer.echo(made.id)
    typer.echo(f"Due {say_time(due_at, desk)}. Settle it: raabta incident promise settle {made.id} kept", err=True)


def change(
    promise: PromiseArgument,
    *,
    words_ur: _Ur = None,
    public: Annotated[bool | None, typer.Option("--public/--private", help="Whether the page shows it.")] = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Add the words in Urdu, or say whether it is public. What was promised is never rewritten.

    Exit code: 0 changed, 2 wrong usage or refused, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.pipeline.informing.incidents.promises import change_promise  # noqa: PLC0415  as above

        with desk.register.change() as records:
            changed = change_promise(records, promise, words_ur=words_ur, public=public)
    typer.echo(changed.id)


def list_(
    id_: IncidentArgument,
    *,
    format_: FormatOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """List an incident's promises, the first that is due first. Those of all incidents: raabta incident due.

    Exit code: 0 listed, 2 there is no such incident, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.cli.incident.file.sheet import write_promises  # noqa: PLC0415  --help need not wait for it
        from raabta.model.incident import Promise  # noqa: PLC0415

        found, names = records_of(desk, id_, Promise, order=lambda one: one.due_at)
    if as_lines(format_):
        write_lines(found)
        return
    write_promises(desk, found, names=names)
    if not found:
        typer.echo("No promise yet: raabta incident promise add", err=True)


def _whose(records: "Records", incident_id: str, party: str, *, asks: bool) -> str:
    """Give the id of the party that promised, "" for us; a person is asked until it is one of them."""
    from raabta.model.incident import Party  # noqa: PLC0415  as above

    names = ", ".join(one.name_en for one in records.find(Party, incident_id=incident_id)) if asks and not party else ""
    while names and not party:
        typed = ask_text(None, "--party", f"Who promised: {names} (Enter: we)", default="")
        if not typed:
            return ""
        try:
            return chosen_party(records, incident_id, typed).id
        except LookupError as error:
            typer.echo(str(error), err=True)
    return chosen_party(records, incident_id, party).id if party else ""


def _level(text: str) -> tuple[int, str]:
    minutes, colon, name = text.partition(":")
    if not (colon and minutes.isdecimal() and name):
        fail(f"--escalate: {text!r} is not MINUTES:NAME, as 60:ahmed with a name of the duty list.")
    return int(minutes), name
