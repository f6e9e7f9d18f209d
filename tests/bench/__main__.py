"""``make bench``: all benchmarks, or those that are named (``make bench ARGS="startup memory"``).

Figures never fail a run: each is printed beside its target. The exit code is 1 where a result is wrong: documents
lost, a command that fails, a mutated document that raises.
"""

import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Final

from tests.bench import memory, places, startup, throughput
from tests.bench.child import OUTPUT, PYTHON


def _mutated() -> bool:
    places.heading("Mutated and generated documents")
    return subprocess.run([PYTHON, "-m", "tests.bench.mutate"], cwd=places.ROOT, check=False).returncode == 0


SECTIONS: Final[dict[str, Callable[[], bool]]] = {
    "startup": startup.main,
    "throughput": throughput.main,
    "memory": memory.main,
    "mutate": _mutated,
}


def main(asked: Sequence[str]) -> int:
    """Run the sections that are asked for, all where none is; give the exit code."""
    unknown = [name for name in asked if name not in SECTIONS]
    if unknown:
        print(f"There is no benchmark {unknown[0]!r}. Choose from: {', '.join(SECTIONS)}", file=sys.stderr)
        return 2
    if absent := places.missing_data():
        print(absent)
        return 0
    places.SCRATCH.mkdir(exist_ok=True)
    if places.sizes() is places.QUICK:
        print("Quick: the files are so small that starting up is a large part of the times. Judge by a full run.")
    try:
        wrong = [name for name in asked or SECTIONS if not SECTIONS[name]()]
    finally:
        OUTPUT.unlink(missing_ok=True)
    print(f"\nWRONG results in: {', '.join(wrong)}" if wrong else "\nAll results are right.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
