"""``raabta list recipient``: who gets lists."""

import re
from typing import Annotated, Final

import typer

from raabta.cli.diagnose import fail
from raabta.cli.register.opening import RegisterOption, new_bytes, opened

_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_KINDS: Final = ("operator", "regulator", "content_network")
_KEY_BYTES: Final = 32

recipient = typer.Typer(
    help="Who gets lists: operators, by the networks that they run.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@recipient.command(short_help="Enter an operator, or change its networks.")
def add(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Short name: small letters, digits, hyphens.")],
    *,
    name: Annotated[str, typer.Option(metavar="TEXT", help="As people know it.")] = "",
    asn: Annotated[list[int] | None, typer.Option(metavar="N", help="A network that it runs; may be repeated.")] = None,
    kind: Annotated[str, typer.Option(metavar="KIND", help=f"One of: {', '.join(_KINDS)}.")] = "operator",
    attestation_key: Annotated[
        str, typer.Option(metavar="KEY", help="Its Ed25519 public key (base64), for attestations.")
    ] = "",
    register: RegisterOption = None,
) -> None:
    """Enter who gets lists. Prints its id. For one that is there, what is given is changed, and its secret stays.

    Exit code: 0 entered, 1 the register failed, 2 wrong usage.
    """
    if not _ID.fullmatch(id_):
        fail(f"{id_!r} is no id: take small letters, digits and hyphens, 40 at most.")
    if kind not in _KINDS:
        fail(f"--kind {kind}: it is one of {', '.join(_KINDS)}.")
    if any(not 0 < number < 2**32 for number in asn or ()):
        fail("--asn: networks have numbers from 1 to 4294967295.")
    import msgspec  # noqa: PLC0415  --help need not wait for it

    from raabta.model.exemption import Recipient  # noqa: PLC0415

    with opened(register) as found, found.change() as records:
        known = records.get(Recipient, id_)
        if known is None:
            made = Recipient(
                id=id_,
                name=name or id_,
                asns=tuple(sorted(set(asn or ()))),
                kind=kind,  # type: ignore[arg-type]  # seen above
                attestation_key=attestation_key,
                reference_key=new_bytes(_KEY_BYTES).hex(),
            )
            records.add(made)
        else:
            given = {"name": name, "asns": tuple(sorted(set(asn or ()))), "attestation_key": attestation_key}
            records.put(msgspec.structs.replace(known, **{key: value for key, value in given.items() if value}))
    typer.echo(id_)
    typer.echo("Its lists: raabta list compile; consents of members name this id.", err=True)


@recipient.command("list", short_help="Who gets lists.")
def list_(*, register: RegisterOption = None) -> None:
    """Print recipients: id, kind, networks, name, separated by tabs.

    Exit code: 0 printed, 1 the register failed, 2 wrong usage.
    """
    from raabta.model.exemption import Recipient  # noqa: PLC0415  as above

    with opened(register) as found, found.look() as records:
        rows = list(records.find(Recipient))
    for row in rows:
        typer.echo(f"{row.id}\t{row.kind}\t{' '.join(map(str, row.asns))}\t{row.name}")
    if not rows:
        typer.echo("Nobody gets lists yet: raabta list recipient add", err=True)
