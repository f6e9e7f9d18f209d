"""``raabta incident change``."""

from typing import Annotated, Any

import typer

from raabta.cli.incident.file.choosing import IncidentArgument, chosen
from raabta.cli.incident.file.opening import (
    ComponentOption,
    KindOption,
    MemberOption,
    OperatorOption,
    SeverityOption,
    StartedOption,
    TitleUrOption,
)
from raabta.cli.incident.wording import opened_desk
from raabta.cli.prompting import split_ids
from raabta.cli.publish.opening import ByOption, SettingsOption, who
from raabta.cli.register.opening import RegisterOption, now


def change(
    id_: IncidentArgument,
    *,
    title_en: Annotated[str | None, typer.Option("--title-en", metavar="TEXT", help="The title in English.")] = None,
    title_ur: TitleUrOption = None,
    kind: KindOption = None,
    severity: SeverityOption = None,
    component: ComponentOption = None,
    operator: OperatorOption = None,
    member: MemberOption = None,
    started: StartedOption = None,
    ended: Annotated[str | None, typer.Option("--ended", metavar="TIME", help="When it was really over.")] = None,
    related: Annotated[list[str] | None, typer.Option("--related", metavar="ID", help="Another incident.")] = None,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="Why; stands in the timeline.")] = "",
    by: ByOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Change facts of an incident: only what is named. Lists are replaced; an empty ID empties one.

    Exit code: 0 changed, 2 wrong usage or refused, 1 the database failed.
    """
    with opened_desk(register, settings, title_en="--title-en") as desk:
        from msgspec import structs  # noqa: PLC0415  --help need not wait for it

        from raabta.model.incident import TimelineNote  # noqa: PLC0415
        from raabta.pipeline.informing.incidents.opening import change_incident  # noqa: PLC0415

        lists = {"component_ids": component, "operator_ids": operator, "member_ids": member, "related_ids": related}
        facts: dict[str, Any] = {"title_en": title_en, "title_ur": title_ur, "kind": kind, "severity": severity}
        facts |= {name: None if many is None else split_ids(many) for name, many in lists.items()}
        facts["started_at"] = desk.read_moment(started, "--started") if started else None
        facts["ended_at"] = desk.read_moment(ended, "--ended") if ended else None
        named = {name: value for name, value in facts.items() if value is not None}
        with desk.register.look() as records:
            id_ = chosen(records, id_).id
        made = TimelineNote(id=desk.register.new_id("nt-"), incident_id="", at=now(), text=note, by=who(by))
        with desk.register.change() as records:
            incident = chosen(records, id_)
            changed = structs.replace(incident, **named)
            change_incident(records, changed, site=desk.settings.site, note=made)
    typer.echo(incident.id)
