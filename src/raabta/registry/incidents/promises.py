"""Promises: made, put off, kept, broken. Pure. Deadlines that were put off stay to be seen."""

import datetime as dt
from collections.abc import Collection
from typing import Final

from msgspec import structs

from raabta.model.incident import Escalation, Promise, PromiseState
from raabta.registry.incidents.steps import acting, moment, past_moment, utc
from raabta.registry.incidents.texts import needed, tidy_line

ESCALATIONS_MAX: Final = 10
ESCALATION_MIN_MAX: Final = 7 * 24 * 60
"""A week. Judgement."""
SETTLED: Final[tuple[PromiseState, ...]] = ("kept", "broken", "withdrawn")


def made(promise: Promise, *, duty: Collection[str], now: dt.datetime) -> Promise:
    """Give a promise as it is kept, when it was just made.

    Args:
        promise: Open, nothing put off.
        duty: Names of the duty list: only these can be told.
        now: Aware UTC.

    Raises:
        ValueError: A field is wrong.
    """
    made_at, due_at = past_moment("made_at", promise.made_at, now=now), moment("due_at", promise.due_at)
    if due_at <= made_at:
        message = f"due_at: it must lie after the promise was made ({utc(promise.made_at)}). Give a later time."
        raise ValueError(message)
    if promise.state != "open" or promise.put_off or promise.settled_at:
        message = "state: a new promise is open. Settle it, or put it off, afterwards."
        raise ValueError(message)
    _check_escalations(promise.escalations, duty)
    return structs.replace(
        promise,
        made_at=made_at,
        due_at=due_at,
        words_en=needed("words_en", tidy_line("words_en", promise.words_en)),
        words_ur=tidy_line("words_ur", promise.words_ur),
        by=acting(promise.by),
        escalations=tuple(sorted(promise.escalations, key=lambda one: (one.after_min, one.to))),
    )


def settled(promise: Promise, state: PromiseState, *, at: dt.datetime, now: dt.datetime) -> Promise:
    """Say what became of a promise; "open" takes back what was said: escalation begins anew.

    Raises:
        ValueError: It is settled already, or the time is wrong.
    """
    if state == "open":
        return structs.replace(promise, state=state, settled_at=None, escalations=_untold(promise))
    if promise.state != "open":
        message = f"state: it is {promise.state} already. If that was an error: --state open, then settle it again."
        raise ValueError(message)
    settled_at = past_moment("at", at, now=now)
    if settled_at < promise.made_at:
        message = f"at: it was made at {utc(promise.made_at)}. Give a later time."
        raise ValueError(message)
    return structs.replace(promise, state=state, settled_at=settled_at)


def put_off(promise: Promise, due_at: dt.datetime, *, now: dt.datetime) -> Promise:
    """Give a promise a later deadline; the clock of escalation begins anew.

    Raises:
        ValueError: It is settled, or the deadline is not later, or past.
    """
    if promise.state != "open":
        message = f"state: it is {promise.state}. Only an open promise can be put off; write down a new one."
        raise ValueError(message)
    until = moment("due_at", due_at)
    if until <= promise.due_at or until <= now:
        message = f"due_at: it must lie ahead, and after {utc(promise.due_at)}. Give a later time."
        raise ValueError(message)
    put_off_before = (*promise.put_off, promise.due_at)
    return structs.replace(promise, due_at=until, put_off=put_off_before, escalations=_untold(promise))


def _untold(promise: Promise) -> tuple[Escalation, ...]:
    return tuple(structs.replace(one, told_at=None) for one in promise.escalations)


def _check_escalations(escalations: tuple[Escalation, ...], duty: Collection[str]) -> None:
    if len(escalations) > ESCALATIONS_MAX:
        message = f"escalations: {ESCALATIONS_MAX} at most."
        raise ValueError(message)
    for one in escalations:
        if one.to not in duty:
            names = ", ".join(duty) or "nobody: publishing.toml has no [[duty]]"
            message = f"escalations: {one.to!r} is not on the duty list. There is: {names}."
            raise ValueError(message)
        if not 0 <= one.after_min <= ESCALATION_MIN_MAX:
            message = f"escalations: minutes from 0 to {ESCALATION_MIN_MAX}."
            raise ValueError(message)
