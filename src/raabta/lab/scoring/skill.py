"""Skill of the probabilities: log-loss and Brier score against the base rate, at a chosen prevalence, with intervals.

The lab's cells are interfered with far oftener than the field's. So each posterior is moved to the prevalence that is
asked about (posterior odds times the new prior odds over those that the verdict was made with), and cells are weighted
so that interfered ones make up that share. Skill is 1 - loss / loss of always saying the prevalence: 1 is perfect, 0
no better than the base rate, and below 0 worse.

Intervals are percentile intervals of a bootstrap over *families* (Davison & Hinkley 1997, section 3.8: resample
clusters), since cells of a family are alike. The random numbers are SplitMix64 (Steele, Lea & Flood 2014) from a fixed
seed: the same results give the same intervals. Not done: correction of their bias.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from msgspec import Struct

PREVALENCES: Final = (0.01, 0.05, 0.5)
"""Shares of interference at which skill is reported: the field, a watch list, the lab."""

_CLIP: Final = 1e-6
"""Probabilities are kept this far from 0 and 1, so that one error costs no more than 13.8 nats."""

_N_RESAMPLES: Final = 1_000
_INTERVAL: Final = 0.95
_SEED: Final = 3


class Forecast(Struct, frozen=True):
    """One probability and what is true. ``prior`` is what the probability was made with."""

    family: str
    p: float
    prior: float
    is_interference: bool


class Skill(Struct, frozen=True, kw_only=True):
    """Skill at one prevalence, each with its interval (low, high)."""

    prevalence: float
    log_loss: float
    log_loss_interval: tuple[float, float]
    brier: float
    brier_interval: tuple[float, float]


class _Sums(Struct):
    """Losses of one family: number, log-loss and squared error of interfered cells and of others."""

    n_bad: int = 0
    log_bad: float = 0.0
    square_bad: float = 0.0
    n_good: int = 0
    log_good: float = 0.0
    square_good: float = 0.0


def reweigh(p: float, *, prior: float, prevalence: float) -> float:
    """Move a posterior from one prior to another."""
    p = min(max(p, _CLIP), 1.0 - _CLIP)
    odds = p / (1.0 - p) * (prevalence / (1.0 - prevalence)) / (prior / (1.0 - prior))
    return odds / (1.0 + odds)


def measure_skill(forecasts: Iterable[Forecast], *, prevalence: float) -> Skill | None:
    """Give skill at a prevalence; None where cells of one kind are missing.

    Args:
        forecasts: One a cell.
        prevalence: Share of interference to weigh the cells to, in (0, 1).
    """
    sums = _sum_by_family(forecasts, prevalence)
    whole = _skills(sums, prevalence)
    if whole is None:
        return None
    draws = [skill for sample in _resamples(sums) if (skill := _skills(sample, prevalence)) is not None]
    return Skill(
        prevalence=prevalence,
        log_loss=whole[0],
        log_loss_interval=_interval([draw[0] for draw in draws]),
        brier=whole[1],
        brier_interval=_interval([draw[1] for draw in draws]),
    )


def _sum_by_family(forecasts: Iterable[Forecast], prevalence: float) -> list[_Sums]:
    families: dict[str, _Sums] = {}
    for forecast in forecasts:
        sums = families.setdefault(forecast.family, _Sums())
        p = min(max(reweigh(forecast.p, prior=forecast.prior, prevalence=prevalence), _CLIP), 1.0 - _CLIP)
        if forecast.is_interference:
            sums.n_bad += 1
            sums.log_bad -= math.log(p)
            sums.square_bad += (1.0 - p) ** 2
        else:
            sums.n_good += 1
            sums.log_good -= math.log1p(-p)
            sums.square_good += p**2
    return list(families.values())


def _skills(sums: Sequence[_Sums], prevalence: float) -> tuple[float, float] | None:
    n_bad = sum(one.n_bad for one in sums)
    n_good = sum(one.n_good for one in sums)
    if not n_bad or not n_good:
        return None
    bad, good = prevalence / n_bad, (1.0 - prevalence) / n_good
    log_loss = bad * sum(one.log_bad for one in sums) + good * sum(one.log_good for one in sums)
    brier = bad * sum(one.square_bad for one in sums) + good * sum(one.square_good for one in sums)
    entropy = -prevalence * math.log(prevalence) - (1.0 - prevalence) * math.log(1.0 - prevalence)
    return 1.0 - log_loss / entropy, 1.0 - brier / (prevalence * (1.0 - prevalence))


def _resamples(sums: Sequence[_Sums]) -> Iterator[list[_Sums]]:
    draw = _splitmix64(_SEED)
    for _ in range(_N_RESAMPLES):
        yield [sums[draw() % len(sums)] for _ in sums]


def _splitmix64(state: int) -> Callable[[], int]:
    mask = (1 << 64) - 1

    def draw() -> int:
        nonlocal state
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return z ^ (z >> 31)

    return draw


def _interval(draws: Sequence[float]) -> tuple[float, float]:
    ordered = sorted(draws)
    last = len(ordered) - 1
    tail = (1.0 - _INTERVAL) / 2.0
    return ordered[round(tail * last)], ordered[round((1.0 - tail) * last)]
