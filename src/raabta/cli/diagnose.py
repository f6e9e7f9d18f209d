"""``raabta diagnose``: its options, and what is wrong with how it was called."""

import sys
from datetime import UTC, datetime
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

WRONG_USAGE: Final = 2
STANDARD: Final = "-"
"""The path that means standard input or output."""


class Format(StrEnum):
    """What is written."""

    TABLE = "table"
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


def diagnose(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH...", help="Files or folders of OONI measurements; - reads standard input."),
    ] = None,
    *,
    format_: Annotated[
        Format | None,
        typer.Option(
            "--format", "-f", help="Default: table on a terminal, else by the name of the output, else jsonl."
        ),
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write here, once all is done.")
    ] = None,
    rejects: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write documents that could not be read here: where and why (jsonl)."),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", metavar="N", help="Processes to use.")] = 1,
    context: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH", help="Other measurements to compare with; may be repeated."),
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show each measurement's evidence and steps.")] = False,
    prior: Annotated[
        str, typer.Option(metavar="NAME", help="What is expected before looking: field, watchlist or lab.")
    ] = "field",
    example: Annotated[bool, typer.Option("--example", help="Diagnose the example that comes with Raabta.")] = False,
) -> None:
    """Say what each measurement found: state, mechanism, place, how sure, and why.

    Exit code: 0 all was read, 3 some documents could not be read, 2 wrong usage, 1 could not finish, 130 stopped.
    """
    given = paths or []
    _check_paths(given, context or [], example=example)
    kind = _choose_format(format_, output, explain=explain)
    if jobs < 1:
        fail(f"--jobs {jobs}: at least one process is needed. Try --jobs 1.")
    if rejects is not None and rejects == output:
        fail("--output and --rejects name the same file. Give them different names.")
    for option, file in (("--output", output), ("--rejects", rejects)):
        require_folder(option, file)

    from raabta.cli.run import Request, run  # noqa: PLC0415  takes 0.3 s, which --help and mistakes need not wait for

    run(
        Request(
            paths=tuple(given),
            kind=kind,
            output=output if output is not None else STANDARD,
            rejects=rejects,
            jobs=jobs,
            context=tuple(context or ()),
            explain=explain,
            prior=prior,
            example=example,
            today=datetime.now(UTC).date(),  # noqa: TID251  the clock enters here
        )
    )


def fail(message: str, *, code: int = WRONG_USAGE) -> NoReturn:
    """End the command with a message that says what to try next."""
    typer.echo(f"raabta: {message}", err=True)
    raise typer.Exit(code)


def _check_paths(paths: list[str], context: list[str], *, example: bool) -> None:
    """A path that does not exist is told with the rejected documents, unless there is no other path."""
    if example and paths:
        fail("--example brings its own measurement. Leave out either --example or the paths.")
    if not example and not paths:
        fail("no PATH is given. Name a file or folder, - for standard input, or try: raabta diagnose --example")
    if paths and not any(path == STANDARD or Path(path).exists() for path in paths):
        fail(f"there is no such file or folder: {', '.join(paths)}. Check the name, or try: raabta diagnose --example")
    for path in context:
        if path == STANDARD or not Path(path).exists():
            fail(f"--context {path}: there is no such file or folder. It is read before the paths, so it cannot be -.")
    if STANDARD in paths and sys.stdin.isatty():
        typer.echo("Reading from the keyboard: end with Ctrl-D on a line of its own.", err=True)


def require_folder(option: str, file: str | None) -> None:
    """End the command where a file's folder is missing, or where the file is a folder."""
    if file is None or file == STANDARD:
        return
    place = Path(file)
    if place.is_dir():
        fail(f"{option} {file}: this is a folder. Give the name of a file in it.")
    if not place.parent.is_dir():
        fail(f"{option} {file}: there is no folder {place.parent}. Make it first: mkdir -p {place.parent}")


def _choose_format(asked: Format | None, output: str | None, *, explain: bool) -> Format:
    to_file = output is not None and output != STANDARD
    if explain and asked not in (None, Format.TABLE):
        fail(f"--explain is for people to read and has one format. Leave out --format {asked} or --explain.")
    if explain:
        return Format.TABLE
    by_name = {f".{kind}": kind for kind in Format}.get(Path(output or "").suffix.lower())
    kind = asked or by_name or (Format.TABLE if not to_file and sys.stdout.isatty() else Format.JSONL)
    if kind is not Format.PARQUET:
        return kind
    if not to_file:
        fail("--format parquet needs a file. Try --output verdicts.parquet")
    if find_spec("pyarrow") is None:
        fail("--format parquet needs the package pyarrow. Try: pip install 'raabta[analysis]'")
    return kind
