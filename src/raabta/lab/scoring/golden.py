"""Golden files: documents that the lab measured, with what was seen and said, for tests that need no lab.

One file a scenario, one cell for each different truth in it, from its first run. ``seen`` is a line for each step of
the measurement as it was read, so that a change shows whether reading or judging changed.
"""

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from raabta.lab.results import CellResult
from raabta.lab.scenario.types import Truth
from raabta.model import Measurement, Rejection
from raabta.wire.ooni import read_measurement

SUFFIX: Final = ".json.gz"
_DECIMALS: Final = 3


class GoldenCell(Struct, frozen=True, kw_only=True):
    """One cell: the truth, what was said, what was seen, and the document."""

    network: str
    target: str
    truth: list[Truth]
    state: str
    mechanisms: list[str]
    locus: str
    posterior: dict[str, float]
    prior: str
    seen: list[str]
    document: msgspec.Raw


class Golden(Struct, frozen=True, kw_only=True):
    """One file. ``scenario`` is the name of a packaged scenario."""

    scenario: str
    family: str
    cells: list[GoldenCell]


def write_golden(results: Iterable[CellResult], folder: Path, *, max_cells: int = 3) -> list[Path]:
    """Write golden files: a cell for each different truth of a scenario, the first that was measured.

    Args:
        results: Of a run; only first repeats with a document are taken.
        folder: Where to write; it is made where it is missing. Files of other scenarios stay.
        max_cells: Most cells of one scenario.

    Returns:
        The files that were written.
    """
    chosen: dict[str, dict[bytes, CellResult]] = {}
    for result in results:
        if result.document and result.verdict and result.repeat == 0:
            chosen.setdefault(result.scenario, {}).setdefault(msgspec.json.encode(result.truth), result)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for scenario, by_truth in sorted(chosen.items()):
        cells = list(by_truth.values())[:max_cells]
        golden = Golden(scenario=scenario, family=cells[0].family, cells=[_cell(result) for result in cells])
        path = folder / f"{scenario}{SUFFIX}"
        # Without a time of its own, so that the same content is the same file.
        path.write_bytes(gzip.compress(msgspec.json.encode(golden), mtime=0))
        written.append(path)
    return written


def read_golden(folder: Path) -> Iterator[Golden]:
    """Read the golden files of a folder, by name."""
    decoder = msgspec.json.Decoder(Golden)
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        yield decoder.decode(gzip.decompress(path.read_bytes()))


def see(measurement: Measurement) -> list[str]:
    """Give a line for each step of a measurement, as it was read."""
    lines = [
        f"lookup {step.host} by {step.resolver}: {step.failure} {' '.join(address for address, _ in step.answers)}"
        for step in (*measurement.lookups, *measurement.late_answers)
    ]
    lines += [f"connect {step.address} {step.port}: {step.failure}" for step in measurement.connects]
    lines += [
        f"handshake {step.transport} {step.address} {step.server_name}: {step.failure} {step.step}"
        for step in measurement.handshakes
    ]
    lines += [f"exchange {step.url}: {step.failure} {step.status}" for step in measurement.exchanges]
    lines += [f"contrast {step.kind}: {step.failure}" for step in measurement.contrasts]
    return [line.rstrip() for line in lines]


def _cell(result: CellResult) -> GoldenCell:
    measurement = read_measurement(result.document.encode(), file=result.scenario, line=1)
    verdict: dict[str, Any] = result.verdict
    return GoldenCell(
        network=result.network,
        target=result.target,
        truth=result.truth,
        state=verdict["state"],
        mechanisms=list(verdict.get("mechanisms", ())),
        locus=verdict.get("locus", "unknown"),
        posterior={state: round(share, _DECIMALS) for state, share in verdict["posterior"].items()},
        prior=verdict.get("prior", "lab"),
        seen=[] if isinstance(measurement, Rejection) else see(measurement),
        document=msgspec.Raw(result.document.encode()),
    )
