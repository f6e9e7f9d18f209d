"""``raabta incident report list|group|link|close``."""

from pathlib import Path
from typing import Annotated

import typer

from raabta.cli.incident.desk.reports import IdsArgument
from raabta.cli.incident.file.choosing import IncidentArgument, chosen, read_text, say_short
from raabta.cli.incident.wording import opened, opened_desk
from raabta.cli.publish.opening import SettingsOption
from raabta.cli.register.opening import RegisterOption, now
from raabta.cli.register.table import AfterOption, FormatOption, LimitOption, as_lines, write_lines, write_table

PAGE = 50
SEEN = "seen"
"""In a table that has little room: acknowledged."""
SAID_MAX = 5
"""Suggestions in words; the groups with most people come first."""


def list_(
    *,
    state: Annotated[
        list[str] | None, typer.Option("--state", metavar="STATE", help="new, acknowledged, linked or closed.")
    ] = None,
    within: Annotated[str, typer.Option("--of", metavar="ID", help="Only of this group or incident.")] = "",
    limit: LimitOption = PAGE,
    after: AfterOption = "",
    format_: FormatOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """List reports, the newest first, without words and contacts. In a table, "seen" is: acknowledged.

    Exit code: 0 listed, 2 wrong usage, 1 the database failed.
    """
    with opened_desk(register, settings) as desk, desk.register.look() as records:
        from msgspec import structs  # noqa: PLC0415  --help need not wait for it

        from raabta.pipeline.informing.desk.reports import newest_reports  # noqa: PLC0415  --help need not wait

        found = newest_reports(records, states=state or (), within=within, after=after, n_most=limit)
        if as_lines(format_):
            fields = ({k: v for k, v in structs.asdict(one).items() if k not in {"words", "contact"}} for one in found)
            write_lines(fields)
            return
        rows = [
            (
                one.id,
                say_short(one.reported_at, desk, now=now()),
                SEEN if one.state == "acknowledged" else one.state,
                " ".join(filter(None, (one.target, one.operator_id, f"· {one.symptom.replace('_', ' ')}"))),
            )
            for one in found
        ]
    write_table(["id", "when", "state", "target, operator and symptom"], rows, wrap=True)
    if len(found) == limit:
        typer.echo(f"More: --after {found[-1].id}", err=True)


def group(
    *,
    limit: LimitOption = PAGE,
    format_: FormatOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Put reports of the last day into groups (same target, same operator, near in time), and say what they suggest.

    Nothing is opened by it. Three independent reports are a reason to look, not a proof.

    Exit code: 0 grouped, 2 wrong usage, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.pipeline.informing.desk.grouping import group_reports  # noqa: PLC0415  --help need not wait

        with desk.register.change() as records:
            groups = group_reports(records, settings=desk.settings, now=now())
        if as_lines(format_):
            write_lines(groups[:limit])
            return
        rows = [
            (
                one.id,
                one.n_reports,
                one.n_independent,
                f"{one.target} {one.operator_id} · {say_short(one.last_at, desk, now=now())}",
            )
            for one in groups[:limit]
        ]
    write_table(["group", "reports", "people", "target, operator and time of the last"], rows, wrap=True)
    for one in [one for one in groups if one.suggests][:SAID_MAX]:
        if one.suggests == "open":
            typer.echo(f"{one.id}: a reason to look. To open one: raabta incident open", err=True)
        if one.suggests == "link":
            typer.echo(f"{one.id}: raabta incident report link {one.incident_ids[-1]} {one.id}", err=True)
    if len(groups) > limit:
        typer.echo(f"{limit} of {len(groups):,} groups shown. More: --limit N", err=True)


def link(incident: IncidentArgument, ids: IdsArgument, *, register: RegisterOption = None) -> None:
    """Say that reports belong to an incident. Prints their ids.

    Exit code: 0 linked, 2 there is none, or all are closed, 1 the database failed.
    """
    with opened(register) as found, found.change() as records:
        from raabta.pipeline.informing.desk.grouping import link_reports  # noqa: PLC0415  --help need not wait for it

        linked = link_reports(records, ids, incident_id=chosen(records, incident).id, now=now())
    for report in linked:
        typer.echo(report.id)


def close(
    ids: IdsArgument,
    *,
    because: Annotated[
        str | None, typer.Option("--because", metavar="TEXT", help="What became of it, for who reported it.")
    ] = None,
    because_file: Annotated[
        Path | None, typer.Option("--because-file", metavar="FILE", help="The same, from a file; - is standard input.")
    ] = None,
    told: Annotated[bool, typer.Option("--told", help="The person knows already: send nothing.")] = False,
    register: RegisterOption = None,
) -> None:
    """Close reports: an answer goes to the contact, and then the contact is deleted. Prints their ids.

    Exit code: 0 closed, 2 wrong usage or refused, 1 the database failed.
    """
    from raabta.pipeline.informing.desk.closing import close_reports  # noqa: PLC0415  --help need not wait for it

    words = because if because is not None else read_text(because_file, "What became of it", option="--because-file")
    with opened(register) as found, found.change() as records:
        closed = close_reports(records, ids, because=words, now=now(), told=told)
    for report in closed:
        typer.echo(report.id)
