"""What is under way on one channel: how many more may go, who is slow, and who is down.

A receiver that takes long must not hold up others. So only messages under way since less than ``SLOW_AFTER_S`` count
against the few that are sent at a time, up to as many as there are threads; and a receiver with several slow ones gets
no more until they end. A receiver that cannot be reached gets nothing for a while, which grows.

Pure but for the threads' future results: times are arguments, in seconds of a clock that only rises.
"""

from typing import Final

from msgspec import Struct

from raabta.model.subscription import Channel

SLOW_AFTER_S: Final = 1.0
SLOW_AT_ONE_PLACE_MAX: Final = 4
DOWN_S: Final = (5.0, 15.0, 60.0, 300.0)
"""How long a receiver is left alone that was down once more. A mail server that comes back is found within 5 min."""


class Rules(Struct, frozen=True, kw_only=True):
    """How a channel is used. After ``n_misses`` without an answer between them a receiver is down."""

    n_fresh: int
    n_threads: int
    n_misses: int


RULES: Final[dict[Channel, Rules]] = {
    "email": Rules(n_fresh=2, n_threads=2, n_misses=1),
    "webhook": Rules(n_fresh=4, n_threads=32, n_misses=3),
    "chat": Rules(n_fresh=2, n_threads=8, n_misses=2),
}
"""At most ``n_fresh`` quick messages are uncertain after a crash: few, but enough that sending never waits for a
commit. E-mail: connections to the server."""


class _Misses(Struct, kw_only=True):
    n: int = 0
    until_s: float = 0.0


class Flights:
    """Bookkeeping of one channel."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._under_way: dict[str, tuple[str, float]] = {}
        self._misses: dict[str, _Misses] = {}

    def __len__(self) -> int:
        return len(self._under_way)

    def begin(self, delivery_id: str, place: str, *, at_s: float) -> None:
        """Note that a message goes to a place."""
        self._under_way[delivery_id] = (place, at_s)

    def end(self, delivery_id: str, *, place_down: bool, at_s: float) -> None:
        """Note that one came back, and whether its place was down."""
        place, _ = self._under_way.pop(delivery_id)
        if not place_down:
            self._misses.pop(place, None)
            return
        misses = self._misses.setdefault(place, _Misses())
        misses.n += 1
        if misses.n >= self.rules.n_misses and misses.until_s <= at_s:
            step = min((misses.n - self.rules.n_misses) // self.rules.n_fresh, len(DOWN_S) - 1)
            misses.until_s = at_s + DOWN_S[step]

    def room(self, *, at_s: float) -> int:
        """Say how many more may begin now."""
        if "" in self.down(at_s=at_s):
            return 0  # the one place that all go to
        n_fresh = sum(at_s - since < SLOW_AFTER_S for _, since in self._under_way.values())
        return max(0, min(self.rules.n_fresh - n_fresh, self.rules.n_threads - len(self._under_way)))

    def busy(self, *, at_s: float) -> set[str]:
        """Give the places that are slow with what they have."""
        slow: dict[str, int] = {}
        for place, since in self._under_way.values():
            slow[place] = slow.get(place, 0) + (at_s - since >= SLOW_AFTER_S)
        return {place for place, n in slow.items() if n >= SLOW_AT_ONE_PLACE_MAX}

    def down(self, *, at_s: float) -> dict[str, float]:
        """Give the places that are down, and for how many seconds more they are left alone."""
        return {place: one.until_s - at_s for place, one in self._misses.items() if one.until_s > at_s}
