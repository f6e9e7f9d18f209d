"""Facts about the machine's own network: when it does not work, nothing that failed says anything about a target.

One composite question, since the parts depend on each other: a gateway that answers nothing is no fault while the
world beyond it answers, and a resolver cannot answer where nothing does.
"""

from typing import Final

from raabta.model import LocalHealth, Measurement

FACTS: Final = ("state",)
AT: Final = "test_keys.x_local"

HALF: Final = 0.5


def state_of(health: LocalHealth, measurement: Measurement) -> str:
    """Give one word for the machine's own network; ``fine`` where nothing stands in the way."""
    if health.interface == "none" or health.gateway == "none":
        return "no_network"
    if health.portal == "portal":
        return "portal"
    if health.beyond == "silent":
        return "gateway_silent" if health.gateway == "silent" else "nothing_beyond"
    if health.clock == "wrong" and _certificates_fail(measurement):
        return "clock"
    if any(lookup.resolver == "system" and lookup.answers for lookup in measurement.lookups):
        return "fine"  # what answered here was not silent: packets of the first look were lost
    if health.resolver in ("silent", "none"):
        return "resolver_silent"
    return "resolver_failing" if health.resolver == "failing" else "fine"


def _certificates_fail(measurement: Measurement) -> bool:
    """Say whether a wrong clock shows: certificates fail by their dates."""
    return any(step.failure == "certificate_invalid" for step in measurement.handshakes)
