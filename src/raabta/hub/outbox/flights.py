"""What is under way on one channel: how many more may go, who is slow, and who is down.

A receiver that takes long must not hold up others. So only messages under way since a short time count against the few
that are sent at a time, up to as many as there are threads; and a receiver with several slow ones gets no more until
they end. A receiver that cannot be reached gets nothing for a while, which grows.

Strangers choose the receivers of webhooks, and may name many that take a connection and say nothing. So a receiver that
did not answer last time ("doubtful", as everybody is at the start) gets one message at a time, counts as slow after
``DOUBTED_AFTER_S``, and some threads are kept for those that did answer. Who let a message run into its deadline is
left alone for long at once.

Receivers are told apart by name and port and not by address: behind one address of a large provider stand many good
ones, which a silent neighbour must not hold up.

Pure but for the threads' future results: times are arguments, in seconds of a clock that only rises.
"""

from collections.abc import Set as AbstractSet
from typing import Final

from msgspec import Struct

from raabta.model.subscription import Channel

SLOW_AFTER_S: Final = 1.0
DOUBTED_AFTER_S: Final = 0.1
"""A good receiver mostly answers within this; silent ones pass by at n_fresh in this time."""
SLOW_AT_ONE_PLACE_MAX: Final = 4
DOWN_S: Final = (5.0, 15.0, 60.0, 300.0)
"""How long a receiver is left alone that was down once more. A mail server that comes back is found within 5 min."""
SILENT_DOWN_S: Final = 60.0
"""How long at least, after a message that ran for long without an answer: each such try holds a thread."""
ANSWERED_MAX: Final = 20_000
"""Receivers whose last answer is remembered: more than a desk has, and some MB."""


class Rules(Struct, frozen=True, kw_only=True):
    """How a channel is used. After ``n_misses`` without an answer between them a receiver is down.

    ``n_reserved`` threads take only what goes to receivers that answered last time; 0 where all receivers are ours.
    """

    n_fresh: int
    n_threads: int
    n_misses: int
    n_reserved: int = 0


RULES: Final[dict[Channel, Rules]] = {
    "email": Rules(n_fresh=2, n_threads=2, n_misses=1),
    "webhook": Rules(n_fresh=4, n_threads=64, n_misses=3, n_reserved=16),
    "chat": Rules(n_fresh=2, n_threads=8, n_misses=2),
}
"""At most ``n_fresh`` quick messages are uncertain after a crash: few, but enough that sending never waits for a
commit. E-mail: connections to the server. Webhook: threads wait for answers and cost little; 48 silent receivers can be
under way at a time."""


class _Misses(Struct, kw_only=True):
    n: int = 0
    until_s: float = 0.0


class Flights:
    """Bookkeeping of one channel."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._under_way: dict[str, tuple[str, float]] = {}
        self._misses: dict[str, _Misses] = {}
        self._answered: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._under_way)

    def begin(self, delivery_id: str, place: str, *, at_s: float) -> None:
        """Note that a message goes to a place."""
        self._under_way[delivery_id] = (place, at_s)

    def end(self, delivery_id: str, *, place_down: bool, at_s: float) -> None:
        """Note that one came back, and whether its place was down."""
        place, since_s = self._under_way.pop(delivery_id)
        self._answered.pop(place, None)
        if not place_down:
            self._misses.pop(place, None)
            if len(self._answered) >= ANSWERED_MAX:
                self._answered.pop(next(iter(self._answered)))  # who answered longest ago
            self._answered[place] = None
            return
        misses = self._misses.setdefault(place, _Misses())
        misses.n += 1
        silent = self.rules.n_reserved > 0 and at_s - since_s >= SLOW_AFTER_S
        if (misses.n >= self.rules.n_misses or silent) and misses.until_s <= at_s:
            step = min(max(0, misses.n - self.rules.n_misses) // self.rules.n_fresh, len(DOWN_S) - 1)
            misses.until_s = at_s + max(DOWN_S[step], SILENT_DOWN_S if silent else 0.0)

    def room(self, *, at_s: float) -> int:
        """Say how many more may begin now."""
        if "" in self.down(at_s=at_s):
            return 0  # the one place that all go to
        n_fresh = sum(at_s - since < self._fresh_s(place) for place, since in self._under_way.values())
        return max(0, min(self.rules.n_fresh - n_fresh, self.rules.n_threads - len(self._under_way)))

    def room_in_s(self, *, at_s: float, n_most: float) -> float:
        """Say how long it takes at most until one more message under way is no longer fresh; ``n_most`` at most."""
        ends = (since + self._fresh_s(place) - at_s for place, since in self._under_way.values())
        return min((left for left in ends if left > 0), default=n_most)

    def trusted(self) -> AbstractSet[str] | None:
        """Give the places that answered last time; None where the channel doubts nobody."""
        return self._answered.keys() if self.rules.n_reserved else None

    def doubted(self) -> set[str]:
        """Give the doubtful places that have a message under way."""
        return {place for place, _ in self._under_way.values() if self._is_doubtful(place)}

    def room_for_doubtful(self) -> int:
        """Say how many more may begin that go to doubtful places."""
        n_doubtful = sum(self._is_doubtful(place) for place, _ in self._under_way.values())
        return max(0, self.rules.n_threads - self.rules.n_reserved - n_doubtful)

    def _is_doubtful(self, place: str) -> bool:
        return self.rules.n_reserved > 0 and place not in self._answered

    def _fresh_s(self, place: str) -> float:
        return DOUBTED_AFTER_S if self._is_doubtful(place) else SLOW_AFTER_S

    def busy(self, *, at_s: float) -> set[str]:
        """Give the places that are slow with what they have."""
        slow: dict[str, int] = {}
        for place, since in self._under_way.values():
            slow[place] = slow.get(place, 0) + (at_s - since >= SLOW_AFTER_S)
        return {place for place, n in slow.items() if n >= SLOW_AT_ONE_PLACE_MAX}

    def down(self, *, at_s: float) -> dict[str, float]:
        """Give the places that are down, and for how many seconds more they are left alone."""
        return {place: one.until_s - at_s for place, one in self._misses.items() if one.until_s > at_s}
