"""``raabta org import|export``."""

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from raabta.cli.diagnose import STANDARD, fail, require_folder
from raabta.cli.register.opening import RegisterOption, now, opened
from raabta.cli.register.table import FileFormat

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager
    from typing import BinaryIO

    from msgspec import Struct

    from raabta.pipeline.importing import Imported

SOME_REFUSED: Final = 3
FAULTS_SHOWN: Final = 1000
TableFile = Annotated[str, typer.Argument(metavar="FILE.csv", help="A table in UTF-8; - reads standard input.")]
OutputOption = Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Write here, once all is done.")]
FileFormatOption = Annotated[FileFormat, typer.Option("--format", "-f", help="What to write.")]


def import_(file: TableFile, *, register: RegisterOption = None) -> None:
    """Take in organisations from a table; good rows go in, bad ones are told. Prints the ids.

    Columns are those of `raabta org export`, and person_name, person_email, person_phone, person_role, identity_kind,
    identity_number and identity_seen_by for a focal person. The number is hashed at once and never stored.

    Exit code: 0 all rows went in, 3 some did not, 2 wrong usage or no table, 1 the database failed.
    """
    with opened_table(file) as source, opened(register) as found:
        from raabta.pipeline.importing import Maker, import_organisations  # noqa: PLC0415  --help need not wait for it

        maker = Maker(now=now(), new_id=found.new_id, key=found.key)
        with found.change() as records:
            imported = import_organisations(records, source, maker=maker)
    tell_imported(imported)


def export(
    *,
    people: Annotated[bool, typer.Option("--people", help="Write focal persons with contacts instead.")] = False,
    output: OutputOption = STANDARD,
    format_: FileFormatOption = FileFormat.CSV,
    register: RegisterOption = None,
) -> None:
    """Write all organisations, or all focal persons, as a table that `raabta org import` reads.

    Organisations are written without any person. A person's paper is not written at all, nor its hash.

    Exit code: 0 written, 2 wrong usage, 1 the database failed.
    """
    require_folder("--output", output)
    with opened(register) as found:
        from raabta.model.register import Organisation, Person  # noqa: PLC0415  --help need not wait for it
        from raabta.pipeline.importing import ORGANISATION_COLUMNS, PEOPLE_COLUMNS  # noqa: PLC0415

        with found.look() as records:
            if people:
                write_records(records.find(Person), PEOPLE_COLUMNS, output=output, kind=format_)
                return
            write_records(records.find(Organisation), ORGANISATION_COLUMNS, output=output, kind=format_)


def opened_table(file: str) -> "AbstractContextManager[BinaryIO]":
    """Open a table, or end the command."""
    if file == STANDARD:
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(file).open("rb")
    except OSError as error:
        fail(f"{file}: cannot be read: {error.strerror}. Check the name.")


def tell_imported(imported: "Imported") -> None:
    """Print the ids of rows that went in, tell what was refused, and end the command where that is something."""
    for id_ in imported.ids:
        typer.echo(id_)
    sys.stdout.flush()
    for kind, told in (("refused", imported.faults), ("taken, but", imported.warnings)):
        for fault in told[:FAULTS_SHOWN]:
            typer.echo(f"{kind}: {fault}", err=True)
        if len(told) > FAULTS_SHOWN:
            typer.echo(f"… and {len(told) - FAULTS_SHOWN:,} more.", err=True)
    n_refused = len({fault.line for fault in imported.faults})
    n_new = len(imported.ids) - imported.n_changed
    typer.echo(f"{n_new:,} new, {imported.n_changed:,} changed, {n_refused:,} rows refused.", err=True)
    if n_refused:
        raise typer.Exit(SOME_REFUSED)


def write_records(records: "Iterable[Struct]", columns: tuple[str, ...], *, output: str, kind: FileFormat) -> None:
    """Write records to a file that appears whole, or to standard output."""
    import msgspec  # noqa: PLC0415  --help need not wait for it

    from raabta.cli.output import open_output  # noqa: PLC0415
    from raabta.registry.tabular import write_table  # noqa: PLC0415

    with open_output(output) as stream:
        if kind is FileFormat.CSV:
            stream.writelines(part.encode() for part in write_table(columns, records))
            return
        for record in records:
            row = {name: getattr(record, name) for name in columns}
            stream.write(msgspec.json.encode(row) + b"\n")
