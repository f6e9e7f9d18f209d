"""Priors: what is believed of a cell before it is looked at. An argument, with named defaults."""

from typing import Final

from msgspec import Struct


class Prior(Struct, frozen=True, kw_only=True):
    """P(state) of a target before its evidence; its layers share each of them. What is left of one is ``ok``."""

    name: str
    blocked: float
    throttled: float
    degraded: float
    down: float

    def of(self, state: str) -> float:
        """Give P(state)."""
        if state == "ok":
            return 1.0 - self.blocked - self.throttled - self.degraded - self.down
        return float(getattr(self, state))


PRIORS: Final[dict[str, Prior]] = {
    prior.name: prior
    for prior in (
        # In the field interference is rare: about 1 % of cells (shared design, from OONI's published shares).
        Prior(name="field", blocked=0.01, throttled=0.003, degraded=0.01, down=0.03),
        # A list of names that are known to be blocked somewhere: one in five. Not validated.
        Prior(name="watchlist", blocked=0.20, throttled=0.02, degraded=0.02, down=0.05),
        # In the emulated country and in OONI's QA a third of the cells are interfered with; nearly as many have faults.
        Prior(name="lab", blocked=0.30, throttled=0.05, degraded=0.05, down=0.20),
    )
}
"""``field`` is the default: what most measurements are drawn from."""
