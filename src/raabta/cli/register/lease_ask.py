"""``raabta lease key`` and ``raabta lease ask``: on the member's device."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from raabta.cli.diagnose import STANDARD, fail, require_folder
from raabta.cli.register.asking import N_CONTROLS, ControlOption, TokenOption, ask, read_controls
from raabta.cli.register.device_key import DEVICE_KEY_FILE, KeyFileOption, make_device_key, read_device_key
from raabta.cli.register.opening import new_bytes, new_id, now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from raabta.remedy.leases import LeaseRequest
    from raabta.wire.receipt import Receipt

NO_LEASE: Final = 1
"""Exit code: nothing can be leased here, or too few controls answered."""
NONCE_BYTES: Final = 16

FIRST_ANSWER: Final = """\
The first answer is no lease: tunnel to your employer's registered gateway. Only
that gateway needs an exemption, and it works from any address you have. A lease is
for where this cannot be done."""


def key(file: KeyFileOption = Path(DEVICE_KEY_FILE)) -> None:
    """Make this device's key, where there is none yet, and print its public half: the association grants leases to it.

    Exit code: 0 printed, 2 the file cannot be used.
    """
    make_device_key(file)

    from raabta.wire.receipt import public_text  # noqa: PLC0415  --help need not wait for it

    typer.echo(f"ed25519/{public_text(read_device_key(file))}")
    typer.echo(f"The key itself is in {file} and stays on this device. Give the association the line above.", err=True)


def ask_for_lease(
    grant: Annotated[str, typer.Argument(metavar="GRANT", help="The device's grant (g-…): the association tells it.")],
    *,
    control: ControlOption = None,
    hours: Annotated[int, typer.Option(metavar="N", help="1 to 12, and no more than the grant allows.")] = 4,
    key_file: KeyFileOption = Path(DEVICE_KEY_FILE),
    token_file: TokenOption = None,
    tables: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Own networks (TOML), as the association uses.")
    ] = None,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Write the request here.")] = STANDARD,
) -> None:
    """Ask two controls what this device's address is, and print a request for a lease of it, signed.

    Exit code: 0 written, 1 nothing can be leased here or too few controls answered, 2 wrong usage.
    """
    typer.echo(FIRST_ANSWER, err=True)
    require_folder("--output", output)

    from raabta.remedy.lease_rules import MAX_H, MIN_H  # noqa: PLC0415  as above
    from raabta.wire.receipt import sign_request  # noqa: PLC0415

    if not MIN_H <= hours <= MAX_H:
        fail(f"--hours {hours}: a lease lasts {MIN_H} to {MAX_H} hours.")
    controls = read_controls(control or (), token_file)
    device = read_device_key(key_file)
    at, nonce = now(), new_bytes(NONCE_BYTES).hex()
    receipts = ask(controls, sign_request(device, nonce=nonce, time=at))
    _check_receipts(receipts)
    request = _signed(device, receipts, grant=grant, at=at, hours=hours)
    _check_lease(request, tables)
    _write(request, output)


def _check_receipts(receipts: "Sequence[Receipt]") -> None:
    if len({one.control for one in receipts}) < N_CONTROLS:
        fail(
            f"{N_CONTROLS} controls with different keys must see this device. Ask again, or ask others.", code=NO_LEASE
        )
    if len({one.address for one in receipts}) > 1:
        _refuse("lease.split_nat")


def _signed(
    device: "Ed25519PrivateKey", receipts: "Sequence[Receipt]", *, grant: str, at: datetime, hours: int
) -> "LeaseRequest":
    from raabta.model.exemption import Lease  # noqa: PLC0415  as above
    from raabta.remedy.leases import LeaseRequest, prefix_of, sign_lease  # noqa: PLC0415

    lease = Lease(
        id=new_id("l-"),
        grant_id=grant,
        address=prefix_of(receipts[0].address),
        nonce=receipts[0].nonce,
        asked_at=at,
        not_before=at,
        not_after=at + timedelta(hours=hours),
    )
    return LeaseRequest(lease=sign_lease(lease, device), receipts=tuple(receipts))


def _check_lease(request: "LeaseRequest", tables: Path | None) -> None:
    """Say here what the association would refuse: it is quicker, and no address is handed on."""
    from raabta.reference.own import load_own_tables  # noqa: PLC0415  as above
    from raabta.remedy.leases import address_rule  # noqa: PLC0415

    try:
        rule = address_rule(request.receipts[0].address, load_own_tables(tables))
    except (OSError, ValueError) as error:
        fail(f"--tables: {error}")
    if rule:
        _refuse(rule)


def _refuse(rule: str) -> None:
    from raabta.remedy.lease_rules import LEASE_RULES  # noqa: PLC0415  as above

    words, advice = LEASE_RULES[rule]
    fail(f"no lease can be had here ({rule}): {words}. {advice}", code=NO_LEASE)


def _write(request: "LeaseRequest", output: str) -> None:
    from raabta.cli.output import open_output  # noqa: PLC0415  as above
    from raabta.remedy.canonical import canonical  # noqa: PLC0415
    from raabta.remedy.leases import renew_at  # noqa: PLC0415

    try:
        with open_output(output) as stream:
            stream.write(canonical(request) + b"\n")
    except OSError as error:
        fail(f"--output {output}: {error.strerror or error}. Write it elsewhere.")
    lease = request.lease
    typer.echo(f"Hand this on within 2 minutes. Ask again at {renew_at(lease):%H:%M} UTC, half of its life.", err=True)
