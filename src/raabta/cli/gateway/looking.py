"""``raabta gateway verify`` and ``status``: what is loaded, whether it is right, and whether it works."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from raabta.cli.gateway.opening import (
    DEFAULT_CONFIG,
    REFUSED,
    ConfigOption,
    Format,
    FormatOption,
    in_words,
    now,
    open_agent,
    write_json,
)

if TYPE_CHECKING:
    from raabta.gateway.agent import Agent
    from raabta.gateway.status import Status
    from raabta.model.effect import Effect

WORDS: Final = {
    "nothing": "no list was loaded yet. Next: raabta gateway pull, raabta gateway apply",
    "loaded": "a list is in force",
    "grace": "a list is in force, but for a day or more nobody could say that it is the newest: is the source there?",
    "closed": "the last list is over: nothing is spared. Next: raabta gateway pull, raabta gateway apply",
    "lost": "the kernel lost the list (a restart, nft flush ruleset). Next: raabta gateway apply",
    "foreign": "somebody else changed table inet raabta, or made it. Next: raabta gateway apply, which makes it anew",
}
UNDONE: Final = "what was loaded was undone by you: nothing is spared. Next: raabta gateway apply"
"""Also nothing, but not as before the first list."""


def verify(
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    format_: FormatOption = Format.TEXT,
    measure: Annotated[
        bool, typer.Option("--measure/--no-measure", help="Also measure what [verify] of the settings names.")
    ] = True,
) -> None:
    """Hold the kernel's table against the list, element by element, and ask whether exemptions work.

    Exit code: 0 all is as it should be, 3 something differs or an exemption does not work, 1 nft cannot be run,
    2 wrong usage.
    """
    from raabta.gateway.checking import compare  # noqa: PLC0415  --help need not wait for it

    agent = open_agent(config)
    with in_words():
        comparison = compare(agent)
        effects = _measure(agent) if measure and agent.settings.verify_files else []
    if format_ is Format.JSON:
        write_json({"comparison": comparison, "effects": effects})
    else:
        held = "no list" if comparison.serial is None else f"list {comparison.serial}"
        typer.echo(f"the kernel holds {held}: {comparison.n_elements} tuples, {len(comparison.wrong)} differences")
        for words in comparison.wrong:
            typer.echo(f"  {words}")
        for effect in effects:
            typer.echo(f"{effect.endpoint}: {effect.answer} ({effect.reason}, {effect.likelihood:.0%})")
    if comparison.wrong or any(effect.answer == "not_effective" for effect in effects):
        raise typer.Exit(REFUSED)


def status(config: ConfigOption = DEFAULT_CONFIG, *, format_: FormatOption = Format.TEXT) -> None:
    """Show which list the kernel holds, until when, what waits, and counts of the whole.

    Exit code: 0 a list is in force, 3 none is or something is wrong, 1 nft cannot be run, 2 wrong usage.
    """
    import base64  # noqa: PLC0415  as above

    from raabta.gateway.status import status as look  # noqa: PLC0415

    agent = open_agent(config)
    with in_words():
        found = look(agent)
        key = base64.b64encode(agent.store.signing_key().public_key().public_bytes_raw()).decode()
    if format_ is Format.JSON:
        write_json(found)
    else:
        for line in _lines(found, key):
            typer.echo(line)
    if found.state not in ("loaded", "grace"):
        raise typer.Exit(REFUSED)


def _lines(found: "Status", key: str) -> list[str]:
    words = UNDONE if found.state == "nothing" and found.held_above else WORDS[found.state]
    lines = [f"state     {found.state}: {words}", f"recipient {found.recipient}"]
    if found.serial is not None:
        lines.append(f"list      {found.serial}, loaded {_at(found.applied_at)}, expires {_at(found.expires_at)}")
        lines.append(f"closes    {_at(found.closes_at)}, by the kernel itself, if nothing newer comes")
        lines.append(f"in force  {found.n_entries} entries, {found.n_leases} leases among them")
    if found.pulled_serial is not None and found.pulled_serial > (found.serial or 0):
        lines.append(f"waiting   list {found.pulled_serial}: see raabta gateway plan")
    if found.held_above:
        lines.append(f"undone    by you: lists up to {found.held_above} are not loaded by themselves")
    lines.append(f"pulled    {_at(found.pulled_at)}")
    lines += [f"{name:<9} {packets} packets, {size} bytes" for name, (packets, size) in found.counters.items()]
    lines.append(f"key       {key}")
    return [*lines, f"trouble   {found.trouble}"] if found.trouble else lines


def _at(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "never"


def _measure(agent: "Agent") -> "list[Effect]":
    import os  # noqa: PLC0415  as above

    from raabta.gateway.checking import measure  # noqa: PLC0415
    from raabta.pipeline.expecting import Measuring  # noqa: PLC0415
    from raabta.probe.host import HostNetwork  # noqa: PLC0415

    typer.echo("Measuring: some 25 s for each file of [verify].", err=True)
    return measure(agent, Measuring(network=HostNetwork(), now=now, entropy=os.urandom))
