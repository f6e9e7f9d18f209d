"""How long applications wait: the clocks that are published.

A case that is still open has waited *at least* so long. Leaving it out would make the regulator look quicker the more
it leaves lying, so the share still waiting after a time is estimated with open cases counted for as long as they are
known (Kaplan and Meier, "Nonparametric estimation from incomplete observations", 1958), and the median and the 90th
percentile are read off that curve; None where fewer than half (a tenth) have been answered.

An answer is "approved" or "rejected". A case that was sent back waits from its last submission. Not done: intervals;
the count beside each figure tells how much it bears.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from raabta.model.register import Case

ANSWERS: Final = frozenset({"approved", "rejected"})
WAITING: Final = frozenset({"submitted", "operator_check", "appeal"})
_HOUR_S: Final = 3600.0


class Waiting(Struct, frozen=True, kw_only=True):
    """How long cases of one type wait, in hours. ``n_open`` are still waiting, the longest for ``longest_open_h``."""

    kind: str
    n_answered: int
    n_open: int
    n_approved: int
    median_h: float | None
    p90_h: float | None
    longest_open_h: float


def waiting_times(cases: Iterable[Case], *, now: dt.datetime) -> list[Waiting]:
    """Waiting times by type of application, ascending by type.

    Args:
        cases: All cases; those never submitted do not count.
        now: Until when open cases have waited.
    """
    spans: dict[str, list[tuple[float, str]]] = {}
    for case in cases:
        for span in _spans(case, now):
            spans.setdefault(case.kind, []).append(span)
    return [_summary(kind, found) for kind, found in sorted(spans.items())]


def _spans(case: Case, now: dt.datetime) -> list[tuple[float, str]]:
    """Hours and how they ended ("" while open, "back" when the case was sent back), for each submission of a case."""
    spans: list[tuple[float, str]] = []
    since: dt.datetime | None = None
    for step in case.steps:
        if since is not None and step.status not in WAITING:
            ended = step.status if step.status in ANSWERS else "back"
            spans.append(((step.at - since).total_seconds() / _HOUR_S, ended))
            since = None
        elif since is None and step.status in WAITING:
            since = step.at
    if since is not None:
        spans.append((max(0.0, (now - since).total_seconds()) / _HOUR_S, ""))
    return spans


def _summary(kind: str, spans: Sequence[tuple[float, str]]) -> Waiting:
    answered = [(hours, True) for hours, ended in spans if ended in ANSWERS]
    others = [(hours, False) for hours, ended in spans if ended not in ANSWERS]
    still_open = [hours for hours, ended in spans if not ended]
    curve = _waiting_curve([*answered, *others])
    return Waiting(
        kind=kind,
        n_answered=len(answered),
        n_open=len(still_open),
        n_approved=sum(ended == "approved" for _, ended in spans),
        median_h=_when_below(curve, 0.5),
        p90_h=_when_below(curve, 0.1),
        longest_open_h=max(still_open, default=0.0),
    )


def _waiting_curve(spans: Iterable[tuple[float, bool]]) -> list[tuple[float, float]]:
    """Hours, and the estimated share that waits longer. At equal times answers come before open ends."""
    ordered = sorted(spans, key=lambda span: (span[0], not span[1]))
    share, curve = 1.0, []
    for index, (hours, is_answered) in enumerate(ordered):
        if is_answered:
            share *= 1 - 1 / (len(ordered) - index)
            curve.append((hours, share))
    return curve


def _when_below(curve: Iterable[tuple[float, float]], share: float) -> float | None:
    tolerance = 1e-9  # products of fractions such as 2/3 · 1/2
    return next((hours for hours, left in curve if left <= share + tolerance), None)
