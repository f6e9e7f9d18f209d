"""The score as text of 80 columns: what matters first, then tables, then every mistake by name."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from raabta.lab.scoring.judged import OUTCOMES, Outcome
from raabta.lab.scoring.score import ConfusionRow, Score, Share

WIDTH: Final = 80
_N_LISTED: Final = 60
_N_FAMILIES: Final = 10
_COLUMNS: Final[tuple[tuple[Outcome, str], ...]] = (
    ("under", "under"),
    ("over", "over"),
    ("partly", "part"),
    ("wrong", "wrong"),
    ("false", "false"),
    ("missed", "miss"),
    ("insufficient", "none"),
)
"""Outcomes beside "exact", and their heads in the table."""


def report(score: Score) -> str:
    """Write the score for a terminal."""
    sections = (
        _summary(score),
        _confusion(score.confusion),
        _twins(score),
        _skills(score),
        _reliability(score),
        _mistakes(score),
        _list("Errors of the lab (not scored)", score.errors),
        _list("Skipped", score.skipped),
    )
    blocks = ["\n".join(lines) for section in sections if (lines := list(section))]
    return "\n\n".join(blocks) + "\n"


def _summary(score: Score) -> Iterator[str]:
    yield f"{score.n_cells} cells were measured and judged."
    yield _line("mechanism exact, interfered cells", score.mechanism)
    yield _line("mechanism exact, all cells", score.all_cells)
    yield _line("locus right, where it has one", score.locus)
    families = f"{score.benign_families} famil{'y' if score.benign_families == 1 else 'ies'}"
    yield f"  {'interference said in benign runs':<36}{score.n_false} of {score.benign_runs} runs, {families}"
    yield f"  {'and beside interference':<36}{score.beside_n_false} of {score.beside_n} well cells"
    if score.n_unclear:
        yield f"  {'cells that cannot be told either way':<36} {score.n_unclear}"


def _line(words: str, share: Share) -> str:
    return f"  {words:<36}{share.share:7.1%}   {share.n_good} of {share.n}"


def _confusion(rows: Sequence[ConfusionRow]) -> Iterator[str]:
    if not rows:
        return
    head = "".join(f"{words:>6}" for _, words in _COLUMNS)
    yield f"{'Truth':<26}{'n':>5}{'exact':>7}{head}"
    for row in rows:
        cells = "".join(f"{row.outcomes.get(outcome, 0) or '·':>6}" for outcome, _ in _COLUMNS)
        yield from _labelled(row.truth, 25, f"{row.n:>5}{row.exact_share:>7.0%}{cells}")
        for said, n in row.instead:
            yield _cut(f"    said {said} ({n})")


def _twins(score: Score) -> Iterator[str]:
    if not score.twins:
        return
    apart = [row for row in score.twins if row.is_told_apart]
    yield f"Twins: {len(apart)} of {len(score.twins)} families are told apart from theirs in every cell."
    for row in score.twins:
        if not row.is_told_apart:
            yield _cut(f"  {row.family}: found in {row.n_found} of {row.n}")
            yield _cut(f"    {row.twin}: said falsely in {row.twin_n_false} of {row.twin_n}")


def _skills(score: Score) -> Iterator[str]:
    if not score.skills:
        return
    yield "Skill against the base rate (1 perfect, 0 none), with 95 % intervals"
    yield f"  {'prevalence':<12}{'log-loss':>30}{'Brier':>30}"
    for one in score.skills:
        log_loss = f"{one.log_loss:.3f} [{one.log_loss_interval[0]:.3f}, {one.log_loss_interval[1]:.3f}]"
        brier = f"{one.brier:.3f} [{one.brier_interval[0]:.3f}, {one.brier_interval[1]:.3f}]"
        yield f"  {one.prevalence:<12.0%}{log_loss:>30}{brier:>30}"


def _reliability(score: Score) -> Iterator[str]:
    if not score.bins:
        return
    yield "Reliability of the probability of interference"
    yield f"  {'stated':<16}{'cells':>8}{'families':>10}{'mean':>10}{'true':>10}"
    for one in score.bins:
        stated = f"{one.low:g} to {one.high:g}"
        yield f"  {stated:<16}{one.n:>8}{one.n_families:>10}{one.mean:>10.3f}{one.observed:>10.1%}"
    yield "  farthest from the truth, by family (mean probability):"
    for point in score.families[:_N_FAMILIES]:
        kind = "interfered with" if point.is_interference else "well"
        yield _cut(f"    {point.mean:.3f}  {point.family} ({point.n} {kind})")


def _mistakes(score: Score) -> Iterator[str]:
    if not score.mistakes:
        return
    yield f"Not exact: {len(score.mistakes)}"
    for one in score.mistakes[:_N_LISTED]:
        yield _cut(f"  {one.place}: {OUTCOMES[one.outcome]}")
        yield _cut(f"    true: {one.truth}; said: {one.said}")
    rest = len(score.mistakes) - _N_LISTED
    if rest > 0:
        yield f"  and {rest} more"


def _list(title: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield f"{title}: {len(found)}"
        yield from (_cut(f"  {line}") for line in found[:_N_LISTED])
        if len(found) > _N_LISTED:
            yield f"  and {len(found) - _N_LISTED} more"


def _labelled(label: str, width: int, rest: str) -> Iterator[str]:
    """Put a label before a row of figures, on a line of its own where it is too long."""
    if len(label) <= width:
        yield f"{label:<{width + 1}}{rest}"
        return
    yield _cut(label)
    yield " " * (width + 1) + rest


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"
