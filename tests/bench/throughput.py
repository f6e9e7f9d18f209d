"""How fast: documents to verdicts, file to file, against a bare decode of the same bytes; what more jobs give.

Runs of what is compared take turns, and CPU time is what counts, so that a busy machine moves both alike. Times
are of whole processes, start included.
"""

import os
import statistics
from collections.abc import Sequence
from typing import Final

from tests.bench import child, places
from tests.bench.child import OUTPUT, PYTHON, Spent

KINDS: Final = {
    "qa": ("QA documents, one a line", "lines"),
    "pretty": ("QA documents, pretty-printed", "documents"),
    "pakistan": ("the Pakistan document, one a line", "lines"),
}
SHARE_OF_BARE: Final = 1 / 3
"""Source: the shared design, diagnosis.md, "Speed"."""
SPEED_UP: Final = 1.7


def main() -> bool:
    """Measure all; say whether the output was right."""
    right = [_against_bare(kind) for kind in KINDS]
    return all((*right, _what_is_remembered(), _two_jobs()))


def _in_turns(commands: Sequence[Sequence[str]]) -> list[list[Spent]]:
    """Run commands A B A B …; give each one's runs."""
    rounds = [[child.run(command) for command in commands] for _ in range(places.sizes().n_rounds)]
    return [list(runs) for runs in zip(*rounds, strict=True)]


def _against_bare(kind: str) -> bool:
    title, layout = KINDS[kind]
    file = child.make_file(kind)
    n_documents, n_bytes = child.count_documents(file), file.stat().st_size
    places.heading(f"Throughput, --jobs 1: {title} ({n_documents:,} documents, {n_bytes / 1e6:,.0f} MB)")
    bare, ours = _in_turns(
        [[PYTHON, "-m", "tests.bench.bare", layout, str(file)], child.diagnose_command([str(file)], str(OUTPUT))]
    )
    for name, runs in (("bare msgspec decode", bare), ("raabta diagnose", ours)):
        cpu_s = statistics.median(run.cpu_s for run in runs)
        print(
            f"  {name:<20}{n_documents / cpu_s:>9,.0f} documents/s {n_bytes / cpu_s / 1e6:>7,.0f} MB/s"
            f" {cpu_s / n_documents * 1e6:>7,.0f} µs CPU a document;"
            f"  CPU s {places.spread([run.cpu_s for run in runs])}"
        )
    shares = [one.cpu_s / other.cpu_s for one, other in zip(bare, ours, strict=True)]
    met = places.judge(statistics.median(shares), target=SHARE_OF_BARE, at_most=False)
    print(f"  throughput as a share of the bare decode: {places.spread(shares)}: {met}")
    return _is_right(n_documents, [*bare, *ours])


def _is_right(n_documents: int, runs: Sequence[Spent]) -> bool:
    n_verdicts = child.count_documents(OUTPUT)
    codes = {run.code for run in runs}
    if n_verdicts == n_documents and codes == {0}:
        return True
    print(f"  WRONG: {n_documents:,} documents gave {n_verdicts:,} verdicts; exit codes {sorted(codes)}")
    return False


def _what_is_remembered() -> bool:
    places.heading("What the diagnosis remembers: CPU time a document (library path, --jobs 1)")
    return all([_with_and_without(kind) for kind in ("qa", "pakistan")])  # noqa: C419  measure all, whatever is wrong


def _with_and_without(kind: str) -> bool:
    file = child.make_file(kind)
    n_documents = child.count_documents(file)
    memories = ("all", "cells", "nothing")
    runs = _in_turns([[PYTHON, "-m", "tests.bench.library", memory, str(file), str(OUTPUT)] for memory in memories])
    costs = [[run.cpu_s / n_documents * 1e6 for run in each] for each in runs]
    gains = [without / with_it for with_it, without in zip(costs[0], costs[2], strict=True)]
    both, cells, nothing = (places.spread(each, ",.0f") for each in costs)
    print(f"  {kind:<9} judgements and cells {both} µs, cells only {cells} µs, nothing {nothing} µs")
    print(f"  {'':<9} remembering both is {places.spread(gains)} times as fast as nothing")
    return _is_right(n_documents, [run for each in runs for run in each])


def _two_jobs() -> bool:
    places.heading("Two processes: --jobs 2 against --jobs 1, wall time, QA documents")
    file = child.make_file("qa")
    loads = [os.getloadavg()[0]]
    one, two = _in_turns([child.diagnose_command([str(file)], str(OUTPUT), jobs=jobs) for jobs in (1, 2)])
    loads.append(os.getloadavg()[0])
    for name, runs in (("--jobs 1", one), ("--jobs 2", two)):
        walls, cpus = places.spread([run.wall_s for run in runs]), places.spread([run.cpu_s for run in runs])
        print(f"  {name}  wall s {walls}, CPU s {cpus}")
    gains = [first.wall_s / second.wall_s for first, second in zip(one, two, strict=True)]
    met = places.judge(statistics.median(gains), target=SPEED_UP, at_most=False)
    print(f"  speed-up {places.spread(gains)}: {met}")
    print(f"  {os.cpu_count()} cores; load before {loads[0]:.1f}, after {loads[1]:.1f}: others' work lowers this")
    return _is_right(child.count_documents(file), [*one, *two])
