"""Resolvers: the public one, which is always honest, and each operator's, which may be broken or lie. Pure.

A resolver takes a query's bytes and gives an answer's, or None where it says nothing; UDP, TCP, TLS, HTTPS and QUIC
carry the same bytes.
"""

from dataclasses import dataclass, field
from typing import Final

from raabta.lab.scenario.types import ResolverKind
from raabta.lab.servers.chance import Chance
from raabta.lab.servers.message import (
    NOERROR,
    NXDOMAIN,
    REFUSED,
    SERVFAIL,
    A,
    Question,
    address_record,
    fit_udp,
    read_question,
    write_answer,
)
from raabta.lab.servers.sites import Who
from raabta.lab.servers.zone import Answer, Zone
from raabta.lab.world.country import BOGONS, OTHER_ADDRESS, PUBLIC_RESOLVER, Country, NetworkPlan

_RCODES: Final = {"nxdomain": NXDOMAIN, "servfail": SERVFAIL, "refused": REFUSED, "empty": NOERROR}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lie:
    """A false answer for some names (all where ``names`` is empty), to a share of questions."""

    answer: str
    names: frozenset[str]
    probability: float


@dataclass(slots=True, kw_only=True)
class Resolver:
    """One recursive resolver. ``network`` None: it looks at who asks, as a public one does."""

    zone: Zone
    address: str
    network: NetworkPlan | None = None
    kind: ResolverKind = "operator"
    lies: tuple[Lie, ...] = ()
    seed: int = 1
    _chance: Chance = field(init=False)

    def __post_init__(self) -> None:
        self._chance = Chance(self.seed, purpose=self.address)

    def reply(self, query: bytes, *, who: Who, over_udp: bool = False) -> bytes | None:
        """Answer a query; None where it is none, or where this resolver is silent."""
        question = read_question(query)
        if question is None or self.kind in {"silent", "none"}:
            return None
        answer = self._answer(question, who)
        said = write_answer(question, answer.records, rcode=answer.rcode, authority=answer.authority)
        return fit_udp(question, said) if over_udp else said

    def _answer(self, question: Question, who: Who) -> Answer:
        if self.kind == "broken":
            return Answer(rcode=SERVFAIL)
        for lie in self.lies:
            if (not lie.names or question.name in lie.names) and self._chance.happens(lie.probability):
                return self._lie(lie, question)
        behalf = Who(network=self.network.index) if self.network is not None else who
        return self.zone.answer(question.name, question.type, who=behalf, resolver=self.address)

    def _lie(self, lie: Lie, question: Question) -> Answer:
        if lie.answer in _RCODES:
            return Answer(rcode=_RCODES[lie.answer])
        address = {"blockpage": self._blockpage, "other": OTHER_ADDRESS}.get(lie.answer) or self._bogon
        # Those who lie so lie about IPv4; for other types they say that there is nothing.
        return Answer(records=(address_record(question.name, address, ttl_s=60),) if question.type == A else ())

    @property
    def _blockpage(self) -> str:
        return self.network.blockpage_address if self.network is not None else OTHER_ADDRESS

    @property
    def _bogon(self) -> str:
        return BOGONS[self.seed % len(BOGONS)]


def public_resolver(country: Country, zone: Zone) -> Resolver:
    """Make the public resolver."""
    return Resolver(zone=zone, address=PUBLIC_RESOLVER, seed=country.scenario.seed)


def operator_resolver(country: Country, zone: Zone, *, network: NetworkPlan) -> Resolver:
    """Make an operator's resolver: what it is by the network's row, and the lies that the interference tells it."""
    kind: ResolverKind = "operator" if network.resolver == "public" else network.resolver
    return Resolver(
        zone=zone,
        address=network.resolver_address,
        network=network,
        kind=kind,
        lies=tuple(_lies(country, network)),
        seed=country.scenario.seed,
    )


def _lies(country: Country, network: NetworkPlan) -> list[Lie]:
    """``lie`` is told by this resolver; ``proxy`` with an answer too, since the operator sends all queries here."""
    found = []
    for rule in country.scenario.interference:
        is_lie = rule.action == "lie" or (rule.action == "proxy" and rule.answer)
        if not is_lie or (rule.networks and network.name not in rule.networks):
            continue
        names = frozenset(target.host.lower() for target in country.targets_named(rule.targets))
        found.append(Lie(answer=rule.answer, names=names, probability=rule.probability))
    return found
