"""Which scenarios a command is about, and whether a lab can run here."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from raabta.cli.diagnose import fail

if TYPE_CHECKING:
    from raabta.lab.scenario.types import Scenario

CANNOT_RUN: Final = 1
JOBS_PER_PROCESSOR: Final = 3
"""A lab mostly waits for time-outs."""


def load(given: list[str] | None) -> "dict[str, Scenario]":
    """Read scenarios by name or file; end the command with all mistakes of the first wrong one."""
    from raabta.lab.scenario.load import ScenarioError, load_packaged, load_scenario  # noqa: PLC0415  takes 0.1 s

    try:
        packaged = load_packaged()
        if not given:
            return packaged
        return {
            Path(name).stem if _is_file(name) else name: load_scenario(Path(name)) if _is_file(name) else packaged[name]
            for name in given
        }
    except ScenarioError as error:
        fail(str(error))
    except KeyError as error:
        fail(f"{error.args[0]}: there is no such scenario. See them with: raabta lab list")


def _is_file(name: str) -> bool:
    return name.endswith(".toml") or os.sep in name


def check_lab() -> None:
    """End the command with the reason where no lab can run here."""
    from raabta.lab.needs import find_unavailable  # noqa: PLC0415  --help need not wait for it

    reason = find_unavailable()
    if reason:
        fail(f"no lab can run here: {reason}", code=CANNOT_RUN)


def n_workers(jobs: int | None, limit_s: float, repeat: int | None) -> int:
    """Give how many labs run side by side; end the command where a number makes no sense."""
    chosen = JOBS_PER_PROCESSOR * (os.cpu_count() or 1) if jobs is None else jobs
    if chosen < 1 or limit_s <= 0 or (repeat is not None and repeat < 1):
        fail("--jobs, --limit and --repeat must be above zero.")
    return chosen


def only(scenarios: "dict[str, Scenario]", part: str) -> "dict[str, Scenario]":
    """Give the scenarios whose families serve for one part."""
    from raabta.lab.scoring import part_of  # noqa: PLC0415  --help need not wait for it

    return {name: one for name, one in scenarios.items() if part_of(one.family) == part}
