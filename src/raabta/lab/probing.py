"""The probe in the lab: ``pipeline.probing.probe_targets`` with the lab's settings, tables, trust store and control."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import msgspec

from raabta import __version__
from raabta.lab.order import Order
from raabta.lab.results import CellResult, blank_results
from raabta.lab.settings import CONTROL_URL, lab_settings
from raabta.lab.vantage import clock_of
from raabta.lab.world.country import Country, NetworkPlan
from raabta.lab.world.tables import lab_tables
from raabta.pipeline import Settings, load_diagnosis
from raabta.pipeline.control_client import ControlClient
from raabta.pipeline.identity import Identity
from raabta.pipeline.probing import Probed, ProbeTarget, Round, probe_targets
from raabta.probe.host import HostNetwork

PRIOR: Final = "lab"
UNMEASURED: Final = "the probe gave no document"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probing:
    """Measures all targets of a network from its client. ``trust_pem`` is the lab's trust store."""

    trust_pem: str

    def __call__(self, country: Country, network: NetworkPlan, order: Order) -> list[CellResult]:
        """Probe, and give a row for every target. The process must be on the client's machine already."""
        blank = blank_results(order.name, order.scenario, repeat=order.repeat, error=UNMEASURED)
        rows = {row.target: row for row in blank if row.network == network.name}
        targets = [ProbeTarget(url=target.url, name=target.name) for target in country.targets]
        started_s = time.monotonic()
        for probed in asyncio.run(_probe(targets, self._round(country, network, order))):
            for target in probed.targets:
                rows[target.name] = _filled(rows[target.name], probed, seconds=time.monotonic() - started_s)
        return list(rows.values())

    def _round(self, country: Country, network: NetworkPlan, order: Order) -> Round:
        now = clock_of(network)
        today = datetime.now(UTC).date()  # noqa: TID251  the lab's date enters here
        settings = lab_settings(trust_pem=self.trust_pem)
        host = HostNetwork()
        tables = lab_tables(country, as_of=today)
        return Round(
            network=host,
            settings=settings,
            identity=Identity(
                country=network.country,
                asn=network.asn,
                report_id=f"lab_{order.name}_{order.repeat}",
                software=__version__,
            ),
            diagnosis=load_diagnosis(Settings(today=today, prior=PRIOR), tables=tables),
            now=now,
            control=ControlClient(CONTROL_URL, settings=settings, now=now) if country.scenario.control else None,
        )


async def _probe(targets: list[ProbeTarget], round_: Round) -> list[Probed]:
    return [probed async for probed in probe_targets(targets, round_)]


def _filled(row: CellResult, probed: Probed, *, seconds: float) -> CellResult:
    if probed.error or probed.verdict is None:
        return msgspec.structs.replace(row, error=probed.error or UNMEASURED)
    return msgspec.structs.replace(
        row,
        error="",
        document=probed.document.decode(),
        verdict=msgspec.to_builtins(probed.verdict),
        seconds=round(seconds, 3),
    )
