"""``raabta case list|import|export``."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from raabta.cli.diagnose import STANDARD, fail, require_folder
from raabta.cli.register.opening import RegisterOption, now, opened
from raabta.cli.register.organisation_tables import (
    FileFormatOption,
    OutputOption,
    TableFile,
    opened_table,
    tell_imported,
    write_records,
)
from raabta.cli.register.table import (
    PAGE,
    AfterOption,
    FileFormat,
    FormatOption,
    LimitOption,
    as_lines,
    tell_rest,
    write_lines,
    write_table,
)

if TYPE_CHECKING:
    from raabta.model.register import Case


def list_(
    *,
    status: Annotated[str, typer.Option("--status", metavar="STATUS", help="Only these, such as submitted.")] = "",
    organisation: Annotated[
        str, typer.Option("--organisation", "--org", metavar="ORG", help="Only this organisation's.")
    ] = "",
    reference: Annotated[
        str, typer.Option("--reference", metavar="TEXT", help="Only those with this in the regulator's reference.")
    ] = "",
    limit: LimitOption = PAGE,
    after: AfterOption = "",
    format_: FormatOption = None,
    register: RegisterOption = None,
) -> None:
    """List applications by their id.

    Exit code: 0 listed, 2 wrong usage, 1 the database failed.
    """
    from raabta.model.register import CASE_STEPS, Case  # noqa: PLC0415  --help need not wait for it
    from raabta.pipeline.remarks import legal_names  # noqa: PLC0415

    if status and status not in CASE_STEPS:
        fail(f"--status: one of {', '.join(CASE_STEPS)}.")
    given = {"status": status, "organisation_id": organisation}
    equal: dict[str, Any] = {name: value for name, value in given.items() if value}
    with opened(register) as found, found.look() as records:
        like = ("reference", reference) if reference else None
        page = records.page(Case, after=after, n_most=limit, like=like, **equal)
        names = {} if as_lines(format_) else legal_names(records, (one.organisation_id for one in page))
        n_all = len(page) if reference or after else records.count(Case, **equal)
    if as_lines(format_):
        write_lines(page)
    else:
        rows = [
            (one.id, one.kind, one.status, f"{_since(one):%Y-%m-%d}", _with_name(one.organisation_id, names))
            for one in page
        ]
        write_table(["id", "type", "status", "since", "organisation"], rows)
    if len(page) == limit:
        tell_rest(len(page), n_all + (n_all == limit), page[-1].id)


def import_(file: TableFile, *, register: RegisterOption = None) -> None:
    """Take in applications from a table; good rows go in, bad ones are told. Prints the ids.

    Columns are those of `raabta case export`; organisation_id and kind must be there. Steps that are registered stay.

    Exit code: 0 all rows went in, 3 some did not, 2 wrong usage or no table, 1 the database failed.
    """
    with opened_table(file) as source, opened(register) as found:
        from raabta.pipeline.case_importing import import_cases  # noqa: PLC0415  --help need not wait for it
        from raabta.pipeline.importing import Maker  # noqa: PLC0415

        maker = Maker(now=now(), new_id=found.new_id, key=found.key)
        with found.change() as records:
            imported = import_cases(records, source, maker=maker)
    tell_imported(imported)


def export(
    *,
    output: OutputOption = STANDARD,
    format_: FileFormatOption = FileFormat.CSV,
    register: RegisterOption = None,
) -> None:
    """Write all applications, with steps and papers, as a table that `raabta case import` reads.

    Hashes of papers stay in the register.

    Exit code: 0 written, 2 wrong usage, 1 the database failed.
    """
    require_folder("--output", output)
    with opened(register) as found:
        from raabta.model.register import Case  # noqa: PLC0415  --help need not wait for it
        from raabta.registry.case_text import CASE_COLUMNS, row_of, without_hashes  # noqa: PLC0415

        write = row_of if format_ is FileFormat.CSV else without_hashes
        with found.look() as records:
            write_records(map(write, records.find(Case)), CASE_COLUMNS, output=output, kind=format_)


def _with_name(id_: str, names: dict[str, str]) -> str:
    return f"{id_} {names.get(id_, '')}".rstrip()


def _since(case: "Case") -> Any:
    return case.steps[-1].at if case.steps else case.changed_at
