"""Run: pull, plan, apply, look after the kernel's table, and do it again; last-good stands whatever fails.

One turn is ``step``. It never raises for what the world does: a failed pull or a refused list is noted in words and
told once, and what was loaded stays. Between pulls it asks the kernel every few seconds for the name of the list (10
ms); where that is gone (a restart, ``nft flush ruleset``, another tool) the last good list is loaded again, and from
time to time every element is compared.

Not done: hearing of changes at once (``nft monitor``); a table that was flushed is missed for up to ``check_s``.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec
from msgspec import Struct

from raabta.gateway.agent import Agent
from raabta.gateway.applying import Outcome, apply
from raabta.gateway.checking import compare
from raabta.gateway.state import Load

Value = TypeVar("Value")


class Due(Struct, frozen=True, kw_only=True):
    """When the next of each is due, aware UTC."""

    pull_at: datetime
    deep_check_at: datetime
    begin_at: datetime | None = None
    """When an entry or a lease begins that has not begun yet."""


class Turn(Struct, frozen=True, kw_only=True):
    """What one turn did: words to tell (nothing where nothing happened), and when which is due."""

    told: tuple[str, ...]
    due: Due
    outcome: Outcome | None = None


def start(agent: Agent) -> Due:
    """Say what is due at the start: everything."""
    now = agent.now()
    return Due(pull_at=now, deep_check_at=now)


def step(agent: Agent, due: Due) -> Turn:
    """Do what is due now.

    Raises:
        OSError: The folder cannot be written, so nothing can be remembered.
        ValueError: Notes in the folder are damaged.
    """
    now = agent.now()
    told: list[str] = []
    run = agent.settings.run
    pulled: Load | None = None
    if now >= due.pull_at:
        due = msgspec.structs.replace(due, pull_at=now + timedelta(seconds=run.interval_s))
        pulled = _attempt(agent, "pull", told, agent.pull)
        if pulled is not None:
            agent.store.change_notes(pulled_at=now)
    kernel = _attempt(agent, "look", told, agent.kernel)
    is_deep = now >= due.deep_check_at
    if is_deep:
        due = msgspec.structs.replace(due, deep_check_at=now + timedelta(seconds=run.deep_check_s))
        due = _with_beginning(agent, due, kernel.load if kernel else None, told)
    begins = due.begin_at is not None and now >= due.begin_at
    is_lost = kernel is not None and kernel.load is None and agent.before(kernel) is not None
    is_wrong = is_deep and not is_lost and bool(_differing(agent, told))
    is_new = pulled is not None and (kernel is None or kernel.load != pulled)
    if not (is_new or begins or is_lost or is_wrong):
        return Turn(told=tuple(told), due=due)
    wanted = _attempt(agent, "read", told, lambda: _wanted(agent, pulled))
    if wanted is None:
        return Turn(told=tuple(told), due=due)
    outcome = _attempt(agent, "apply", told, lambda: apply(agent, wanted))
    if outcome is not None:
        told += _words(agent, outcome)
        due = _with_beginning(agent, due, wanted, told)
    if outcome is not None and outcome.state == "refused" and is_lost:
        _reload(agent, told)
    return Turn(told=tuple(told), due=due, outcome=outcome)


def _with_beginning(agent: Agent, due: Due, load: Load | None, told: list[str]) -> Due:
    begin_at = _attempt(agent, "read", told, lambda: agent.flows(load).next_at) if load else None
    return msgspec.structs.replace(due, begin_at=begin_at)


def _wanted(agent: Agent, pulled: Load | None) -> Load | None:
    """Choose what the kernel is to hold: the newest verified list, unless a person went back from it."""
    newest = pulled or agent.pulled()
    if newest is not None and newest.list.serial > agent.store.notes().held_above:
        return newest
    return agent.before(agent.kernel())


def _reload(agent: Agent, told: list[str]) -> None:
    """Load what the kernel held before it lost it, where something newer may not be loaded."""
    last = _attempt(agent, "read", told, lambda: agent.before(agent.kernel()))
    if last is not None:
        outcome = _attempt(agent, "apply", told, lambda: apply(agent, last))
        told += _words(agent, outcome) if outcome else ()


def _differing(agent: Agent, told: list[str]) -> tuple[str, ...]:
    comparison = _attempt(agent, "compare", told, lambda: compare(agent))
    wrong = comparison.wrong if comparison and comparison.serial is not None else ()
    told += [f"the kernel's table was changed: {words}" for words in wrong]
    return wrong


def _words(agent: Agent, outcome: Outcome) -> list[str]:
    match outcome.state:
        case "unchanged":
            return []
        case "applied":
            change = outcome.change
            counts = f"{change.n_added} elements came, {change.n_removed} went" if change else ""
            return [
                f"loaded list {outcome.serial}: {counts}",
                *(f"wrong after the load: {one}" for one in outcome.wrong),
            ]
        case "refused":
            words = " ".join(_sentence(one.words) for one in outcome.refused)
            return [_trouble(agent, f"list not loaded: {words} What was loaded stays.")]


def _attempt(agent: Agent, what: str, told: list[str], act: Callable[[], Value]) -> Value | None:
    try:
        return act()
    except (OSError, ValueError) as error:
        told.append(_trouble(agent, f"{what} failed: {error}"))
        return None


def _trouble(agent: Agent, words: str) -> str:
    words = _sentence(words)
    agent.store.change_notes(trouble=words)
    return words


def _sentence(words: str) -> str:
    return words if words.endswith((".", "?", "!")) else f"{words}."
