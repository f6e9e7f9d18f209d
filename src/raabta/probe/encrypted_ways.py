"""Which ways of encrypted lookup get through from here: each is asked once a round, and again where that failed.

It is a fact about the line, not about a target; every measurement of the round carries it.
"""

import asyncio
from typing import Final

from raabta.probe import dns
from raabta.probe.settings import ProbeSettings, Resolver
from raabta.probe.trace import BudgetSpentError, Trace

TRIES: Final = 2
"""On a line that loses 8.6 % (Pakistan's median, M-Lab 10/2024) one handshake in fifty does not end in 4 s; both,
never."""


async def check_encrypted(trace: Trace, settings: ProbeSettings) -> dict[str, str]:
    """Ask every encrypted resolver of the settings for the harmless name.

    Returns:
        By engine (``dot``, ``doh``, ``doq``): "" where any resolver answered, whatever it said; else the df-007
        failure.
    """
    async with asyncio.TaskGroup() as group:
        asking = [
            (resolver, group.create_task(_ask(trace, resolver, settings=settings)))
            for resolver in settings.encrypted_resolvers
        ]
    ways: dict[str, str] = {}
    for resolver, task in asking:
        failure = task.result()
        if failure is not None:
            ways[resolver.engine] = "" if ways.get(resolver.engine) == "" else failure
    return ways


async def _ask(trace: Trace, resolver: Resolver, *, settings: ProbeSettings) -> str | None:
    """Give the failure, "" for an answer, None where the budget did not allow to ask."""
    failure = ""
    try:
        for _ in range(TRIES):
            query, _late = await dns.look_up(
                trace, settings.other_name, query_type="A", resolver=resolver, settings=settings
            )
            failure = query.failure or ""
            if not failure or failure.startswith("dns_"):
                return ""
    except BudgetSpentError:
        return failure or None
    return failure
