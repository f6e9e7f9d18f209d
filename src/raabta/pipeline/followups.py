"""Taking the follow-ups that ``diagnose`` names, within a measurement's budget.

Those that change the name, the address or the way go first, those that repeat the step go next: where interference
punishes for a while (residual blocking), a repeat would spoil what comes after it. Walks come last, alone, since they
send many packets that die on the way.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from raabta.model import FOLLOW_UPS, FollowUp
from raabta.probe import contrasts
from raabta.probe.runner import BUDGET
from raabta.probe.settings import ProbeSettings
from raabta.probe.trace import BudgetSpentError, Trace
from raabta.reference.tables import Tables
from raabta.wire.ooni.writing import Contrast, Skipped, TestKeys

AT_ONCE: Final = 4
"""Follow-ups of one measurement under way at a time. Judgement: more would compete with each other on a slow line."""

_LATER: Final = frozenset(("repeat", "split_hello", "browser_hello", "ech_grease"))


async def take_follow_ups(
    named: Sequence[FollowUp],
    *,
    keys: TestKeys,
    trace: Trace,
    settings: ProbeSettings,
    now: Callable[[], datetime],
    tables: Tables,
) -> None:
    """Take follow-ups and add what they saw to ``keys``; what the budget did not allow is added to ``x_skipped``."""
    limit = asyncio.Semaphore(AT_ONCE)

    async def take(follow_up: FollowUp) -> Contrast | None:
        async with limit:
            if not _affordable(follow_up, trace):
                return None
            try:
                return await contrasts.run_follow_up(trace, follow_up, settings=settings, now=now(), tables=tables)
            except BudgetSpentError:
                return None

    for phase in _phases(named):
        async with asyncio.TaskGroup() as group:
            tasks = [(follow_up, group.create_task(take(follow_up))) for follow_up in phase]
        for follow_up, task in tasks:
            contrast = task.result()
            if contrast is not None:
                keys.x_contrasts.append(contrast)
            else:
                keys.x_skipped.append(Skipped(what=follow_up.kind, reason=BUDGET))


def _phases(named: Sequence[FollowUp]) -> list[list[FollowUp]]:
    """Sort follow-ups into those taken first, those taken next, and walks one by one."""
    first: list[FollowUp] = []
    later: list[FollowUp] = []
    walks: list[list[FollowUp]] = []
    for follow_up in named:
        action = follow_up.kind.partition(".")[2]
        if action == "walk":
            walks.append([follow_up])
        else:
            (later if action in _LATER else first).append(follow_up)
    return [phase for phase in (first, later, *walks) if phase]


def _affordable(follow_up: FollowUp, trace: Trace) -> bool:
    """Say whether what a follow-up costs at most is left of packets and bytes, and whether there is time to begin."""
    kind = FOLLOW_UPS[follow_up.kind]
    budget = trace.budget
    if not budget.allows(elapsed_s=trace.now()):
        return False
    return budget.n_packets + kind.packets <= budget.max_packets and budget.n_bytes + kind.max_bytes <= budget.max_bytes
