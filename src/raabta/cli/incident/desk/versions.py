"""``raabta incident draft show|diff|list``."""

from typing import Annotated

import typer

from raabta.cli.incident.desk.drafts import DraftArgument
from raabta.cli.incident.file.choosing import say_time
from raabta.cli.incident.wording import opened, opened_desk
from raabta.cli.publish.opening import SettingsOption
from raabta.cli.register.opening import RegisterOption
from raabta.cli.register.table import PAGE, AfterOption, FormatOption, LimitOption, as_lines, write_lines, write_table


def show(
    id_: DraftArgument,
    number: Annotated[
        int | None, typer.Argument(metavar="[NUMBER]", help="Of the version. Default: the newest.")
    ] = None,
    *,
    format_: FormatOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Show a draft's text; what it is, and its versions, on standard error.

    Exit code: 0 shown, 2 there is none, 1 the database failed.
    """
    from raabta.pipeline.informing.desk.drafts import require_draft, version_of  # noqa: PLC0415  --help need not wait

    with opened_desk(register, settings) as desk, desk.register.look() as records:
        draft = require_draft(records, id_)
        chosen_version = version_of(draft, number)
    if format_ is not None and as_lines(format_):
        write_lines([draft])
        return
    typer.echo(f"{draft.title} · {draft.state} · {draft.consultation or 'no consultation named'}", err=True)
    for one in draft.versions:
        typer.echo(f"  {one.number:>3}  {say_time(one.at, desk)}  {one.by}  {one.note}".rstrip(), err=True)
    typer.echo(chosen_version.text)


def diff(
    id_: DraftArgument,
    older: Annotated[int, typer.Argument(metavar="NUMBER", help="Of the older version.")],
    newer: Annotated[int | None, typer.Argument(metavar="[NUMBER]", help="Of the newer. Default: the newest.")] = None,
    *,
    register: RegisterOption = None,
) -> None:
    """Show what changed from one version to another, line by line.

    Exit code: 0 shown, 2 there is none, 1 the database failed.
    """
    from raabta.pipeline.informing.desk.drafts import compare_versions, require_draft  # noqa: PLC0415  --help

    with opened(register) as found, found.look() as records:
        lines = compare_versions(require_draft(records, id_), older, newer=newer)
    for line in lines:
        typer.echo(line)


def list_(
    *,
    limit: LimitOption = PAGE,
    after: AfterOption = "",
    format_: FormatOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """List drafts, without their texts.

    Exit code: 0 listed, 2 wrong usage, 1 the database failed.
    """
    from raabta.model.incident import ConsultationDraft  # noqa: PLC0415  --help need not wait for it

    with opened_desk(register, settings) as desk, desk.register.look() as records:
        drafts = records.page(ConsultationDraft, after=after, n_most=limit)
        lines = [
            {
                "id": one.id,
                "state": one.state,
                "versions": len(one.versions),
                "respond_by": one.respond_by,
                "title": one.title,
            }
            for one in drafts
        ]
        due = [say_time(one.respond_by, desk) if one.respond_by else "" for one in drafts]
    if as_lines(format_):
        write_lines(lines)
        return
    rows = [
        (line["id"], line["state"], line["versions"], at, line["title"]) for line, at in zip(lines, due, strict=True)
    ]
    write_table(["id", "state", "versions", "respond by", "title"], rows)
