"""The options that commands of the lab share."""

from enum import StrEnum
from typing import Annotated, Final

import typer

LIMIT_S: Final = 180.0


class Part(StrEnum):
    """Families by what they serve for."""

    FITTING = "fitting"
    CALIBRATION = "calibration"
    SCORING = "scoring"
    ALL = "all"


class Format(StrEnum):
    """What is written."""

    TABLE = "table"
    JSONL = "jsonl"


Scenarios = Annotated[
    list[str] | None,
    typer.Argument(metavar="[SCENARIO|FILE.toml]...", help="Names of packaged scenarios, or files. Default: all."),
]
Rows = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[RESULTS.jsonl|SCENARIO|FILE.toml]...",
        help="Rows of earlier runs, or scenarios to run now. Default: those of --part.",
    ),
]
Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", metavar="N", help="Labs side by side. Default: three per processor.")
]
Limit = Annotated[float, typer.Option("--limit", metavar="SECONDS", help="Longest time for one scenario.")]
Repeat = Annotated[
    int | None, typer.Option("--repeat", metavar="N", help="Run each N times, whatever the scenario says.")
]
Picture = Annotated[str | None, typer.Option(metavar="FILE.svg", help="Draw how far probabilities can be trusted.")]
Golden = Annotated[str | None, typer.Option(metavar="FOLDER", help="Write files that tests replay without a lab.")]
