"""``raabta probe``: its options, and what is wrong with how it was called."""

import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Final

import typer

from raabta.cli import probe_expect
from raabta.cli.diagnose import STANDARD, fail, require_folder

LAYERS: Final = ("dns", "tcp", "tls", "http", "quic")
NO_CONSENT: Final = 4
"""Exit code: nothing was measured, since nobody agreed to it."""


class ProbeFormat(StrEnum):
    """What is written."""

    TABLE = "table"
    JSONL = "jsonl"


class ConsentAction(StrEnum):
    """What to do about the consent."""

    SHOW = "show"
    WITHDRAW = "withdraw"


_Targets = Annotated[
    list[str] | None,
    typer.Argument(metavar="TARGET...", help="Names of the list, URLs or hosts. Default: the whole list."),
]
_List = Annotated[str | None, typer.Option("--list", metavar="FILE", help="A list of your own (TOML, or URLs).")]
_Show = Annotated[bool, typer.Option("--show-targets", help="Show the list and leave.")]
_Control = Annotated[str | None, typer.Option(metavar="URL", help="A control to compare with.")]
_Pin = Annotated[str, typer.Option(metavar="PIN", help="The key that the control must have.")]
_Format = Annotated[
    ProbeFormat | None, typer.Option("--format", "-f", help="Default: table on a terminal, else jsonl.")
]
_Output = Annotated[str | None, typer.Option("--output", "-o", metavar="FILE", help="Write measurements here (jsonl).")]
_Only = Annotated[str | None, typer.Option(metavar="LAYERS", help=f"Of {','.join(LAYERS)}.")]
_Seconds = Annotated[float | None, typer.Option(metavar="SECONDS", help="For the whole round.")]
_Bytes = Annotated[int | None, typer.Option(metavar="N", help="Sent and received, whole round.")]
_Packets = Annotated[int | None, typer.Option(metavar="N", help="About, whole round.")]
_Country = Annotated[str, typer.Option(metavar="CC", help="Where you are, two letters.")]
_Asn = Annotated[int, typer.Option(metavar="N", help="Your operator's AS number.")]
_Yes = Annotated[bool, typer.Option("--yes", help="Agree to what --consent show says.")]
_Consent = Annotated[ConsentAction | None, typer.Option(help="Show or withdraw your consent.")]


def probe(
    targets: _Targets = None,
    *,
    list_: _List = None,
    show_targets: _Show = False,
    control: _Control = None,
    control_pin: _Pin = "",
    format_: _Format = None,
    output: _Output = None,
    only: _Only = None,
    max_time: _Seconds = None,
    max_bytes: _Bytes = None,
    max_packets: _Packets = None,
    country: _Country = "",
    asn: _Asn = 0,
    yes: _Yes = False,
    consent: _Consent = None,
    expect: probe_expect.ExpectOption = None,
    expect_file: probe_expect.FileOption = None,
    twin: probe_expect.TwinOption = None,
    line: probe_expect.LineOption = "",
    outside: probe_expect.OutsideOption = None,
) -> None:
    """Measure from here what the industry needs, and say what is wrong: you, your operator, the site, or interference.

    Exit code: 0 nothing is wrong, 1 something is, 2 wrong usage, 3 it is your own network, 4 no consent, 5 could not
    finish, 6 --expect cannot tell now, 130 stopped.
    """
    from raabta.cli import probe_consent  # noqa: PLC0415  --help need not wait for it

    if consent is not None:
        probe_consent.act(consent)
        return
    tunnel = probe_expect.read_request(
        expect, targets or [], file=expect_file, twins=twin or [], line=line, outside=outside, output=output, asn=asn
    )
    if tunnel is not None:
        probe_expect.run(tunnel, yes=yes, as_lines=_choose_format(format_, None) is ProbeFormat.JSONL)
    layers = _read_layers(only)
    _check(output, country=country, control=control, control_pin=control_pin, limits=(max_time, max_bytes, max_packets))

    from raabta.cli import probe_budget, probe_run, probe_targets  # noqa: PLC0415  takes 0.5 s, which mistakes need not wait for

    chosen = probe_targets.choose_targets(targets or [], list_)
    if show_targets:
        probe_targets.print_targets(chosen)
        return
    probe_consent.require(yes=yes, now=datetime.now(UTC))  # noqa: TID251  the clock enters here
    request = probe_run.ProbeRequest(
        targets=tuple(chosen),
        kind=_choose_format(format_, output),
        output=output if output is not None else STANDARD,
        control=control,
        control_pin=control_pin,
        layers=layers,
        country=country.upper(),
        asn=asn,
        wishes=probe_budget.Wishes(max_s=max_time, max_bytes=max_bytes, max_packets=max_packets),
    )
    raise typer.Exit(probe_run.run_probe(request))


def _check_limits(limits: tuple[float | None, ...]) -> None:
    for option, value in zip(("--max-time", "--max-bytes", "--max-packets"), limits, strict=True):
        if value is not None and value <= 0:
            fail(f"{option} {value:g}: it must be above 0.")


def _read_layers(only: str | None) -> tuple[str, ...]:
    if only is None:
        return LAYERS
    asked = [word.strip().lower() for word in only.split(",") if word.strip()]
    unknown = [word for word in asked if word not in LAYERS]
    if unknown or not asked:
        fail(f"--only {only}: there is no layer {', '.join(unknown) or only!r}. Try some of: {','.join(LAYERS)}")
    return tuple(layer for layer in LAYERS if layer in asked)


def _check(
    output: str | None, *, country: str, control: str | None, control_pin: str, limits: tuple[float | None, ...]
) -> None:
    _check_limits(limits)
    if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
        fail(f"--country {country}: give two letters, such as PK.")
    if control_pin and control is None:
        fail("--control-pin says which key a control must have. Name the control too: --control URL")
    if control is not None and not control.startswith("https://"):
        fail(f"--control {control}: write it like https://control.example/")
    require_folder("--output", output)


def _choose_format(asked: ProbeFormat | None, output: str | None) -> ProbeFormat:
    if asked is not None:
        return asked
    to_file = output is not None and output != STANDARD
    return ProbeFormat.TABLE if not to_file and sys.stdout.isatty() else ProbeFormat.JSONL
