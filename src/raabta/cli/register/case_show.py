"""``raabta case show``."""

from typing import TYPE_CHECKING, Annotated

import typer

from raabta.cli.register.opening import RegisterOption, opened
from raabta.cli.register.table import FormatOption, as_lines, write_lines, write_text

if TYPE_CHECKING:
    from raabta.model.register import Case


def show(
    case: Annotated[str, typer.Argument(metavar="CASE", help="The application's id, as c-….")],
    *,
    format_: FormatOption = None,
    register: RegisterOption = None,
) -> None:
    """Show one application: its papers, its steps, and what is missing.

    Exit code: 0 shown, 2 there is none, 1 the database failed.
    """
    from raabta.pipeline.applying import country_of, gaps_of, required  # noqa: PLC0415  --help need not wait for it
    from raabta.pipeline.remarks import legal_names  # noqa: PLC0415

    with opened(register) as found, found.look() as records:
        record = required(records, case)
        gaps = gaps_of(records, record, country=country_of(records, record))
        names = legal_names(records, [record.organisation_id])
    if as_lines(format_):
        write_lines([{name: getattr(record, name) for name in record.__struct_fields__} | {"missing": gaps}])
        return
    _write_case(record, gaps, name=names.get(record.organisation_id, ""))


def _write_case(case: "Case", gaps: list[str], *, name: str) -> None:
    until = f", until {case.valid_until}" if case.valid_until else ""
    typer.echo(f"{case.id}  {case.kind}  {case.status}{until}")
    if case.reference:
        write_text(f"the regulator's reference {case.reference}")
    write_text(f"organisation {case.organisation_id}  {name}")
    for id_ in case.endpoint_ids:
        typer.echo(f"end point {id_}")
    typer.echo("\nSteps")
    for row in case.steps:
        write_text("  ".join(filter(None, (f"{row.at:%Y-%m-%d %H:%M} UTC", row.status, row.by, row.reason))), "  ")
    typer.echo("\nPapers")
    for line in case.documents:
        seen = f"seen {line.seen_at:%Y-%m-%d} by {line.seen_by}" if line.seen_at else f"not needed: {line.waived}"
        write_text(f"{line.kind}  {seen}", "  ")
    typer.echo("\nMissing" if gaps else "\nNothing is missing.")
    for gap in gaps:
        write_text(gap, "  ")
