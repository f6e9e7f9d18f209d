"""How good the verdicts are, where the truth is known. docs/guides/scoring.md says what every figure means.

- ``judged``: one cell's verdict beside its truth
- ``score``: all figures of a run, from ``skill`` (log-loss, Brier) and ``reliability`` (bins, families, the picture)
- ``report``: the score as text
- ``split`` and ``split.toml``: which families serve for fitting, calibration and scoring
- ``golden``: files of documents and verdicts that unit tests replay without root
"""

from raabta.lab.scoring.golden import Golden, read_golden, write_golden
from raabta.lab.scoring.reliability import draw_reliability
from raabta.lab.scoring.report import report
from raabta.lab.scoring.score import Score, score
from raabta.lab.scoring.split import Part, load_split, part_of

__all__ = [
    "Golden",
    "Part",
    "Score",
    "draw_reliability",
    "load_split",
    "part_of",
    "read_golden",
    "report",
    "score",
    "write_golden",
]
