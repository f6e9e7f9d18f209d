"""``raabta incident due|acknowledge``."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from raabta.cli.incident.file.choosing import chosen, say_time
from raabta.cli.incident.wording import opened_desk
from raabta.cli.publish.opening import ByOption, SettingsOption, who
from raabta.cli.register.opening import RegisterOption, now
from raabta.cli.register.table import FormatOption, LimitOption, as_lines, write_lines

if TYPE_CHECKING:
    import datetime as dt

    from raabta.cli.publish.opening import Desk
    from raabta.model.subscription import Alarm
    from raabta.registry.incidents.clocks import Clock

SOMETHING_OVERDUE: Final = 3
"""Exit code of ``due``, so that a timer's job can tell."""
PAGE: Final = 20
WHEN: Final = 18


def due(
    *,
    raise_: Annotated[
        bool, typer.Option("--raise", help="Raise alarms, and tell the duty list; for a timer, every minute.")
    ] = False,
    limit: LimitOption = PAGE,
    format_: FormatOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Say what is overdue, and what comes next. With --raise: print ids of alarms that were raised by this call.

    Exit code: 0 nothing is overdue, 3 something is, 2 wrong usage, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.pipeline.informing.incidents.alarms import DUE_MOST, alarms_of, raise_alarms  # noqa: PLC0415  --help
        from raabta.pipeline.informing.incidents.alarms import due as clocks_due  # noqa: PLC0415

        at = now()
        raised: list[Alarm] = []
        if raise_:
            with desk.register.change() as records:
                raised = raise_alarms(records, desk.settings, now=at)
        with desk.register.look() as records:
            clocks = clocks_due(records, desk.settings, now=at, n_most=max(limit, DUE_MOST))
            overdue = [clock for clock in clocks if clock.is_overdue(at)]
            known = {} if raise_ else alarms_of(records, overdue[:limit])
    if raise_:
        _tell_raised(desk, raised)
    elif as_lines(format_):
        write_lines(clocks[:limit])
    else:
        _write_clocks(desk, clocks[:limit], known=known, now=at, n_overdue=len(overdue))
    if limit < len(clocks) and not raise_:
        typer.echo(f"The first {limit} are shown. More: --limit N", err=True)
    if overdue:
        raise typer.Exit(SOMETHING_OVERDUE)
    if not clocks:
        typer.echo("Nothing is due.", err=True)


def acknowledge(
    subject: Annotated[
        str, typer.Argument(metavar="ID", help="Of an alarm, what it is about, or an incident; its beginning will do.")
    ],
    *,
    by: ByOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Take on what alarms are about: nobody else is told. Prints the ids of the alarms.

    Exit code: 0 done, 2 there is none or wrong usage, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.pipeline.informing.incidents.alarms import acknowledge as acknowledge_alarms  # noqa: PLC0415  as above
        from raabta.pipeline.informing.incidents.showing import LAST  # noqa: PLC0415
        from raabta.registry.incidents.finding import ids_beginning  # noqa: PLC0415

        about = subject.strip().lower() if "/" not in subject else subject
        with desk.register.look() as records:
            if about == LAST or (about.startswith("in-") and ids_beginning(records, about, n_most=1)):
                about = chosen(records, about).id
        by = who(by)
        with desk.register.change() as records:
            done = acknowledge_alarms(records, about, by=by, now=now())
    for alarm in done:
        typer.echo(alarm.id)


def _write_clocks(
    desk: "Desk",
    clocks: "Sequence[Clock]",
    *,
    known: "dict[str, list[Alarm]]",
    now: "dt.datetime",
    n_overdue: int,
) -> None:
    from raabta.cli.incident.file.sheet import when, write_labelled  # noqa: PLC0415  as above

    for place, clock in enumerate(clocks):
        if place == 0 and n_overdue:
            typer.echo(f"OVERDUE: {n_overdue}")
        if place == n_overdue:
            typer.echo(f"{chr(10) if n_overdue else ''}NEXT")
        label = when(clock, now).removeprefix("OVERDUE ")
        since = "for " if clock.is_overdue(now) else ""
        alarms = [one for one in known.get(clock.about_id, ()) if one.id.startswith(f"{clock.key}/")]
        lines = (clock.words, f"{say_time(clock.due_at, desk)}{_state_of(alarms)}", f"→ {clock.advice}")
        write_labelled(f"{since}{label}", "\n".join(lines), wide=WHEN)


def _state_of(alarms: "Sequence[Alarm]") -> str:
    taken = next((one for one in alarms if one.acknowledged_by), None)
    if taken is not None:
        return f" · {taken.acknowledged_by} has taken it on"
    return f" · alarm of level {max(one.level for one in alarms)}" if alarms else ""


def _tell_raised(desk: "Desk", raised: "Sequence[Alarm]") -> None:
    for alarm in raised:
        typer.echo(alarm.id)
        typer.echo(f"  {alarm.words}", err=True)
    reachable = {person.level for person in desk.settings.duty if person.email}
    if raised and not reachable:
        typer.echo(f"Nobody is told: {desk.settings_file} has no [[duty]] with an e-mail address.", err=True)
