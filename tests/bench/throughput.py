"""How fast: documents to verdicts, file to file, against a bare decode of the same bytes; what more jobs give.

Runs of what is compared take turns, and CPU time is what counts, so that a busy machine moves both alike. Times
are of whole processes, start included.
"""

import os
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.bench import child, places
from tests.bench.child import PYTHON, Spent

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
    return all((*right, _memory_of_facts(), _two_jobs()))


def _in_turns(commands: Sequence[Sequence[str]]) -> list[list[Spent]]:
    """Run commands A B A B …; give each one's runs."""
    rounds = [[child.run(command) for command in commands] for _ in range(places.sizes().n_rounds)]
    return [list(runs) for runs in zip(*rounds, strict=True)]


def _against_bare(kind: str) -> bool:
    title, layout = KINDS[kind]
    file, output = child.make_file(kind), places.SCRATCH / "verdicts.jsonl"
    n_documents, n_bytes = child.count_documents(file), file.stat().st_size
    places.heading(f"Throughput, --jobs 1: {title} ({n_documents:,} documents, {n_bytes / 1e6:,.0f} MB)")
    bare, ours = _in_turns(
        [[PYTHON, "-m", "tests.bench.bare", layout, str(file)], child.diagnose_command([str(file)], str(output))]
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
    return _is_right(output, n_documents, [*bare, *ours])


def _is_right(output: Path, n_documents: int, runs: Sequence[Spent]) -> bool:
    n_verdicts = child.count_documents(output)
    codes = {run.code for run in runs}
    if n_verdicts == n_documents and codes == {0}:
        return True
    print(f"  WRONG: {n_documents:,} documents gave {n_verdicts:,} verdicts; exit codes {sorted(codes)}")
    return False


def _memory_of_facts() -> bool:
    places.heading("The weigher's memory of tuples of facts (library path, --jobs 1)")
    return all([_with_and_without(kind) for kind in ("qa", "pakistan")])  # noqa: C419  measure all, whatever is wrong


def _with_and_without(kind: str) -> bool:
    file, output = child.make_file(kind), places.SCRATCH / "verdicts.jsonl"
    n_documents = child.count_documents(file)
    command = [PYTHON, "-m", "tests.bench.library"]
    with_it, without = _in_turns([[*command, memory, str(file), str(output)] for memory in ("with", "without")])
    gains = [one.cpu_s / other.cpu_s for one, other in zip(without, with_it, strict=True)]
    cost, cost_without = (
        statistics.median(run.cpu_s for run in runs) / n_documents * 1e6 for runs in (with_it, without)
    )
    print(
        f"  {kind:<10}{cost:,.0f} µs CPU a document with it, {cost_without:,.0f} without:"
        f" {places.spread(gains)} times as fast"
    )
    return _is_right(output, n_documents, [*with_it, *without])


def _two_jobs() -> bool:
    places.heading("Two processes: --jobs 2 against --jobs 1, wall time, QA documents")
    file, output = child.make_file("qa"), places.SCRATCH / "verdicts.jsonl"
    loads = [os.getloadavg()[0]]
    one, two = _in_turns([child.diagnose_command([str(file)], str(output), jobs=jobs) for jobs in (1, 2)])
    loads.append(os.getloadavg()[0])
    for name, runs in (("--jobs 1", one), ("--jobs 2", two)):
        walls, cpus = places.spread([run.wall_s for run in runs]), places.spread([run.cpu_s for run in runs])
        print(f"  {name}  wall s {walls}, CPU s {cpus}")
    gains = [first.wall_s / second.wall_s for first, second in zip(one, two, strict=True)]
    met = places.judge(statistics.median(gains), target=SPEED_UP, at_most=False)
    print(f"  speed-up {places.spread(gains)}: {met}")
    print(f"  {os.cpu_count()} cores; load before {loads[0]:.1f}, after {loads[1]:.1f}: others' work lowers this")
    return _is_right(output, child.count_documents(file), [*one, *two])
