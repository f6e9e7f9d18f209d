"""What a run of the lab must reach before a change lands. ``python -m tests.lab.accept RESULTS.jsonl``.

Only families of the scoring part count: nothing was fitted or calibrated on them.
"""

import sys
from pathlib import Path

from raabta.lab.results import read_results
from raabta.lab.scoring import part_of, report, score
from raabta.lab.scoring.score import Score

EXACT_SHARE = 0.98
LOCUS_SHARE = 0.95
MOST_FALSE = 1
LEAST_BENIGN_RUNS = 600
LEAST_BENIGN_FAMILIES = 40


def shortfalls(found: Score) -> list[str]:
    """Say what a score falls short of."""
    missed = []
    if found.mechanism.share < EXACT_SHARE:
        missed.append(f"mechanisms exact in {found.mechanism.share:.1%}, at least {EXACT_SHARE:.0%} are wanted")
    if found.locus.share < LOCUS_SHARE:
        missed.append(f"locus right in {found.locus.share:.1%}, at least {LOCUS_SHARE:.0%} are wanted")
    if found.n_false > MOST_FALSE:
        missed.append(f"{found.n_false} benign runs were said to be interfered with, at most {MOST_FALSE} may be")
    if found.benign_runs < LEAST_BENIGN_RUNS or found.benign_families < LEAST_BENIGN_FAMILIES:
        missed.append(f"only {found.benign_runs} benign runs of {found.benign_families} families")
    missed += [
        f"no skill at a prevalence of {skill.prevalence:.0%}"
        for skill in found.skills
        if min(skill.log_loss, skill.brier) <= 0.0
    ]
    missed += [f"not run: {words}" for words in (*found.errors, *found.skipped)]
    return missed


def main(names: list[str]) -> int:
    """Score the rows of the scoring part and say what is missing; 0 where nothing is."""
    rows = [row for name in names for row in read_results(Path(name).read_bytes().splitlines())]
    found = score(row for row in rows if part_of(row.family) == "scoring")
    sys.stdout.write(report(found))
    missed = shortfalls(found)
    for words in missed:
        sys.stderr.write(f"lab: {words}\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
