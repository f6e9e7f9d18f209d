"""What the package carries, ready to use: tables, knowledge, the example measurement."""

from datetime import date
from importlib.resources import files
from typing import Final

from msgspec import Struct

from raabta.diagnose import PRIORS, Context, Diagnosis, parse_knowledge
from raabta.reference.tables import Tables, load_tables

EXAMPLE_NAME: Final = "example.json"


class Settings(Struct, frozen=True, kw_only=True):
    """What a run of diagnosing depends on besides its documents. Small, so that it can be sent to other processes.

    ``today`` decides how old the reference tables are; ``prior`` names one of ``diagnose.PRIORS``.
    """

    today: date
    prior: str = "field"
    context: tuple[str, ...] = ()


def load_diagnosis(
    settings: Settings, *, context: Context | None = None, tables: Tables | None = None, counts: str | None = None
) -> Diagnosis:
    """Prepare a diagnosis with the package's tables.

    Args:
        settings: Prior and date.
        context: Other measurements' voices, from ``pipeline.bulk.gather_context``.
        tables: Other tables than the package's, as the emulated country has.
        counts: Text of another table of counts than the package's; "" for reasoned likelihoods alone.
    """
    data = files("raabta.diagnose") / "data"
    knowledge = parse_knowledge(
        questions=(data / "questions.toml").read_text("utf-8"),
        knowledge=(data / "knowledge.toml").read_text("utf-8"),
        counts=(data / "counts.toml").read_text("utf-8") if counts is None else counts,
    )
    tables = tables or load_tables()
    return Diagnosis(
        tables=tables,
        knowledge=knowledge,
        prior=PRIORS[settings.prior],
        context=context,
        network_weight=tables.networks.weight(settings.today),
    )


def example_document() -> bytes:
    """Give the example measurement: a name lookup and a handshake interfered with, made for this package."""
    return (files("raabta.pipeline") / "data" / EXAMPLE_NAME).read_bytes()
