"""``raabta gateway pull``, ``plan``, ``apply`` and ``rollback``: what may come into the kernel, and what is there."""

from typing import TYPE_CHECKING, Annotated

import typer

from raabta.cli.diagnose import fail
from raabta.cli.gateway.opening import (
    DEFAULT_CONFIG,
    REFUSED,
    ConfigOption,
    Format,
    FormatOption,
    in_words,
    now,
    open_agent,
    tell_outcome,
    write_json,
)

if TYPE_CHECKING:
    from raabta.gateway.agent import Agent
    from raabta.gateway.applying import Plan
    from raabta.gateway.state import Load

OverrideOption = Annotated[
    bool, typer.Option("--override", help="Let a change of many entries pass, having asked the publisher.")
]


def pull(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Fetch the newest list and leases, verify signatures, freshness and rules, and keep them. Loads nothing.

    Exit code: 0 fetched, 3 what came was refused (last-good is kept), 1 the source could not be reached, 2 wrong usage.
    """
    agent = open_agent(config)
    with in_words():
        load = agent.pull()
        agent.store.change_notes(pulled_at=now())
    typer.echo(f"list {load.list.serial}: {len(load.list.entries)} entries, {len(load.leases)} leases")
    typer.echo(f"good until {load.list.expires_at:%Y-%m-%d %H:%M} UTC. Next: raabta gateway plan", err=True)


def plan(config: ConfigOption = DEFAULT_CONFIG, *, format_: FormatOption = Format.TEXT) -> None:
    """Show what loading the fetched list would change, and have the kernel check it. Changes nothing.

    Exit code: 0 it may be loaded, 3 something speaks against it, 1 nft cannot be run, 2 wrong usage.
    """
    from raabta.gateway import applying, nft  # noqa: PLC0415  --help need not wait for it

    agent = open_agent(config)
    with in_words():
        planned = applying.plan(agent, _pulled(agent))
        if planned.change:
            nft.check_text(planned.change.text)
    _tell_plan(planned, format_=format_)
    for one in planned.refused:
        typer.echo(f"refused ({one.code}): {one.words}", err=True)
    if planned.refused:
        raise typer.Exit(REFUSED)


def apply(
    config: ConfigOption = DEFAULT_CONFIG, *, override: OverrideOption = False, format_: FormatOption = Format.TEXT
) -> None:
    """Load the fetched list in one transaction, read it back, and acknowledge it.

    Exit code: 0 loaded or held already, 3 refused (the kernel holds what it held), 1 nft cannot be run, 2 wrong usage.
    """
    from raabta.gateway import applying  # noqa: PLC0415  as above

    agent = open_agent(config)
    with in_words():
        outcome = applying.apply(agent, _pulled(agent), override=override)
        if outcome.state != "refused":
            agent.store.change_notes(held_above=0)
    tell_outcome(outcome, format_=format_)


def rollback(config: ConfigOption = DEFAULT_CONFIG, *, format_: FormatOption = Format.TEXT) -> None:
    """Go back to the list before, or, from the first one, to no table. The list left is not loaded by itself again.

    Exit code: 0 done, 3 refused or nothing to undo, 1 nft cannot be run, 2 wrong usage.
    """
    from raabta.gateway.undoing import roll_back  # noqa: PLC0415  as above

    agent = open_agent(config)
    with in_words():
        outcome = roll_back(agent)
    tell_outcome(outcome, format_=format_)


def _pulled(agent: "Agent") -> "Load":
    load = agent.pulled()
    if load is None:
        fail("no list was fetched yet. Try: raabta gateway pull")
    return load


def _tell_plan(planned: "Plan", *, format_: Format) -> None:
    found, change = planned.differences, planned.change
    of_entries = {
        "serial": planned.load.list.serial,
        "entries_before": found.n_before,
        "entries_after": found.n_after,
        "entries_added": found.n_added,
        "entries_removed": found.n_removed,
        "change_share": round(found.change_share, 4),
        "leases": len(planned.load.leases),
        "refused": [one.code for one in planned.refused],
    }
    of_elements = (
        {
            "elements_added": change.n_added,
            "elements_removed": change.n_removed,
            "elements_moved": change.n_moved,
            "elements_kept": change.n_kept,
            "rules_replaced": change.is_new_policy,
        }
        if change
        else {}
    )
    if format_ is Format.JSON:
        write_json(of_entries | of_elements)
        return
    typer.echo(f"list {of_entries['serial']}: {found.n_after} entries, {found.n_added} come, {found.n_removed} go")
    typer.echo(f"leases: {of_entries['leases']}")
    if change:
        typer.echo(
            f"kernel: {change.n_added} elements come, {change.n_removed} go, {change.n_moved} end at another time, "
            f"{change.n_kept} stay untouched"
        )
        typer.echo("rules: replaced" if change.is_new_policy else "rules: untouched")
