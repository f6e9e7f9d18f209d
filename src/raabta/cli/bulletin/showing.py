"""``raabta bulletin show|list|templates``."""

from typing import Annotated

import typer

from raabta.cli.bulletin.approving import tell_beside
from raabta.cli.bulletin.options import BulletinArgument
from raabta.cli.publish.opening import SettingsOption, opened_desk
from raabta.cli.register.opening import RegisterOption
from raabta.cli.register.table import FormatOption, LimitOption, as_lines, write_lines, write_table, write_text

_LIMIT = 20


def show(
    bulletin: BulletinArgument,
    *,
    language: Annotated[str, typer.Option("--language", metavar="en|ur", help="Only this one.")] = "",
    toml: Annotated[bool, typer.Option("--toml", help="Both texts as a file for --from.")] = False,
    format_: FormatOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """Show a bulletin as people will read it, in both languages, and who wrote and approved it.

    Exit code: 0 shown, 2 there is none, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.pipeline.informing.bulletins.files import write_texts  # noqa: PLC0415  --help need not wait for it
        from raabta.pipeline.informing.bulletins.finding import require_bulletin  # noqa: PLC0415  as above
        from raabta.publish.bulletin.wording import plain  # noqa: PLC0415

        with desk.register.look() as records:
            found = require_bulletin(records, bulletin)
        if toml:
            typer.echo(write_texts(found.texts), nl=False)
            return
        if as_lines(format_):
            write_lines([found])
            return
        with desk.register.look() as records:
            tell_beside(records, found, desk.settings)
        for one in ("en", "ur"):
            if language in ("", one):
                typer.echo(plain(found, desk.settings.site, language=one))
    people = [f"written by {found.author}", *(f"changed by {name}" for name in found.changed_by)]
    people += [f"approved by {found.approved_by}"] if found.approved_by else []
    people += [f"published by {found.published_by} as no. {found.sequence}"] if found.sequence else []
    typer.echo(f"{found.id} ({found.state}): {', '.join(people)}", err=True)
    for accepted in found.accepted:
        typer.echo(f"{accepted.by} accepted: {accepted.fact}, because: {accepted.reason}", err=True)


def list_(
    *,
    state: Annotated[
        str, typer.Option("--state", metavar="STATE", help="draft, approved, published or withdrawn.")
    ] = "",
    thread: Annotated[str, typer.Option("--thread", metavar="ID", help="Only of this incident or thread.")] = "",
    limit: LimitOption = _LIMIT,
    format_: FormatOption = None,
    register: RegisterOption = None,
    settings: SettingsOption = None,
) -> None:
    """List bulletins, drafts first, then the newest; withdrawn ones only where they are asked for.

    Exit code: 0 listed, 2 wrong usage, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.pipeline.informing.bulletins.finding import list_bulletins  # noqa: PLC0415  --help need not wait

        with desk.register.look() as records:
            found = list_bulletins(records, state=state, thread_id=thread, n_most=limit)
        if as_lines(format_):
            write_lines(found)
            return
    rows = [(one.id, one.kind, one.state, one.sequence or "", one.texts[0].title) for one in found]
    write_table(("id", "kind", "state", "no.", "title"), rows)


def templates(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Which; all where none is named.")] = "",
    *,
    format_: FormatOption = None,
) -> None:
    """List templates, or show what one asks for, and its lines in both languages.

    Exit code: 0 shown, 2 there is none of this name.
    """
    from raabta.cli.diagnose import fail  # noqa: PLC0415
    from raabta.publish.bulletin.templates import all_templates, template_of  # noqa: PLC0415  --help need not wait

    if not name:
        if as_lines(format_):
            write_lines({"name": one, "kind": made.kind, "help": made.help} for one, made in all_templates().items())
            return
        write_table(("name", "kind", "what"), [(one, m.kind, m.help) for one, m in all_templates().items()], wrap=True)
        return
    try:
        template = template_of(name)
    except ValueError as error:
        fail(str(error))
    if as_lines(format_):
        write_lines([template])
        return
    write_text(template.help)
    rows = [
        (f"{key}_en, {key}_ur" if ask.kind == "text" else key, "may" if ask.optional else "must", ask.words)
        for key, ask in template.asks.items()
    ]
    write_table(("--set", "", "what"), rows, wrap=True)
    for part in ("title", "known", "not_known", "stated", "workaround", "correction"):
        given = getattr(template, part)
        for line in (given,) if isinstance(given, dict) else given:
            typer.echo(f"\n{part}\n  {line['en']}\n  {line['ur']}")
