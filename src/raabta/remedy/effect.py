"""Does an exemption work? From openings to the end point and to control twins, one of three answers, with its reason.

Explanations are weighed together (Bayes), each made of three things: what the network does to the protocol (nothing,
drop, throttle, reset, reject), whether the end point is spared, and how end point and twins are themselves (up, down,
refusing, unsteady, cut off from here for reasons of their own). Then

- *effective*: something is done to the protocol, the end point is spared, and both it and a twin are up;
- *not effective*: something is done, the end point is not spared, and both are up;
- *undecidable*: everything else, and whatever does not reach ``SURE``.

That the end point is up thus needs a sign: an answer, a connection that opens, or a witness outside. A WireGuard server
is silent to a wrong key: from here that reads like a drop, so silence alone stays undecidable.

The end point is tried alone before the twin is tried for the first time: if that passes and what follows does not,
the inspection punishes the member for the twin's opening (residual blocking), which is told apart.

The reason of an undecidable answer is read from what the legs look like, by plain rules (``_reason``), so that it can
be explained; it does not change the answer.
"""

import datetime as dt
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from msgspec import Struct

from raabta.model.effect import Effect, Leg, OpeningFact
from raabta.remedy import effect_model as model
from raabta.remedy.effect_model import Kind, Tally

SURE: Final = 0.9
"""Posterior from which an answer is given. Judgement: one wrong answer in ten at the worst, and far fewer measured."""

Action = Literal["none", "dropped", "throttled", "reset", "rejected"]
_RESTRICTION: Final = {"dropped": "drop", "throttled": "throttle", "reset": "reset", "rejected": "reject"}

_ACTIONS: Final[dict[Action, float]] = {
    "none": 0.5,
    "dropped": 0.2,
    "throttled": 0.13,
    "reset": 0.12,
    "rejected": 0.05,
}
"""What is expected of a protocol before looking. People test when something seems wrong."""

_SPARED: Final = 0.5
"""How often a listed end point is spared where the protocol is restricted. Not known: even."""

_ENDPOINT: Final = {
    "up": 0.6,
    "silent": 0.24,
    "refused": 0.06,
    "unreachable": 0.03,
    "refuses": 0.03,
    "unsteady": 0.01,
    "away": 0.01,
    "spoiled": 0.01,
}
"""How members' end points are. ``away``: up, but cut off from here alone; ``spoiled``: spared until a twin is tried."""

_TWIN: Final = {
    "up": 0.87,
    "silent": 0.07,
    "refused": 0.02,
    "unreachable": 0.01,
    "refuses": 0.012,
    "unsteady": 0.003,
    "away": 0.005,
    "excepted": 0.01,
}
"""How the association's twins are. ``excepted``: up, and spared by mistake."""

_LINE_DOWN: Final = 0.05
_NEAR: Final = 0.5
"""A line leg nearer than half of the tested round trip says nothing of the rest of the way."""


class EffectDay(Struct, frozen=True, kw_only=True):
    """What was found on one operator's network on one day (UTC) for one end point: how many runs said what."""

    asn: int
    day: dt.date
    endpoint: str
    n_effective: int = 0
    n_not_effective: int = 0
    n_undecidable: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evidence:
    """Counts by leg. ``first`` are the end point's openings before any twin was tried, ``then`` the later ones."""

    first: Tally
    then: Tally
    twins: tuple[Tally, ...]
    outside: Tally
    outside_twins: tuple[Tally, ...]
    line: Tally
    tcp: bool


def judge(
    facts: Sequence[OpeningFact], *, endpoint: str, measured_at: dt.datetime, asn: int = 0, keep_facts: bool = True
) -> Effect:
    """Say whether an exemption works, from one run's openings.

    Args:
        facts: Of all legs, in any order.
        endpoint: How to call the end point in the answer.
        measured_at: When, aware UTC.
        asn: The network measured from, 0 where unknown.
        keep_facts: Put the facts into the answer, so that it can be judged anew.
    """
    evidence = _read(facts)
    answers, actions = _weigh(evidence)
    restriction = max(actions, key=lambda name: actions[name])
    whole = Counter(evidence.first)
    whole.update(evidence.then)
    twins = _sum(evidence.twins)
    answer: Literal["effective", "not_effective", "undecidable"]
    if answers["effective"] >= SURE:
        answer, reason = "effective", f"effective.{restriction}"
    elif answers["not_effective"] >= SURE:
        answer, reason = "not_effective", f"not_effective.{restriction}"
    else:
        answer, reason = "undecidable", f"undecidable.{_reason(facts, evidence)}"
    sure = answers[answer] if answer != "undecidable" else 1 - max(answers["effective"], answers["not_effective"])
    return Effect(
        endpoint=endpoint,
        answer=answer,
        reason=reason,
        likelihood=round(sure, 4),
        restriction="" if answer == "undecidable" else _RESTRICTION[restriction],
        n_endpoint=sum(whole.values()),
        n_endpoint_answered=whole["answered"] + whole["late"],
        n_twin=sum(twins.values()),
        n_twin_answered=twins["answered"] + twins["late"],
        asn=asn,
        measured_at=measured_at,
        facts=tuple(facts) if keep_facts else (),
    )


def tally_days(effects: Iterable[Effect]) -> list[EffectDay]:
    """Count answers per operator, day (UTC) and end point, ascending."""
    counts: dict[tuple[int, dt.date, str], Counter[str]] = {}
    for effect in effects:
        key = (effect.asn, effect.measured_at.astimezone(dt.UTC).date(), effect.endpoint)
        counts.setdefault(key, Counter())[effect.answer] += 1
    return [
        EffectDay(
            asn=asn,
            day=day,
            endpoint=endpoint,
            n_effective=count["effective"],
            n_not_effective=count["not_effective"],
            n_undecidable=count["undecidable"],
        )
        for (asn, day, endpoint), count in sorted(counts.items())
    ]


# --- reading --------------------------------------------------------------------------------------------------------


def _read(facts: Sequence[OpeningFact]) -> _Evidence:
    def of(leg: Leg) -> list[OpeningFact]:
        return [fact for fact in facts if fact.leg == leg]

    def by_place(leg: Leg, places: Sequence[int]) -> tuple[Tally, ...]:
        return tuple(model.tally_of([fact for fact in of(leg) if fact.place == place]) for place in places)

    mine, twins = of("endpoint"), of("twin")
    places = sorted({fact.place for fact in twins})
    begin = min((fact.at_s for fact in twins if model.kind_of(fact) is not None), default=math.inf)
    return _Evidence(
        first=model.tally_of([fact for fact in mine if fact.at_s < begin]),
        then=model.tally_of([fact for fact in mine if fact.at_s >= begin]),
        twins=by_place("twin", places),
        outside=model.tally_of(of("outside")),
        outside_twins=by_place("outside_twin", places),
        line=model.tally_of(_trusted(of("line"), [*mine, *twins])),
        tcp=any(fact.transport == "tcp" for fact in mine),
    )


def _trusted(line: list[OpeningFact], tested: list[OpeningFact]) -> list[OpeningFact]:
    """The line's leg, unless what answers it stands much nearer than what is tested (a cache, an interceptor)."""
    near = [fact.rtt_ms for fact in line if fact.rtt_ms is not None]
    far = [fact.rtt_ms for fact in tested if fact.rtt_ms is not None]
    return [] if near and far and min(near) < _NEAR * min(far) else line


def _sum(tallies: Iterable[Tally]) -> Counter[Kind]:
    total: Counter[Kind] = Counter()
    for tally in tallies:
        total.update(tally)
    return total


# --- weighing -------------------------------------------------------------------------------------------------------


def _weigh(evidence: _Evidence) -> tuple[dict[str, float], dict[Action, float]]:
    """Give the posterior of each answer, and of each action where the answer is not "undecidable"."""
    rows: list[tuple[float, str, Action]] = []
    for loss, common in model.LOSSES:
        line = model.log_sum(
            [
                math.log(1 - _LINE_DOWN) + model.passes(evidence.line, loss=loss, tcp=False),
                math.log(_LINE_DOWN) + model.silent(evidence.line),
            ]
        )
        for action, expected in _ACTIONS.items():
            prior = math.log(common) + math.log(expected) + line
            twin_up, twin_not = _twins(evidence, action, loss=loss)
            for spared in (True, False) if action != "none" else (True,):
                share = math.log(_SPARED) if action != "none" else 0.0
                up, other = _endpoint(evidence, action, spared=spared, loss=loss)
                answer = "undecidable" if action == "none" else "effective" if spared else "not_effective"
                rows.append((prior + share + up + twin_up, answer, action))
                rows.append((prior + share + up + twin_not, "undecidable", action))
                rows.append((prior + share + other + model.log_sum([twin_up, twin_not]), "undecidable", action))
    top = max(row[0] for row in rows)
    answers = dict.fromkeys(("effective", "not_effective", "undecidable"), 0.0)
    actions: dict[Action, float] = dict.fromkeys(_ACTIONS, 0.0)
    for weight, answer, action in rows:
        share = math.exp(weight - top)
        answers[answer] += share
        if answer != "undecidable":
            actions[action] += share
    total = sum(answers.values())
    actions["none"] = 0.0
    return {name: share / total for name, share in answers.items()}, actions


def _met(tally: Tally, action: Action, *, loss: float, tcp: bool) -> float:
    """An up server's openings under an action."""
    match action:
        case "none":
            return model.passes(tally, loss=loss, tcp=tcp)
        case "dropped":
            return model.dropped(tally, tcp=tcp)
        case "throttled":
            return model.throttled(tally, loss=loss, tcp=tcp)
        case "reset":
            return model.reset(tally, loss=loss)
        case "rejected":
            return model.rejected(tally, loss=loss)


_ITSELF: Final = {
    "silent": model.silent,
    "refused": model.refused,
    "unreachable": model.unreachable,
    "refuses": model.refuses,
    "unsteady": model.unsteady,
}


def _of_itself(state: str, inside: Tally, outside: Tally) -> float:
    """A server that is not well is so from everywhere. An action on top adds only silence, which each explains."""
    return _ITSELF[state](inside) + _ITSELF[state](outside)


def _outside_up(outside: Tally, *, tcp: bool) -> float:
    return model.mean_of_logs([model.passes(outside, loss=loss, tcp=tcp) for loss in (0.003, 0.06, 0.3)])


def _cut_off(inside: Tally) -> float:
    return model.mean_of_logs([model.silent(inside), model.unreachable(inside)])


def _endpoint(evidence: _Evidence, action: Action, *, spared: bool, loss: float) -> tuple[float, float]:
    """Give the weight of "up", and of everything else that the end point may be."""
    inside = _sum((evidence.first, evidence.then))
    tcp, outside = evidence.tcp, _outside_up(evidence.outside, tcp=evidence.tcp)
    meets: Action = "none" if spared else action
    up = math.log(_ENDPOINT["up"]) + outside + _met(inside, meets, loss=loss, tcp=tcp)
    others = [math.log(_ENDPOINT[state]) + _of_itself(state, inside, evidence.outside) for state in _ITSELF]
    others.append(math.log(_ENDPOINT["away"]) + outside + _cut_off(inside))
    if spared and action != "none":
        first = model.passes(evidence.first, loss=loss, tcp=tcp)
        later = [model.dropped(evidence.then, tcp=tcp), _met(evidence.then, action, loss=loss, tcp=tcp)]
        others.append(math.log(_ENDPOINT["spoiled"]) + outside + first + model.mean_of_logs(later))
    return up, model.log_sum(others)


def _twins(evidence: _Evidence, action: Action, *, loss: float) -> tuple[float, float]:
    """Give the weight of "at least one twin is up and shows the action", and of everything else."""
    all_, none_up = 0.0, 0.0
    for inside, outside in zip(evidence.twins, evidence.outside_twins, strict=True):
        seen = _outside_up(outside, tcp=evidence.tcp)
        up = math.log(_TWIN["up"]) + seen + _met(inside, action, loss=loss, tcp=evidence.tcp)
        others = [math.log(_TWIN[state]) + _of_itself(state, inside, outside) for state in _ITSELF]
        others.append(math.log(_TWIN["away"]) + seen + _cut_off(inside))
        others.append(math.log(_TWIN["excepted"]) + seen + model.passes(inside, loss=loss, tcp=evidence.tcp))
        rest = model.log_sum(others)
        none_up += rest
        all_ += model.log_sum([up, rest])
    if not evidence.twins:
        return -math.inf, 0.0
    return _log_difference(all_, none_up), none_up


def _log_difference(more: float, less: float) -> float:
    return more + math.log(max(1e-300, -math.expm1(min(0.0, less - more))))


# --- the reason of an undecidable answer ----------------------------------------------------------------------------

_WELL: Final = 0.75
"""Share of openings answered in time from which a leg is said to pass, for the reason's words only."""

_SPOILT: Final = 0.2
"""Share from which down a leg has stopped: what was on its way when the twin was tried still passes."""

Said = Literal["mute", "reset", "closed", "rejected", "refused", "unreachable"]
Look = Literal["none", "passes", "some", "silent"] | Said


_SAID: Final[tuple[Said, ...]] = get_args(Said)


def _look(tally: Tally) -> Look:
    n = sum(tally.values())
    if not n:
        return "none"
    if tally["answered"] >= _WELL * n:
        return "passes"
    if tally["answered"] + tally["late"]:
        return "some"
    loudest = max(_SAID, key=lambda kind: tally[kind])
    return loudest if tally[loudest] else "silent"


def _share(tally: Tally) -> float:
    return tally["answered"] / max(1, sum(tally.values()))


def _is_spoiled(evidence: _Evidence, twins: set[Look]) -> bool:
    if "passes" in twins or _look(evidence.first) != "passes" or _look(evidence.then) == "none":
        return False
    return _share(evidence.then) < _SPOILT


def _reason(facts: Sequence[OpeningFact], evidence: _Evidence) -> str:
    mine = _look(_sum((evidence.first, evidence.then)))
    twins = {_look(tally) for tally in evidence.twins}
    if mine == "none" or twins <= {"none"}:
        return _unsent(facts)
    if _is_spoiled(evidence, twins):
        return "twin_spoils"
    if mine == "passes":
        return _reason_of_twins(evidence, twins)
    if _look(evidence.line) == "silent" and mine == "silent" and twins == {"silent"}:
        return "no_network"
    if twins == {"passes"}:
        return _reason_of_endpoint(evidence, mine)
    outside = _look(evidence.outside)
    if mine in ("refused", "unreachable") or outside in ("silent", "refused", "unreachable"):
        return "endpoint_down"
    if _are_down(evidence, twins):
        return "twin_down"
    if "some" in twins | {mine}:
        return "too_lossy"
    if mine in ("closed", "mute", "reset"):
        return "endpoint_refuses" if outside == "none" else "twin_unknown"
    if mine == "silent":
        return "both_silent" if outside == "none" else "twin_unknown"
    return "not_sure"


def _reason_of_twins(evidence: _Evidence, twins: set[Look]) -> str:
    if twins == {"passes"}:
        return "nothing_restricted"
    if "passes" in twins:
        return "twins_differ"
    if _are_down(evidence, twins):
        return "twin_down"
    if "some" in twins:
        return "too_lossy"
    return "twin_silent" if twins == {"silent"} else "twin_unknown"


def _are_down(evidence: _Evidence, twins: set[Look]) -> bool:
    outside = {_look(tally) for tally in evidence.outside_twins} - {"none"}
    return twins <= {"refused", "unreachable"} or bool(outside and "passes" not in outside | twins)


def _reason_of_endpoint(evidence: _Evidence, mine: Look) -> str:
    outside = _look(evidence.outside)
    match mine:
        case "refused" | "unreachable" if outside != "passes":
            return "endpoint_down"
        case "reset" | "closed" | "mute" if outside != "passes":
            return "endpoint_refuses"
        case "some":
            return "endpoint_unsteady"
        case _ if outside == "passes":
            return "endpoint_alone"
        case _:
            return "endpoint_silent" if outside == "none" else "endpoint_down"


def _unsent(facts: Sequence[OpeningFact]) -> str:
    is_nameless = any(fact.operation == "resolve" for fact in facts if fact.leg in ("endpoint", "twin"))
    return "no_address" if is_nameless else "no_network"
