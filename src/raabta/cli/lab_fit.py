"""Stored rows of the lab to the table of counts."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
import typer

from raabta.cli.lab_score import read_rows
from raabta.cli.output import open_output
from raabta.diagnose.counts import Counts
from raabta.lab.fitting import choose_temperature, count_outcomes, write_counts
from raabta.lab.judging import DiagnosisOf, diagnoses
from raabta.lab.scenario.load import load_packaged
from raabta.lab.scoring import part_of

PRIOR = "lab"


def fit(names: Sequence[str], *, output: str) -> None:
    """Count the fitting families, choose the temperature on the calibration families, write the table."""
    rows = [row for name in names for row in read_rows(name)]
    scenarios = load_packaged()
    rows = [row for row in rows if row.scenario in scenarios]
    today = datetime.now(UTC).date()  # noqa: TID251  the clock enters here: the age of the lab's tables
    fitting = [row for row in rows if part_of(row.family) == "fitting"]
    calibration = [row for row in rows if part_of(row.family) == "calibration"]
    reasoned = diagnoses(scenarios, today=today, prior=PRIOR, counts="")
    source = f"raabta lab run, {today.isoformat()}: {len(fitting)} cells of fitting families"
    counts = Counts(source=source, count=count_outcomes(fitting, reasoned))

    def judge(temperature: float) -> DiagnosisOf:
        changed = write_counts(msgspec.structs.replace(counts, temperature=temperature))
        return diagnoses(scenarios, today=today, prior=PRIOR, counts=changed)

    temperature, losses = choose_temperature(calibration, judge)
    for tried, loss in losses.items():
        mark = "  <- chosen" if tried == temperature else ""
        typer.echo(f"temperature {tried:.2f}: log-loss {loss:.4f}{mark}", err=True)
    with open_output(output) as file:
        file.write(write_counts(msgspec.structs.replace(counts, temperature=temperature)).encode())
    typer.echo(
        f"{len(counts.count)} rows from {len(fitting)} cells; temperature {temperature:.2f} from {len(calibration)}.",
        err=True,
    )
