"""One place on the way: the lines before and after its middlebox, and which packet is due when.

    client ── up: loss, rate, delay ──> [rules] ── beyond: delay ──> servers
    client <── down: loss, rate, delay ── [rules] <── beyond: delay ── servers

A place may have only some of this. A packet that the kernel has handed over (a *ticket*) waits here until it is due,
then gets its verdict. Later stages count from the time at which a packet was due, not from when the process came to it,
so that lateness does not add up.
Pure: ``arrive`` and ``release`` take the time.
"""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Final

from raabta.lab.middlebox.box import Middlebox
from raabta.lab.middlebox.line import Way
from raabta.lab.middlebox.outcomes import Drop, Inject, Pass
from raabta.wire.packet import Packet, read_packet

_FORGED: Final = -1
"""In a ticket's place: the packet is ours."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the kernel is to do with a ticket; ``data`` are other bytes for it, if not empty."""

    ticket: int
    is_accepted: bool
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Send:
    """A packet to send."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of one address near this place: of a client, or of a server behind it."""

    up: Way
    down: Way


class RouterPath:
    """Everything that happens to packets in one place.

    Args:
        lines: Lines by the packed address at their end. Packets from it go ``up``, packets to it ``down``.
        beyond_s: Delay between the place and everything that is not ``local``, each way.
        local: Packed addresses that are near: an operator's router and services.
        box: The rules, if there are any.
    """

    def __init__(
        self,
        *,
        lines: Mapping[bytes, Lines] | None = None,
        beyond_s: float = 0.0,
        local: frozenset[bytes] = frozenset(),
        box: Middlebox | None = None,
    ) -> None:
        self._lines = dict(lines or {})
        self._beyond_s = beyond_s
        self._local = local
        self._box = box
        self._waiting: list[tuple[float, int, int, Packet | None, bytes]] = []
        self._order = count()
        self._out: list[Verdict | Send] = []

    @property
    def next_due(self) -> float | None:
        """When something is due next."""
        return self._waiting[0][0] if self._waiting else None

    def arrive(self, ticket: int, data: bytes, *, now: float) -> None:
        """Take a packet that came at ``now``."""
        packet = read_packet(data)
        if packet is None:
            self._out.append(Verdict(ticket, is_accepted=True))
            return
        lines = self._lines.get(packet.source)
        if lines is not None:
            due = lines.up.take(packet.end, now=now, key=_key(packet))
        else:
            due = now if packet.source in self._local else now + self._beyond_s
        if due is None:
            self._out.append(Verdict(ticket, is_accepted=False))
        elif self._box is None:
            # Nobody looks at it in between: it waits once.
            self._leave(ticket, b"", due=self._onward(packet, due), now=now)
        elif due <= now:
            self._judge(ticket, packet, due)
        else:
            heapq.heappush(self._waiting, (due, next(self._order), ticket, packet, b""))

    def release(self, *, now: float) -> list[Verdict | Send]:
        """Give what is due by ``now``, in order."""
        waiting = self._waiting
        while waiting and waiting[0][0] <= now:
            due, _, ticket, packet, data = heapq.heappop(waiting)
            if packet is not None:
                self._judge(ticket, packet, due)
            else:
                self._leave(ticket, data, due=due, now=due)
        out, self._out = self._out, []
        return out

    def _judge(self, ticket: int, packet: Packet, now: float) -> None:
        """Let the rules look at a packet."""
        if self._box is None:
            self._pass(ticket, packet, Pass(), now)
            return
        for outcome in self._box.handle(packet, now=now):
            match outcome:
                case Pass():
                    self._pass(ticket, packet, outcome, now)
                case Drop():
                    self._out.append(Verdict(ticket, is_accepted=False))
                case Inject():
                    self._inject(outcome, now)

    def _pass(self, ticket: int, packet: Packet, outcome: Pass, now: float) -> None:
        self._leave(ticket, outcome.data, due=self._onward(packet, now + outcome.delay_s), now=now)

    def _inject(self, outcome: Inject, now: float) -> None:
        packet = read_packet(outcome.data)
        if packet is not None:
            self._leave(_FORGED, outcome.data, due=self._onward(packet, now), now=now)

    def _onward(self, packet: Packet, now: float) -> float | None:
        """When a packet that leaves the rules at ``now`` leaves this place."""
        lines = self._lines.get(packet.destination)
        if lines is not None:
            return lines.down.take(packet.end, now=now, key=_key(packet))
        is_upward = packet.source in self._lines or not self._lines
        return now + self._beyond_s if is_upward and packet.destination not in self._local else now

    def _leave(self, ticket: int, data: bytes, *, due: float | None, now: float) -> None:
        """Let a packet go when it is due; None: the line lost it."""
        if due is not None and due > now:
            heapq.heappush(self._waiting, (due, next(self._order), ticket, None, data))
        elif ticket != _FORGED:
            self._out.append(Verdict(ticket, is_accepted=due is not None, data=data))
        elif due is not None:
            self._out.append(Send(data))


def _key(packet: Packet) -> tuple[bytes, bytes, int, int]:
    return packet.source, packet.destination, packet.source_port, packet.destination_port
