"""A verdict: what a measurement says, how sure, and why. Always recomputable from what it names."""

from typing import Final

from msgspec import Struct

from raabta.model.measurement import Note

VERDICT_VERSION: Final = 1
"""Version of the stored shape. A reader of version n reads every version before it."""


class Evidence(Struct, frozen=True, kw_only=True, gc=False):
    """The answer to one question.

    ``decibans`` is 10·log10 of P(outcome | the cell's likeliest hypothesis but "all is well") over P(outcome | all is
    well); ``witness`` is the path into the document of the fact that answered.
    """

    id: str
    outcome: str
    decibans: float
    witness: str


class Verdict(Struct, frozen=True, kw_only=True, gc=False):
    """State, mechanisms, locus and posterior of one measurement, with the evidence.

    ``posterior`` holds the five states of the world and sums to 1, also when ``state`` is ``insufficient``;
    ``reason`` says in words why, where nothing could be said. ``knowledge``, ``reference`` and ``prior`` name what
    made the verdict; ``fitted`` is False as long as likelihoods are reasoned and not counted.
    """

    source: str
    measurement_uid: str
    test_name: str
    input: str
    probe_cc: str
    probe_asn: int
    measured_at: str
    state: str
    locus: str
    layers: list[str]
    mechanisms: list[str]
    posterior: dict[str, float]
    prior: str
    evidence: list[Evidence]
    notes: list[Note]
    knowledge: str
    fitted: bool
    reference: str
    reason: str = ""
    facts: dict[str, str | int | float | bool | None] = {}
    version: int = VERDICT_VERSION
