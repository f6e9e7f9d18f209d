"""One exchange between the sender and the register: what was tried is settled, what comes next is started.

All in one change, and so in one commit: a sender that is killed leaves one uncertain message for each that was under
way. What follows from a try for its receiver (a bounce, an address that is no longer needed) is part of that commit.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from msgspec import Struct, structs

from raabta.model.subscription import CHANNELS, Channel, Delivery, Subscriber
from raabta.pipeline.informing.composing import Composer, Task
from raabta.pipeline.informing.desk.closing import forget_contacts
from raabta.pipeline.informing.subscribing.bounces import note_bounce
from raabta.pipeline.informing.subscribing.leaving import forget
from raabta.registry.outbox.expanding import expand_some, next_dispatch
from raabta.registry.outbox.forgetting import forget_some
from raabta.registry.outbox.outcome import Outcome
from raabta.registry.outbox.queue import due, is_due, put_off, settle, start
from raabta.registry.records import Records

LOOKED_AT_MAX: Final = 400
"""Deliveries of one channel that are looked at in one exchange, where most have to wait. Keeps it under 0.1 s."""
WAIT_FOR_PLACE: Final = dt.timedelta(seconds=5)
"""A delivery whose receiver is busy with another one is looked at again after this."""
WAIT_FOR_ANSWER: Final = dt.timedelta(seconds=0.5)
"""A delivery whose receiver has yet to answer the first one is looked at again after this: most do sooner."""
FORGOTTEN_AT_ONCE: Final = 500


class Wanted(Struct, frozen=True, kw_only=True):
    """How many deliveries of a channel can be sent now, and which receivers take none."""

    n: int
    busy: Collection[str] = ()
    """Receivers that are slow with what they have."""
    down: Mapping[str, dt.datetime] = {}
    """Receivers that did not answer, and when they are asked again."""
    trusted: AbstractSet[str] | None = None
    """Receivers that answered last time. All others get one message at a time; None doubts nobody."""
    doubted: AbstractSet[str] = frozenset()
    """Of the others, those that have a message under way."""
    n_doubtful: int = 0
    """How many can be sent to the others."""


class Exchanged(Struct, frozen=True, kw_only=True):
    """What one exchange did."""

    tasks: tuple[Task, ...]
    settled: tuple[Delivery, ...]
    n_expanded: int
    """Deliveries made from dispatches."""
    expanding: bool
    """More is to be expanded."""
    waits: dt.timedelta = dt.timedelta(0)
    """How long at most something that is due waits for a receiver that is busy; 0 where nothing does."""


def exchange(
    records: Records,
    tried: Sequence[tuple[Delivery, Outcome]],
    *,
    wanted: Mapping[Channel, Wanted],
    composer: Composer,
    now: dt.datetime,
    expands: bool = True,
) -> Exchanged:
    """Settle what was tried, expand a bit, and start what can be sent now.

    Args:
        records: Of a change.
        tried: Deliveries as they were started, and what became of them.
        wanted: For each channel, how many can be sent.
        composer: Looks up what messages are made of.
        now: The time.
        expands: Make deliveries from dispatches, too.
    """
    settled = settle(records, tried, now=now)
    for one, (_, outcome) in zip(settled, tried, strict=True):
        _follow(records, one, outcome, now=now)
    told = next_dispatch(records) if expands else None
    expanded = expand_some(records, bulletin=composer.bulletin(records, told.bulletin_id)) if told else None
    tasks: list[Task] = []
    waits = dt.timedelta(0)
    for channel, many in wanted.items():
        begun, wait = _start(records, channel, many, composer=composer, now=now)
        tasks += begun
        waits = max(waits, wait)
    return Exchanged(
        tasks=tuple(tasks),
        settled=tuple(settled),
        n_expanded=expanded.n_made if expanded else 0,
        expanding=expanded is not None,
        waits=waits,
    )


def has_work(records: Records, *, now: dt.datetime, channels: Iterable[Channel] = CHANNELS) -> bool:
    """Say whether anything is to be expanded or sent now. Reads only."""
    return next_dispatch(records) is not None or any(is_due(records, one, now=now) for one in channels)


def tidy_up(records: Records, *, now: dt.datetime) -> int:
    """Forget a bit of what need not be kept: old deliveries, subscribers who left, contacts of closed reports.

    Returns:
        How much went; call again where it is not 0.
    """
    n_gone = forget_some(records, now=now, n_most=FORGOTTEN_AT_ONCE)
    return n_gone + forget(records, now=now) + forget_contacts(records, now=now)


def _start(
    records: Records, channel: Channel, wanted: Wanted, *, composer: Composer, now: dt.datetime
) -> tuple[list[Task], dt.timedelta]:
    """Start what can be sent; say how long anything waits for a busy receiver."""
    tasks: list[Task] = []
    n_looked_at, waits = 0, dt.timedelta(0)
    sorting = _Sorting(wanted, now)
    while len(tasks) < wanted.n and n_looked_at < LOOKED_AT_MAX:
        found = due(records, channel, now=now, n_most=wanted.n - len(tasks))
        if not found:
            break
        n_looked_at += len(found)
        judged = list(zip(found, composer.look_up(records, found, now=now), strict=True))
        settle(records, [(one, what) for one, what in judged if isinstance(what, Outcome)], now=now)
        ready, wait = _ready(records, [what for _, what in judged if isinstance(what, Task)], sorting)
        waits = max(waits, wait)
        begun = start(records, [task.delivery for task in ready], now=now)
        tasks += [structs.replace(task, delivery=one) for task, one in zip(ready, begun, strict=True)]
    return tasks, waits


class _Sorting:
    """Which deliveries can go now, for one channel and exchange."""

    def __init__(self, wanted: Wanted, now: dt.datetime) -> None:
        self.wanted = wanted
        self.now = now
        self._taken = set(wanted.doubted)
        self._n_doubtful = wanted.n_doubtful

    def wait(self, place: str) -> dt.timedelta:
        """Say how long a delivery to a place waits; 0 where it can go, and then it counts."""
        wanted = self.wanted
        if (until := wanted.down.get(place)) is not None and until > self.now:
            return until - self.now
        if place in wanted.busy:
            return WAIT_FOR_PLACE
        if wanted.trusted is None or place in wanted.trusted:
            return dt.timedelta(0)
        if place in self._taken:
            return WAIT_FOR_ANSWER
        if self._n_doubtful <= 0:
            return WAIT_FOR_PLACE
        self._taken.add(place)
        self._n_doubtful -= 1
        return dt.timedelta(0)


def _ready(records: Records, tasks: Sequence[Task], sorting: _Sorting) -> tuple[list[Task], dt.timedelta]:
    """Give the tasks whose receiver can take one more, and let the others wait."""
    ready: list[Task] = []
    waiting: dict[dt.timedelta, list[Delivery]] = {}
    longest = dt.timedelta(0)
    for task in tasks:
        wait = sorting.wait(task.place)
        if not wait:
            ready.append(task)
            continue
        waiting.setdefault(wait, []).append(task.delivery)
        if task.place not in sorting.wanted.down:
            longest = max(longest, wait)
    for wait, many in waiting.items():
        put_off(records, many, until=sorting.now + wait)
    return ready, longest


def _follow(records: Records, delivery: Delivery, outcome: Outcome, *, now: dt.datetime) -> None:
    """Do what follows from a try for whom it went to."""
    if delivery.state == "given_up" and outcome.bounce and delivery.reason in ("bulletin", "confirm"):
        note_bounce(records, delivery.to_id, kind=outcome.bounce, now=now)
    if delivery.reason == "goodbye" and delivery.state in ("sent", "given_up"):
        left = records.get(Subscriber, delivery.to_id)
        if left is not None and left.state == "ended":
            records.put(structs.replace(left, address="", member_id="", component_ids=(), kinds=(), products=()))
