"""One middlebox: packets in, outcomes out.

Rules stand in an order. A packet is first read (who talks to whom, what does the client say), then the rules that it
sets off and whose die falls so take hold of its connection: a rule that ends or answers takes the connection over, the
first one wins; shaping rules add up. Time and chance are arguments, so that the same packets give the same outcomes.

Not done, as in the field: looking at what servers say, at later requests of a connection, at IP fragments.
"""

from collections.abc import Sequence

from raabta.lab.middlebox.actions import answer_client, is_answerable, is_swallowed, shape
from raabta.lab.middlebox.bucket import Bucket
from raabta.lab.middlebox.flows import MAX_FLOWS, Effect, Flow, FlowTable, Residue, key_of
from raabta.lab.middlebox.outcomes import Drop, Outcome, Pass
from raabta.lab.middlebox.rules import FLOW_TRIGGERS, SHAPING, Chance, Rule
from raabta.lab.middlebox.streams import Message
from raabta.lab.middlebox.triggers import concerns, is_set_off_by, is_set_off_by_ends
from raabta.lab.servers.message import Question
from raabta.wire.packet import ACK, SYN, TCP, UDP, Packet

_UNTOUCHED: list[Outcome] = [Pass()]
_AT_ONCE = SHAPING | {"drop", "unreachable"}
"""Actions that need no payload to act on: after an earlier hit they hold from the first packet on."""


class Middlebox:
    """The rules of one router and what it remembers."""

    def __init__(self, rules: Sequence[Rule], *, chance: Chance, flow_limit: int = MAX_FLOWS) -> None:
        self._rules = tuple(enumerate(rules))
        self._chance = chance
        self._clients: frozenset[bytes] = frozenset().union(*(rule.clients for rule in rules))
        self._flows = FlowTable(flow_limit)
        self._residue = Residue(flow_limit)
        self._buckets: dict[tuple[int, bytes, bytes], tuple[Bucket, Bucket]] = {}

    @property
    def n_flows(self) -> int:
        """How many connections are remembered."""
        return len(self._flows)

    def handle(self, packet: Packet, *, now: float) -> list[Outcome]:
        """Say what becomes of a packet that arrives at ``now`` (seconds of any clock that never goes back)."""
        from_client = packet.source in self._clients
        if not from_client and packet.destination not in self._clients:
            return _UNTOUCHED
        flow = self._flow_of(packet, from_client=from_client, now=now)
        if from_client and flow.ended_by is None:
            outcomes = self._read(flow, packet, now=now)
            if outcomes:
                return outcomes
        if flow.ended_by is not None:
            return self._hold(flow.ended_by, flow, packet, from_client=from_client)
        return self._shape(flow, packet, from_client=from_client, now=now) if flow.effects else _UNTOUCHED

    def _flow_of(self, packet: Packet, *, from_client: bool, now: float) -> Flow:
        key = key_of(packet, from_client=from_client)
        flow = self._flows.find(key)
        is_new_syn = packet.protocol == TCP and packet.flags & (SYN | ACK) == SYN and from_client
        if flow is not None and not (is_new_syn and flow.reader is None):
            return flow
        flow = self._flows.open(key)
        for number, rule in self._rules:
            if not concerns(rule, flow):
                continue
            if rule.residual_s and self._residue.holds(number, flow, now=now):
                self._punish(number, rule, flow)
            elif rule.trigger in FLOW_TRIGGERS and is_set_off_by_ends(rule, flow):
                self._try(number, rule, flow, now=now)
        return flow

    def _read(self, flow: Flow, packet: Packet, *, now: float) -> list[Outcome]:
        """Look at what a client says; give outcomes where a rule answers this very packet and no other."""
        if packet.n_payload_bytes and flow.waiting is not None:
            flow.ended_by = flow.waiting
            return []
        message = flow.reader.feed(packet) if flow.reader else None
        if message is None:
            return []
        if isinstance(message, Question) and packet.protocol == UDP:
            return self._query(flow, packet, message, now=now)
        for number, rule in self._rules:
            if flow.ended_by is None and concerns(rule, flow) and is_set_off_by(rule, flow, message=message):
                self._try(number, rule, flow, now=now)
        if packet.protocol == TCP and flow.reader is not None and flow.reader.is_done:
            flow.reader = None
        return []

    def _query(self, flow: Flow, packet: Packet, message: Message, *, now: float) -> list[Outcome]:
        """Treat one DNS query: each is judged on its own, also where several come from one port."""
        wait_s = 0.0
        for number, rule in self._rules:
            if not concerns(rule, flow) or not is_set_off_by(rule, flow, message=message):
                continue
            if self._chance() >= rule.probability:
                continue
            if rule.residual_s:
                self._residue.note(number, flow, until=now + rule.residual_s)
            if rule.action not in SHAPING:
                return answer_client(rule, packet)
            one_wait_s = shape(Effect(rule), packet, from_client=True, now=now, chance=self._chance)
            if one_wait_s is None:
                return [Drop()]
            wait_s += one_wait_s
        return [Pass(wait_s)] if wait_s else []

    def _try(self, number: int, rule: Rule, flow: Flow, *, now: float) -> None:
        """Cast the die once for a rule and a connection, and let the rule take hold."""
        if number in flow.decided:
            return
        flow.decided.add(number)
        if self._chance() >= rule.probability:
            return
        if rule.residual_s:
            self._residue.note(number, flow, until=now + rule.residual_s)
        self._take_hold(number, rule, flow)

    def _punish(self, number: int, rule: Rule, flow: Flow) -> None:
        """Treat a new connection as the one that was hit before."""
        flow.decided.add(number)
        if rule.action in _AT_ONCE:
            self._take_hold(number, rule, flow)
        else:
            flow.waiting = rule

    def _take_hold(self, number: int, rule: Rule, flow: Flow) -> None:
        if rule.action in SHAPING:
            buckets = self._buckets_of(number, rule, flow) if rule.action == "throttle" else None
            flow.effects.append(Effect(rule, buckets))
        elif flow.ended_by is None and (rule.action != "reset" or flow.key[0] == TCP):
            flow.ended_by = rule

    def _buckets_of(self, number: int, rule: Rule, flow: Flow) -> tuple[Bucket, Bucket]:
        """A name's connection is throttled for itself, an address's together, and all of a client's together."""
        fresh = (Bucket(rule.rate_bytes_s), Bucket(rule.rate_bytes_s))
        if rule.trigger not in {"address", "all"}:
            return fresh
        server = flow.server if rule.trigger == "address" else b""
        return self._buckets.setdefault((number, flow.client, server), fresh)

    def _hold(self, rule: Rule, flow: Flow, packet: Packet, *, from_client: bool) -> list[Outcome]:
        """Treat a packet of a connection that a rule has taken over."""
        if from_client and rule.action != "drop" and is_answerable(rule, packet):
            outcomes = answer_client(rule, packet)
            if rule.direction == "to_server" or rule.action == "tamper":
                # Nobody told the client: what it repeats reaches the server, whose own words it hears.
                flow.ended_by = None
            return outcomes
        return [Drop()] if is_swallowed(rule, flow, from_client=from_client) else _UNTOUCHED

    def _shape(self, flow: Flow, packet: Packet, *, from_client: bool, now: float) -> list[Outcome]:
        wait_s = 0.0
        for effect in flow.effects:
            one_wait_s = shape(effect, packet, from_client=from_client, now=now + wait_s, chance=self._chance)
            if one_wait_s is None:
                return [Drop()]
            wait_s += one_wait_s
        return [Pass(wait_s)] if wait_s else _UNTOUCHED
