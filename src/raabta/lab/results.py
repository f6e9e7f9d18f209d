"""What a run of the lab yields: one row a cell (network and target) and repeat, as JSON lines."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from raabta.lab.scenario.types import Scenario, Truth


class CellResult(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was measured and judged of one cell, beside what is true of it.

    ``truth`` holds the rows that are about this cell; none means that the cell is well. ``document`` is the probe's
    OONI document, ``verdict`` what ``raabta diagnose`` says of it. Where a cell has no document, ``error`` says what
    went wrong in the lab, or ``skipped`` why it was not tried: neither is a finding.
    """

    scenario: str
    family: str
    network: str
    target: str
    repeat: int = 0
    twin: str = ""
    truth: list[Truth] = []
    document: str = ""
    verdict: dict[str, Any] = {}
    error: str = ""
    skipped: str = ""
    seconds: float = 0.0


def truth_of(scenario: Scenario, *, network: str, target: str) -> list[Truth]:
    """Give the truth rows about one cell; empty lists of a row mean all. None says that nothing is wrong with it."""
    return [
        row
        for row in scenario.truth
        if (not row.networks or network in row.networks) and (not row.targets or target in row.targets)
    ]


def blank_results(
    name: str, scenario: Scenario, *, repeat: int, error: str = "", skipped: str = ""
) -> list[CellResult]:
    """Give a row for every cell of a scenario that was not measured, with the reason."""
    return [
        CellResult(
            scenario=name,
            family=scenario.family,
            network=network.name,
            target=target.name,
            repeat=repeat,
            twin=scenario.twin,
            truth=truth_of(scenario, network=network.name, target=target.name),
            error=error,
            skipped=skipped,
        )
        for network in scenario.network
        for target in scenario.target
    ]


def encode_results(results: Iterable[CellResult]) -> bytes:
    """Write rows as JSON lines."""
    return b"".join(msgspec.json.encode(result) + b"\n" for result in results)


def read_results(lines: Iterable[bytes]) -> Iterator[CellResult]:
    """Read rows from JSON lines.

    Raises:
        msgspec.ValidationError: A line is no row of a lab run.
    """
    decoder = msgspec.json.Decoder(CellResult)
    return (decoder.decode(line) for line in lines if line.strip())
