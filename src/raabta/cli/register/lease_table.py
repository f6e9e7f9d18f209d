"""``raabta lease export``."""

from typing import Annotated, Final

import typer

from raabta.cli.diagnose import STANDARD, require_folder
from raabta.cli.register.opening import RegisterOption, now, opened
from raabta.cli.register.organisation_tables import FileFormatOption, OutputOption, write_records
from raabta.cli.register.table import FileFormat

SECRET: Final = ("nonce", "signature")
"""What proves a lease to gateways: nobody needs it in a table."""


def export(
    *,
    grants: Annotated[bool, typer.Option("--grants", help="Write the grants instead.")] = False,
    output: OutputOption = STANDARD,
    format_: FileFormatOption = FileFormat.CSV,
    register: RegisterOption = None,
) -> None:
    """Write the leases in force, or the grants, as a table. None reads it back: a device asks for each lease anew.

    Exit code: 0 written, 2 wrong usage, 1 the database failed.
    """
    require_folder("--output", output)

    from raabta.model.exemption import Lease, LeaseGrant  # noqa: PLC0415  --help need not wait for these
    from raabta.pipeline.leasing import leases_in_force  # noqa: PLC0415

    with opened(register) as found, found.look() as records:
        if grants:
            write_records(records.find(LeaseGrant), LeaseGrant.__struct_fields__, output=output, kind=format_)
            return
        columns = tuple(name for name in Lease.__struct_fields__ if name not in SECRET)
        write_records(leases_in_force(records, now=now()), columns, output=output, kind=format_)
