"""``raabta incident open``."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from raabta.cli.incident.file.choosing import say_time
from raabta.cli.incident.wording import opened_desk
from raabta.cli.prompting import ask_ids, ask_text, is_person, split_ids
from raabta.cli.publish.opening import ByOption, SettingsOption, who
from raabta.cli.register.opening import RegisterOption, now

if TYPE_CHECKING:
    from raabta.cli.publish.opening import Desk
    from raabta.model.incident import Incident

TitleUrOption = Annotated[str | None, typer.Option("--title-ur", metavar="TEXT", help="The title in Urdu.")]
KindOption = Annotated[str | None, typer.Option("--kind", metavar="KIND", help="blocking, throttling, vpn, outage, …")]
SeverityOption = Annotated[
    str | None, typer.Option("--severity", metavar="WORD", help="none, minor, major or critical.")
]
ComponentOption = Annotated[
    list[str] | None, typer.Option("--component", metavar="ID", help="What does not work; may be repeated.")
]
OperatorOption = Annotated[list[str] | None, typer.Option("--operator", metavar="ID", help="Where; may be repeated.")]
MemberOption = Annotated[
    list[str] | None, typer.Option("--member", metavar="ORG", help="A member that is hit; never public. Repeatable.")
]
StartedOption = Annotated[
    str | None, typer.Option("--started", metavar="TIME", help="As 14:05, -2h, 2024-11-10 14:05.")
]


def open_(
    title: Annotated[str | None, typer.Argument(metavar="TITLE", help="What happened, in one line.")] = None,
    *,
    title_ur: TitleUrOption = None,
    kind: KindOption = None,
    severity: SeverityOption = None,
    component: ComponentOption = None,
    operator: OperatorOption = None,
    member: MemberOption = None,
    started: StartedOption = None,
    confirmed: Annotated[bool, typer.Option("--confirmed", help="We see it ourselves: starts the clock.")] = False,
    by: ByOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Open an incident file. Prints its id.

    With a title, all else has defaults and can be changed later; without one, a person is asked.

    Exit code: 0 opened, 2 wrong usage or refused, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.model.incident import Incident  # noqa: PLC0415  --help need not wait for it
        from raabta.pipeline.informing.incidents.opening import open_incident  # noqa: PLC0415

        by = who(by)
        asks = title is None and is_person()
        given: dict[str, Any] = {
            "title_en": ask_text(title, "TITLE", "What happened, in one line"),
            "title_ur": _later(title_ur, "--title-ur", "The same in Urdu (Enter: later)", asks=asks),
            "kind": _word(kind, "--kind", "unknown", asks=asks),
            "severity": _word(severity, "--severity", desk.settings.first_severity, asks=asks),
            "component_ids": split_ids(component or (_components(desk) if asks else ())),
            "operator_ids": split_ids(operator or (_operators(desk) if asks else ())),
            "member_ids": split_ids(member or ()),
            "started_at": _started(desk, _asked_start(desk) if asks and started is None else started or ""),
            "state": "confirmed" if confirmed or (asks and _seen()) else "reported",
        }
        at = now()
        new = Incident(
            id=desk.register.new_id("in-"),
            **given | {"started_at": given["started_at"] or at},
            opened_by=by,
            created_at=at,
            changed_at=at,
        )
        with desk.register.change() as records:
            incident = open_incident(records, new, site=desk.settings.site)
    typer.echo(incident.id)
    _say_next(desk, incident)


def _later(given: str | None, option: str, words: str, *, asks: bool) -> str:
    return ask_text(given, option, words, default="") if asks else (given or "")


def _word(given: str | None, option: str, default: str, *, asks: bool) -> str:
    from raabta.pipeline.informing.incidents.opening import KINDS, SEVERITIES  # noqa: PLC0415  as above

    choices = KINDS if option == "--kind" else SEVERITIES
    return ask_text(
        given if asks else given or default, option, option[2:].capitalize(), choices=choices, default=default
    )


def _components(desk: "Desk") -> tuple[str, ...]:
    known = {one.id: one.name_en for one in desk.settings.site.components}
    return ask_ids(known, "--component", "What does not work (ids; Enter: not known)")


def _operators(desk: "Desk") -> tuple[str, ...]:
    known = {one.id: one.name_en for one in desk.settings.site.operators}
    return ask_ids(known, "--operator", "Through which operators (ids; Enter: not known)")


def _asked_start(desk: "Desk") -> str:
    from raabta.pipeline.informing.moments import read_moment  # noqa: PLC0415  as above

    while True:
        text = ask_text(None, "--started", "Since when, as -2h or 14:05", default="now")
        try:
            if read_moment(text, zone=desk.settings.site.zone, now=now()) <= now():
                return text
            typer.echo("That has not come yet.", err=True)
        except ValueError as error:
            typer.echo(str(error), err=True)


def _started(desk: "Desk", text: str) -> Any:
    return desk.read_moment(text, "--started") if text and text != "now" else None


def _seen() -> bool:
    return typer.confirm("Do we see it ourselves (confirmed)", default=False, err=True)


def _say_next(desk: "Desk", incident: "Incident") -> None:
    import datetime as dt  # noqa: PLC0415  as above

    minutes = desk.settings.clocks.first_notice_min
    if incident.state == "confirmed":
        due = say_time(incident.created_at + dt.timedelta(minutes=minutes), desk)
        words = f"The first notice is due by {due}.  Next: raabta bulletin write {incident.id}"
    else:
        words = (
            f"Once confirmed, {minutes} min are left for the first notice: raabta incident step {incident.id} confirmed"
        )
    typer.echo(words, err=True)
