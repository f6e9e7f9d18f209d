"""Reliability: do cells that are called interfered with at 90 % turn out so in nine of ten cases? By bins and families.

The picture is SVG, written here: one file, no chart package, readable in any browser and in print.
"""

import html
import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from raabta.lab.scoring.skill import Forecast

EDGES: Final = (0.0, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 1.0)
"""Limits of the bins: narrow at the ends, where nearly all cells are."""


class Bin(Struct, frozen=True, kw_only=True):
    """Cells whose posterior of interference lies in [low, high): their mean posterior, and the share that is true."""

    low: float
    high: float
    n: int
    n_families: int
    mean: float
    observed: float


class FamilyPoint(Struct, frozen=True, kw_only=True):
    """One family's cells of one kind: mean posterior of interference beside what is true of them."""

    family: str
    is_interference: bool
    n: int
    mean: float

    @property
    def gap(self) -> float:
        """How far the mean posterior is from the truth."""
        return 1.0 - self.mean if self.is_interference else self.mean


def bin_forecasts(forecasts: Iterable[Forecast]) -> list[Bin]:
    """Put cells into bins; empty ones are left out."""
    cells = list(forecasts)
    bins = []
    for low, high in itertools.pairwise(EDGES):
        here = [one for one in cells if low <= one.p < high or one.p == high == 1.0]
        if here:
            bins.append(
                Bin(
                    low=low,
                    high=high,
                    n=len(here),
                    n_families=len({one.family for one in here}),
                    mean=math.fsum(one.p for one in here) / len(here),
                    observed=sum(one.is_interference for one in here) / len(here),
                )
            )
    return bins


def family_points(forecasts: Iterable[Forecast]) -> list[FamilyPoint]:
    """Give a point for each family and kind of cell, worst first."""
    groups: dict[tuple[str, bool], list[float]] = {}
    for one in forecasts:
        groups.setdefault((one.family, one.is_interference), []).append(one.p)
    points = [
        FamilyPoint(family=family, is_interference=bad, n=len(found), mean=math.fsum(found) / len(found))
        for (family, bad), found in groups.items()
    ]
    return sorted(points, key=lambda point: (-point.gap, point.family))


# --- the picture ----------------------------------------------------------------------------------------------------

_SIZE: Final = 420
_LEFT: Final = 70
_TOP: Final = 60
_BAND: Final = 56
"""Height of the strip of families above and below the square, in pixels as all figures here."""

_N_NAMED: Final = 6
_BAD_COLOUR: Final = "#b5451b"
_GOOD_COLOUR: Final = "#2b6c8f"
_INK: Final = "#333333"


def draw_reliability(bins: Sequence[Bin], points: Sequence[FamilyPoint], *, title: str) -> str:
    """Draw the picture: bins against the diagonal, families as ticks at the edge of their truth. Gives SVG text."""
    height = _TOP + _SIZE + 2 * _BAND + 150
    frame = f'viewBox="0 0 700 {height}" font-family="sans-serif" font-size="12" fill="{_INK}" role="img"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {frame}>',
        f"<title>{html.escape(title)}</title>",
        f'<rect width="700" height="{height}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="24" font-size="15">{html.escape(title)}</text>',
        f'<text x="{_LEFT}" y="44">Circles: cells by stated probability. Ticks: one family each.</text>',
        *_axes(),
        *_ticks(points),
        *_circles(bins),
        *_worst(points),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _x(p: float) -> float:
    return round(_LEFT + p * _SIZE, 1)


def _y(p: float) -> float:
    return round(_TOP + _BAND + (1.0 - p) * _SIZE, 1)


def _axes() -> list[str]:
    parts = [
        f'<rect x="{_x(0)}" y="{_y(1)}" width="{_SIZE}" height="{_SIZE}" fill="none" stroke="#999999"/>',
        f'<line x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}" stroke="#999999" stroke-dasharray="4 4"/>',
    ]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        label = f"{share:.0%}"
        parts += [
            f'<text x="{_x(share)}" y="{_y(0) + _BAND + 18}" text-anchor="middle">{label}</text>',
            f'<text x="{_x(0) - 8}" y="{_y(share) + 4}" text-anchor="end">{label}</text>',
            f'<line x1="{_x(share)}" y1="{_y(0)}" x2="{_x(share)}" y2="{_y(1)}" stroke="#eeeeee"/>',
        ]
    middle = _y(0.5)
    return [
        *parts,
        f'<text x="{_x(0.5)}" y="{_y(0) + _BAND + 36}" text-anchor="middle">stated probability of interference</text>',
        f'<text x="20" y="{middle}" text-anchor="middle" transform="rotate(-90 20 {middle})">share that is true</text>',
    ]


def _ticks(points: Sequence[FamilyPoint]) -> list[str]:
    parts = []
    for bad, top, colour, words in (
        (True, _y(1) - _BAND + 20, _BAD_COLOUR, "families with interference"),
        (False, _y(0) + 12, _GOOD_COLOUR, "cells without"),
    ):
        parts.append(f'<text x="{_x(1) + 8}" y="{top + 14}" fill="{colour}">{words}</text>')
        parts += [_tick(point, top, colour) for point in points if point.is_interference == bad]
    return parts


def _tick(point: FamilyPoint, top: float, colour: str) -> str:
    place = f'x1="{_x(point.mean)}" y1="{top}" x2="{_x(point.mean)}" y2="{top + 22}"'
    words = f"<title>{html.escape(point.family)}: {point.mean:.3f}</title>"
    return f'<line {place} stroke="{colour}" stroke-opacity="0.5" stroke-width="2">{words}</line>'


def _circles(bins: Sequence[Bin]) -> list[str]:
    return [
        f'<circle cx="{_x(one.mean)}" cy="{_y(one.observed)}" r="{min(16.0, 3.0 + math.sqrt(one.n) / 2.0):.1f}" '
        f'fill="{_INK}" fill-opacity="0.25" stroke="{_INK}"><title>{one.low:g} to {one.high:g}: {one.n} cells of '
        f"{one.n_families} families, {one.observed:.1%} true</title></circle>"
        for one in bins
    ]


def _worst(points: Sequence[FamilyPoint]) -> list[str]:
    top = _TOP + _SIZE + 2 * _BAND + 56
    lines = [f'<text x="{_LEFT}" y="{top}">Farthest from the truth (mean probability, cells):</text>']
    for number, point in enumerate(points[:_N_NAMED], start=1):
        colour = _BAD_COLOUR if point.is_interference else _GOOD_COLOUR
        words = html.escape(f"{point.family}  {point.mean:.3f}  ({point.n})")
        lines.append(f'<text x="{_LEFT}" y="{top + 15 * number}" fill="{colour}">{words}</text>')
    return lines
