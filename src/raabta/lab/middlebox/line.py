"""One direction of a line: loss, then a rate with its queue, then delay with jitter.

Packets of one connection never overtake each other, whatever the jitter: reordering is rare on access lines, and probes
would take it for loss. Loss is either by chance, or exact: of n packets, n times the share, evenly spread.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

from raabta.lab.middlebox.rules import Chance

QUEUE_BYTES: Final = 96_000
"""What waits before a slow line, at least: 64 full packets, a small router's buffer."""
QUEUE_S: Final = 0.2
"""What waits before a fast line, in time."""
MAX_KEYS: Final = 20_000
"""Connections whose last packet is remembered."""


@dataclass(slots=True, kw_only=True)
class Way:
    """One direction. ``rate_bytes_s`` 0 is unlimited. Times are seconds of the caller's clock."""

    delay_s: float
    chance: Chance
    jitter_s: float = 0.0
    rate_bytes_s: float = 0.0
    loss: float = 0.0
    is_loss_exact: bool = False
    free_at: float = float("-inf")
    owed: float = 0.0
    last: dict[Hashable, float] = field(default_factory=dict)

    def take(self, n_bytes: int, *, now: float, key: Hashable = None) -> float | None:
        """Say when a packet of a connection arrives at the other end; None if it is lost."""
        if self.loss and self._is_lost():
            return None
        if self.rate_bytes_s:
            queued_s = max(0.0, self.free_at - now)
            if queued_s > max(QUEUE_S, QUEUE_BYTES / self.rate_bytes_s):
                return None
            now = self.free_at = now + queued_s + n_bytes / self.rate_bytes_s
        due = now + self.delay_s
        return self._in_order(due + self.chance() * self.jitter_s, key) if self.jitter_s else due

    def _is_lost(self) -> bool:
        if not self.is_loss_exact:
            return self.chance() < self.loss
        self.owed += self.loss
        if self.owed < 1.0:
            return False
        self.owed -= 1.0
        return True

    def _in_order(self, due: float, key: Hashable) -> float:
        due = max(due, self.last.pop(key, due))
        self.last[key] = due
        if len(self.last) > MAX_KEYS:
            del self.last[next(iter(self.last))]
        return due
