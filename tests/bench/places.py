"""Where benchmark data are read and where generated files go, how large a run is, and how results are printed."""

import os
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

ROOT: Final = Path(__file__).resolve().parents[2]
OONI: Final = ROOT.parent / "shared" / "data" / "ooni"
QA: Final = OONI / "qa"
REAL: Final = OONI / "real.jsonl"
PAKISTAN_LINE: Final = 41
"""Line of ``real.jsonl``: 41 kB, every handshake ended after the ClientHello, so that events are read too."""
SCRATCH: Final = ROOT / ".bench"
"""Generated files; ignored by git. Remove it to generate them anew."""

_MB: Final = 1_000_000


class Sizes(Struct, frozen=True, kw_only=True):
    """How large a run is."""

    file_bytes: int
    memory_bytes: int
    n_rounds: int
    n_mutated: int


FULL: Final = Sizes(file_bytes=200 * _MB, memory_bytes=2000 * _MB, n_rounds=3, n_mutated=100_000)
QUICK: Final = Sizes(file_bytes=6 * _MB, memory_bytes=64 * _MB, n_rounds=3, n_mutated=3_000)


def sizes() -> Sizes:
    """Give the sizes that the environment asks for."""
    return QUICK if os.environ.get("RAABTA_BENCH") == "quick" else FULL


def missing_data() -> str:
    """Say what is missing of the data that benchmarks read, "" where all is there."""
    if QA.is_dir() and REAL.is_file():
        return ""
    return "skipped: the shared OONI documents are absent (../shared/data/ooni beside the project's folder)"


def qa_texts() -> list[str]:
    """Read the QA documents as they stand, pretty-printed."""
    return [path.read_text(encoding="utf-8") for path in sorted(QA.glob("*.json"))]


def real_texts() -> list[str]:
    """Read the real documents, one line each."""
    return REAL.read_text(encoding="utf-8").splitlines()


def heading(text: str) -> None:
    """Begin a section of the report."""
    print(f"\n{text}\n{'-' * len(text)}", flush=True)


def spread(values: Sequence[float], form: str = ".3g") -> str:
    """Give the median, and in brackets the least and the greatest value."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:{form}} ({low:{form}}–{high:{form}})"


def judge(value: float, *, target: float, at_most: bool, unit: str = "") -> str:
    """Say whether a value meets its target."""
    met = value <= target if at_most else value >= target
    words = "meets" if met else "FALLS SHORT OF"
    return f"{words} the target of {'at most' if at_most else 'at least'} {target:.3g}{unit}"
