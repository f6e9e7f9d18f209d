"""Does an exemption work? From openings to the end point and to control twins, one of three answers, with its reason.

Explanations are weighed together (Bayes), each made of three things: what the network does to the protocol (nothing,
drop, throttle, reset, reject), whether the end point is spared, and how end point and twins are themselves (up, down,
refusing, unsteady, cut off from here for reasons of their own). What the line itself loses and delays is common to all
legs, and it may carry nothing at all. Then

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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final, Literal, get_args

from msgspec import Struct

from raabta.model.effect import Effect, Leg, OpeningFact
from raabta.remedy import effect_model as model
from raabta.remedy.effect_model import Action, Kind, Tally, Way

SURE: Final = 0.9
"""Posterior from which an answer is given. Judgement: one wrong answer in ten at the worst, and far fewer measured."""

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

_BAD_PATH: Final = 0.02
"""How often an end point that is up stands at the end of a bad path of its own."""

_TWIN: Final = {
    "up": 0.87,
    "silent": 0.07,
    "refused": 0.02,
    "unreachable": 0.01,
    "refuses": 0.012,
    "unsteady": 0.003,
    "away": 0.005,
    "excepted": 0.01,
    "lossy": 0.015,
}
"""How the association's twins are. ``excepted``: up, and spared by mistake; ``lossy``: up and not restricted, at the
end of a bad path of its own."""

_OUTAGE: Final = 0.03
"""How often a tester's line carries nothing at all, so that every leg is silent whatever is up."""

_LINE_DOWN: Final = 0.05
"""How often what the line's leg connects to is itself down."""
_LINE_APART: Final = 0.03
"""How often the line's leg takes a clear way, and that to end point and twins is full."""
_FULL: Final = 0.2
"""What a full link loses at the most, since those who use it slow down. Judgement."""
_CLEAR_WAY: Final = Way(model.LOSSES[0][0])
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
    up: tuple[float, ...]
    """Of end point and twins: how likely what the witness saw is if it is up."""
    unwell: tuple[float, ...]
    """Likewise: how likely all is that was seen of it, if it is not well or cut off. The line changes nothing there."""


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
    outside = (model.tally_of(of("outside")), *by_place("outside_twin", places))
    seen = tuple(_in_time(tally) for tally in outside)
    inside = (model.tally_of(mine), *by_place("twin", places))
    tcp = any(fact.transport == "tcp" for fact in mine)
    up = tuple(_outside_up(tally, tcp=tcp) for tally in seen)
    states = (_ENDPOINT, *(_TWIN for _ in places))
    return _Evidence(
        first=model.tally_of([fact for fact in mine if fact.at_s < begin]),
        then=model.tally_of([fact for fact in mine if fact.at_s >= begin]),
        twins=inside[1:],
        outside=seen[0],
        outside_twins=seen[1:],
        line=model.tally_of(_trusted(of("line"), [*mine, *twins])),
        tcp=tcp,
        up=up,
        unwell=tuple(_unwell(*one) for one in zip(states, inside, seen, up, strict=True)),
    )


def _in_time(tally: Tally) -> Tally:
    """A witness's answers, late ones too: it is asked what is up, and its own line's queue is no matter of ours."""
    return {**tally, "answered": tally["answered"] + tally["late"], "late": 0}


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


_NO_LATES: Final = model.LATES[:1]
"""Where nothing came late, the other lines explain alike, and less."""

_Row = tuple[float, str, Action]
"""The logarithm of an explanation's weight, its answer, and its action."""


def _weigh(evidence: _Evidence) -> tuple[dict[str, float], dict[Action, float]]:
    """Give the posterior of each answer, and of each action where the answer is not "undecidable"."""
    rows: list[_Row] = [(math.log(_OUTAGE) + _nothing_passes(evidence), "undecidable", "none")]
    lates = model.LATES if _sum((evidence.first, evidence.then, evidence.line, *evidence.twins))["late"] else _NO_LATES
    for (loss, losing), (late, delaying) in product(model.LOSSES, lates):
        way = Way(loss, late)
        rows += _explained(evidence, way, math.log(losing) + math.log(delaying) + _line(evidence.line, way))
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


def _line(line: Tally, way: Way) -> float:
    likeness = [
        math.log(1 - _LINE_DOWN - _LINE_APART) + model.passes(line, way, tcp=False),
        math.log(_LINE_DOWN) + model.silent(line),
    ]
    if way.loss <= _FULL:
        likeness.append(math.log(_LINE_APART) + model.passes(line, _CLEAR_WAY, tcp=False))
    return model.log_sum(likeness)


def _explained(evidence: _Evidence, way: Way, prior: float) -> list[_Row]:
    """Weigh every action on a line that loses and delays so much."""
    rows: list[_Row] = []
    for action, expected in _ACTIONS.items():
        share = prior + math.log(expected) + math.log(_SPARED if action != "none" else 1.0)
        for form_share, form in model.forms_of(action, tcp=evidence.tcp):
            here, met = share + form_share, way._replace(form=form)
            twin_up, twin_not = _twins(evidence, action, met)
            for spared in (True, False) if action != "none" else (True,):
                up, other = _endpoint(evidence, action, met, spared=spared)
                answer = "undecidable" if action == "none" else "effective" if spared else "not_effective"
                rows.append((here + up + twin_up, answer, action))
                rows.append((here + up + twin_not, "undecidable", action))
                rows.append((here + other + model.log_sum([twin_up, twin_not]), "undecidable", action))
    return rows


def _nothing_passes(evidence: _Evidence) -> float:
    """The line is out, and end point and twins are up or not."""
    inside = model.silent(_sum((evidence.first, evidence.then, evidence.line, *evidence.twins)))
    outside = ((evidence.outside, _ENDPOINT), *((tally, _TWIN) for tally in evidence.outside_twins))
    for (tally, states), up in zip(outside, evidence.up, strict=True):
        unwell = [math.log(states[state]) + _ITSELF[state](tally) for state in _ITSELF]
        inside += model.log_sum([math.log(states["up"]) + up, *unwell])
    return inside


def _met(tally: Tally, action: Action, way: Way, *, tcp: bool) -> float:
    """An up server's openings under an action."""
    match action:
        case "none":
            return model.passes(tally, way, tcp=tcp)
        case "dropped":
            return model.dropped(tally, way, tcp=tcp)
        case "throttled":
            return model.throttled(tally, way, tcp=tcp)
        case "reset":
            return model.reset(tally, way)
        case "rejected":
            return model.rejected(tally, way)


_ITSELF: Final = {
    "silent": model.silent,
    "refused": model.refused,
    "unreachable": model.unreachable,
    "refuses": model.refuses,
    "unsteady": model.unsteady,
}


def _unwell(states: Mapping[str, float], inside: Tally, outside: Tally, up: float) -> float:
    """A server that is not well is so from everywhere; one that is cut off, from here only. No action changes that."""
    ways = [math.log(states[state]) + itself(inside) + itself(outside) for state, itself in _ITSELF.items()]
    return model.log_sum([*ways, math.log(states["away"]) + up + _cut_off(inside)])


def _outside_up(outside: Tally, *, tcp: bool) -> float:
    return model.mean_of_logs([model.passes(outside, Way(loss), tcp=tcp) for loss in (0.003, 0.06, 0.3)])


def _cut_off(inside: Tally) -> float:
    return model.mean_of_logs([model.silent(inside), model.unreachable(inside)])


def _endpoint(evidence: _Evidence, action: Action, way: Way, *, spared: bool) -> tuple[float, float]:
    """Give the weight of "up", and of everything else that the end point may be."""
    inside, outside, tcp = _sum((evidence.first, evidence.then)), evidence.up[0], evidence.tcp
    up = math.log(_ENDPOINT["up"]) + outside
    if not spared:
        return up + _met(inside, action, way, tcp=tcp), evidence.unwell[0]
    well = math.log(1 - _BAD_PATH) + model.passes(inside, way, tcp=tcp)
    up += model.log_sum([well, math.log(_BAD_PATH) + model.passes_badly(inside, way, tcp=tcp)])
    if action == "none":
        return up, evidence.unwell[0]
    first = model.passes(evidence.first, way, tcp=tcp)
    later = [model.swallowed(evidence.then, tcp=tcp), _met(evidence.then, action, way, tcp=tcp)]
    spoiled = math.log(_ENDPOINT["spoiled"]) + outside + first + model.mean_of_logs(later)
    return up, model.log_sum([evidence.unwell[0], spoiled])


def _twins(evidence: _Evidence, action: Action, way: Way) -> tuple[float, float]:
    """Give the weight of "at least one twin is up and shows the action", and of everything else."""
    if not evidence.twins:
        return -math.inf, 0.0
    all_, none_up, tcp = 0.0, 0.0, evidence.tcp
    for inside, seen, unwell in zip(evidence.twins, evidence.up[1:], evidence.unwell[1:], strict=True):
        up = math.log(_TWIN["up"]) + seen + _met(inside, action, way, tcp=tcp)
        excepted = math.log(_TWIN["excepted"]) + seen + model.passes(inside, way, tcp=tcp)
        lossy = math.log(_TWIN["lossy"]) + seen + model.passes_badly(inside, way, tcp=tcp)
        rest = model.log_sum([unwell, excepted, lossy])
        none_up += rest
        all_ += model.log_sum([up, rest])
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


_ALIVE: Final[frozenset[Look]] = frozenset({"passes", "some"})
"""An answer is an answer: seen outside, even a few show that a server is up."""

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
        return _reason_of_parts(evidence, mine)
    if mine in ("closed", "mute", "reset"):
        return "endpoint_refuses" if outside == "none" else "twin_unknown"
    if mine == "silent" and outside == "none":
        return "both_silent"
    if mine == "silent":
        return "nothing_passes" if twins == {"silent"} and _look(evidence.line) == "none" else "twin_unknown"
    return "not_sure"


def _reason_of_parts(evidence: _Evidence, mine: Look) -> str:
    """Some openings are answered, and others are not: the line's doing, unless it carries other things well."""
    if _look(evidence.line) != "passes":
        return "too_lossy"
    return "endpoint_silent" if mine == "silent" and _look(evidence.outside) == "none" else "not_sure"


def _reason_of_twins(evidence: _Evidence, twins: set[Look]) -> str:
    if twins == {"passes"}:
        return "nothing_restricted"
    if "passes" in twins:
        return "twins_differ"
    if _are_down(evidence, twins):
        return "twin_down"
    if "some" in twins:
        return "twin_unknown" if _look(evidence.line) == "passes" else "too_lossy"
    return "twin_silent" if twins == {"silent"} else "twin_unknown"


def _are_down(evidence: _Evidence, twins: set[Look]) -> bool:
    outside = {_look(tally) for tally in evidence.outside_twins} - {"none"}
    return twins <= {"refused", "unreachable"} or bool(outside and not (outside | twins) & _ALIVE)


def _reason_of_endpoint(evidence: _Evidence, mine: Look) -> str:
    outside = _look(evidence.outside)
    match mine:
        case "some":
            return "endpoint_unsteady"
        case _ if outside in _ALIVE:
            return "endpoint_alone"
        case "refused" | "unreachable":
            return "endpoint_down"
        case "reset" | "closed" | "mute":
            return "endpoint_refuses"
        case _:
            return "endpoint_silent" if outside == "none" else "endpoint_down"


def _unsent(facts: Sequence[OpeningFact]) -> str:
    is_nameless = any(fact.operation == "resolve" for fact in facts if fact.leg in ("endpoint", "twin"))
    return "no_address" if is_nameless else "no_network"
