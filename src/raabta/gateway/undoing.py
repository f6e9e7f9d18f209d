"""Rollback: going back to the list before, by a person's order, until a newer one than the one left comes."""

from raabta.gateway import nft
from raabta.gateway.agent import Agent
from raabta.gateway.applying import Outcome, apply
from raabta.gateway.state import Load


def previous(agent: Agent) -> Load | None:
    """Find the list before the one that the kernel holds; None where there is none.

    Raises:
        OSError: nft cannot be run.
        ValueError: A file is damaged.
    """
    kernel = agent.kernel()
    now_held = agent.before(kernel)
    if now_held is None:
        return None
    older = [row for row in agent.store.history().rows if row.serial < now_held.list.serial]
    return agent.store.load_of(max(older, key=lambda row: row.serial).marker) if older else None


def roll_back(agent: Agent) -> Outcome:
    """Load the list before again. Where there is none, our table is removed: as before the first apply.

    What was left is not loaded by itself again, only a list with a higher serial is, or ``raabta gateway apply``.
    Leases are those of that time, as far as they still last. Flows that are no longer listed are cut; not so where the
    whole table is removed.

    Raises:
        OSError: nft cannot be run, or the folder cannot be written.
        ValueError: A file is damaged, nft refused, or there is nothing to go back from.
    """
    kernel = agent.kernel()
    left = agent.before(kernel)
    if left is None:
        message = "nothing was loaded yet, so there is nothing to undo."
        raise ValueError(message)
    to = previous(agent)
    notes = agent.store.notes()
    held_above = max(left.list.serial, notes.held_above)
    agent.store.change_notes(held_above=held_above)
    if to is not None:
        return apply(agent, to, is_undo=True)
    with agent.store.lock():
        agent.store.forget_history()
        nft.remove_table()
    return Outcome(state="applied", serial=None)
