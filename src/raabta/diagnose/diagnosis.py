"""The stage: a measurement in, a verdict out. Pure: tables, knowledge, prior and context are arguments."""

from collections.abc import Sequence
from typing import Final

from raabta.diagnose import dns, http, local, quic, services, tcp, tls
from raabta.diagnose.bench import Bench
from raabta.diagnose.cell import Cell
from raabta.diagnose.chain import name_form
from raabta.diagnose.combine import Combiner
from raabta.diagnose.context import Context
from raabta.diagnose.knowledge import Knowledge
from raabta.diagnose.priors import Prior
from raabta.diagnose.services import weigh_services
from raabta.diagnose.web import weigh_web
from raabta.diagnose.weigh import Weigher
from raabta.model import Measurement, Verdict
from raabta.reference.tables import Tables

LAYOUT: Final = {
    "dns": dns.FACTS,
    "tcp": tcp.FACTS,
    "tls": tls.FACTS,
    "http": http.FACTS,
    "quic": quic.FACTS,
    "local": local.FACTS,
    "vpn": services.SERVICE_FACTS,
    "path": services.PATH_FACTS,
}
"""Names of the facts of each layer."""

_FAILING_SHARE: Final = 0.5


class Diagnosis:
    """Everything that diagnosing needs, prepared once.

    Args:
        tables: Reference tables (address to network, special ranges, providers, fingerprints).
        knowledge: Questions and likelihoods.
        prior: P(state) before the evidence.
        context: Other measurements' voices, or None.
        network_weight: How much evidence that rests on the address table counts, in (0, 1]; less as it ages.
    """

    def __init__(
        self,
        *,
        tables: Tables,
        knowledge: Knowledge,
        prior: Prior,
        context: Context | None = None,
        network_weight: float = 1.0,
    ) -> None:
        self.tables = tables
        self.context = context
        self.weigher = Weigher(knowledge, prior, layout=LAYOUT, weights={"networks": network_weight})
        reference = "; ".join(tables.version.values())
        self._combiner = Combiner(self.weigher, reference=reference)

    def cells(self, measurement: Measurement) -> list[Cell]:
        """Weigh all cells of a measurement; none where its nettest is not judged."""
        if measurement.unjudged:
            return []
        bench = Bench(measurement=measurement, tables=self.tables, weigher=self.weigher, context=self.context)
        web = measurement.test_name == "web_connectivity" or (
            measurement.test_name == "urlgetter" and measurement.input[:4] == "http"
        )
        return weigh_web(bench) if web else weigh_services(bench)

    def diagnose(self, measurement: Measurement) -> Verdict:
        """Diagnose one measurement. Never raises on what a document may hold."""
        return self._combiner.combine(measurement, self.cells(measurement))

    def diagnose_all(self, measurements: Sequence[Measurement]) -> list[Verdict]:
        """Diagnose several measurements, in order."""
        cells = [self.cells(measurement) for measurement in measurements]
        return [self._combiner.combine(*pair) for pair in zip(measurements, cells, strict=True)]

    def add_to_context(self, measurement: Measurement, context: Context) -> None:
        """Count a measurement's voice about its targets and its vantage point."""
        layers: dict[tuple[str, str], bool] = {}
        for cell in self.cells(measurement):
            if cell.weighed.answers:
                failed = cell.weighed.ok < _FAILING_SHARE or _failed(cell)
                layers[cell.weighed.layer, name_form(cell.place)] = failed
        reporter = measurement.report or f"{measurement.probe_asn} {measurement.measured_at[:10]}"
        context.add(measurement, reporter=reporter, layers=layers)


_GOOD: Final = frozenset(
    [
        "same_address",
        "same_network",
        "cache_in_access_network",
        "address",
        "connected",
        "some_connected",
        "completed",
        "some_completed",
        "data",
        "response",
        "the_same",
        "similar",
        "fine",
        "own_host",
    ]
)
"""First outcomes of a cell that mean that its step went well."""


def _failed(cell: Cell) -> bool:
    """Say whether the step itself failed, by whatever cause."""
    return cell.weighed.answers[0].outcome not in _GOOD
