"""Plan and apply: from what was pulled to what the kernel holds, in one transaction that was tried before.

``plan`` changes nothing. ``apply`` takes the lock, plans anew, has nft and the kernel check the transaction, writes
what is to be loaded to disk, loads it, reads all of it back, and notes and acknowledges it. Timeouts are counted anew
right before the load, so that what was slow before it makes no exemption longer.

A transaction fails as a whole where an element that it removes has just ended by itself, or where somebody else
changed the table; then all is read and planned again, ``TRIES`` times.
"""

from typing import Final, Literal

from msgspec import Struct

from raabta.gateway import nft
from raabta.gateway.acknowledging import acknowledge, is_acknowledged
from raabta.gateway.agent import Agent, Kernel, old_tables
from raabta.gateway.judging import Differences, Refusal, differences, name_of, refusals, unsafe_notrack
from raabta.gateway.state import Load
from raabta.remedy.policy import Marker
from raabta.remedy.transaction import Change, Held, find_change, find_differences

TRIES: Final = 3
_OF_NEW_LISTS: Final = frozenset({"serial.older", "serial.reused", "change.large", "list.rules"})
"""Not asked of a list that a person goes back to: it passed them when it was loaded first."""


class Plan(Struct, frozen=True, kw_only=True):
    """What a load would change, and what speaks against it."""

    load: Load
    differences: Differences
    change: Change | None
    """None where something speaks against it that nobody may override: such a list is not even laid out."""
    refused: tuple[Refusal, ...]
    held: Held | None


class Outcome(Struct, frozen=True, kw_only=True):
    """How an apply ended.

    Attributes:
        state: "applied"; "unchanged": the kernel held it already; "refused": it holds what it held before.
        serial: Of the list that the kernel holds now; None where it holds none.
        refused: Why, where it was.
        marker: The kernel's name for what it holds.
        change: What was done.
        wrong: What the kernel holds otherwise than it was told to, read back after the load.
    """

    state: Literal["applied", "unchanged", "refused"]
    serial: int | None
    refused: tuple[Refusal, ...] = ()
    marker: str = ""
    change: Change | None = None
    wrong: tuple[str, ...] = ()


def plan(agent: Agent, load: Load, *, is_undo: bool = False) -> Plan:
    """Say what loading would change, without changing anything.

    Args:
        agent: The gateway.
        load: What would be loaded.
        is_undo: A person goes back to an older list: its serial, and the size of the change, are no hindrance.

    Raises:
        OSError: nft cannot be run.
        ValueError: A file is damaged, an entry cannot be loaded, or nft refused.
    """
    kernel = agent.kernel()
    refused = tuple(_refusals(agent, load, kernel))
    if is_undo:
        refused = tuple(one for one in refused if one.code not in _OF_NEW_LISTS)
    held = nft.read_held() if kernel.has_table else None
    before = agent.before(kernel)
    may = all(one.may_override for one in refused)
    return Plan(
        load=load,
        differences=differences(before.list if before else None, load.list),
        change=_change(agent, load, held) if may else None,
        refused=refused,
        held=held,
    )


def apply(agent: Agent, load: Load, *, override: bool = False, is_undo: bool = False) -> Outcome:
    """Load a list, if nothing speaks against it. Whatever happens, the kernel holds this list or the one before.

    Args:
        agent: The gateway.
        load: What to load.
        override: Let pass what a person may let pass: a change of many entries.
        is_undo: As for ``plan``.

    Raises:
        OSError: nft cannot be run, or the folder cannot be written.
        ValueError: A file is damaged, or nft refused. The kernel holds what it held before.
    """
    with agent.store.lock() as lock:
        kernel = agent.kernel()
        if kernel.marker:
            agent.store.recover(kernel.marker, now=agent.now())
        for _ in range(TRIES - 1):
            outcome = _attempt(agent, load, override=override, is_undo=is_undo, lock=lock)
            if outcome is not None:
                return outcome
        return _once(agent, load, override=override, is_undo=is_undo, lock=lock)


def _attempt(agent: Agent, load: Load, *, override: bool, is_undo: bool, lock: int) -> Outcome | None:
    try:
        return _once(agent, load, override=override, is_undo=is_undo, lock=lock)
    except ValueError:
        return None


def _once(agent: Agent, load: Load, *, override: bool, is_undo: bool, lock: int) -> Outcome:
    planned = plan(agent, load, is_undo=is_undo)
    standing = tuple(one for one in planned.refused if not (override and one.may_override))
    if not standing and planned.change is not None:
        return _load(agent, planned, planned.change, lock=lock)
    kernel = agent.kernel()
    serial = kernel.load.list.serial if kernel.load else None
    return Outcome(state="refused", serial=serial, refused=standing, marker=kernel.marker)


def _load(agent: Agent, planned: Plan, tried: Change, *, lock: int) -> Outcome:
    load, held = planned.load, planned.held
    marker = tried.marker.name
    if not tried.text:
        _note(agent, tried.marker, load)
        if not is_acknowledged(agent, marker):
            acknowledge(agent, load, marker=tried.marker)
        return Outcome(state="unchanged", serial=load.list.serial, marker=marker, change=tried)
    nft.check_text(tried.text)
    agent.store.keep_load(marker, load)
    change = _change(agent, load, held)
    nft.load_text(change.text, keep_open=(lock,))
    after = nft.read_held()
    if after is not None:
        _remember_rules(agent, change, after)
    _note(agent, change.marker, load)
    wrong = (
        ["the table is gone again"]
        if after is None
        else find_differences(agent.flows(load), after, now_s=agent.now_s())
    )
    acknowledge(agent, load, marker=change.marker)
    return Outcome(state="applied", serial=load.list.serial, marker=marker, change=change, wrong=tuple(wrong))


def _change(agent: Agent, load: Load, held: Held | None) -> Change:
    return find_change(
        agent.flows(load),
        held,
        marker=name_of(load),
        settings=agent.settings.policy,
        now_s=agent.now_s(),
        rebuild=held is not None and is_foreign(agent, held),
    )


def is_foreign(agent: Agent, held: Held) -> bool:
    """Whether somebody else changed the rules of our table, or made it."""
    if held.marker is None:
        return True
    return agent.store.notes().rules.get(held.marker.policy) != held.rules


def _refusals(agent: Agent, load: Load, kernel: Kernel) -> list[Refusal]:
    found = list(
        refusals(
            load,
            agent.before(kernel),
            settings=agent.settings,
            notes=agent.store.notes(),
            now=agent.now(),
            bench=agent.bench,
        )
    )
    reason = unsafe_notrack(nft.read_others(), old_tables()) if agent.settings.policy.notrack else ""
    if reason:
        words = f"{agent.settings.file}: notrack is on, but {reason}. Set notrack = false."
        found.append(Refusal(code="policy.notrack", words=words))
    return found


def _remember_rules(agent: Agent, change: Change, after: Held) -> None:
    if change.is_new_policy:
        rules = {change.marker.policy: after.rules}
        agent.store.change_notes(rules=rules)


def _note(agent: Agent, marker: Marker, load: Load) -> None:
    now = agent.now()
    notes = agent.store.notes()
    latest = max(now, notes.latest_at or now)
    agent.store.note_applied(marker.name, load, now=now)
    agent.store.change_notes(latest_at=latest, trouble="")
