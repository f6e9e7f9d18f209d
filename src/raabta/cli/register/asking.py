"""Asks two controls or more from this machine, for a lease or a call-back."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from raabta.cli.diagnose import fail
from raabta.cli.register.opening import now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from raabta.pipeline.receipts import ControlPlace
    from raabta.wire.receipt import Receipt, ReceiptRequest

N_CONTROLS: Final = 2

ControlOption = Annotated[
    list[str] | None,
    typer.Option("--control", metavar="TEXT", help="'URL sha256/PIN ed25519/KEY' of a control; give two or more."),
]
TokenOption = Annotated[
    Path | None, typer.Option("--token-file", metavar="FILE", help="A token, where the controls ask for one.")
]


def read_controls(asked: "Sequence[str]", token_file: Path | None = None) -> "list[ControlPlace]":
    """Read which controls are to be asked, and what to show them."""
    from raabta.pipeline.receipts import MAX_CONTROLS, read_control  # noqa: PLC0415  --help need not wait for it

    try:
        controls = [read_control(text) for text in asked]
    except ValueError as error:
        fail(f"--control: {error}")
    if not N_CONTROLS <= len({control.url for control in controls}) <= MAX_CONTROLS:
        fail(f"{N_CONTROLS} to {MAX_CONTROLS} controls are needed, each with its own --control. The association tells.")
    token = _read_token(token_file)
    return [msgspec.structs.replace(control, token=token) for control in controls]


def ask(controls: "Sequence[ControlPlace]", request: "ReceiptRequest") -> "list[Receipt]":
    """Ask all of them at once, from this machine's network; tell which gave nothing, and why."""
    from raabta.pipeline.probe_defaults import default_settings  # noqa: PLC0415  as above
    from raabta.pipeline.receipts import ask_for_receipts  # noqa: PLC0415
    from raabta.probe.host import HostNetwork  # noqa: PLC0415

    settings = default_settings()
    answers = asyncio.run(ask_for_receipts(HostNetwork(), controls, request=request, settings=settings, now=now))
    for answer in answers:
        if answer.failure is not None:
            typer.echo(f"{answer.control.url}: no receipt ({answer.failure}).", err=True)
    return [answer.receipt for answer in answers if answer.receipt is not None]


def _read_token(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        token = file.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        fail(f"--token-file {file}: cannot be read ({error}). Give a text file with one token.")
    if not token.isprintable() or " " in token:
        fail(f"--token-file {file}: one token is needed, on one line.")
    return token
