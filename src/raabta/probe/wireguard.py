"""WireGuard's openings: a train of initiations on one flow, each answered by a response or a cookie, or not at all.

A server takes one initiation of a peer in 20 ms (flood protection, in Linux and wireguard-go) and only ascending time
stamps; so initiations of a train are 50 ms apart or more, and what chance delays past its successor is lost. That
happens to end point and twin alike.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from raabta.probe.failures import NETWORK_ERRORS
from raabta.probe.network import Datagrams
from raabta.probe.openings import OPEN, Entropy, Outcome, Train, failed, silent
from raabta.wire.wireguard import Initiation, WireGuardKeys, open_wireguard, tai64n

_INDEX_BYTES: Final = 4
_EPHEMERAL_BYTES: Final = 32


@dataclass(slots=True)
class _Flow:
    """One socket's openings: those that wait for their answers, and what became of the others."""

    train: Train
    line: Datagrams
    waiting: dict[int, tuple[float, Initiation]] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)

    async def listen(self, until: float) -> None:
        """Take what comes until a time, or until nothing is waited for at the end of the train."""
        while self.waiting or until < self.train.until:
            try:
                heard = await self.line.receive_until(until)
            except NETWORK_ERRORS as error:
                self.lose(error)
                continue
            if heard is None:
                return
            self._take(heard[0])

    def _take(self, datagram: bytes) -> None:
        for sender, (sent_at, initiation) in self.waiting.items():
            if initiation.check(datagram) is not None:
                self.outcomes.append(Outcome(rtt_s=self.train.network.clock() - sent_at))
                del self.waiting[sender]
                return

    def lose(self, error: BaseException) -> None:
        """Take an error for the answer to the opening that waits longest: the kernel does not say to which it is."""
        icmp = self.line.icmp()
        if self.waiting:
            del self.waiting[next(iter(self.waiting))]
            self.outcomes.append(failed(error, operation=OPEN, address=self.train.address, icmp=icmp))

    def send(self, initiation: Initiation) -> None:
        """Send one; an error that waits in the socket belongs to an earlier one, and is told first."""
        for _ in range(2):
            try:
                self.line.send(initiation.message)
            except NETWORK_ERRORS as error:
                if not self.waiting:
                    icmp = self.line.icmp()
                    self.outcomes.append(failed(error, operation=OPEN, address=self.train.address, icmp=icmp))
                    return
                self.lose(error)
                continue
            self.waiting[initiation.sender] = (self.train.network.clock(), initiation)
            return
        self.outcomes.append(silent())


async def open_wireguard_train(
    train: Train, keys: WireGuardKeys, *, now: Callable[[], dt.datetime], entropy: Entropy
) -> list[Outcome]:
    """Send a train of initiations from one socket.

    Args:
        train: Where and when.
        keys: Of a peer that carries no tunnel.
        now: The clock for time stamps; it must not stand still between two calls.
        entropy: Fresh bytes.

    Returns:
        One outcome an opening, in the order in which they ended.
    """
    try:
        line = train.network.open_udp(train.address, train.port)
    except NETWORK_ERRORS as error:
        return [failed(error, operation=OPEN, address=train.address) for _ in train.times]
    flow = _Flow(train, line)
    try:
        for number, moment in enumerate(train.times):
            await flow.listen(moment)
            sender = int.from_bytes(entropy(_INDEX_BYTES - 1)) << 8 | number & 0xFF
            flow.send(open_wireguard(keys, ephemeral=entropy(_EPHEMERAL_BYTES), sender=sender, timestamp=tai64n(now())))
        await flow.listen(train.until)
    finally:
        line.close()
    return [*flow.outcomes, *(silent() for _ in flow.waiting)]
