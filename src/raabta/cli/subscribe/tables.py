"""``raabta subscribe import|export``."""

from typing import Annotated

import typer

from raabta.cli.diagnose import STANDARD, require_folder
from raabta.cli.publish.opening import SettingsOption, opened_desk
from raabta.cli.register.opening import RegisterOption, opened
from raabta.cli.register.organisation_tables import (
    FileFormatOption,
    OutputOption,
    TableFile,
    opened_table,
    tell_imported,
    write_records,
)
from raabta.cli.register.table import AfterOption, FileFormat, tell_rest
from raabta.cli.subscribe.options import made


def import_(
    file: TableFile,
    *,
    confirmed: Annotated[
        bool, typer.Option("--confirmed", help="All said yes elsewhere, and you can show it: no requests are sent.")
    ] = False,
    settings: SettingsOption = None,
    register: RegisterOption = None,
) -> None:
    """Take in subscribers from a table; good rows go in, bad ones are told. Prints the ids.

    Columns: address, channel, language, component_ids, kinds, products, member_id; lists have blanks between. Without
    --confirmed each new address is sent a request to confirm. Some 1,000 rows a second.

    Exit code: 0 all rows went in, 3 some did not, 2 wrong usage or no table, 1 the database failed.
    """
    with opened_table(file) as source, opened_desk(register, settings) as desk:
        from raabta.pipeline.informing.subscribing.moving import import_subscribers  # noqa: PLC0415  --help

        with desk.register.change() as records:
            imported = import_subscribers(records, source, settings=desk.settings, made=made(), confirmed=confirmed)
    tell_imported(imported)


def export(
    *,
    with_addresses: Annotated[
        bool, typer.Option("--with-addresses", help="Write addresses too, in the clear. Keep such a file safe.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="Write so many at most.")] = 10_000,
    after: AfterOption = "",
    output: OutputOption = STANDARD,
    format_: FileFormatOption = FileFormat.CSV,
    register: RegisterOption = None,
) -> None:
    """Write subscribers by their id as a table, some thousand at once; secrets of webhooks are never written.

    Exit code: 0 written, 2 wrong usage, 1 the database failed.
    """
    require_folder("--output", output)
    with opened(register) as found:
        from raabta.pipeline.informing.subscribing.moving import (  # noqa: PLC0415  --help need not wait for it
            ADDRESS_COLUMNS,
            COLUMNS,
        )
        from raabta.registry.subscribers import count_like, list_subscribers, open_addresses  # noqa: PLC0415

        with found.look() as records:
            rows = list_subscribers(records, after=after, n_most=limit)
            n_all = len(rows) if len(rows) < limit else count_like(records, after=after)
            addresses = open_addresses(records, rows) if with_addresses else None
    if addresses is None:
        write_records(rows, COLUMNS, output=output, kind=format_)
    else:
        write_records(addresses, ADDRESS_COLUMNS, output=output, kind=format_)
    if rows:
        tell_rest(len(rows), n_all, rows[-1].id)
