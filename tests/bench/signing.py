"""``python -m tests.bench.signing``: how long a list of 100,000 entries takes to sign, publish, pull and read back.

CPU time. Lint is told apart, since it is asked again at each step (its own limit is 1.5 s).
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from raabta.model.exemption import ExemptionEntry, ExemptionList, LintFinding, Recipient
from raabta.pipeline.signing import make_list_sheet, publish_sheet, read_sheet, sign_sheet
from raabta.remedy.canonical import canonical
from raabta.remedy.lint import lint_list
from tests.cases.leasing import NOW
from tests.cases.publisher import BENCH, ONLINE, RECIPIENT, TARGETS_KEYS, Gateway, Publisher, a_list, an_entry

N_ENTRIES: Final = 100_000
SIGN_S: Final = 5.0
PULL_S: Final = 2.0

Result = TypeVar("Result")


def entry(number: int) -> ExemptionEntry:
    """One of many that differ: 65,000 addresses, then other ports."""
    high, low = divmod(number, 250)
    return an_entry(
        number,
        source=f"198.18.{high % 256}.{low + 1}/32",
        destination=f"198.19.{high % 256}.{low + 1}/32",
        port=1024 + high // 256,
    )


class Clock:
    """CPU time of calls, and of lint inside them."""

    def __init__(self) -> None:
        self.lint_s = 0.0

    def lint(self, listed: ExemptionList, _recipient: Recipient, before: ExemptionList | None) -> list[LintFinding]:
        begun = time.process_time()
        findings = lint_list(listed, bench=BENCH, now=NOW, previous=before)
        self.lint_s += time.process_time() - begun
        return findings

    def timed(self, name: str, limit_s: float, call: Callable[[], Result]) -> Result:
        self.lint_s = 0.0
        begun = time.process_time()
        result = call()
        taken_s = time.process_time() - begun
        words = "met" if taken_s - self.lint_s <= limit_s else "MISSED"
        beside = f"{taken_s - self.lint_s:.2f} s beside {self.lint_s:.2f} s of lint"
        print(f"  {name:<22}{beside}; at most {limit_s} s: {words}")
        return result


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        _measure(Path(name))


def _measure(folder: Path) -> None:
    clock, repository, sheet = Clock(), folder / "repository", folder / "sheet"
    publisher = Publisher(repository)
    root = publisher.root()
    large = a_list(1, *map(entry, range(N_ENTRIES)))
    print(f"{N_ENTRIES} entries, {len(canonical(large)) / 1e6:.1f} MB")
    clock.timed(
        "sheet",
        SIGN_S,
        lambda: make_list_sheet(sheet, large, recipient=RECIPIENT, repository=repository, lint=clock.lint, now=NOW),
    )
    for key in TARGETS_KEYS[:2]:
        clock.timed("sign", SIGN_S, lambda key=key: sign_sheet(read_sheet(sheet), key, lint=clock.lint))  # type: ignore[misc]
    clock.timed(
        "publish",
        SIGN_S,
        lambda: publish_sheet(read_sheet(sheet), repository, online=ONLINE, lint=clock.lint, now=NOW),
    )
    clock.timed("refresh", SIGN_S, publisher.refresh)
    gateway = Gateway(folder / "state", publisher.folder, root)
    begun = time.process_time()
    lint_list(large, bench=BENCH, now=NOW)
    lint_s = time.process_time() - begun
    clock.timed("pull, with its lint", PULL_S + lint_s, gateway.pull)
    clock.timed("last good", PULL_S, lambda: gateway.good)


if __name__ == "__main__":
    main()
