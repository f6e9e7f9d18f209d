"""How long lint of a large list takes: ``python -m tests.bench.lint``. Target: 100,000 entries in 1.5 s of CPU."""

import random
import sys
import time
from collections.abc import Callable
from typing import Final

from raabta.model.exemption import ExemptionEntry
from raabta.remedy.lint import bench_of, lint_list
from tests.cases.linting import BENCH, NOW, RECIPIENT, TABLES, entry, listed

N_ENTRIES: Final = 100_000
TARGET_S: Final = 1.5


def entries(**changed: object) -> tuple[ExemptionEntry, ...]:
    """Different entries, each by itself without a fault."""
    rng = random.Random(4)
    made = []
    for number in range(N_ENTRIES):
        source = f"198.18.{number >> 8 & 127}.{number & 255}/32"
        destination = f"198.19.{20 + (number >> 15)}.{number % 200}/32"
        id_, reference = f"x-{rng.getrandbits(80):020x}", f"m-{number % 1700:016x}"
        made.append(entry(id=id_, source=source, destination=destination, organisation_ref=reference, **changed))
    return tuple(made)


def cpu_s(work: Callable[[], object]) -> float:
    """CPU seconds of the quicker of two runs."""
    taken = []
    for _ in range(2):
        begun = time.process_time()
        work()
        taken.append(time.process_time() - begun)
    return min(taken)


def main() -> bool:
    """Print how long it takes; say whether the results were right."""
    good, loose = listed(*entries()), listed(*entries(port=0))
    print(f"bench of the tables       {cpu_s(lambda: bench_of(TABLES, RECIPIENT)) * 1000:7.0f} ms")
    print(
        f"100,000 without a finding {cpu_s(lambda: lint_list(good, bench=BENCH, now=NOW)):7.2f} s   target {TARGET_S}"
    )
    print(f"100,000 with a soft one   {cpu_s(lambda: lint_list(loose, bench=BENCH, now=NOW)):7.2f} s")
    right = lint_list(good, bench=BENCH, now=NOW) == []
    return right and len(lint_list(loose, bench=BENCH, now=NOW)) == N_ENTRIES


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
