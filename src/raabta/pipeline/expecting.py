"""Does an exemption work? Interleaved openings to the end point, its twins and along the line; then ``remedy.effect``.

A run is one train to the end point alone, and then rounds, in each of which all legs send a train at the same time,
their openings between each other's: what the line loses in a bad second it loses of all. Which leg comes first changes
from round to round, so that a limit that all share favours none. A run ends early once two rounds make it clear.

What the legs' outcomes become: facts, without any address (``_facts``). An answer that comes later than twice the
leg's quickest and half a second more was held in a queue, and is told apart.
"""

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final, Literal

import msgspec
from msgspec import Struct

from raabta.model.effect import Effect, Leg, OpeningFact
from raabta.probe.failures import NETWORK_ERRORS, failure_of
from raabta.probe.network import Network
from raabta.probe.openings import Entropy, Outcome, Train, open_line
from raabta.probe.openvpn import open_openvpn_train
from raabta.probe.wireguard import open_wireguard_train
from raabta.remedy.effect import judge
from raabta.wire.openvpn import OpenVpnKeys
from raabta.wire.wireguard import WireGuardKeys

OUTSIDE_MAX_AGE_S: Final = 3600.0
"""Beyond that, what a witness saw says little of now. Judgement."""
_CLOCK_AHEAD_S: Final = 300.0
"""A witness's clock may be wrong by this."""
_LATE_FLOOR_S: Final = 0.5
_LATE_TIMES: Final = 2.0
_CLEAR: Final = 0.995
"""Posterior from which a run may end early."""
_MIN_ROUNDS: Final = 2

Protocol = Literal["wireguard", "openvpn", "tcp"]


class OpeningPlace(Struct, frozen=True, kw_only=True):
    """Where openings go, and with what. ``tcp`` is for the line's leg: a connection, opened and closed."""

    protocol: Protocol
    host: str
    port: int
    transport: Literal["udp", "tcp"] = "udp"
    wireguard: WireGuardKeys | None = None
    openvpn: OpenVpnKeys = OpenVpnKeys()


class ExpectPlan(Struct, frozen=True, kw_only=True):
    """What is to be compared. ``label`` names the end point in results; ``outside`` is what a witness elsewhere saw."""

    label: str
    endpoint: OpeningPlace
    twins: tuple[OpeningPlace, ...]
    line: OpeningPlace | None = None
    outside: tuple[OpeningFact, ...] = ()
    asn: int = 0


class ExpectSettings(Struct, frozen=True, kw_only=True):
    """How much is sent. Defaults: 70 openings over UDP a leg (12 kB of WireGuard), in at most 25 s.

    Openings of a train are ``spacing`` apart: 20 a second over UDP, below the rates at which servers stop answering
    (WireGuard 50 a second and peer, OpenVPN 2.6 100 in 10 s).
    """

    n_rounds: int = 6
    n_udp: int = 10
    udp_spacing_s: float = 0.05
    n_tcp: int = 3
    tcp_spacing_s: float = 0.2
    wait_s: float = 3.0
    """For the answer to the last opening of a train: a SYN that is lost is repeated after 1 s."""
    resolve_s: float = 8.0


DEFAULTS: Final = ExpectSettings()


@dataclass(slots=True)
class _Way:
    """One leg to one place, and what came of its openings: (when, outcome) of each."""

    leg: Leg
    place: OpeningPlace
    number: int = 0
    address: str = ""
    seen: list[tuple[float, Outcome]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measuring:
    """What a run takes from outside: the network, the clock and chance."""

    network: Network
    now: Callable[[], dt.datetime]
    entropy: Entropy
    settings: ExpectSettings = DEFAULTS


async def expect_exempt(
    plan: ExpectPlan, measuring: Measuring, *, told: Callable[[int, int], None] = lambda _done, _of: None
) -> Effect:
    """Measure, and say whether the exemption works.

    Args:
        plan: End point, twins, the line, what a witness saw.
        measuring: Network, clock, chance, how much.
        told: Called after each round with how many are done, of how many.
    """
    network, settings = measuring.network, measuring.settings
    ways = [
        _Way("endpoint", plan.endpoint),
        *(_Way("twin", twin, number) for number, twin in enumerate(plan.twins)),
        *([_Way("line", plan.line)] if plan.line is not None else []),
    ]
    began_at, began = measuring.now(), network.clock()
    async with asyncio.TaskGroup() as group:
        for way in ways:
            group.create_task(_find_address(way, measuring, began))
    reached = [way for way in ways if way.address]
    await _round([way for way in reached if way.leg == "endpoint"], measuring, began)
    effect = None
    for number in range(settings.n_rounds):
        turn = number % len(reached) if reached else 0
        await _round([*reached[turn:], *reached[:turn]], measuring, began)
        told(number + 1, settings.n_rounds)
        effect = _judged(plan, ways, measured_at=began_at)
        if number + 1 >= _MIN_ROUNDS and effect.likelihood >= _CLEAR:
            break
    return effect if effect is not None else _judged(plan, ways, measured_at=began_at)


def facts_of_outside(
    effects: Sequence[Effect], *, label: str, now: dt.datetime, max_age_s: float = OUTSIDE_MAX_AGE_S
) -> tuple[OpeningFact, ...]:
    """Give what a witness elsewhere saw of the same end point and twins, as this run's outside legs.

    Args:
        effects: Results of the same command, run with the same file elsewhere.
        label: Of the end point.
        now: Aware UTC; older results say nothing of now.
        max_age_s: How old a result may be.

    Raises:
        ValueError: None of them is about this end point and fresh. The text says what to do.
    """
    fresh = [
        effect
        for effect in effects
        if effect.endpoint == label and -_CLOCK_AHEAD_S <= (now - effect.measured_at).total_seconds() <= max_age_s
    ]
    if not fresh:
        message = (
            f"no result of the last {max_age_s / 60:.0f} minutes about {label!r} is in it. Run the same command with "
            "the same file elsewhere, with --format jsonl, and bring its output here."
        )
        raise ValueError(message)
    legs: dict[Leg, Leg] = {"endpoint": "outside", "twin": "outside_twin"}
    return tuple(
        msgspec.structs.replace(fact, leg=legs[fact.leg])
        for effect in fresh
        for fact in effect.facts
        if fact.leg in legs
    )


# --- sending --------------------------------------------------------------------------------------------------------


async def _find_address(way: _Way, measuring: Measuring, began: float) -> None:
    host = way.place.host
    if _is_address(host):
        way.address = host
        return
    network = measuring.network
    failure: str | None = None
    for ipv6 in (False, True):
        try:
            async with asyncio.timeout(measuring.settings.resolve_s):
                way.address = (await network.resolve(host, ipv6=ipv6))[0]
        except NETWORK_ERRORS as error:
            failure = failure or failure_of(error, operation="resolve")
        else:
            return
    way.seen.append((network.clock() - began, Outcome(failure=failure, operation="resolve")))


def _is_address(host: str) -> bool:
    return ":" in host or not host.strip("0123456789.")


async def _round(ways: Sequence[_Way], measuring: Measuring, began: float) -> None:
    """Send one train to each place, all at once."""
    start = measuring.network.clock()
    async with asyncio.TaskGroup() as group:
        for turn, way in enumerate(ways):
            group.create_task(_send(way, measuring, start=start, share=turn / len(ways), began=began))


async def _send(way: _Way, measuring: Measuring, *, start: float, share: float, began: float) -> None:
    """Send a train; ``share`` of a spacing keeps its openings between those of the other legs."""
    settings, place = measuring.settings, way.place
    is_tcp = place.transport == "tcp" and place.protocol != "tcp"
    n, spacing_s = (settings.n_tcp, settings.tcp_spacing_s) if is_tcp else (settings.n_udp, settings.udp_spacing_s)
    times = [start + (number + share) * spacing_s for number in range(n)]
    train = Train(
        network=measuring.network, address=way.address, port=place.port, times=times, until=times[-1] + settings.wait_s
    )
    outcomes = await _outcomes(train, place, measuring)
    way.seen += [(start - began, outcome) for outcome in outcomes]


async def _outcomes(train: Train, place: OpeningPlace, measuring: Measuring) -> list[Outcome]:
    now, entropy = measuring.now, measuring.entropy
    match place.protocol:
        case "wireguard":
            if place.wireguard is None:
                raise ValueError(f"{place.host}: WireGuard needs keys. Put them into the file of --expect-file.")
            return await open_wireguard_train(train, place.wireguard, now=now, entropy=entropy)
        case "openvpn":
            is_tcp = place.transport == "tcp"
            return await open_openvpn_train(train, place.openvpn, tcp=is_tcp, now=now, entropy=entropy)
        case "tcp":
            return await open_line(train)


# --- judging --------------------------------------------------------------------------------------------------------


def _judged(plan: ExpectPlan, ways: Sequence[_Way], *, measured_at: dt.datetime) -> Effect:
    facts = [fact for way in ways for fact in _facts(way)]
    return judge([*facts, *plan.outside], endpoint=plan.label, measured_at=measured_at, asn=plan.asn)


def _facts(way: _Way) -> list[OpeningFact]:
    """Put openings of a train that ended alike into one fact."""
    quickest = min((one.rtt_s for _, one in way.seen if one.rtt_s is not None), default=0.0)
    limit_s = _LATE_TIMES * quickest + _LATE_FLOOR_S

    def ending(item: tuple[float, Outcome]) -> tuple[float, str, str, str, str, bool]:
        at_s, one = item
        is_late = one.rtt_s is not None and one.rtt_s > limit_s
        return (at_s, one.failure or "", one.operation, one.sender, one.icmp, is_late)

    facts: list[OpeningFact] = []
    for (at_s, failure, operation, _, icmp, is_late), group in groupby(sorted(way.seen, key=ending), key=ending):
        alike = [one for _, one in group]
        times = sorted(one.rtt_s for one in alike if one.rtt_s is not None)
        facts.append(
            OpeningFact(
                leg=way.leg,
                place=way.number,
                protocol=way.place.protocol,
                transport=way.place.transport,
                at_s=round(at_s, 3),
                n_sent=len(alike),
                n_answered=len(times),
                rtt_ms=round(1000 * times[len(times) // 2], 1) if times else None,
                failure=failure or None,
                operation=operation,
                sender=alike[0].sender,
                icmp=icmp,
                late=is_late,
            )
        )
    return facts
