"""``raabta lease grant``: which devices may ask for leases, towards what, for how long."""

from pathlib import Path
from typing import Annotated

import typer

from raabta.cli.register.opening import RegisterOption, now, opened

TablesOption = Annotated[
    Path | None, typer.Option("--tables", metavar="FILE", help="Own networks (TOML) beside the package's tables.")
]

app = typer.Typer(
    help="Which devices may ask for leases, towards what.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.command(short_help="Let a device ask for leases towards an end point.")
def add(
    endpoint: Annotated[str, typer.Argument(metavar="ENDPOINT", help="What the device dials, or dials from (e-…).")],
    *,
    device_key: Annotated[str, typer.Option(metavar="KEY", help="What `raabta lease key` printed on the device.")],
    recipient: Annotated[str, typer.Option(metavar="ID", help="The operator in whose network the device stands.")],
    hours: Annotated[int, typer.Option(metavar="N", help="How long a lease may last at most, 1 to 12.")] = 12,
    days: Annotated[int, typer.Option(metavar="N", help="How long it may ask; no longer than the end point.")] = 90,
    tables: TablesOption = None,
    register: RegisterOption = None,
) -> None:
    """Let a device ask for leases towards an end point, within one operator's networks. Prints the grant's id.

    First ask whether the device cannot tunnel to the employer's registered gateway: only that needs an exemption then.

    Exit code: 0 granted, 1 the register failed, 2 not granted: the words say by which rule.
    """
    from raabta.pipeline.leasing import Terms, add_grant  # noqa: PLC0415  --help need not wait for it
    from raabta.reference.own import load_own_tables  # noqa: PLC0415

    terms = Terms(endpoint_id=endpoint, device_key=device_key, recipient=recipient, max_h=hours, days=days)
    with opened(register) as found:
        own = load_own_tables(tables)
        with found.change() as records:
            grant = add_grant(records, terms, tables=own, now=now(), new_id=found.new_id)
    typer.echo(grant.id)
    typer.echo(
        "Tell the device's holder this id. It counts once a list with it is signed: raabta list compile", err=True
    )


@app.command("list", short_help="Grants, with their devices' keys.")
def list_(*, register: RegisterOption = None) -> None:
    """Print the grants: id, organisation, device's key, destination, port, hours, end (UTC), separated by tabs.

    Exit code: 0 printed, 1 the register failed, 2 wrong usage.
    """
    from raabta.model.exemption import LeaseGrant  # noqa: PLC0415  as above

    with opened(register) as found, found.look() as records:
        grants = list(records.find(LeaseGrant))
    for grant in grants:
        place = f"{grant.destination}\t{grant.transport}/{grant.port}"
        until = f"{grant.not_after:%Y-%m-%dT%H:%MZ}"
        typer.echo(f"{grant.id}\t{grant.organisation_ref}\t{grant.device_key}\t{place}\t{grant.max_h}\t{until}")
    if not grants:
        typer.echo("No device is granted leases.", err=True)


@app.command(short_help="Take a grant back.")
def end(grant: Annotated[str, typer.Argument(metavar="GRANT")], *, register: RegisterOption = None) -> None:
    """Take a grant back, and the lease that rests on it.

    Exit code: 0 ended, 1 the register failed, 2 there is none.
    """
    from raabta.pipeline.leasing import end_grant  # noqa: PLC0415  as above

    with opened(register) as found, found.change() as records:
        end_grant(records, grant)
    typer.echo(grant)
    typer.echo("Ended. Publish that now: raabta list refresh, and compile and sign a new list.", err=True)
