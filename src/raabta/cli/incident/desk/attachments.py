"""``raabta incident attach|attached|withhold|detach``."""

from pathlib import Path
from typing import Annotated, cast

import typer

from raabta.cli.diagnose import fail
from raabta.cli.incident.desk.files import read_files, say_again
from raabta.cli.incident.file.choosing import IncidentArgument, chosen
from raabta.cli.incident.wording import opened
from raabta.cli.prompting import ask_text
from raabta.cli.publish.opening import ByOption, who
from raabta.cli.register.opening import RegisterOption, key_file_of, new_id, now
from raabta.cli.register.table import FormatOption, as_lines, write_lines, write_table


def attach(
    incident: IncidentArgument,
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="What to attach.")],
    *,
    kind: Annotated[
        str | None, typer.Option(metavar="WORD", help="measurement, verdict, route, capture, document or picture.")
    ] = None,
    source: Annotated[str, typer.Option(metavar="TEXT", help="Where it comes from.")] = "",
    withheld: Annotated[str, typer.Option(metavar="REASON", help="Why it goes into no evidence pack.")] = "",
    include: Annotated[bool, typer.Option("--include", help="You have read it: it may go into packs.")] = False,
    by: ByOption = None,
    register: RegisterOption = None,
) -> None:
    """Attach files to an incident. Prints an id for each, and on standard error what was read in them.

    What still holds the address of who measured is refused: nothing is attached then. What no machine can look into
    (PDF, most pictures, text with addresses) is withheld from evidence packs until a person lets it go.

    Exit code: 0 attached, 2 wrong usage or refused, 1 the database failed or a file cannot be read or written.
    """
    from typing import get_args  # noqa: PLC0415

    from raabta.model.incident import Attachment  # noqa: PLC0415  --help need not wait for it
    from raabta.pipeline.informing.desk.attachments import FileGiven, Kind, attach_file  # noqa: PLC0415

    with opened(register) as found:
        with found.look() as records:
            id_ = chosen(records, incident).id
            there = {one.id: one for one in records.find(Attachment, incident_id=id_)}
        said = cast("Kind", ask_text(kind, "--kind", "What is it?", choices=get_args(Kind)))
        author, folder = who(by), key_file_of(register).parent
        contents = read_files(files)
        given = (
            FileGiven(
                incident_id=id_,
                kind=said,
                name=name,
                content=content,
                source=source,
                withheld=withheld,
                include=include,
            )
            for name, content in contents
        )
        with found.change() as records:
            made = [attach_file(records, one, folder=folder, by=author, now=now(), new_id=new_id) for one in given]
    for one in made:
        typer.echo(one.id)
        if one.id in there:
            say_again(there[one.id], one, said)
        for fact in one.facts:
            typer.echo(f"  {fact}", err=True)
        if one.withheld and not withheld:
            typer.echo(f"  Withheld from packs: {one.withheld}.", err=True)
    for one in made:
        if one.withheld and not withheld and one.kind != "capture":
            typer.echo(f"Read {one.name}; if it may go: raabta incident withhold {one.id} --release", err=True)


def attached(incident: IncidentArgument, *, format_: FormatOption = None, register: RegisterOption = None) -> None:
    """List what is attached to an incident, with the facts that were read in it.

    Exit code: 0 listed, 2 there is no such incident, 1 the database failed.
    """
    from raabta.model.incident import Attachment  # noqa: PLC0415  --help need not wait for it

    with opened(register) as found, found.look() as records:
        attachments = list(records.find(Attachment, incident_id=chosen(records, incident).id))
    if as_lines(format_):
        write_lines(attachments)
        return
    write_table(
        ["id", "kind", "bytes", "name and facts"],
        [(one.id, one.kind, f"{one.size_bytes:,}", "; ".join((one.name, *one.facts))) for one in attachments],
        wrap=True,
    )


def withhold(
    id_: Annotated[str, typer.Argument(metavar="ATTACHMENT", help="Its id, as at-….")],
    *,
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why it goes into no evidence pack.")] = None,
    release: Annotated[bool, typer.Option("--release", help="It may go into packs again.")] = False,
    register: RegisterOption = None,
) -> None:
    """Keep an attachment out of evidence packs; a pack says that, and why. Prints its id.

    Exit code: 0 noted, 2 wrong usage or refused, 1 the database failed.
    """
    from raabta.pipeline.informing.desk.attachments import withhold_attachment  # noqa: PLC0415  --help need not wait

    if release and reason:
        fail("--release gives no reason. Leave out --reason.")
    words = "" if release else ask_text(reason, "--reason", "Why does it stay here?")
    if not release and not words.strip():
        fail("--reason: it is empty. Say why, or take --release.")
    with opened(register) as found, found.change() as records:
        changed = withhold_attachment(records, id_, reason=words)
    typer.echo(changed.id)


def detach(
    id_: Annotated[str, typer.Argument(metavar="ATTACHMENT", help="Its id, as at-….")],
    *,
    because: Annotated[
        str | None, typer.Option("--because", metavar="TEXT", help="Why; stands in the timeline.")
    ] = None,
    by: ByOption = None,
    register: RegisterOption = None,
) -> None:
    """Take an attachment out of its incident: a line stays in the timeline. Its file goes, if nothing else has it.

    Exit code: 0 detached, 2 wrong usage or there is none, 1 the database failed or the file cannot be deleted.
    """
    from raabta.model.incident import TimelineNote  # noqa: PLC0415  --help need not wait for it
    from raabta.pipeline.informing.desk.attachments import detach_file, remove_unused  # noqa: PLC0415

    reason, author = ask_text(because, "--because", "Why is it taken out?"), who(by)
    with opened(register) as found:
        note = TimelineNote(id=new_id("nt-"), incident_id="", at=now(), text=reason, by=author)
        with found.change() as records:
            gone = detach_file(records, id_, note=note)
        with found.change() as records:
            is_removed = remove_unused(records, key_file_of(register).parent, sha256=gone.sha256)
    typer.echo(gone.id)
    typer.echo("Its file is deleted." if is_removed else "Its file stays: it is attached elsewhere, or gone.", err=True)
