"""``raabta list compile``: a recipient's next list, from the register to a signing sheet."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from raabta.cli.collecting import without_collecting
from raabta.cli.diagnose import STANDARD, fail
from raabta.cli.lists.options import TablesOption, in_words, lint_by, tables_from
from raabta.cli.output import open_output, to_terminal
from raabta.cli.register.opening import RegisterOption, now, open_from_options

if TYPE_CHECKING:
    from raabta.remedy.entries import Compiled

DAYS: Final = 30
"""As long as the offline signature over it lives."""


def compile_(
    recipient: Annotated[
        str, typer.Argument(metavar="RECIPIENT", help="Id of the operator: raabta list recipient list")
    ],
    *,
    register: RegisterOption = None,
    repository: Annotated[
        Path | None, typer.Option("--repository", metavar="FOLDER", help="Where signed lists are kept: makes a sheet.")
    ] = None,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="PATH", help="The sheet's folder; without --repository, a file.")
    ] = STANDARD,
    tables: TablesOption = None,
    days: Annotated[int, typer.Option(metavar="N", min=1, max=DAYS, help="How long the list is good for.")] = DAYS,
) -> None:
    """Compile a recipient's list from the register, after lint.

    With --repository, it follows the published list, its changes are put into the public log, and a signing sheet is
    made whose path is printed. Without, the list is only written, to look at: nothing is changed.
    What is left out of it, and why, is told in words.
    Exit code: 0 made, 2 refused (the findings are told) or wrong usage, 1 a file or the register failed.
    """
    if repository is not None and output == STANDARD:
        fail("name the sheet's folder: --output SHEET")
    with in_words(), without_collecting():
        if repository is None:
            _look(recipient, register, output=output, tables=tables, days=days)
        else:
            _draw_up(recipient, register, repository=repository, sheet=Path(output), tables=tables, days=days)


def _look(recipient: str, register: str | None, *, output: str, tables: Path | None, days: int) -> None:
    from raabta.pipeline.listing import compile_from  # noqa: PLC0415  --help need not wait for it
    from raabta.remedy.canonical import canonical  # noqa: PLC0415

    at = now()
    with open_from_options(register) as found, found.look() as records:
        compiled = compile_from(
            records, recipient, tables=tables_from(tables), now=at, expires_at=at + timedelta(days=days)
        )
    with open_output(output) as stream:
        stream.write(canonical(compiled.list) + (b"\n" if to_terminal(output) else b""))
    typer.echo(f"{len(compiled.list.entries)} entries went in.", err=True)
    _tell(compiled)


def _draw_up(
    recipient: str, register: str | None, *, repository: Path, sheet: Path, tables: Path | None, days: int
) -> None:
    from raabta.model.exemption import Recipient  # noqa: PLC0415  as above
    from raabta.pipeline.compiling import compile_next, published_list  # noqa: PLC0415
    from raabta.pipeline.registering import require  # noqa: PLC0415
    from raabta.pipeline.sheet_words import describe  # noqa: PLC0415
    from raabta.pipeline.signing import make_list_sheet  # noqa: PLC0415

    own, at = tables_from(tables), now()
    previous = published_list(repository, recipient)
    with open_from_options(register) as found, found.change() as records:
        compiled = compile_next(
            records, recipient, previous=previous, tables=own, now=at, expires_at=at + timedelta(days=days)
        )
        whom = require(records, Recipient, id_=recipient)
        made = make_list_sheet(sheet, compiled.list, recipient=whom, repository=repository, lint=lint_by(own), now=at)
    typer.echo(sheet)
    _tell(compiled)
    typer.echo(describe(made), err=True)


def _tell(compiled: "Compiled") -> None:
    from raabta.remedy.entries import REASONS  # noqa: PLC0415  as above

    for reason, n_left in Counter(one.reason for one in compiled.left_out).most_common():
        words, advice = REASONS[reason]
        ids = [one.subject for one in compiled.left_out if one.reason == reason][:3]
        more = " …" if n_left > len(ids) else ""
        typer.echo(f"Left out {n_left}: {words} ({', '.join(ids)}{more}). {advice}", err=True)
    for left in [one for one in compiled.left_out if one.detail][:20]:
        typer.echo(f"  {left.subject}: {left.detail}", err=True)
    for finding in [one for left in compiled.left_out for one in left.findings][:20]:
        typer.echo(f"  {finding.subject} {finding.place}: {finding.words} [{finding.rule}]", err=True)
