"""``raabta incident list|show|timeline``."""

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from raabta.cli.incident.file.choosing import IncidentArgument, chosen, say_time
from raabta.cli.incident.wording import opened_desk
from raabta.cli.publish.opening import SettingsOption
from raabta.cli.register.opening import RegisterOption, now
from raabta.cli.register.table import AfterOption, FormatOption, LimitOption, as_lines, write_lines, write_text

if TYPE_CHECKING:
    from raabta.cli.publish.opening import Desk
    from raabta.model.incident import Incident
    from raabta.registry.incidents.timeline import IncidentRecords

PAGE: Final = 20
"""Incidents that fit a screen or two."""
NEWEST: Final = 8
"""Lines of the timeline that ``show`` ends with."""


def list_(
    *,
    all_: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    state: Annotated[list[str] | None, typer.Option("--state", metavar="STATE", help="Only in this state.")] = None,
    component: Annotated[str, typer.Option("--component", metavar="ID", help="Only about this.")] = "",
    limit: LimitOption = PAGE,
    after: AfterOption = "",
    format_: FormatOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """List incidents that are open, the one that began last first.

    Exit code: 0 listed, 2 wrong usage, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.cli.incident.file.sheet import headline  # noqa: PLC0415  --help need not wait for it
        from raabta.registry.incidents.finding import OPEN, newest_incidents  # noqa: PLC0415

        states: Any = tuple(state or (() if all_ else OPEN))
        _check_states(states)
        _check_component(desk, component)
        with desk.register.look() as records:
            found = newest_incidents(records, n_most=limit + 1, states=states, component_id=component, after=after)
    page = found[:limit]
    if as_lines(format_):
        write_lines(page)
    for incident in () if as_lines(format_) else page:
        write_text(incident.title_en)
        write_text(f"{incident.id}  {headline(incident)}", "  ")
        following = f", next update by {say_time(incident.next_update_at, desk)}" if incident.next_update_at else ""
        write_text(f"since {say_time(incident.started_at, desk)}{following}", "  ")
    if not page:
        typer.echo("No incident." if all_ or state else "No incident is open. All: --all", err=True)
    if len(found) > limit:
        typer.echo(f"There are more. Go on: --after {page[-1].id}", err=True)


def show(
    id_: IncidentArgument,
    *,
    format_: FormatOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Show an incident: facts, clocks, parties, promises, statements, and the newest of the timeline.

    Exit code: 0 shown, 2 there is none, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.cli.incident.file.sheet import write_sheet, write_timeline  # noqa: PLC0415  as above
        from raabta.pipeline.informing.incidents.alarms import due_of  # noqa: PLC0415
        from raabta.pipeline.informing.incidents.timelines import read_file  # noqa: PLC0415
        from raabta.registry.incidents.timeline import make_timeline  # noqa: PLC0415

        at = now()
        with desk.register.look() as records:
            whole = read_file(records, chosen(records, id_).id)
        clocks = due_of(whole, desk.settings)
        if as_lines(format_):
            write_lines([_as_data(whole, clocks)])
            return
        lines = make_timeline(whole, say_time=lambda moment: say_time(moment, desk), with_contents=True)
    write_sheet(desk, whole, clocks=clocks, now=at)
    more = f" (the newest {NEWEST} of {len(lines)}; all: raabta incident timeline)" if len(lines) > NEWEST else ""
    typer.echo(f"\nTimeline{more}")
    write_timeline(desk, lines[-NEWEST:])


def timeline(
    id_: IncidentArgument,
    *,
    format_: FormatOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Show an incident's timeline, the earliest first. Subjects of messages are shown to people, never to a program.

    Exit code: 0 shown, 2 there is none, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.cli.incident.file.sheet import write_timeline  # noqa: PLC0415  as above
        from raabta.pipeline.informing.incidents.timelines import timeline as lines_of  # noqa: PLC0415

        with desk.register.look() as records:
            incident: Incident = chosen(records, id_)
            if as_lines(format_):
                write_lines(lines_of(records, incident.id))
                return
            lines = lines_of(records, incident.id, say_time=lambda moment: say_time(moment, desk), with_contents=True)
    write_timeline(desk, lines)


def _check_states(states: tuple[str, ...]) -> None:
    from raabta.model.incident import INCIDENT_STEPS  # noqa: PLC0415  as above

    wrong = next((one for one in states if one not in INCIDENT_STEPS), None)
    if wrong is not None:
        message = f"--state: {wrong!r} is none of {', '.join(INCIDENT_STEPS)}."
        raise ValueError(message)


def _check_component(desk: "Desk", component: str) -> None:
    there = [one.id for one in desk.settings.site.components]
    if component and component not in there:
        message = f"--component: {component!r} is none of {', '.join(there) or '(publishing.toml names none)'}."
        raise ValueError(message)


def _as_data(whole: "IncidentRecords", clocks: Any) -> dict[str, Any]:
    """Give all but contacts and messages."""
    from msgspec import structs  # noqa: PLC0415  as above

    hidden = {"contact_name", "email", "phone"}
    parties = [structs.asdict(one) for one in whole.parties.values()]
    return structs.asdict(whole.incident) | {
        "parties": [{name: value for name, value in one.items() if name not in hidden} for one in parties],
        "promises": whole.promises,
        "statements": whole.statements,
        "clocks": clocks,
        "n_reports": len(whole.reported_at),
        "n_bulletins": sum(one.state == "published" for one in whole.bulletins),
    }
