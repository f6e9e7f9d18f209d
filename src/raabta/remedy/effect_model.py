"""How likely counted openings are under each explanation. Pure; the judgement is ``remedy.effect``'s.

Every leg's openings fall into nine kinds (``KINDS``). An explanation gives each kind a share; since loss comes in
bursts and no two paths are alike, the shares themselves vary around that, more (a small ``weight``) or less: a
Dirichlet-multinomial likelihood. Ten lost in a row then count for less than ten lost apart from each other would.

What the line does is unknown and common to all legs (``Way``): ``LOSSES`` and ``LATES`` list how much it may lose and
delay, with how often lines are like that, and ``LET_THROUGH`` how much a throttle may let pass.

Shares, weights and priors are judgement, held against the arrangements of ``lab.exemption``; none is fitted. Not done:
correlation in time within a leg other than that of its first train (see ``remedy.effect``), and limits on bytes: a
limit is seen only where it holds back half of what a train of openings sends (docs/guides/does-it-work.md).
"""

import math
from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

from raabta.model.effect import OpeningFact

Kind = Literal["answered", "late", "silent", "mute", "reset", "closed", "rejected", "refused", "unreachable"]
"""``silent``: no answer; over TCP no connection. ``mute``: connected, no answer. ``closed``: ended in order.
``rejected``: a router says that it may not pass. ``refused``: the machine says that nothing listens."""

KINDS: Final[tuple[Kind, ...]] = (
    "answered",
    "late",
    "silent",
    "mute",
    "reset",
    "closed",
    "rejected",
    "refused",
    "unreachable",
)

Tally = Mapping[Kind, int]

# --- reading facts --------------------------------------------------------------------------------------------------

_REJECTED_V4: Final = frozenset({"3.2", "3.3", "3.9", "3.10", "3.13"})
_REJECTED_V6: Final = frozenset({"v6 1.1", "v6 1.4", "v6 1.5", "v6 1.6"})
"""Protocol and port unreachable, prohibited, policy: from a router that is a rule's word, since it serves no ports.
Source: RFC 792, RFC 1812 section 5.2.7.1, RFC 4443 section 3.1."""

_BY_FAILURE: Final[dict[str, Kind]] = {
    "generic_timeout_error": "silent",
    "connection_reset": "reset",
    "connection_aborted": "reset",
    "eof_error": "closed",
    "connection_refused": "refused",
    "host_unreachable": "unreachable",
    "no_protocol_option": "refused",
}


def kind_of(fact: OpeningFact) -> Kind | None:
    """Give the kind of a fact's unanswered openings; None for what never left this machine and tells nothing."""
    if fact.failure is None:
        return "silent"
    if fact.sender == "router":
        return "rejected" if fact.icmp in _REJECTED_V4 | _REJECTED_V6 else "unreachable"
    if fact.sender == "target" and fact.failure != "connection_refused":
        return "unreachable"
    kind = _BY_FAILURE.get(fact.failure)
    if kind == "silent" and fact.transport == "tcp" and fact.operation == "open":
        return "mute"
    return kind


def tally_of(facts: Sequence[OpeningFact]) -> dict[Kind, int]:
    """Count openings by kind. A fact may hold answered ones and others."""
    tally: dict[Kind, int] = dict.fromkeys(KINDS, 0)
    for fact in facts:
        tally["late" if fact.late else "answered"] += fact.n_answered
        kind = kind_of(fact)
        if kind is not None:
            tally[kind] += fact.n_sent - fact.n_answered
    return tally


# --- likelihoods ----------------------------------------------------------------------------------------------------

LOSSES: Final = (
    (0.003, 0.36),
    (0.02, 0.25),
    (0.06, 0.17),
    (0.12, 0.1),
    (0.2, 0.06),
    (0.32, 0.035),
    (0.5, 0.015),
    (0.7, 0.01),
)
"""Loss of a round trip, and how often a tester's line has it. Median in Pakistan: 8.6 % (M-Lab, October 2024)."""

LET_THROUGH: Final = (0.06, 0.18, 0.33, 0.5, 0.65)
"""Shares that a throttle may let pass; a milder one is not told from a line's loss."""

LATES: Final = ((0.01, 0.85), (0.08, 0.11), (0.25, 0.04))
"""Share of answers that come late because the line's own queue is full, and how often lines are so. Judgement."""


class Way(NamedTuple):
    """What all openings of a run meet alike."""

    loss: float
    late: float = LATES[0][0]
    form: int = 0
    """Which form of the action (``forms_of``)."""


_SPECK: Final = 0.0008
"""Share of every kind that an explanation does not speak of: there is always another reason."""
_NEVER: Final = 0.000_001
"""Likewise where a server is down: then there is hardly one."""

_STEADY: Final = 60.0
_VARIED: Final = 12.0
_WILD: Final = 2.0
"""Weights: how closely openings follow the shares. With 60, as many openings at a loss of 9 % vary 1.4 times as much as
by chance alone; with 2 nearly anything goes among the kinds that have a share."""


def likelihood(tally: Tally, shares: Mapping[Kind, float], *, weight: float, speck: float = _SPECK) -> float:
    """Give the natural logarithm of the likelihood of counts, without the factor that all explanations share."""
    n = sum(tally.values())
    if not n:
        return 0.0
    total = sum(shares.values()) + speck * (len(KINDS) - len(shares))
    result = math.lgamma(weight) - math.lgamma(weight + n)
    for kind, count in tally.items():
        if count:
            alpha = weight * shares.get(kind, speck) / total
            result += math.lgamma(alpha + count) - math.lgamma(alpha)
    return result


_Shares = Mapping[Kind, float]
_Mixture = Sequence[tuple[float, _Shares, float]]
"""Ways that an explanation may show: how often, the shares, their weight."""


def _mixed(tally: Tally, mixture: _Mixture) -> float:
    return log_sum([math.log(part) + likelihood(tally, shares, weight=weight) for part, shares, weight in mixture])


def passes(tally: Tally, way: Way, *, tcp: bool) -> float:
    """Up and not restricted: all but what the line loses; over TCP much of that comes late."""
    lost: dict[Kind, float] = (
        {"late": 0.6 * way.loss, "silent": 0.2 * way.loss, "mute": 0.2 * way.loss} if tcp else {"silent": way.loss}
    )
    shares: dict[Kind, float] = {"answered": (1 - way.late) * (1 - way.loss), **lost}
    shares["late"] = shares.get("late", 0.0) + way.late * (1 - way.loss)
    return likelihood(tally, shares, weight=_STEADY)


_OWN_LOSSES: Final = ((0.1, 0.5), (0.2, 0.3), (0.3, 0.2))


def passes_badly(tally: Tally, way: Way, *, tcp: bool) -> float:
    """Up and not restricted, at the end of a path of its own that loses some: a full link, a cheap provider."""
    parts = [
        math.log(part) + passes(tally, way._replace(loss=1 - (1 - way.loss) * (1 - own)), tcp=tcp)
        for own, part in _OWN_LOSSES
    ]
    return log_sum(parts)


_DROPPED_UDP: Final[_Shares] = {"silent": 1.0}
_DROPPED_TCP: Final[_Mixture] = (
    (0.45, {"mute": 1.0}, _STEADY),
    (0.3, {"silent": 1.0}, _STEADY),
    (0.25, {"mute": 0.6, "silent": 0.4}, _WILD),
)
"""The opening, the connection itself (a block of addresses), or both, where the inspection remembers whom it caught."""

Action = Literal["none", "dropped", "throttled", "reset", "rejected"]
Form = tuple[float, int]
"""A way in which an action may show, the same to all that meet it: its logarithmic share, and which it is."""


def forms_of(action: Action, *, tcp: bool) -> list[Form]:
    """Give the forms of an action. ``throttled`` and ``dropped`` take the number of one in ``Way.form``."""
    match action:
        case "throttled":
            n = len(LET_THROUGH) * len(_HELD_TCP if tcp else _HELD_UDP)
            return [(-math.log(n), number) for number in range(n)]
        case "dropped" if tcp:
            return [(math.log(part), number) for number, (part, _, _) in enumerate(_DROPPED_TCP)]
        case _:
            return [(0.0, 0)]


def dropped(tally: Tally, way: Way, *, tcp: bool) -> float:
    """Swallowed."""
    if not tcp:
        return likelihood(tally, _DROPPED_UDP, weight=_STEADY)
    _, shares, weight = _DROPPED_TCP[way.form]
    return likelihood(tally, shares, weight=weight)


def swallowed(tally: Tally, *, tcp: bool) -> float:
    """Likewise, in whichever form: for what one server alone meets."""
    return _mixed(tally, _DROPPED_TCP) if tcp else likelihood(tally, _DROPPED_UDP, weight=_STEADY)


_HELD_UDP: Final[tuple[_Shares, ...]] = ({"silent": 1.0}, {"silent": 0.6, "late": 0.4}, {"late": 1.0})
_HELD_TCP: Final[tuple[_Shares, ...]] = (
    {"mute": 1.0},
    {"silent": 1.0},
    {"late": 1.0},
    {"mute": 0.4, "silent": 0.2, "late": 0.4},
)


def throttled(tally: Tally, way: Way, *, tcp: bool) -> float:
    """Some pass; the others are lost (a policer), come late (a queue), or both."""
    number, level = divmod(way.form, len(LET_THROUGH))
    held = (_HELD_TCP if tcp else _HELD_UDP)[number]
    return likelihood(tally, _let(held, LET_THROUGH[level], way), weight=_VARIED)


def _let(held: _Shares, through: float, way: Way) -> _Shares:
    """A share passes, as the line has it; ``held`` is what becomes of the others."""
    through *= 1 - way.loss
    shares: dict[Kind, float] = {kind: part * (1 - through) for kind, part in held.items()}
    shares["answered"] = through * (1 - way.late)
    shares["late"] = shares.get("late", 0.0) + through * way.late
    return shares


_OFTEN: Final = (0.3, 0.6)
"""Shares that an action lets pass that strikes often, not always."""


def reset(tally: Tally, way: Way) -> float:
    """Reset after the opening, always or often; whoever was caught may be cut off for a while."""
    lost = 0.5 * way.loss
    clean: _Shares = {"reset": 0.97 * (1 - way.loss), "mute": lost, "silent": lost, "refused": 0.01}
    residual: _Shares = {"reset": 0.3, "silent": 0.4, "refused": 0.1, "mute": 0.2}
    often = [(0.1, _let(clean, share, way), _VARIED) for share in _OFTEN]
    return _mixed(tally, [(0.6, clean, _STEADY), (0.2, residual, _WILD), *often])


_REJECTED: Final[_Shares] = {"rejected": 0.5, "silent": 0.4, "refused": 0.1}


def rejected(tally: Tally, way: Way) -> float:
    """A router says so, in its own name or the target's; a few times a second at most, and is silent otherwise."""
    often = [(0.1, _let(_REJECTED, share, way), _VARIED) for share in _OFTEN]
    return _mixed(tally, [(0.8, _REJECTED, _WILD), *often])


def silent(tally: Tally) -> float:
    """Down, or a wrong key over UDP: nothing ever comes, and over TCP nobody connects."""
    return likelihood(tally, {"silent": 1.0}, weight=_STEADY, speck=_NEVER)


def refused(tally: Tally) -> float:
    """The machine is up and says that nothing listens; as ICMP that is said a few times a second at most."""
    return likelihood(tally, {"refused": 0.7, "silent": 0.3}, weight=_WILD, speck=_NEVER)


def unreachable(tally: Tally) -> float:
    """Routers say that there is no way, or no machine."""
    return likelihood(tally, {"unreachable": 0.6, "silent": 0.4}, weight=_WILD, speck=_NEVER)


_REFUSES: Final[_Mixture] = (
    (0.7, {"closed": 1.0}, _STEADY),
    (0.25, {"mute": 1.0}, _STEADY),
    (0.05, {"reset": 1.0}, _STEADY),
)
"""OpenVPN's server closes in order where the static key does not fit (seen with 2.6); other services wait or close."""


def refuses(tally: Tally) -> float:
    """The server itself ends or ignores our connections: a wrong static key, or another service."""
    return _mixed(tally, _REFUSES)


def unsteady(tally: Tally) -> float:
    """Answers when it likes: overloaded, restarting, or behind a bad path of its own."""
    return likelihood(tally, {"answered": 1.0, "silent": 1.0, "late": 0.3, "mute": 0.1}, weight=_WILD)


def log_sum(logs: Sequence[float]) -> float:
    """Give the logarithm of the sum of numbers that are given as logarithms."""
    top = max(logs)
    return top if top == -math.inf else top + math.log(sum(math.exp(one - top) for one in logs))


def mean_of_logs(logs: Sequence[float]) -> float:
    """Give the logarithm of the mean of numbers that are given as logarithms."""
    return log_sum(logs) - math.log(len(logs))
