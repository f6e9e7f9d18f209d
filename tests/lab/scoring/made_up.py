"""Results that no lab measured: a truth, and what a verdict might say of it."""

from typing import Any

from raabta.lab.results import CellResult
from raabta.lab.scenario.types import Truth
from raabta.model import MECHANISMS

SNI = Truth(state="blocked", one_of=["tls.reset.sni"], locus="access")
CLOSED = Truth(state="blocked", one_of=["tcp.reset", "tcp.refused"], locus="access")
EITHER = Truth(state="blocked", one_of=["tls.reset.sni", "tls.reset.other"], locus="")
LIE = Truth(state="blocked", one_of=["dns.injection.bogon"], locus="access")
DOWN = Truth(state="down", one_of=["server.down"], locus="target")
LOSSY = Truth(state="ok", one_of=["path.loss", "path.delay"])
SLOWED = Truth(state="ok", one_of=["path.throttle", "path.delay"])


def verdict(*mechanisms: str, state: str = "", p: float | None = None, locus: str = "") -> dict[str, Any]:
    """A verdict that names mechanisms; "ok" without any. ``p`` is the posterior of blocked."""
    state = state or (MECHANISMS[mechanisms[0]].state if mechanisms else "ok")
    if p is None:
        p = 0.99 if state in ("blocked", "throttled") else 0.01
    found = MECHANISMS[mechanisms[0]].locus if mechanisms else "unknown"
    return {
        "state": state,
        "mechanisms": list(mechanisms),
        "locus": locus or found,
        "posterior": {"blocked": p, "ok": 1.0 - p},
        "prior": "lab",
    }


def result(
    *truth: Truth,
    said: dict[str, Any] | None = None,
    scenario: str = "made-up",
    family: str = "",
    twin: str = "",
    target: str = "news",
    repeat: int = 0,
    document: str = "",
) -> CellResult:
    """One cell with a truth and a verdict ("ok" by default)."""
    return CellResult(
        scenario=scenario,
        family=family or scenario.replace("-", "."),
        network="north",
        target=target,
        repeat=repeat,
        twin=twin,
        truth=list(truth),
        document=document,
        verdict=verdict() if said is None else said,
    )
