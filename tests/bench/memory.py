"""How much memory: peak resident memory over far more input than fits a small machine."""

from typing import Final

from tests.bench import child, places

LIMIT_MB: Final = 400


def main() -> bool:
    """Measure; say whether every document gave a verdict."""
    file = child.make_file("qa")
    n_times = max(1, round(places.sizes().memory_bytes / file.stat().st_size))
    n_documents = child.count_documents(file) * n_times
    places.heading(f"Peak memory over {file.stat().st_size * n_times / 1e6:,.0f} MB ({n_documents:,} documents)")
    right = True
    for jobs in (1, 2):
        spent = child.run(
            child.diagnose_command([str(file)] * n_times, str(child.OUTPUT), jobs=jobs), look_at_memory=True
        )
        peak, tree = spent.peak_bytes / 1e6, spent.tree_bytes / 1e6
        met = places.judge(max(peak, tree), target=LIMIT_MB, at_most=True, unit=" MB")
        print(f"  --jobs {jobs}: largest process {peak:,.0f} MB, all processes together {tree:,.0f} MB: {met}")
        n_verdicts = child.count_documents(child.OUTPUT)
        if n_verdicts != n_documents or spent.code:
            print(f"  WRONG: {n_documents:,} documents gave {n_verdicts:,} verdicts; exit code {spent.code}")
            right = False
    return right
