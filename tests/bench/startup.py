"""How soon: CPU time of small commands, which people wait for most often."""

import statistics
from typing import Final

from tests.bench import child, places

N_RUNS: Final = 5
HELP_S: Final = 0.5
ONE_FILE_S: Final = 1.0


def main() -> bool:
    """Measure; say whether the commands ended well."""
    places.heading(f"Start: CPU time, {N_RUNS} runs")
    one = str(min(places.QA.glob("*.json")))
    commands = {
        "raabta --help": ([child.RAABTA, "--help"], HELP_S),
        "raabta diagnose, one file": (child.diagnose_command([one], "-"), ONE_FILE_S),
    }
    right = True
    for name, (command, limit_s) in commands.items():
        runs = [child.run(command) for _ in range(N_RUNS)]
        times = [run.cpu_s for run in runs]
        met = places.judge(statistics.median(times), target=limit_s, at_most=True, unit=" s")
        print(f"  {name:<28}{places.spread(times)} s: {met}")
        if any(run.code for run in runs):
            print(f"  WRONG: exit codes {sorted({run.code for run in runs})}")
            right = False
    return right
