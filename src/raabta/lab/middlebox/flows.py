"""What a middlebox remembers: connections, and who is still punished for an earlier one. Both have a limit.

A connection is named from its client's side, whichever way the packet went. Where the table is full, the one that was
silent for longest is forgotten, as real middleboxes do.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from raabta.lab.middlebox.bucket import Bucket
from raabta.lab.middlebox.rules import Rule
from raabta.lab.middlebox.streams import Reader
from raabta.wire.packet import Packet

MAX_FLOWS: Final = 20_000
"""Connections kept; at about 1 kB each. A round of probing opens some 2,000."""

Key = tuple[int, bytes, int, bytes, int]
"""Protocol, client and its port, server and its port."""


@dataclass(slots=True)
class Effect:
    """A shaping rule at work on a connection. ``n_bytes`` were carried to the client; ``buckets`` per direction."""

    rule: Rule
    buckets: tuple[Bucket, Bucket] | None = None
    n_bytes: int = 0


@dataclass(slots=True)
class Flow:
    """One connection. ``ended_by`` is the rule that took it over; ``decided`` are the rules whose die is cast."""

    key: Key
    reader: Reader | None = field(default_factory=Reader)
    ended_by: Rule | None = None
    waiting: Rule | None = None
    """A rule that takes over at the client's first payload, since an earlier connection was hit."""
    effects: list[Effect] = field(default_factory=list)
    decided: set[int] = field(default_factory=set)

    @property
    def client(self) -> bytes:
        """The client's address."""
        return self.key[1]

    @property
    def server(self) -> bytes:
        """The server's address."""
        return self.key[3]

    @property
    def server_port(self) -> int:
        """The server's port; 0 where the protocol has none."""
        return self.key[4]


def key_of(packet: Packet, *, from_client: bool) -> Key:
    """Name the connection of a packet."""
    if from_client:
        return packet.protocol, packet.source, packet.source_port, packet.destination, packet.destination_port
    return packet.protocol, packet.destination, packet.destination_port, packet.source, packet.source_port


class FlowTable:
    """Connections by name, the one seen last at the end."""

    def __init__(self, limit: int = MAX_FLOWS) -> None:
        self._flows: OrderedDict[Key, Flow] = OrderedDict()
        self._limit = limit

    def __len__(self) -> int:
        return len(self._flows)

    def find(self, key: Key) -> Flow | None:
        """Give a connection that is known."""
        flow = self._flows.get(key)
        if flow is not None:
            self._flows.move_to_end(key)
        return flow

    def open(self, key: Key) -> Flow:
        """Begin a connection anew."""
        flow = self._flows[key] = Flow(key)
        self._flows.move_to_end(key)
        if len(self._flows) > self._limit:
            self._flows.popitem(last=False)
        return flow


class Residue:
    """Which rule still holds between a client and an end point, and until when."""

    def __init__(self, limit: int = MAX_FLOWS) -> None:
        self._until: OrderedDict[tuple[int, bytes, bytes, int], float] = OrderedDict()
        self._limit = limit

    def note(self, rule_no: int, flow: Flow, *, until: float) -> None:
        """Remember a hit."""
        self._until[(rule_no, flow.client, flow.server, flow.server_port)] = until
        if len(self._until) > self._limit:
            self._until.popitem(last=False)

    def holds(self, rule_no: int, flow: Flow, *, now: float) -> bool:
        """Whether an earlier hit still counts."""
        return self._until.get((rule_no, flow.client, flow.server, flow.server_port), now) > now
