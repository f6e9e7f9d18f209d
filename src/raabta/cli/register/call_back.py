"""``raabta endpoint call-back`` on the member's side, ``raabta endpoint called-back`` on the association's."""

from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from raabta.cli.diagnose import fail
from raabta.cli.register.asking import N_CONTROLS, ControlOption, TokenOption, ask, read_controls
from raabta.cli.register.device_key import (
    DEVICE_KEY_FILE,
    ControlKeysOption,
    KeyFileOption,
    make_device_key,
    read_control_keys,
    read_device_key,
)
from raabta.cli.register.opening import RegisterOption, now, opened
from raabta.cli.register.proving import NOT_SHOWN, TablesOption, load_special, tell_kept

if TYPE_CHECKING:
    from raabta.wire.receipt import Receipt

FOLDER: Final = "raabta-call-back"
SUBMIT: Final = "receipts.json"
TOO_FEW: Final = 1
MAX_FILE_BYTES: Final = 1_048_576
"""256 receipts have some 120 kB."""


def call_back(
    challenge: Annotated[str, typer.Argument(metavar="CHALLENGE", help="What `raabta endpoint prove` printed.")],
    *,
    control: ControlOption = None,
    key_file: KeyFileOption = Path(DEVICE_KEY_FILE),
    token_file: TokenOption = None,
    folder: Annotated[Path, typer.Option(metavar="DIR", help="Where receipts are collected.")] = Path(FOLDER),
) -> None:
    """Call two controls from behind the address, and keep what they signed. Run it on three days, from one machine.

    The file to hand in is printed: it holds all receipts for this challenge.

    Exit code: 0 kept, 1 too few controls answered, 2 wrong usage.
    """
    controls = read_controls(control or (), token_file)
    make_device_key(key_file)
    device = read_device_key(key_file)

    from raabta.wire.receipt import is_nonce, sign_request  # noqa: PLC0415  --help need not wait for it

    if not is_nonce(challenge):
        fail("this is no challenge. Give the one that the association sent: raabta endpoint prove prints it.")
    receipts = ask(controls, sign_request(device, nonce=challenge, time=now()))
    if len({one.control for one in receipts}) < N_CONTROLS:
        fail(f"{N_CONTROLS} controls with different keys must see this machine. Try again later.", code=TOO_FEW)
    file = _keep(folder, receipts)
    typer.echo(str(file))
    _tell(file, challenge)


def called_back(
    endpoint: Annotated[str, typer.Argument(metavar="ENDPOINT", help="Its id (e-…).")],
    receipts: Annotated[Path, typer.Argument(metavar="RECEIPTS.json", help="What the member handed in.")],
    *,
    control_keys: ControlKeysOption,
    tables: TablesOption = None,
    register: RegisterOption = None,
) -> None:
    """Check the receipts that a member collected, and take the end point's address as proved.

    Exit code: 0 proved, 1 the register failed, 2 wrong usage or data, 3 not proved: the words say what is missing.
    """
    handed_in, known = _read(receipts), read_control_keys_or_fail(control_keys)

    from raabta.pipeline.call_back_keeping import keep_call_back  # noqa: PLC0415  as above

    with opened(register) as found:
        special = load_special(tables)
        proof, judged = keep_call_back(found, endpoint, receipts=handed_in, control_keys=known, special=special)
        if judged.is_proved:
            tell_kept(found, proof)
            return
    fail(f"{endpoint}: not proved: {judged.missing}", code=NOT_SHOWN)


def read_control_keys_or_fail(file: Path) -> frozenset[str]:
    """Read the keys of the controls; what is wrong with them ends the command."""
    try:
        return read_control_keys(file)
    except ValueError as error:
        fail(f"--control-keys: {error}")


def _keep(folder: Path, receipts: "list[Receipt]") -> Path:
    """Add receipts to those of other days; the file is replaced whole."""
    import msgspec  # noqa: PLC0415  as above

    from raabta.cli.output import open_output  # noqa: PLC0415
    from raabta.pipeline.calling_back import MAX_RECEIPTS  # noqa: PLC0415

    file = folder / SUBMIT
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        before = _read(file) if file.exists() else []
        # The newest are kept: the oldest count no longer.
        kept = sorted([*before, *receipts], key=lambda one: one.seen_at)[-MAX_RECEIPTS:]
        with open_output(str(file)) as stream:
            stream.write(msgspec.json.format(msgspec.json.encode(kept), indent=1) + b"\n")
    except OSError as error:
        fail(f"{file}: {error.strerror or error}. Name a folder that you may write to: --folder DIR")
    return file


def _read(file: Path) -> "list[Receipt]":
    import msgspec  # noqa: PLC0415  as above

    from raabta.wire.receipt import Receipt  # noqa: PLC0415

    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            fail(f"{file}: too large for a file of receipts. Give the one that `raabta endpoint call-back` printed.")
        return msgspec.json.decode(file.read_bytes(), type=list[Receipt])
    except OSError as error:
        fail(f"{file}: cannot be read ({error.strerror}). Give the file that `raabta endpoint call-back` printed.")
    except (msgspec.DecodeError, RecursionError) as error:
        fail(f"{file}: these are no receipts: {error}. Give the file that `raabta endpoint call-back` printed.")


def _tell(file: Path, challenge: str) -> None:
    """Say how far this is, by what was collected: the association's controls may be others."""
    from raabta.pipeline.calling_back import CallBack, judge_call_back  # noqa: PLC0415  as above

    receipts = _read(file)
    newest = max(receipts, key=lambda one: one.seen_at)
    call = CallBack(
        challenge=challenge,
        prefix=str(ip_network(f"{newest.address}/64", strict=False)) if ":" in newest.address else newest.address,
        issued_at=min(one.seen_at for one in receipts),
        control_keys=frozenset(one.control for one in receipts),
    )
    found = judge_call_back(receipts, call, now=now())
    typer.echo(f"That is enough: hand in {file}." if found.is_proved else f"{found.missing}.", err=True)
