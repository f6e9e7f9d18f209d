"""``raabta list recipient``: operators that get a list, by the networks that they run."""

from enum import StrEnum
from typing import Annotated

import typer

from raabta.cli.lists.options import in_words
from raabta.cli.register.opening import RegisterOption, new_bytes, open_from_options

SECRET_BYTES = 32
ASN_MAX = 2**32 - 1
"""RFC 6793."""


def read_asn(text: str) -> int:
    """Read the number of a network, with or without AS before it.

    Raises:
        typer.BadParameter: It is none.
    """
    plain = text.strip().upper().removeprefix("AS")
    if not (plain.isascii() and plain.isdigit() and 0 < int(plain) <= ASN_MAX):
        raise typer.BadParameter(f"the number of a network, such as 17557 or AS17557; at most {ASN_MAX}.")
    return int(plain)


def _read_attestation(text: str) -> str:
    """Read a public key into its one spelling; "" stays so.

    Raises:
        ValueError: It is none.
    """
    from raabta.wire.receipt import read_key  # noqa: PLC0415  --help need not wait for it

    try:
        return read_key(text) if text else ""
    except ValueError as error:
        message = f"--attestation-key: {error} Ask the operator for the public half, never for the key file."
        raise ValueError(message) from error


recipient = typer.Typer(
    help="Operators and others that get a list of their own.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


class Kind(StrEnum):
    """Who gets a list."""

    OPERATOR = "operator"
    REGULATOR = "regulator"
    CONTENT_NETWORK = "content_network"


@recipient.command(short_help="Enter who gets a list.")
def add(
    id_: Annotated[str, typer.Argument(metavar="ID", help="A short name, also of its folder: such as north.")],
    *,
    name: Annotated[str, typer.Option(metavar="TEXT", help="Its full name.")],
    asn: Annotated[
        list[int] | None, typer.Option(metavar="N", parser=read_asn, help="A network that it runs; may be repeated.")
    ] = None,
    kind: Annotated[Kind, typer.Option(help="Who it is.")] = Kind.OPERATOR,
    attestation_key: Annotated[
        str, typer.Option(metavar="KEY", help="Ed25519 key (base64) that it attests addresses with.")
    ] = "",
    register: RegisterOption = None,
) -> None:
    """Enter a recipient. Its id is printed. A secret is made that keeps its references apart from others'.

    Exit code: 0 entered, 2 refused or wrong usage, 1 the register failed.
    """
    from raabta.model.exemption import Recipient  # noqa: PLC0415  --help need not wait for it
    from raabta.pipeline.publishing import check_recipient  # noqa: PLC0415

    with in_words():
        check_recipient(id_)
        row = Recipient(
            id=id_,
            name=name,
            asns=tuple(sorted(set(asn or ()))),
            kind=kind.value,
            attestation_key=_read_attestation(attestation_key),
            reference_key=new_bytes(SECRET_BYTES).hex(),
        )
        with open_from_options(register) as found, found.change() as records:
            records.add(row)
    typer.echo(id_)


@recipient.command(short_help="Change a recipient's networks, name or key.")
def change(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The recipient's id.")],
    *,
    name: Annotated[str | None, typer.Option(metavar="TEXT", help="Its full name.")] = None,
    asn: Annotated[
        list[int] | None,
        typer.Option(metavar="N", parser=read_asn, help="All networks that it runs, in place of those entered."),
    ] = None,
    attestation_key: Annotated[
        str | None, typer.Option(metavar="KEY", help="Ed25519 key (base64) that it attests addresses with.")
    ] = None,
    register: RegisterOption = None,
) -> None:
    """Change what is given of a recipient. Its id is printed.

    Exit code: 0 changed, 2 refused or wrong usage, 1 the register failed.
    """
    import msgspec  # noqa: PLC0415  as above

    from raabta.model.exemption import Recipient  # noqa: PLC0415
    from raabta.pipeline.registering import require  # noqa: PLC0415

    given = {"name": name, "asns": tuple(sorted(set(asn))) if asn else None}
    with in_words(), open_from_options(register) as found, found.change() as records:
        given["attestation_key"] = None if attestation_key is None else _read_attestation(attestation_key)
        row = require(records, Recipient, id_=id_)
        records.put(
            msgspec.structs.replace(row, **{field: value for field, value in given.items() if value is not None})
        )
    typer.echo(id_)


@recipient.command("list", short_help="Show who gets a list.")
def list_(*, register: RegisterOption = None) -> None:
    """Print the recipients: id, kind, networks, name, separated by tabs.

    Exit code: 0 printed, 1 the register failed.
    """
    from raabta.model.exemption import Recipient  # noqa: PLC0415  as above

    with in_words(), open_from_options(register) as found, found.look() as records:
        rows = list(records.find(Recipient))
    for row in rows:
        typer.echo(f"{row.id}\t{row.kind}\t{','.join(f'AS{asn}' for asn in row.asns)}\t{row.name}")
    if not rows:
        typer.echo("Nobody gets a list yet. Enter an operator: raabta list recipient add", err=True)
