"""Proving control: looks from several places, what they must agree on, and what the register then keeps.

A domain is looked at through every resolver that is named, and where it is DNS, through the zone's own servers too. A
single resolver may lie, be lied to, or be the attacker's: at least two places must see the challenge, and all but one
of three (all but two of six), as the CA/Browser Forum asks of certificate authorities. Places that are silent count as
not seeing. A name beside the one asked for is looked up as well: a place that says the challenge there too says it
everywhere, and is not believed.

The web file is fetched from here, at the addresses that each resolver gives. Whoever diverts the way to the server
would also need a certificate for its name. An address is looked at from here alone: RFC 8738 has no names in it that
could be resolved wrongly, but somebody who diverts the way between here and the address can pass for it. Together with
a second kind of proof, or from a second machine, that is hard; an entry that rests on one says so by its level.

Source: CA/Browser Forum Baseline Requirements 3.2.2.9 (corroboration from several perspectives); RFC 8555, 8738.
"""

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from msgspec import Struct

from raabta.model.register import Proof
from raabta.pipeline.probe_defaults import ENCRYPTED_RESOLVERS
from raabta.probe import proofs as looks
from raabta.probe.dns import resolver_url
from raabta.probe.dns_sessions import DnsSessions
from raabta.probe.network import Network
from raabta.probe.proofs import Place
from raabta.probe.settings import ProbeSettings, Resolver, Timeouts
from raabta.probe.trace import Budget, Trace
from raabta.reference.special import IANA_RANGES, SpecialRanges
from raabta.wire.challenge import reverse_names, txt_name

LOOKED_FOR: Final = ("dns_txt", "web_file", "reverse_dns", "acme_http", "acme_tls_alpn")
"""Kinds that are proved by looking. The others are proved by what somebody hands in."""
HERE: Final = "this machine"
ZONE: Final = "servers of the zone"
MAX_SERVERS: Final = 3
"""Servers of a zone that are asked. Usual zones have two to four."""
OUT_OF_TIME: Final = "it took too long"
_SHORT: Final = Timeouts(dns_s=4.0, dns_second_s=0.3, tcp_s=8.0, tls_s=8.0, http_s=10.0)
_UNBOUNDED: Final = 10**9


def default_resolvers() -> tuple[Resolver, ...]:
    """Give the resolvers asked by default: encrypted, one of each operator, so that none is asked twice."""
    return tuple({resolver.address: resolver for resolver in reversed(ENCRYPTED_RESOLVERS)}.values())[::-1]


class ProvingSettings(Struct, frozen=True, kw_only=True):
    """Whom to ask, what to believe, how long to wait.

    ``at_least`` places must see a domain's challenge. ``special`` are addresses that are never connected to; the lab
    passes its own. Ports are those of the RFCs; others are for tests, since on a shared address anybody can have one.
    """

    resolvers: tuple[Resolver, ...] = default_resolvers()
    special: SpecialRanges = IANA_RANGES
    trust_pem: str = ""
    at_least: int = 2
    ask_zone: bool = True
    dns_port: int = 53
    http_port: int = 80
    tls_port: int = 443
    timeouts: Timeouts = _SHORT
    deadline_s: float = 45.0


class Sight(Struct, frozen=True, kw_only=True):
    """What one place saw: ``fault`` "" is the challenge."""

    witness: str
    fault: str = ""


class Look(Struct, frozen=True, kw_only=True):
    """All looks at one proof, and whether they show it."""

    is_shown: bool
    sights: tuple[Sight, ...]

    @property
    def witnesses(self) -> tuple[str, ...]:
        """The places that saw it."""
        return tuple(sight.witness for sight in self.sights if not sight.fault)

    @property
    def evidence(self) -> str:
        """What they saw, in one line."""
        faults = "; ".join(f"{sight.witness}: {sight.fault}" for sight in self.sights if sight.fault)
        return f"seen from {len(self.witnesses)} of {len(self.sights)} places" + (f". {faults}" if faults else "")


@dataclass(slots=True, kw_only=True)
class _Round:
    """What the looks at one proof share."""

    proof: Proof
    network: Network
    settings: ProvingSettings
    sessions: DnsSessions
    steps: ProbeSettings
    now: datetime
    beside: str
    """A label that nobody can foresee."""

    def place(self) -> Place:
        budget = Budget(max_s=_UNBOUNDED, max_packets=_UNBOUNDED, max_bytes=_UNBOUNDED)  # deadlines bound a look
        trace = Trace(network=self.network, zero=self.network.clock(), budget=budget)
        return Place(trace=trace, settings=self.steps, sessions=self.sessions, verify_at=self.now)


async def look_at(proof: Proof, *, network: Network, settings: ProvingSettings, now: datetime, chance: bytes) -> Look:
    """Look whether a proof's challenge is shown.

    Args:
        proof: One of the kinds in ``LOOKED_FOR``.
        network: Where to look from.
        settings: Whom to ask.
        now: The time by which certificates are judged.
        chance: Some 8 bytes that nobody can foresee: the name beside.

    Raises:
        ValueError: This kind is not proved by looking, or too few resolvers are named.
    """
    if proof.kind not in LOOKED_FOR:
        message = f"{proof.kind} is not proved by looking, but by a file that is handed in. See docs/guides/proofs.md"
        raise ValueError(message)
    resolvers = _distinct(settings.resolvers)
    steps = ProbeSettings(
        plain_resolver=resolvers[0] if resolvers else Resolver(engine="udp", address="::", port=53),
        trust_pem=settings.trust_pem,
        timeouts=settings.timeouts,
    )
    async with DnsSessions(network, settings=steps) as sessions:
        round_ = _Round(
            proof=proof,
            network=network,
            settings=settings,
            sessions=sessions,
            steps=steps,
            now=now,
            beside=f"_raabta-{chance.hex()}",
        )
        if proof.kind in ("acme_http", "acme_tls_alpn"):
            sights = [await _bounded(round_, HERE, partial(_look_at_address, round_))]
            return Look(is_shown=agree(sights, at_least=1), sights=tuple(sights))
        if len(resolvers) < settings.at_least:
            message = f"{settings.at_least} different resolvers are needed, {len(resolvers)} given. Add --resolver URL."
            raise ValueError(message)
        sights = await _look_through(round_, resolvers)
        return Look(is_shown=agree(sights, at_least=settings.at_least), sights=tuple(sights))


def agree(sights: Sequence[Sight], *, at_least: int) -> bool:
    """Say whether enough places saw it: at least so many, and all but one of three, all but two of six."""
    n_seen = sum(not sight.fault for sight in sights)
    n_excused = 0 if len(sights) < 3 else 1 if len(sights) < 6 else 2
    return n_seen >= max(1, at_least) and len(sights) - n_seen <= n_excused


async def _look_through(round_: _Round, resolvers: Sequence[Resolver]) -> list[Sight]:
    look = _look_at_file if round_.proof.kind == "web_file" else _look_at_texts
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_bounded(round_, resolver_url(one), partial(look, round_, one))) for one in resolvers
        ]
        zone = group.create_task(_look_at_zone(round_, resolvers))
    return [task.result() for task in tasks] + zone.result()


async def _bounded(round_: _Round, witness: str, look: Callable[[], Awaitable[str]]) -> Sight:
    """Take a look within the deadline of all."""
    try:
        async with asyncio.timeout(round_.settings.deadline_s):
            return Sight(witness=witness, fault=await look())
    except TimeoutError:
        return Sight(witness=witness, fault=OUT_OF_TIME)


async def _look_at_address(round_: _Round) -> str:
    address, settings = round_.proof.subject, round_.settings
    if fault := _fault_of_address(address, settings.special):
        return fault
    if round_.proof.kind == "acme_http":
        return await looks.look_for_acme_page(
            round_.place(), address, challenge=round_.proof.challenge, port=settings.http_port
        )
    return await looks.look_for_acme_certificate(
        round_.place(), address, challenge=round_.proof.challenge, port=settings.tls_port
    )


async def _look_at_texts(round_: _Round, resolver: Resolver) -> str:
    place, challenge = round_.place(), round_.proof.challenge
    for name in _names_of(round_.proof):
        if fault := await looks.look_for_text(place, name, challenge=challenge, resolver=resolver):
            return fault
    if round_.proof.kind != "dns_txt":
        return ""
    beside = f"{round_.beside}.{round_.proof.subject}"
    if await looks.look_for_text(place, beside, challenge=challenge, resolver=resolver):
        return ""
    return "it shows the challenge at every name (a wildcard or an echo)"


async def _look_at_file(round_: _Round, resolver: Resolver) -> str:
    place = round_.place()

    async def addresses_of(host: str) -> list[str]:
        found = await looks.look_up_addresses(place, host, resolver=resolver)
        return [address for address in found if not _fault_of_address(address, round_.settings.special)]

    return await looks.look_for_file(
        place,
        round_.proof.subject,
        challenge=round_.proof.challenge,
        addresses_of=addresses_of,
        port=round_.settings.tls_port,
    )


# --- the zone's own servers -------------------------------------------------------------------------------------------


async def _look_at_zone(round_: _Round, resolvers: Sequence[Resolver]) -> list[Sight]:
    """Ask the servers of the zone themselves, where enough resolvers agree who they are; else there is no such place.

    All servers that answer must show it.
    """
    if round_.proof.kind == "web_file" or not round_.settings.ask_zone:
        return []
    servers: list[str] = []

    async def look() -> str:
        servers.extend(await _servers_of_zone(round_, resolvers))
        faults = [await _look_at_texts(round_, server) for server in _as_resolvers(round_, servers)]
        told = [fault for fault in faults if not fault.startswith(looks.SILENT)] or faults
        return looks.first_fault(told)

    sight = await _bounded(round_, ZONE, look)
    return [sight] if servers and sight.fault != looks.ALIAS else []


async def _servers_of_zone(round_: _Round, resolvers: Sequence[Resolver]) -> list[str]:
    """Give addresses of the zone's servers that at least as many resolvers name as must agree."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_servers_by(round_, resolver)) for resolver in resolvers]
    named = [address for task in tasks for address in task.result()]
    agreed = [address for address in dict.fromkeys(named) if named.count(address) >= round_.settings.at_least]
    return agreed[:MAX_SERVERS]


async def _servers_by(round_: _Round, resolver: Resolver) -> list[str]:
    place = round_.place()
    names = await looks.look_up_servers(place, _names_of(round_.proof)[0], resolver=resolver)
    found = [await looks.look_up_addresses(place, name, resolver=resolver) for name in names[:MAX_SERVERS]]
    # One address of each server, IPv4 first: a server is asked once.
    firsts = [addresses[0] for addresses in found if addresses]
    return [address for address in dict.fromkeys(firsts) if not _fault_of_address(address, round_.settings.special)]


def _as_resolvers(round_: _Round, addresses: Iterable[str]) -> list[Resolver]:
    return [Resolver(engine="udp", address=address, port=round_.settings.dns_port) for address in addresses]


# --- small parts ------------------------------------------------------------------------------------------------------


def _names_of(proof: Proof) -> list[str]:
    return reverse_names(proof.subject) if proof.kind == "reverse_dns" else [txt_name(proof.subject)]


def _fault_of_address(address: str, special: SpecialRanges) -> str:
    kind = special.kind(str(ipaddress.ip_address(address)))
    return f"{address} is a {kind} address, which nobody serves from" if kind else ""


def _distinct(resolvers: Iterable[Resolver]) -> list[Resolver]:
    """One of each address and port: a resolver that is named twice is one place."""
    return list({(resolver.address, resolver.port): resolver for resolver in resolvers}.values())
