"""A document to its verdict, and what must hold of every verdict whatever it says."""

import functools
import math
from datetime import date
from pathlib import Path
from typing import Final

import pytest

from raabta.diagnose import Diagnosis
from raabta.model import LAYERS, LOCI, MECHANISMS, STATES, STATES_OF_THE_WORLD, Measurement, Verdict
from raabta.model.mechanism import layer_of
from raabta.pipeline import Settings, diagnose_document, load_diagnosis
from raabta.wire.ooni import read_measurement
from tests.cases.documents import Document, as_bytes, resolve

TODAY: Final = date(2026, 11, 22)
FRESH: Final = date(2026, 8, 20)
"""A day on which the address table is new, so that it counts fully."""

SETTINGS: Final = Settings(today=TODAY)


@functools.cache
def diagnosis(prior: str = "field", today: date = TODAY) -> Diagnosis:
    return load_diagnosis(Settings(today=today, prior=prior))


def measured(document: Document) -> Measurement:
    found = read_measurement(as_bytes(document), file="case", line=1)
    assert isinstance(found, Measurement), found
    return found


def judge(document: Document, *, prior: str = "field", today: date = TODAY) -> Verdict:
    """The verdict of a document, after what holds of every verdict has been checked."""
    found = diagnose_document(as_bytes(document), diagnosis(prior, today), file="case")
    assert isinstance(found, tuple), found
    check_verdict(found[1], document)
    return found[1]


def said(document: Document, *, prior: str = "field", today: date = TODAY) -> tuple[str, list[str]]:
    """State and mechanisms, which is what most cases claim."""
    verdict = judge(document, prior=prior, today=today)
    return verdict.state, verdict.mechanisms


def check_verdict(verdict: Verdict, document: Document) -> None:
    assert set(verdict.posterior) == set(STATES_OF_THE_WORLD)
    assert math.fsum(verdict.posterior.values()) == pytest.approx(1.0, abs=1e-9)
    assert all(0.0 <= share <= 1.0 for share in verdict.posterior.values())
    assert verdict.state in STATES
    assert verdict.locus in LOCI
    assert bool(verdict.reason) == (verdict.state == "insufficient")
    assert bool(verdict.mechanisms) == (verdict.state not in ("ok", "insufficient"))
    assert set(verdict.mechanisms) <= set(MECHANISMS)
    assert verdict.layers == list(dict.fromkeys(map(layer_of, verdict.mechanisms)))
    assert set(verdict.layers) <= set(LAYERS)
    for evidence in verdict.evidence:
        assert math.isfinite(evidence.decibans)
        assert evidence.witness, f"{evidence.id} has no witness"
        # A failure that is left out means that there was none: its place is where it would stand.
        resolve(document, evidence.witness.removesuffix(".failure"))


def is_named(named: str, truth: str) -> bool:
    """Whether a mechanism is named: itself, or an inner node above it that has at least two words."""
    return named == truth or (truth.startswith(named + ".") and named.count(".") >= 1)


def ooni_data() -> Path:
    """The folder of real measurements, which are other people's and are not part of the project."""
    folder = Path(__file__).parents[2].parent / "shared" / "data" / "ooni"
    if not folder.is_dir():
        pytest.skip("../shared/data/ooni is absent: real measurements are not part of the project")
    return folder
