"""``raabta endpoint attest``: an operator signs that an address is its customer's. Needs no register.

Exit codes: 0 written, 2 wrong usage or data.
"""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from raabta.cli.diagnose import STANDARD, fail, require_folder
from raabta.cli.register.opening import now

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

DAYS: Final = 90
"""As long as a proof by attestation is believed at most."""


def attest(
    request: Annotated[Path, typer.Argument(metavar="REQUEST", help="The file that the association sent.")],
    *,
    key: Annotated[Path, typer.Option(metavar="FILE", help="The operator's Ed25519 key (PEM).")],
    asn: Annotated[int, typer.Option(metavar="N", help="The network that announces the prefix.")],
    days: Annotated[int, typer.Option(metavar="N", help="How long it will be the customer's.")] = DAYS,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Write it here.")] = STANDARD,
) -> None:
    """Sign, as the operator, that a prefix is the customer's who was given the challenge. Look it up before you do.

    Nobody is named: the challenge stands for the customer, who tells it to you. A key that is encrypted is asked for
    its passphrase.

    Exit code: 0 written, 2 wrong usage or data.
    """
    require_folder("--output", output)

    import msgspec  # noqa: PLC0415  --help need not wait for these

    from raabta.cli.output import open_output  # noqa: PLC0415
    from raabta.wire.attestation import MAX_DAYS, read_attestation, sign_attestation, write_attestation  # noqa: PLC0415

    if not 1 <= days <= MAX_DAYS:
        fail(f"--days {days}: an attestation is for 1 to {MAX_DAYS} days.")
    try:
        asked = read_attestation(request.read_bytes(), name=str(request))
        at = now().replace(microsecond=0)
        filled = msgspec.structs.replace(asked, asn=asn, made_at=at, valid_until=at + timedelta(days=days))
        with open_output(output) as stream:
            stream.write(write_attestation(sign_attestation(filled, _read_key(key))))
    except (OSError, ValueError) as error:
        fail(str(error))
    typer.echo(f"You say that {asked.prefix} is a customer's of yours, in AS{asn}, for {days} days.", err=True)


def _read_key(file: Path) -> "Ed25519PrivateKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415  as above
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    raw = file.read_bytes()
    passphrase = typer.prompt("Passphrase", hide_input=True, err=True).encode() if b"ENCRYPTED" in raw else None
    try:
        key = load_pem_private_key(raw, password=passphrase)
    except (ValueError, TypeError) as error:
        message = (
            f"{file}: this key cannot be read, or the passphrase is another. Try: openssl genpkey -algorithm ed25519"
        )
        raise ValueError(message) from error
    if not isinstance(key, Ed25519PrivateKey):
        message = f"{file}: this is no Ed25519 key. Make one: openssl genpkey -algorithm ed25519 -out {file}"
        raise ValueError(message)
    return key
