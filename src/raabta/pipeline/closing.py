"""A list of host names, measured and linted: the joint of ``probe.closure`` and ``remedy.closure``."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from raabta.model.closure import Closure
from raabta.model.exemption import LintFinding
from raabta.probe.closure import ClosureBound, measure_closure
from raabta.probe.network import Network
from raabta.probe.settings import ProbeSettings
from raabta.reference.tables import Tables
from raabta.remedy.closure import ListedName, lint_names, missing_hosts, read_names, usable_names
from raabta.remedy.lint import bench_of


class Closed(Struct, frozen=True, kw_only=True):
    """What a list of names is worth.

    Attributes:
        names: The lines.
        findings: What is wrong.
        usable: Names that work as listed.
        missing: Hosts to add, so that all that resolve would.
        closure: What was measured, None where nothing was.
    """

    names: tuple[ListedName, ...]
    findings: tuple[LintFinding, ...]
    usable: tuple[str, ...]
    missing: tuple[str, ...] = ()
    closure: Closure | None = None


def judge_names(text: str, closure: Closure | None, *, tables: Tables) -> Closed:
    """Lint a list of names by what was measured; None judges names by their form only."""
    names = read_names(text)
    findings = lint_names(names, closure, bench=bench_of(tables))
    return Closed(
        names=tuple(names),
        findings=tuple(findings),
        usable=tuple(usable_names(names, findings)),
        missing=() if closure is None else tuple(missing_hosts(names, closure)),
        closure=closure,
    )


async def measure_names(
    text: str,
    *,
    network: Network,
    settings: ProbeSettings,
    now: datetime,
    bound: ClosureBound = ClosureBound(),  # noqa: B008  frozen
) -> Closure:
    """Measure the names of a list and what they need. See ``probe.closure``."""
    wanted: Sequence[str] = [listed.name for listed in read_names(text) if listed.name]
    return await measure_closure(wanted, network=network, settings=settings, now=now, bound=bound)
