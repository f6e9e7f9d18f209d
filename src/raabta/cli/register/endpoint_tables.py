"""``raabta endpoint show|list|import|export``."""

from typing import Annotated, Any

import typer

from raabta.cli.diagnose import STANDARD, require_folder
from raabta.cli.register.endpoints import EndpointId, TablesOption, load_tables_or_fail
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
    write_sheet,
    write_table,
)


def show(id_: EndpointId, *, format_: FormatOption = None, register: RegisterOption = None) -> None:
    """Show an end point, its proofs, and which rules were let pass for it.

    Exit code: 0 shown, 2 there is none, 1 the database failed.
    """
    from raabta.model.exemption import Review  # noqa: PLC0415  --help need not wait for it
    from raabta.model.register import MemberEndpoint, Proof  # noqa: PLC0415
    from raabta.pipeline.registering import require  # noqa: PLC0415

    with opened(register) as found, found.look() as records:
        endpoint = require(records, MemberEndpoint, id_=id_)
        proofs = list(records.find(Proof, endpoint_id=id_))
        reviews = list(records.find(Review, subject=id_))
    if as_lines(format_):
        write_lines([endpoint, *proofs, *reviews])
        return
    write_sheet("End point", endpoint)
    for proof in proofs:
        write_sheet("Proof", proof, leave=("organisation_id", "endpoint_id"))
    for review in reviews:
        write_sheet("Let pass", review, leave=("subject",))


def list_(
    *,
    organisation: Annotated[str, typer.Option("--org", metavar="ORG", help="Only this organisation's.")] = "",
    operator: Annotated[str, typer.Option("--operator", metavar="RECIPIENT", help="Only at this operator.")] = "",
    limit: LimitOption = PAGE,
    after: AfterOption = "",
    format_: FormatOption = None,
    register: RegisterOption = None,
) -> None:
    """List end points by their id.

    Exit code: 0 listed, 2 wrong usage, 1 the database failed.
    """
    from raabta.model.register import MemberEndpoint  # noqa: PLC0415  --help need not wait for it

    given = {"organisation_id": organisation, "operator": operator}
    equal: dict[str, Any] = {name: value for name, value in given.items() if value}
    with opened(register) as found, found.look() as records:
        page = records.page(MemberEndpoint, after=after, n_most=limit, **equal)
        n_all = records.count(MemberEndpoint, **equal)
    if as_lines(format_):
        write_lines(page)
    else:
        rows = [
            (one.id, one.prefix or one.addressing, one.protocol, f"{one.valid_until:%Y-%m-%d}", _other_end(one))
            for one in page
        ]
        write_table(["id", "prefix", "protocol", "until", "towards"], rows)
    if len(page) == limit:
        tell_rest(len(page), n_all, page[-1].id)


def import_(file: TableFile, *, tables: TablesOption = None, register: RegisterOption = None) -> None:
    """Take in end points from a table; good rows go in, bad ones are told. Prints the ids.

    Columns are those of `raabta endpoint export`; organisation_id and direction must be there.

    Exit code: 0 all rows went in, 3 some did not, 2 wrong usage or no table, 1 the database failed.
    """
    with opened_table(file) as source, opened(register) as found:
        from raabta.pipeline.importing import Maker, import_endpoints  # noqa: PLC0415  --help need not wait for it
        from raabta.pipeline.registering import lint_with, locate_with  # noqa: PLC0415

        at = now()
        loaded = load_tables_or_fail(tables)
        lint = lint_with(loaded, now=at)
        maker = Maker(now=at, new_id=found.new_id, key=found.key, lint=lint, locate=locate_with(loaded))
        with found.change() as records:
            imported = import_endpoints(records, source, maker=maker)
    tell_imported(imported)


def export(
    *,
    operator: Annotated[str, typer.Option("--operator", metavar="RECIPIENT", help="Only at this operator.")] = "",
    output: OutputOption = STANDARD,
    format_: FileFormatOption = FileFormat.CSV,
    register: RegisterOption = None,
) -> None:
    """Write all end points as a table that `raabta endpoint import` reads.

    Exit code: 0 written, 2 wrong usage, 1 the database failed.
    """
    require_folder("--output", output)
    with opened(register) as found:
        from raabta.model.register import MemberEndpoint  # noqa: PLC0415  --help need not wait for it
        from raabta.pipeline.importing import ENDPOINT_COLUMNS  # noqa: PLC0415

        with found.look() as records:
            equal = {"operator": operator} if operator else {}
            write_records(records.find(MemberEndpoint, **equal), ENDPOINT_COLUMNS, output=output, kind=format_)


def _other_end(endpoint: object) -> str:
    remote, port = getattr(endpoint, "remote", ""), getattr(endpoint, "port", 0)
    return f"{remote} {getattr(endpoint, 'transport', '')}{f'/{port}' if port else ''}".strip()
