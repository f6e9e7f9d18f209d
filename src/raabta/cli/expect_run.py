"""A test of an exemption from the command line: nobody's own tunnel is touched, the answer in words, results kept."""

import asyncio
import os
import textwrap
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NoReturn

import msgspec
import typer

from raabta.cli.diagnose import STANDARD, fail
from raabta.cli.probe_expect import ExpectRequest, cannot_read
from raabta.model.effect import EFFECTS, Effect, OpeningFact
from raabta.pipeline.expect_file import own_keys
from raabta.pipeline.expecting import ExpectPlan, Measuring, expect_exempt, facts_of_outside
from raabta.probe.host import HostNetwork
from raabta.probe.tunnels import find_tunnels
from raabta.remedy.effect import tally_days
from raabta.remedy.effect_reasons import REASONS

CODES: Final = {"effective": 0, "not_effective": 1, "undecidable": 6}
"""Exit codes."""
_COLUMNS: Final = 78


def run_expect(request: ExpectRequest, *, as_lines: bool) -> NoReturn:
    """Measure, write, say. Ends with the exit code of the answer."""
    plan = request.plan
    _refuse_running(plan)
    if request.outside is not None:
        plan = msgspec.structs.replace(plan, outside=_seen_outside(request.outside, plan.label))
    typer.echo(
        "Opening tunnels to the end point and its twin in turn, for half a minute at most. Your operator can see that, "
        "as it sees any tunnel of yours.",
        err=True,
    )
    measuring = Measuring(network=HostNetwork(), now=_now, entropy=os.urandom)
    effect = asyncio.run(expect_exempt(plan, measuring))
    if request.output not in (None, STANDARD):
        _keep(Path(request.output or ""), effect)
    if as_lines:
        typer.echo(msgspec.json.encode(effect).decode())
    else:
        typer.echo(in_words(effect))
    raise typer.Exit(CODES[effect.answer])


def in_words(effect: Effect) -> str:
    """Say the answer to people: what, how sure, why, what next."""
    reason = REASONS[effect.reason]
    title = effect.answer.replace("_", " ")
    counted = (
        f"answered: end point {effect.n_endpoint_answered} of {effect.n_endpoint}, "
        f"twin {effect.n_twin_answered} of {effect.n_twin}"
    )
    # How sure one can be that one cannot tell is no use to anybody.
    sure = "" if effect.answer == "undecidable" else f" ({effect.likelihood:.0%})"
    lines = [
        f"{title}: {EFFECTS[effect.answer]}{sure}",
        *textwrap.wrap(reason.words, _COLUMNS),
        f"  {counted}",
        f"  reason: {effect.reason}",
        "Next:",
        *textwrap.wrap(reason.advice, _COLUMNS, initial_indent="  ", subsequent_indent="  "),
    ]
    return "\n".join(lines)


def _refuse_running(plan: ExpectPlan) -> None:
    keys = own_keys(plan)
    if not keys:
        return
    tunnels = find_tunnels()
    if tunnels.public_keys & set(keys):
        fail(
            "the private key belongs to a tunnel that runs on this machine. A test with it would move the server's "
            "idea of where you are, and cut your tunnel. Have the server make a separate peer for tests."
        )
    if tunnels.unknown:
        names = ", ".join(tunnels.unknown)
        typer.echo(f"The keys of {names} could not be asked (root may). The file says that none is used.", err=True)


def _seen_outside(file: Path, label: str) -> tuple[OpeningFact, ...]:
    try:
        return facts_of_outside(_read(file), label=label, now=_now())
    except (msgspec.DecodeError, ValueError) as error:
        fail(f"--outside {file}: {error}")
    except OSError as error:
        cannot_read(error)


def _read(file: Path) -> list[Effect]:
    lines = (line for line in file.read_bytes().splitlines() if line.strip())
    return [msgspec.json.decode(line, type=Effect) for line in lines]


def _keep(file: Path, effect: Effect) -> None:
    """Append the result, and say what the file holds of this operator's day."""
    try:
        with file.open("ab") as kept:
            kept.write(msgspec.json.encode(effect) + b"\n")
        effects = _read(file)
    except (OSError, msgspec.DecodeError) as error:
        fail(f"--output {file}: {error}. Name another file for results of --expect.")
    of = (effect.asn, effect.measured_at.date(), effect.endpoint)
    day = next(one for one in tally_days(effects) if (one.asn, one.day, one.endpoint) == of)
    network = f"AS{day.asn}" if day.asn else "network not named (--asn N)"
    typer.echo(
        f"{file}: {network}, {day.day}, {day.endpoint}: {day.n_effective} effective, "
        f"{day.n_not_effective} not effective, {day.n_undecidable} undecidable",
        err=True,
    )


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  the clock enters here
