"""From weighed cells to a verdict.

Cells are independent given what let the traffic through, so a state's probability is that of at least one cell in it, in
order of precedence: interference before a fault, a fault before a bad line. ``P(blocked) = 1 - prod(1 - P_i(blocked))``,
and so on; the five add up to one.

Below the evidence floor nothing is said: no state reaches ``FLOOR``, or all seems well and no step was seen that reaches
the target's own answer. The posterior is given all the same.
"""

from collections.abc import Sequence
from typing import Final

from raabta.diagnose.cell import Cell
from raabta.diagnose.weigh import Weigher
from raabta.model import MECHANISMS, Evidence, Measurement, Verdict
from raabta.model.mechanism import layer_of

FLOOR: Final = 0.5
"""Probability from which a state is said. Below it another answer is as likely. Not validated."""

_REACHES_TARGET: Final = frozenset(
    (
        "http.exchange",
        "http.exchange_alone",
        "http.exchange_both",
        "http.echo",
        "tls.flow",
        "tls.flow_alone",
        "tls.flow_both",
        "service.only",
        "service.reach",
        "path.speed_test",
    )
)
"""Questions whose good answer means that the target itself answered."""

_POOL_NETTESTS: Final = frozenset(("telegram", "whatsapp", "facebook_messenger", "signal", "urlgetter", "dnscheck"))
"""Nettests for which an open connection is the good answer that they look for."""


def combine(measurement: Measurement, cells: Sequence[Cell], *, weigher: Weigher, reference: str) -> Verdict:
    """Make the verdict of one measurement.

    Args:
        measurement: What was measured.
        cells: Its weighed cells; may be empty.
        weigher: Whose knowledge and prior weighed them.
        reference: Versions of the reference tables, for the record.
    """
    asked = [cell for cell in cells if cell.weighed.answers]
    posterior = posterior_of(asked, weigher)
    state, reason = _state(measurement, asked, posterior)
    mechanisms = _mechanisms(asked, state)
    return Verdict(
        source=f"{measurement.file}:{measurement.line}",
        measurement_uid=measurement.uid,
        test_name=measurement.test_name,
        input=measurement.input,
        probe_cc=measurement.probe_cc,
        probe_asn=measurement.probe_asn,
        measured_at=measurement.measured_at,
        state=state,
        locus=_locus(mechanisms),
        layers=list(dict.fromkeys(map(layer_of, mechanisms))),
        mechanisms=mechanisms,
        posterior=posterior,
        prior=weigher.prior.name,
        evidence=[
            Evidence(id=answer.id, outcome=answer.outcome, decibans=answer.decibans, witness=cell.witness[answer.fact])
            for cell in asked
            for answer in cell.weighed.answers
        ],
        notes=list(measurement.notes),
        knowledge=weigher.knowledge.version,
        fitted=weigher.knowledge.fitted,
        reference=reference,
        reason=reason,
        facts=measurement.facts,
    )


def posterior_of(cells: Sequence[Cell], weigher: Weigher) -> dict[str, float]:
    """Give the probability of each state of the world; they sum to one. Without cells it is the prior."""
    if not cells:
        prior = weigher.prior
        blocked, throttled, down, degraded = prior.blocked, prior.throttled, prior.down, prior.degraded
        unblocked, untouched, sound, fine = 1 - blocked, 1 - blocked - throttled, 0.0, 0.0
        sound = untouched - down
        fine = sound - degraded
    else:
        unblocked = untouched = sound = fine = 1.0
        for cell in cells:
            weighed = cell.weighed
            rest = 1.0 - weighed.blocked
            unblocked *= rest
            rest -= weighed.throttled
            untouched *= rest
            rest -= weighed.down
            sound *= rest
            fine *= weighed.ok
    return {
        "ok": fine,
        "degraded": max(0.0, sound - fine),
        "throttled": max(0.0, unblocked - untouched),
        "blocked": 1.0 - unblocked,
        "down": max(0.0, untouched - sound),
    }


def _state(measurement: Measurement, asked: Sequence[Cell], posterior: dict[str, float]) -> tuple[str, str]:
    """Choose the state, or the reason to choose none."""
    if measurement.unjudged:
        return "insufficient", f"{measurement.test_name}: {measurement.unjudged}"
    if not asked:
        return "insufficient", "the document holds no step that a question can be asked of"
    if posterior["blocked"] + posterior["throttled"] >= FLOOR:
        return ("blocked" if posterior["blocked"] >= posterior["throttled"] else "throttled"), ""
    state = max(posterior, key=posterior.__getitem__)
    if posterior[state] < FLOOR:
        return "insufficient", f"no answer is likelier than not; the likeliest is {state}"
    if state == "ok" and not _reached(measurement, asked):
        return "insufficient", "nothing went wrong in what was seen, but no step reached the target's own answer"
    return state, ""


def _reached(measurement: Measurement, asked: Sequence[Cell]) -> bool:
    pool = measurement.test_name in _POOL_NETTESTS
    for cell in asked:
        if pool and cell.weighed.layer in ("tcp", "tls"):
            return True
        for answer in cell.weighed.answers:
            if answer.id in _REACHES_TARGET:
                return True
    return False


def _mechanisms(asked: Sequence[Cell], state: str) -> list[str]:
    """Name what every cell in this state says, the deepest supported node each; the likeliest alone if none is sure."""
    if state in ("ok", "insufficient"):
        return []
    interference = state in ("blocked", "throttled")
    found: list[tuple[float, str]] = []
    for cell in asked:
        weighed = cell.weighed
        share = weighed.blocked + weighed.throttled if interference else getattr(weighed, state)
        found.append((share, weighed.named.get("interference" if interference else state, "")))
    sure = [name for share, name in found if share >= FLOOR and name]
    likeliest = max(found)[1]
    return list(dict.fromkeys(sure or [likeliest])) if likeliest else []


def _locus(mechanisms: Sequence[str]) -> str:
    return MECHANISMS[mechanisms[0]].locus if mechanisms and mechanisms[0] in MECHANISMS else "unknown"
