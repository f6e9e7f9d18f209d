"""A round of probing: the machine's own network first, then every target, each to its document and verdict.

A measurement is written, read back as anybody would read it, and only then diagnosed: so ``raabta diagnose`` gives the
same verdict for the same line. Follow-ups are named from what was read, taken, and the document is written anew.

When the machine's own network is at fault, no target is asked at all: one document says so.

A fault of ours in one target is reported as that and loses no other target.
"""

import asyncio
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Protocol

import msgspec
from msgspec import Struct

from raabta.diagnose import Diagnosis
from raabta.diagnose.followups import name_follow_ups
from raabta.diagnose.local import state_of
from raabta.model import LocalHealth, Measurement, Rejection, Verdict
from raabta.pipeline.followups import take_follow_ups
from raabta.pipeline.identity import Identity, make_document
from raabta.probe import dns, local
from raabta.probe.dns_sessions import DnsSessions
from raabta.probe.encrypted_ways import check_encrypted
from raabta.probe.network import Network
from raabta.probe.plan import Aim, addresses_found, read_aim
from raabta.probe.runner import BUDGET, Elsewhere, Tools, probe_endpoint
from raabta.probe.settings import Anchor, ProbeSettings, Resolver
from raabta.probe.trace import Budget, Trace
from raabta.reference.addresses import is_address
from raabta.wire.ooni import read_measurement
from raabta.wire.ooni.privacy import Own, Scrubber, known_addresses, own_addresses, scrub
from raabta.wire.ooni.writing import Skipped, TestKeys, encode_document

AT_ONCE: Final = 16
"""Targets under way at a time. Most of a target's time is waiting; TLS handshakes are bounded apart from this."""

MAX_ROUNDS: Final = 3
"""How often follow-ups are named anew from what the last ones saw."""

SOURCE: Final = "probe"
"""The name of the source in verdicts of a round."""

OWN_NETWORK: Final = frozenset(("no_network", "portal", "gateway_silent", "nothing_beyond"))
"""States of the machine's own network (``diagnose.local``) in which no target is worth asking."""

_LOCAL_S: Final = 12.0
_LOCAL_PACKETS: Final = 500
_LOCAL_BYTES: Final = 200_000


class ProbeTarget(Struct, frozen=True, kw_only=True):
    """One end point to probe. ``name`` and ``provider`` are written beside the measurement, "" for none."""

    url: str
    name: str = ""
    provider: str = ""


class ControlAsker(Protocol):
    """Asks a control what a target looks like from there."""

    async def ask(
        self, network: Network, url: str, *, endpoints: Sequence[str], quic: bool
    ) -> tuple[dict[str, Any] | None, str | None]:
        """Give the control's answer, or a failure. Never raises for what a network does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Everything that a round depends on besides its targets.

    ``settings.max_s``, ``max_packets`` and ``max_bytes`` bound each target; ``total`` bounds the round.
    ``control_place`` is the control's host and port: follow-ups compare with it where the settings name no anchor.
    """

    network: Network
    settings: ProbeSettings
    identity: Identity
    diagnosis: Diagnosis
    now: Callable[[], datetime]
    control: ControlAsker | None = None
    control_place: tuple[str, int] | None = None
    total: Budget | None = None


class Probed(Struct, frozen=True, kw_only=True):
    """One document and what it says.

    ``targets`` are those that it is about: one, or all of them where nothing could be asked (``unasked``), since the
    machine's own network is at fault. ``error`` tells a fault of the program, in words; then there is no document.
    """

    targets: tuple[ProbeTarget, ...]
    document: bytes = b""
    measurement: Measurement | None = None
    verdict: Verdict | None = None
    n_packets: int = 0
    n_bytes: int = 0
    unasked: bool = False
    error: str = ""


@dataclass(slots=True, kw_only=True)
class _Running:
    """What a round under way knows."""

    round: Round
    begun_at: datetime
    zero: float
    own: Own
    slots: asyncio.Semaphore
    sessions: DnsSessions | None = None
    ways: asyncio.Task[dict[str, str]] | None = None
    out_of_reach: Counter[Resolver] = field(default_factory=Counter)
    health: LocalHealth = field(default_factory=LocalHealth)
    country: str = ""
    asn: int = 0
    n_under_way: int = 0

    @property
    def identity(self) -> Identity:
        """The envelope's identity; the control's word where the user gave none."""
        given = self.round.identity
        return msgspec.structs.replace(given, country=given.country or self.country, asn=given.asn or self.asn)

    def allowance(self) -> Budget:
        """Give what the next target may spend: its own bounds, and its part of what is left of the round's."""
        settings, total = self.round.settings, self.round.total
        budget = Budget(max_s=settings.max_s, max_packets=settings.max_packets, max_bytes=settings.max_bytes)
        if total is None:
            return budget
        parts = max(1, self.n_under_way)
        budget.max_s = min(budget.max_s, total.max_s - (self.round.network.clock() - self.zero))
        budget.max_packets = min(budget.max_packets, (total.max_packets - total.n_packets) // parts)
        budget.max_bytes = min(budget.max_bytes, (total.max_bytes - total.n_bytes) // parts)
        return budget


async def probe_targets(targets: Sequence[ProbeTarget], round_: Round) -> AsyncIterator[Probed]:
    """Probe targets, many at a time.

    Args:
        targets: What to probe.
        round_: Everything else.

    Yields:
        A document for each target, in the order in which they are done; a single one for all of them where the
        machine's own network is at fault.

    Raises:
        ValueError: A target's URL cannot be probed; nothing was sent.
    """
    endpoints = [(target, read_aim(target.url)) for target in targets]
    running = await _begin(round_)
    trouble = await _own_trouble(running, targets)
    if trouble is not None:
        yield trouble
        return
    running.round = await _with_anchor(running)
    done: asyncio.Queue[Probed] = asyncio.Queue()
    waiting = iter(endpoints)

    async def work() -> None:
        for target, endpoint in waiting:
            running.n_under_way += 1
            done.put_nowait(await _probe_one(running, target, endpoint))
            running.n_under_way -= 1

    async with DnsSessions(round_.network, settings=round_.settings) as sessions, asyncio.TaskGroup() as group:
        running.sessions = sessions
        running.ways = group.create_task(_ways(running))
        for _ in range(min(AT_ONCE, len(endpoints))):
            group.create_task(work())
        for _ in endpoints:
            yield await done.get()


async def _begin(round_: Round) -> _Running:
    """Look at the machine's own network."""
    network = round_.network
    around = network.surroundings()
    running = _Running(
        round=round_,
        begun_at=round_.now(),
        zero=network.clock(),
        own=own_addresses(around.own_addresses, around.gateways, _near(around.resolvers, round_)),
        slots=asyncio.Semaphore(round_.settings.max_in_flight),
    )
    budget = Budget(max_s=_LOCAL_S, max_packets=_LOCAL_PACKETS, max_bytes=_LOCAL_BYTES)
    trace = Trace(network=network, zero=running.zero, budget=budget)
    running.health = await local.check(trace, round_.settings, now=round_.now)
    return running


def _near(resolvers: Sequence[str], round_: Round) -> list[str]:
    """Give the resolvers that are in the person's own network. A public one is nobody's secret, and may be a target."""
    return [address for address in resolvers if round_.diagnosis.tables.special.kind(address) is not None]


def _own_trace(round_: Round) -> Trace:
    """Give a trace for what the round itself asks, outside the targets' allowances."""
    budget = Budget(max_s=_LOCAL_S, max_packets=_LOCAL_PACKETS, max_bytes=_LOCAL_BYTES)
    return Trace(network=round_.network, zero=round_.network.clock(), budget=budget)


async def _ways(running: _Running) -> dict[str, str]:
    """Find out which ways of encrypted lookup get through, while targets are looked at."""
    round_ = running.round
    if "dns" not in round_.settings.layers:
        return {}
    return await check_encrypted(_own_trace(round_), round_.settings)


async def _own_trouble(running: _Running, targets: Sequence[ProbeTarget]) -> Probed | None:
    """Give the document that says that the machine's own network is at fault, None where it is not."""
    first = targets[0] if targets else ProbeTarget(url="")
    keys = TestKeys(x_local=running.health)
    keys.x_skipped = [Skipped(what="targets", reason="the machine's own network is at fault")]
    trace = Trace(network=running.round.network, zero=running.zero, budget=Budget(max_s=0, max_packets=0, max_bytes=0))
    data, measurement = _write(running, keys, target=first, trace=trace, begun_at=running.begun_at)
    if state_of(running.health, measurement) not in OWN_NETWORK:
        return None
    verdict = running.round.diagnosis.diagnose(measurement)
    return Probed(targets=tuple(targets), document=data, measurement=measurement, verdict=verdict, unasked=True)


async def _with_anchor(running: _Running) -> Round:
    """Give the round with the control's address as the place elsewhere that follow-ups compare with."""
    round_ = running.round
    if round_.control_place is None or round_.settings.control_anchor is not None:
        return round_
    host, port = round_.control_place
    addresses: tuple[str, ...] = (host,) if is_address(host) else ()
    if not addresses:
        trace = _own_trace(round_)
        queries = [await dns.look_up_system(trace, host, ipv6=False)]
        for resolver in round_.settings.encrypted_resolvers[:1]:
            found, _ = await dns.look_up(trace, host, query_type="A", resolver=resolver, settings=round_.settings)
            queries.insert(0, found)
        addresses = tuple(address for query in queries for address in addresses_found([query]).all)
    if not addresses:
        return round_
    anchor = Anchor(address=addresses[0], port=port)
    return replace(round_, settings=msgspec.structs.replace(round_.settings, control_anchor=anchor))


async def _probe_one(running: _Running, target: ProbeTarget, endpoint: Aim) -> Probed:
    """Probe one target. A fault of ours stays with this target and is told as one."""
    trace = Trace(network=running.round.network, zero=running.round.network.clock(), budget=running.allowance())
    try:
        return await _measure(running, target, endpoint=endpoint, trace=trace)
    except Exception as error:  # noqa: BLE001  one target's crash must not lose the others, and is told as a crash
        return Probed(targets=(target,), error=_words_of(error))
    finally:
        total = running.round.total
        if total is not None:
            total.spend(packets=trace.budget.n_packets, octets=trace.budget.n_bytes)


def _words_of(error: BaseException) -> str:
    """Say what broke and where, without what it broke on, which may hold an address."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


async def _measure(running: _Running, target: ProbeTarget, *, endpoint: Aim, trace: Trace) -> Probed:
    begun_at = running.round.now()
    if not trace.budget.allows(elapsed_s=0.0):
        keys = TestKeys(x_skipped=[Skipped(what="target", reason=BUDGET)])
    else:
        keys = await _first_look(running, endpoint, trace=trace)
    keys.x_local = running.health
    if running.ways is not None:
        keys.x_local = msgspec.structs.replace(running.health, encrypted=await running.ways)
    data, measurement = _write(running, keys, target=target, trace=trace, begun_at=begun_at)
    taken: set[tuple[str, str, str]] = set()
    for _ in range(MAX_ROUNDS):
        named = [one for one in name_follow_ups(measurement) if (one.kind, one.address, one.name) not in taken]
        if not named:
            break
        taken |= {(one.kind, one.address, one.name) for one in named}
        await take_follow_ups(
            named,
            keys=keys,
            trace=trace,
            settings=running.round.settings,
            now=running.round.now,
            tables=running.round.diagnosis.tables,
        )
        data, measurement = _write(running, keys, target=target, trace=trace, begun_at=begun_at)
    return Probed(
        targets=(target,),
        document=data,
        measurement=measurement,
        verdict=running.round.diagnosis.diagnose(measurement),
        n_packets=trace.budget.n_packets,
        n_bytes=trace.budget.n_bytes,
    )


async def _first_look(running: _Running, endpoint: Aim, *, trace: Trace) -> TestKeys:
    """Take the usual steps, the control being asked meanwhile."""
    answers: list[tuple[dict[str, Any] | None, str | None]] = []
    control = running.round.control

    async def ask(asked: Aim, addresses: Sequence[str]) -> Elsewhere:
        if control is None:
            return Elsewhere()
        listed = [f"[{one}]:{asked.port}" if ":" in one else f"{one}:{asked.port}" for one in addresses]
        answer, failure = await control.ask(running.round.network, asked.url, endpoints=listed, quic=asked.encrypted)
        answers.append((answer, failure))
        _learn(running, answer)
        return _elsewhere(answer)

    settings = running.round.settings
    tools = Tools(
        settings=settings,
        tables=running.round.diagnosis.tables,
        slots=running.slots,
        now=running.round.now,
        sessions=running.sessions,
        out_of_reach=running.out_of_reach,
        operator_asn=running.identity.asn,
        resolver_works=running.health.resolver == "ok",
        ipv6=settings.ipv6 and running.health.ipv6 == "ok",
        ask=ask if control is not None else None,
    )
    keys = await probe_endpoint(endpoint, trace=trace, tools=tools)
    if control is None:
        keys.x_skipped.append(Skipped(what="control", reason="no control was given"))
    for answer, failure in answers:
        keys.control, keys.control_failure = answer, failure
    return keys


def _learn(running: _Running, answer: dict[str, Any] | None) -> None:
    """Take country and network from the control's word, of which nothing else is kept."""
    client = (answer or {}).get("x_client")
    if not isinstance(client, dict):
        return
    country, asn = client.get("cc"), client.get("asn")
    if isinstance(country, str) and len(country) == 2 and country.isalpha():
        running.country = country.upper()
    if isinstance(asn, int) and 0 < asn < 1 << 32:
        running.asn = asn


def _elsewhere(answer: dict[str, Any] | None) -> Elsewhere:
    """Give what of the control's answer is useful while measuring."""
    names = (answer or {}).get("dns")
    page = (answer or {}).get("http_request")
    addresses = names.get("addrs") if isinstance(names, dict) else None
    quic = page.get("discovered_h3_endpoint") if isinstance(page, dict) else None
    return Elsewhere(
        addresses=tuple(one for one in addresses or () if isinstance(one, str)),
        quic=isinstance(quic, str) and quic != "",
    )


def _write(
    running: _Running, keys: TestKeys, *, target: ProbeTarget, trace: Trace, begun_at: datetime
) -> tuple[bytes, Measurement]:
    """Write a document without the person's address, and read it back."""
    scrubber = Scrubber(running.own, target=known_addresses(keys))
    document = make_document(
        scrub(keys, scrubber),
        asked=scrubber.url(target.url),
        identity=running.identity,
        times=(running.begun_at, begun_at, trace.now()),
        annotations={name: text for name in ("name", "provider") if (text := getattr(target, name))},
    )
    data = encode_document(document)
    measurement = read_measurement(data, file=SOURCE, line=1)
    if isinstance(measurement, Rejection):
        raise TypeError(f"our own document cannot be read: {measurement.field}: {measurement.reason}")
    return data, measurement
