"""From weighed cells to a verdict.

Cells are independent given what let the traffic through, so a state's probability is that of at least one cell in it,
in order of precedence: interference before a fault, a fault before a bad line. ``P(blocked) = 1 - prod(1 -
P_i(blocked))``, and so on; the five add up to one.

Below the evidence floor nothing is said: no state reaches ``FLOOR``, or all seems well and no step was seen that
reaches the target's own answer. The posterior is given all the same.
"""

import math
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from raabta.diagnose.cell import Cell
from raabta.diagnose.contrasts import walked_locus
from raabta.diagnose.probe_faults import fault_of
from raabta.diagnose.weigh import MEMO_LIMIT, Answer, Weighed, Weigher
from raabta.model import Evidence, Measurement, Mechanism, Verdict
from raabta.model.mechanism import layer_of

FLOOR: Final = 0.5
"""Probability from which a state is said. Below it another answer is as likely. Not validated."""

SINGLE_FLOOR: Final = 0.25
"""P(interference) that at least one cell must have by itself. Not validated."""

_REACHES_TARGET: Final = {
    "http.exchange": ("response", "crawls"),
    "http.exchange_alone": ("response",),
    "http.exchange_both": ("response",),
    "http.echo": ("headers_unchanged", "line_unchanged"),
    "tls.flow": ("data", "crawls"),
    "tls.flow_alone": ("data", "crawls"),
    "tls.flow_both": ("data",),
    "service.only": ("answers",),
    "service.reach": ("all_answer", "most_answer"),
    "path.speed_test": ("fine",),
}
"""Outcomes that mean that the target itself answered."""

_NOT_THE_TARGET: Final = frozenset((("http.page", "other_in_clear"), ("http.jump", "foreign_host")))
"""Answers after which a response may be anybody's."""

_POOL_NETTESTS: Final = frozenset(("telegram", "whatsapp", "facebook_messenger", "signal", "urlgetter", "dnscheck"))
"""Nettests for which an open connection is the good answer that they look for."""

_OPENS: Final = {
    "tcp.connect": ("connected", "some_connected"),
    "tcp.connect_alone": ("connected", "some_connected"),
    "tls.handshake": ("completed", "some_completed"),
    "tls.handshake_alone": ("completed", "some_completed"),
}


class Judgement(Struct, frozen=True, kw_only=True, gc=False):
    """All of a verdict that the cells' facts decide.

    ``answers`` pairs the index of a cell with an answer of it: the witness alone differs between measurements.
    """

    state: str
    reason: str
    locus: str
    layers: list[str]
    mechanisms: list[str]
    posterior: dict[str, float]
    answers: tuple[tuple[int, Answer], ...]


class Combiner:
    """Makes verdicts of cells. Judgements are kept by the cells' facts, as ``weigh`` keeps the cells' posteriors.

    Args:
        weigher: Whose knowledge and prior weigh the cells.
        reference: Versions of the reference tables, for the record.
    """

    def __init__(self, weigher: Weigher, *, reference: str) -> None:
        self._weigher = weigher
        self._reference = reference
        self._memo: dict[tuple[object, ...], Judgement] = {}

    def combine(self, measurement: Measurement, cells: Sequence[Cell]) -> Verdict:
        """Make the verdict of one measurement from its cells, of which there may be none."""
        judgement = self._judge(measurement, cells)
        knowledge = self._weigher.knowledge
        return Verdict(
            source=f"{measurement.file}:{measurement.line}",
            measurement_uid=measurement.uid,
            test_name=measurement.test_name,
            input=measurement.input,
            probe_cc=measurement.probe_cc,
            probe_asn=measurement.probe_asn,
            measured_at=measurement.measured_at,
            state=judgement.state,
            locus=_seen_locus(measurement, judgement) or judgement.locus,
            layers=judgement.layers.copy(),
            mechanisms=judgement.mechanisms.copy(),
            posterior=judgement.posterior.copy(),
            prior=self._weigher.prior.name,
            evidence=[
                Evidence(
                    id=answer.id,
                    outcome=answer.outcome,
                    decibans=answer.decibans,
                    witness=cells[index].witness[answer.fact],
                )
                for index, answer in judgement.answers
            ],
            notes=list(measurement.notes),
            knowledge=knowledge.version,
            fitted=knowledge.fitted,
            reference=self._reference,
            reason=judgement.reason,
            facts=measurement.facts,
        )

    def _judge(self, measurement: Measurement, cells: Sequence[Cell]) -> Judgement:
        if measurement.unjudged:
            return self._judge_anew(measurement, cells)
        opens = _open_is_good(measurement)
        key = (opens, fault_of(measurement), _pattern(cells), *[cell.weighed.serial for cell in cells])
        found = self._memo.get(key)
        if found is None:
            found = self._judge_anew(measurement, cells)
            if len(self._memo) >= MEMO_LIMIT:
                self._memo.clear()
            self._memo[key] = found
        return found

    def _judge_anew(self, measurement: Measurement, cells: Sequence[Cell]) -> Judgement:
        weighed = in_company(cells, self._weigher)
        asked = [one for one in weighed if one.answers]
        posterior = posterior_of(asked, self._weigher)
        state, reason = _state(measurement, asked, posterior)
        mechanisms = _mechanisms(asked, state)
        return Judgement(
            state=state,
            reason=reason,
            locus=_locus(mechanisms, self._weigher.knowledge.mechanisms),
            layers=list(dict.fromkeys(map(layer_of, mechanisms))),
            mechanisms=mechanisms,
            posterior=posterior,
            answers=tuple((index, answer) for index, one in enumerate(weighed) for answer in one.answers),
        )


def _pattern(cells: Sequence[Cell]) -> tuple[int, ...]:
    """Say which cells share a place; () where all do."""
    if not cells:
        return ()
    first = cells[0].place
    for cell in cells:
        if cell.place != first:
            places: dict[str, int] = {}
            return tuple([places.setdefault(cell.place, len(places)) for cell in cells])
    return ()


def in_company(cells: Sequence[Cell], weigher: Weigher) -> list[Weighed]:
    """Weigh again the cells of a host of which another layer may be interfered with."""
    unblocked: dict[str, dict[str, float]] = {}
    for cell in cells:
        layers = unblocked.setdefault(cell.place, {})
        layer = cell.weighed.layer
        layers[layer] = layers.get(layer, 1.0) * (1.0 - cell.weighed.blocked)
    again = []
    for cell in cells:
        own = cell.weighed.layer
        share = 1.0 - math.prod(rest for layer, rest in unblocked[cell.place].items() if layer != own)
        again.append(cell.weighed if share < COMPANY_SHARE else weigher.weigh_in_company(cell.weighed, share=share))
    return again


COMPANY_SHARE: Final = 0.1
"""P(blocked) of a host's other cells from which a cell is weighed in their company; below it nothing would change."""


def posterior_of(asked: Sequence[Weighed], weigher: Weigher) -> dict[str, float]:
    """Give the probability of each state of the world; they sum to one. Without cells it is the prior."""
    if not asked:
        shares = {state: weigher.prior.of(state) for state in ("degraded", "throttled", "blocked", "down")}
    else:
        unblocked = untouched = sound = fine = 1.0
        for weighed in asked:
            rest = 1.0 - weighed.blocked
            unblocked *= rest
            rest -= weighed.throttled
            untouched *= rest
            rest -= weighed.down
            sound *= rest
            fine *= weighed.ok
        shares = {
            "degraded": sound - fine,
            "throttled": unblocked - untouched,
            "blocked": 1.0 - unblocked,
            "down": untouched - sound,
        }
    rounded = {state: round(max(0.0, share), 6) for state, share in shares.items()}
    left = round(1.0 - math.fsum(rounded.values()), 6)
    if left < 0.0:  # all were rounded up: the largest gives way
        most = max(rounded, key=rounded.__getitem__)
        rounded[most] = round(rounded[most] + left, 6)
    return {"ok": max(0.0, left), **rounded}


def _state(measurement: Measurement, asked: Sequence[Weighed], posterior: dict[str, float]) -> tuple[str, str]:
    """Choose the state, or the reason to choose none."""
    if measurement.unjudged:
        return "insufficient", f"{measurement.test_name}: {measurement.unjudged}"
    if not asked:
        return "insufficient", "the document holds no step that a question can be asked of"
    if posterior["blocked"] + posterior["throttled"] >= FLOOR:
        if max(weighed.blocked + weighed.throttled for weighed in asked) < SINGLE_FLOOR:
            return "insufficient", "many steps are a little odd, and none of them more than that"
        return ("blocked" if posterior["blocked"] >= posterior["throttled"] else "throttled"), ""
    state = max(posterior, key=posterior.__getitem__)
    if posterior[state] < FLOOR:
        return "insufficient", f"no answer is likelier than not; the likeliest is {state}"
    fault = fault_of(measurement)
    if state == "ok" and fault is not None:
        return "insufficient", f"{fault.reason} ({fault.source})"
    if state == "ok" and not _reached(measurement, asked):
        return "insufficient", "nothing is known to be wrong, but no step reached the target's own answer"
    return state, ""


def _open_is_good(measurement: Measurement) -> bool:
    """Say whether an open connection is the good answer: for end points that are no web page."""
    return measurement.test_name in _POOL_NETTESTS or measurement.input[:6] in ("tcp://", "tls://", "dot://", "doh://")


def _reached(measurement: Measurement, asked: Sequence[Weighed]) -> bool:
    good = _REACHES_TARGET | _OPENS if _open_is_good(measurement) else _REACHES_TARGET
    return any(
        answer.outcome in good.get(answer.id, ())
        for weighed in asked
        if not any((answer.id, answer.outcome) in _NOT_THE_TARGET for answer in weighed.answers)
        for answer in weighed.answers
    )


def _mechanisms(asked: Sequence[Weighed], state: str) -> list[str]:
    """Name what every cell in this state says, the deepest supported node each; the likeliest alone if none is sure."""
    if state in ("ok", "insufficient"):
        return []
    interference = state in ("blocked", "throttled")
    found: list[tuple[float, str]] = []
    for weighed in asked:
        share = weighed.blocked + weighed.throttled if interference else getattr(weighed, state)
        found.append((share, weighed.named.get("interference" if interference else state, "")))
    sure = [name for share, name in found if share >= FLOOR and name]
    likeliest = max(found)[1]
    return list(dict.fromkeys(sure or [likeliest])) if likeliest else []


def _seen_locus(measurement: Measurement, judgement: Judgement) -> str:
    """Give the place that a walk or an ICMP error's sender showed; "" where none did, or nothing is interfered with."""
    if judgement.state not in ("blocked", "throttled") or (measurement.local is None and not measurement.contrasts):
        return ""
    found = walked_locus(measurement, judgement.layers)
    return "" if found == "target" else found


def _locus(mechanisms: Sequence[str], tree: dict[str, Mechanism]) -> str:
    return tree[mechanisms[0]].locus if mechanisms and mechanisms[0] in tree else "unknown"
