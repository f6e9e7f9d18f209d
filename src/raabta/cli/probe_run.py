"""A round of probing from the command line: the budget said beforehand, documents written, the answer in words."""

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import BinaryIO, Final
from urllib.parse import urlsplit

import msgspec
import typer
from msgspec import Struct

from raabta import __version__
from raabta.cli.diagnose import STANDARD, fail
from raabta.cli.output import open_console, open_output
from raabta.cli.probe import ProbeFormat
from raabta.cli.probe_budget import Wishes, budget_of, say_budget
from raabta.cli.probe_report.answers import print_answers
from raabta.cli.probe_report.progress import ProbeProgress
from raabta.cli.probe_report.summary import NOT_FINISHED, exit_code, summary_of
from raabta.cli.report.explain import questions_of
from raabta.pipeline.control_client import ControlClient
from raabta.pipeline.defaults import Settings, load_diagnosis
from raabta.pipeline.identity import Identity
from raabta.pipeline.probe_defaults import default_settings
from raabta.pipeline.probing import Probed, ProbeTarget, Round, probe_targets
from raabta.probe.host import HostNetwork

HTTPS: Final = 443


class ProbeRequest(Struct, frozen=True, kw_only=True):
    """What was asked for, checked."""

    targets: tuple[ProbeTarget, ...]
    kind: ProbeFormat
    output: str = STANDARD
    control: str | None = None
    control_pin: str = ""
    layers: tuple[str, ...] = ("dns", "tcp", "tls", "http", "quic")
    country: str = ""
    asn: int = 0
    wishes: Wishes = Wishes()


def run_probe(request: ProbeRequest) -> int:
    """Measure on this machine's network, write, say what was found. Gives the exit code."""
    return run_round(request, make_round(request))


def run_round(request: ProbeRequest, round_: Round) -> int:
    """Carry out a round that is prepared."""
    say_budget(len(request.targets), round_)
    try:
        with ExitStack() as stack:
            output = stack.enter_context(open_output(request.output))
            to_screen = request.kind is ProbeFormat.JSONL and request.output == STANDARD and sys.stdout.isatty()
            progress = stack.enter_context(ProbeProgress(len(request.targets), quiet=to_screen))
            found = asyncio.run(_collect(request, round_, output=output, progress=progress))
            if request.kind is ProbeFormat.TABLE:
                print_answers(open_console(output), found, questions=questions_of(round_.diagnosis))
    except BrokenPipeError:
        raise
    except OSError as error:
        about = f"{error.filename}: " if error.filename else ""
        fail(f"{about}{error.strerror or error}. Free some space or write elsewhere with --output.", code=NOT_FINISHED)
    if request.kind is ProbeFormat.JSONL:
        _say_in_words(request, round_, found)
    return exit_code(found)


def _say_in_words(request: ProbeRequest, round_: Round, found: Sequence[Probed]) -> None:
    """Say the answer beside documents: on standard output where they went to a file, else on standard error."""
    if request.output == STANDARD:
        typer.echo(summary_of(found), err=True)
        return
    print_answers(open_console(sys.stdout.buffer), found, questions=questions_of(round_.diagnosis))
    typer.echo(f"Measurements are in {request.output}; read them with: raabta diagnose {request.output}", err=True)


async def _collect(request: ProbeRequest, round_: Round, *, output: BinaryIO, progress: ProbeProgress) -> list[Probed]:
    found: list[Probed] = []
    try:
        async for one in probe_targets(request.targets, round_):
            found.append(one)
            progress.update(one)
            if request.kind is ProbeFormat.JSONL and one.document:
                output.write(one.document + b"\n")
                output.flush()
    finally:
        if isinstance(round_.control, ControlClient):
            round_.control.close()
    return found


def make_round(request: ProbeRequest) -> Round:
    """Prepare a round on this machine's network, with the packaged settings and tables."""
    now = _utc_now
    settings = msgspec.structs.replace(default_settings(), layers=request.layers)
    control = None
    if request.control is not None:
        try:
            control = ControlClient(request.control, settings=settings, now=now, pin=request.control_pin)
        except ValueError as error:
            fail(f"--control: {error}")
    return Round(
        network=HostNetwork(),
        settings=settings,
        identity=Identity(
            country=request.country,
            asn=request.asn,
            report_id=f"{now():%Y%m%dT%H%M%SZ}_raabta_{os.urandom(8).hex()}",
            software=__version__,
            platform=sys.platform,
        ),
        diagnosis=load_diagnosis(Settings(today=now().date())),
        now=now,
        control=control,
        control_place=_place_of(request.control),
        total=budget_of(len(request.targets), request.wishes),
    )


def _place_of(url: str | None) -> tuple[str, int] | None:
    parts = urlsplit(url or "")
    return (parts.hostname, parts.port or HTTPS) if parts.hostname else None


def _utc_now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  the clock enters here
