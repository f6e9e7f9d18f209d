"""What the steps of one measurement share: the network, the zero of its clock, its events, what it may spend."""

from dataclasses import dataclass, field

from raabta.probe.network import Network
from raabta.wire.ooni.writing import Event


class BudgetSpentError(Exception):
    """The budget of time, packets or bytes does not allow this step. It is skipped and said so, never a finding."""


@dataclass(slots=True, kw_only=True)
class Budget:
    """What a measurement may spend. Counts are what was spent; packets are estimates from connections and bytes."""

    max_s: float
    max_packets: int
    max_bytes: int
    n_packets: int = 0
    n_bytes: int = 0

    def spend(self, *, packets: int, octets: int) -> None:
        """Count what a step sent and received."""
        self.n_packets += packets
        self.n_bytes += octets

    def allows(self, *, elapsed_s: float) -> bool:
        """Say whether another step may begin."""
        return elapsed_s < self.max_s and self.n_packets < self.max_packets and self.n_bytes < self.max_bytes


@dataclass(slots=True, kw_only=True)
class Trace:
    """One measurement under way. Steps write times relative to ``zero``, and events where bytes moved."""

    network: Network
    zero: float
    budget: Budget
    events: list[Event] = field(default_factory=list)
    _last_id: int = 0

    def now(self) -> float:
        """Seconds since the measurement began, to the microsecond."""
        return round(self.network.clock() - self.zero, 6)

    def next_id(self) -> int:
        """A number for the next transaction (one connection, one query), from 1."""
        self._last_id += 1
        return self._last_id

    def check_budget(self) -> None:
        """Raise ``BudgetSpentError`` where no further step may begin."""
        if not self.budget.allows(elapsed_s=self.now()):
            raise BudgetSpentError
