"""Encrypted name lookups as a service of their own: does each way of asking (DoT, DoH, DoQ) get through?

Only documents that say how the machine's own network was are judged here: without that, a lookup that fails may be the
line's fault. A lookup that was answered, with whatever words, got through.
"""

from typing import Final

from raabta.diagnose.bench import Bench
from raabta.diagnose.cell import Cell
from raabta.model import DnsLookup

_ENGINES: Final = ("dot", "doh", "doq")
_STOPPED: Final = frozenset(("timeout", "reset", "eof", "refused", "unreachable"))


def encrypted_cells(bench: Bench) -> list[Cell]:
    """Weigh each way of asking that failed every time; one that was answered once is no cell."""
    by_engine: dict[str, list[DnsLookup]] = {engine: [] for engine in _ENGINES}
    for lookup in bench.measurement.lookups:
        if lookup.engine in by_engine and lookup.failure != "interrupted":
            by_engine[lookup.engine].append(lookup)
    stopped = {
        engine: lookups
        for engine, lookups in by_engine.items()
        if lookups and all(lookup.failure in _STOPPED for lookup in lookups)
    }
    if not stopped:
        return []
    works = any(lookups and engine not in stopped for engine, lookups in by_engine.items())
    cells = []
    for engine, lookups in stopped.items():
        facts = (engine, "none", "one", lookups[0].failure, "work" if works else "fail")
        weighed = bench.weigher.weigh("vpn", facts)
        cells.append(Cell(f"(lookups by {engine})", weighed, (lookups[0].at,) * len(facts)))
    return cells
