"""Context: what other measurements say of a target from other networks, and of other targets from this vantage point.

A first pass over the context's documents counts, for each cell, failures by network and by reporter; a second pass
asks. Counts are capped twice, so that neither one forger nor one crowded network can make a word: a reporter (a report
id, else a probe's network and day) weighs at most ``REPORTER_CAP`` measurements, a network at most one voice. A word
needs ``MIN_NETWORKS`` networks (for the target) or ``MIN_TARGETS`` other targets (for the vantage point).

The measurement itself is never part of its own context: its network is left out for the target's word, its target for
the vantage point's.

Not done: time. The context is taken as one period; give the files of the days that matter.
"""

from collections import defaultdict
from typing import Final

from raabta.model import Measurement

REPORTER_CAP: Final = 3
"""Measurements of one reporter that count for one cell. Not validated."""
MIN_NETWORKS: Final = 2
MIN_TARGETS: Final = 3
FINE_SHARE: Final = 0.2
FAILS_SHARE: Final = 0.8
"""Shares of failing voices below which a target or vantage point is fine, and above which it fails. Not validated."""


class Context:
    """Voices about targets and vantage points, from many measurements."""

    def __init__(self) -> None:
        # (layer, host) -> network -> [fine, failing], and (layer, network) -> host -> [fine, failing]
        self._targets: dict[tuple[str, str], dict[str, list[int]]] = defaultdict(dict)
        self._vantages: dict[tuple[str, str], dict[str, list[int]]] = defaultdict(dict)
        self._reporters: dict[tuple[str, str, str], int] = defaultdict(int)

    def add(self, measurement: Measurement, *, reporter: str, layers: dict[tuple[str, str], bool]) -> None:
        """Count one measurement.

        Args:
            measurement: Whose network speaks.
            reporter: Who sent it: voices of one reporter are capped.
            layers: For each (layer, host) that was seen: whether it failed.
        """
        network = network_of(measurement)
        for (layer, host), failed in layers.items():
            key = (layer, host, reporter)
            self._reporters[key] += 1
            if self._reporters[key] > REPORTER_CAP:
                continue
            for table, cell, voice in (
                (self._targets, (layer, host), network),
                (self._vantages, (layer, network), host),
            ):
                table[cell].setdefault(voice, [0, 0])[failed] += 1

    def word(self, measurement: Measurement, *, layer: str, host: str) -> str:
        """Give ``target_fine``, ``target_fails`` or ``vantage_fails``, ``none`` where there are too few voices."""
        network = network_of(measurement)
        at_vantage = _share(self._vantages.get((layer, network), {}), without=host, least=MIN_TARGETS)
        if at_vantage is not None and at_vantage >= FAILS_SHARE:
            return "vantage_fails"
        elsewhere = _share(self._targets.get((layer, host), {}), without=network, least=MIN_NETWORKS)
        if elsewhere is None:
            return "none"
        return "target_fine" if elsewhere <= FINE_SHARE else "target_fails" if elsewhere >= FAILS_SHARE else "none"


def network_of(measurement: Measurement) -> str:
    """Name the network that a measurement speaks for."""
    return f"{measurement.probe_cc}:{measurement.probe_asn}"


def _share(voices: dict[str, list[int]], *, without: str, least: int) -> float | None:
    """Give the share of failing voices, one voice each; None where there are fewer than ``least``."""
    counted = [counts for voice, counts in voices.items() if voice != without]
    if len(counted) < least:
        return None
    return sum(failing / (fine + failing) for fine, failing in counted) / len(counted)
