"""Encrypted name lookups as a service of their own: does each way of asking (DoT, DoH, DoQ) get through?

Our own probe asks each way once a round, beside the machine's own network, and repeats what failed. A lookup of the
measurement itself that got through overrides that: what works for one name is not stopped.

Offices and hotels close port 853 by habit, so one way that is stopped says little by itself: in the field it is told as
evidence, and only its prior can make it a verdict.
"""

from typing import Final

from raabta.diagnose.bench import Bench
from raabta.diagnose.cell import Cell
from raabta.diagnose.local import AT
from raabta.model import classify_failure

_STOPPED: Final = frozenset(("timeout", "reset", "eof", "refused", "unreachable"))


def encrypted_cells(bench: Bench) -> list[Cell]:
    """Weigh each way of asking that failed every time; one that was answered once is no cell."""
    health = bench.measurement.local
    if health is None or not health.encrypted:
        return []
    through = {lookup.engine for lookup in bench.measurement.lookups if lookup.failure not in _STOPPED}
    failures = {
        engine: "ok" if engine in through else classify_failure(failure or None)
        for engine, failure in health.encrypted.items()
    }
    stopped = {engine: failure for engine, failure in failures.items() if failure in _STOPPED}
    plain = any(lookup.resolver == "udp" and lookup.answers for lookup in bench.measurement.lookups)
    others = "work" if len(stopped) < len(failures) else "plain" if plain else "fail"
    cells = []
    for engine, failure in stopped.items():
        facts = (engine, "none", "way", failure, others)
        cells.append(Cell(f"(lookups by {engine})", bench.weigher.weigh("vpn", facts), (f"{AT}.encrypted",) * 5))
    return cells
