"""``raabta lease``: a device asks (``lease_ask``), the association gives, lists and ends."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from raabta.cli.diagnose import STANDARD, fail
from raabta.cli.register import lease_ask, lease_grant, lease_table
from raabta.cli.register.device_key import ControlKeysOption, read_control_keys
from raabta.cli.register.lease_grant import TablesOption
from raabta.cli.register.opening import RegisterOption, now, opened

if TYPE_CHECKING:
    from raabta.remedy.leases import LeaseRequest

MAX_REQUEST_BYTES = 65_536
"""A request with eight receipts has some 4 kB."""

app = typer.Typer(
    help="Exemptions for some hours, for devices whose address changes. Better is none: tunnel to the employer's "
    "registered gateway, and only that needs an exemption.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("key", short_help="On the device: make its key, print the public half.")(lease_ask.key)
app.command("ask", short_help="On the device: ask two controls, print a signed request.")(lease_ask.ask_for_lease)
app.command("export", short_help="Write a table (CSV).")(lease_table.export)
app.add_typer(lease_grant.app, name="grant", short_help="Which devices may ask, towards what.")


@app.command(short_help="Check a device's request, and give the lease.")
def give(
    request: Annotated[str, typer.Argument(metavar="REQUEST.json", help="What `raabta lease ask` wrote; - reads it.")],
    *,
    control_keys: ControlKeysOption,
    tables: TablesOption = None,
    register: RegisterOption = None,
) -> None:
    """Check a device's request with the keys of the controls, and give the lease: it ends the device's earlier one.

    The id of the lease is printed. It reaches gateways with the next `raabta list refresh`.

    Exit code: 0 given, 1 the register failed, 2 not given: the words say by which rule.
    """
    asked = _read_request(request)

    from raabta.pipeline.leasing import Desk, give_lease  # noqa: PLC0415  --help need not wait for it
    from raabta.reference.own import load_own_tables  # noqa: PLC0415

    with opened(register) as found:
        desk = Desk(control_keys=read_control_keys(control_keys), tables=load_own_tables(tables))
        with found.change() as records:
            lease = give_lease(records, asked, desk=desk, now=now())
    typer.echo(lease.id)
    typer.echo(f"In force until {lease.not_after:%Y-%m-%d %H:%M} UTC, once published: raabta list refresh", err=True)


@app.command("list", short_help="Leases in force.")
def list_(*, register: RegisterOption = None) -> None:
    """Print the leases in force: id, grant, address, end (UTC), separated by tabs.

    Exit code: 0 printed, 1 the register failed, 2 wrong usage.
    """
    from raabta.pipeline.leasing import leases_in_force  # noqa: PLC0415  as above

    with opened(register) as found, found.look() as records:
        leases = leases_in_force(records, now=now())
    for lease in leases:
        typer.echo(f"{lease.id}\t{lease.grant_id}\t{lease.address}\t{lease.not_after:%Y-%m-%dT%H:%MZ}")
    if not leases:
        typer.echo("No lease is in force.", err=True)


@app.command(short_help="End a lease before its time.")
def end(lease: Annotated[str, typer.Argument(metavar="LEASE")], *, register: RegisterOption = None) -> None:
    """End a lease before its time; gateways cut its flows when they pull the next list of leases.

    Exit code: 0 ended, 1 the register failed, 2 there is none.
    """
    from raabta.pipeline.leasing import end_lease  # noqa: PLC0415  as above

    with opened(register) as found, found.change() as records:
        end_lease(records, lease)
    typer.echo(lease)
    typer.echo("Ended. Publish that now: raabta list refresh", err=True)


def _read_request(name: str) -> "LeaseRequest":
    import msgspec  # noqa: PLC0415  as above

    from raabta.remedy.leases import LeaseRequest  # noqa: PLC0415

    try:
        with sys.stdin.buffer if name == STANDARD else Path(name).open("rb") as stream:
            raw = stream.read(MAX_REQUEST_BYTES + 1)
    except OSError as error:
        fail(f"{name}: cannot be read ({error.strerror}). Give the file that `raabta lease ask` wrote.")
    if len(raw) > MAX_REQUEST_BYTES:
        fail(f"{name}: too large for a request. Give the file that `raabta lease ask` wrote.")
    try:
        return msgspec.json.decode(raw, type=LeaseRequest)
    except (msgspec.DecodeError, RecursionError) as error:
        fail(f"{name}: this is no request: {error}. Give the file that `raabta lease ask` wrote.")
