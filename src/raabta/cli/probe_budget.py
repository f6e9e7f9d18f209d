"""What a round may spend, said beforehand on standard error."""

from typing import Final

import typer
from msgspec import Struct

from raabta.cli.report.words import counted
from raabta.pipeline.probing import Round
from raabta.probe.trace import Budget

SECONDS_LEAST: Final = 60.0
SECONDS_EACH: Final = 4.0
BYTES_LEAST: Final = 3_000_000
BYTES_EACH: Final = 400_000
PACKETS_LEAST: Final = 4_000
PACKETS_EACH: Final = 800
"""A round's budget unless it is set: what one target with all follow-ups may take, and for more targets less each,
since most need no follow-ups. Usual figures are a quarter of it (docs/guides/probe-command.md)."""


class Wishes(Struct, frozen=True, kw_only=True):
    """The budget of the whole round as the user set it; None is the default."""

    max_s: float | None = None
    max_bytes: int | None = None
    max_packets: int | None = None


def budget_of(n_targets: int, wishes: Wishes) -> Budget:
    """Give what a round of ``n_targets`` may spend."""
    return Budget(
        max_s=wishes.max_s or max(SECONDS_LEAST, SECONDS_EACH * n_targets),
        max_bytes=wishes.max_bytes or max(BYTES_LEAST, BYTES_EACH * n_targets),
        max_packets=wishes.max_packets or max(PACKETS_LEAST, PACKETS_EACH * n_targets),
    )


def say_budget(n_targets: int, round_: Round) -> None:
    """Say on standard error what will be spent at most, and what this machine or this call lacks, each once."""
    total = round_.total
    words = f"Asking {counted(n_targets, 'service')}"
    if total is not None:
        spent = f"{total.max_s:.0f} s, {total.max_bytes / 1e6:.1f} MB, {total.max_packets:,} packets"
        words += f". At most {spent}; usually a quarter of that (--max-time, --max-bytes, --max-packets)"
    typer.echo(f"{words}.", err=True)
    if round_.control is None:
        typer.echo("Without a control (--control URL) less can be told: a site that is down looks blocked.", err=True)
    for missing in round_.network.surroundings().missing:
        typer.echo(f"This machine cannot tell: {missing}.", err=True)
