"""A token bucket with a queue behind it: what is over the rate waits, and what finds the queue full is dropped.

Kept as one number, the time at which everything accepted so far will have left ("virtual scheduling", ITU-T I.371).
"""

from dataclasses import dataclass
from typing import Final

BURST_BYTES: Final = 3_000
"""Two packets may follow each other at once; the rate is then soon felt."""
QUEUE_BYTES: Final = 24_000
"""A queue longer than TCP's first flight (10 segments, RFC 6928): slow, not broken, for small pages."""


@dataclass(slots=True)
class Bucket:
    """One direction of one throttled thing."""

    rate_bytes_s: float
    burst_bytes: float = BURST_BYTES
    queue_bytes: float = QUEUE_BYTES
    free_at: float = float("-inf")

    def take(self, n_bytes: int, *, now: float) -> float | None:
        """Say how many seconds a packet waits; None if it is dropped."""
        earliest = now - self.burst_bytes / self.rate_bytes_s
        free_at = max(self.free_at, earliest) + n_bytes / self.rate_bytes_s
        wait_s = max(0.0, free_at - now)
        if wait_s * self.rate_bytes_s > self.queue_bytes:
            return None
        self.free_at = free_at
        return wait_s
