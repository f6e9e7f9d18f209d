"""Judging again: results of a run with the knowledge of today, without running anything.

A document does not change when the likelihoods do. So fitting, scoring and looking at one number's effect take saved
results, and only their verdicts are made anew, with the tables of each result's own country.
"""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date

import msgspec

from raabta.diagnose import Diagnosis
from raabta.lab.results import CellResult
from raabta.lab.scenario.types import Scenario
from raabta.lab.world.country import plan_country
from raabta.lab.world.tables import lab_tables
from raabta.model import Measurement, Rejection
from raabta.pipeline import Settings, load_diagnosis
from raabta.wire.ooni import read_measurement

DiagnosisOf = Callable[[str], Diagnosis]
"""Gives the diagnosis for a scenario's name."""


def diagnoses(scenarios: Mapping[str, Scenario], *, today: date, prior: str, counts: str | None = None) -> DiagnosisOf:
    """Give what judges the documents of each scenario, made when first asked for.

    Args:
        scenarios: By name.
        today: The lab's date, for the age of its tables.
        prior: One of ``diagnose.PRIORS``.
        counts: Text of another table of counts than the package's, "" for none.
    """

    @functools.cache
    def of(name: str) -> Diagnosis:
        tables = lab_tables(plan_country(scenarios[name]), as_of=today)
        return load_diagnosis(Settings(today=today, prior=prior), tables=tables, counts=counts)

    return of


def measurement_of(result: CellResult) -> Measurement | None:
    """Read a result's document; None where it has none."""
    if not result.document:
        return None
    measurement = read_measurement(result.document.encode(), file=result.scenario, line=1)
    return None if isinstance(measurement, Rejection) else measurement


def judge_again(results: Iterable[CellResult], diagnosis_of: DiagnosisOf) -> Iterator[CellResult]:
    """Give each result with the verdict that its document gets now."""
    for result in results:
        measurement = measurement_of(result)
        if measurement is None:
            yield result
            continue
        verdict = diagnosis_of(result.scenario).diagnose(measurement)
        yield msgspec.structs.replace(result, verdict=msgspec.to_builtins(verdict))
