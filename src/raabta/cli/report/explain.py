"""One measurement in full: the verdict in words, how likely each state is, why, the steps, what made the verdict."""

from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from raabta.cli.report.steps import steps_of
from raabta.cli.report.waterfall import chosen, waterfall
from raabta.cli.report.words import (
    LOCUS_WORDS,
    LOOKS,
    as_words,
    findings_of,
    network_of,
    percent,
    plain,
    state_text,
    target_of,
    time_of,
)
from raabta.diagnose import Diagnosis
from raabta.model import STATES_OF_THE_WORLD, Evidence, Measurement, Verdict

WIDTH_MAX: Final = 120
"""Columns beyond which a line is hard to follow back to the next one."""

POSTERIOR_CELLS: Final = 30
WEIGHT_CELLS: Final = 12
DECIBANS_FULL: Final = 40.0
"""Decibans that fill half a bar: ten thousand to one."""


def questions_of(diagnosis: Diagnosis) -> dict[str, str]:
    """Give each question's sentence by its id."""
    layers = diagnosis.weigher.knowledge.questions
    return {question.id: question.asks for questions in layers.values() for question in questions}


def explain(console: Console, measurement: Measurement, *, verdict: Verdict, questions: dict[str, str]) -> None:
    """Print one measurement and its verdict."""
    width = min(console.width, WIDTH_MAX)
    _header(console, verdict, width)
    _posterior(console, verdict, width)
    if verdict.evidence:
        _part(
            console,
            "Why",
            Text("− speaks for all well, + against it; 10 is ten to one, 20 a hundred to one", "dim"),
            width,
        )
        for evidence in verdict.evidence:
            _evidence(console, evidence, questions.get(evidence.id, evidence.id), width)
    steps = steps_of(measurement)
    shown = chosen(steps)
    if shown:
        _part(console, "What was tried", waterfall(shown, width=width), width)
    if len(steps) > len(shown):
        _print(console, Text(f"… and {len(steps) - len(shown)} more, most of them like these", "dim"), width)
    _made_by(console, verdict, width)


def _print(console: Console, what: Text | Table, width: int, indent: int = 2) -> None:
    console.print(Padding(what, (0, 0, 0, indent)), width=width)


def _part(console: Console, title: str, what: Text | Table, width: int) -> None:
    console.print()
    console.print(Text(title, "bold"))
    _print(console, what, width)


def _header(console: Console, verdict: Verdict, width: int) -> None:
    console.print(Rule(Text(target_of(verdict), "bold"), align="left", style="dim"), width=width)
    when = time_of(verdict)
    about = [as_words(plain(verdict.test_name)), f"from {network_of(verdict)}", f"{when} UTC" if when else ""]
    if verdict.input:
        console.print(Text(plain(verdict.input)), width=width)
    console.print(Text(" · ".join(part for part in about if part)), width=width)
    console.print(Text(plain(verdict.source), "dim"), width=width)
    console.print()
    console.print(sentence_of(verdict), width=width)


def sentence_of(verdict: Verdict) -> Text:
    """Say the verdict in plain words."""
    share = verdict.posterior.get(verdict.state)
    sentence = Text().append_text(state_text(verdict.state))
    if share is not None:
        sentence.append(f", {percent(share)} likely")
    findings = findings_of(verdict)
    if findings:
        sentence.append(f": {findings}")
    if verdict.mechanisms:
        sentence.append(f". Where: {LOCUS_WORDS.get(verdict.locus, verdict.locus)}")
    return sentence.append(".")


def _posterior(console: Console, verdict: Verdict, width: int) -> None:
    table = Table.grid(padding=(0, 2, 0, 0))
    for state in STATES_OF_THE_WORLD:
        share = verdict.posterior[state]
        filled = round(share * POSTERIOR_CELLS)
        bar = Text("█" * filled, LOOKS[state].style).append("░" * (POSTERIOR_CELLS - filled), "dim")
        table.add_row(Text(state), bar, Text(f"{percent(share):>5}"))
    _part(console, "How likely", table, width)


def _evidence(console: Console, evidence: Evidence, asks: str, width: int) -> None:
    _print(console, Text(asks), width)
    answer = Table.grid(padding=(0, 2, 0, 0))
    answer.add_column(width=32)
    answer.add_column(no_wrap=True)
    answer.add_column(no_wrap=True, justify="right", width=5)
    answer.add_row(Text(as_words(evidence.outcome), "bold"), weight_bar(evidence.decibans), signed(evidence.decibans))
    _print(console, answer, width, indent=4)
    if evidence.witness:
        _print(console, Text(plain(evidence.witness), "dim"), width, indent=4)


def weight_bar(decibans: float) -> Text:
    """Draw a weight: to the left of the middle for all well, to the right against it."""
    n_cells = min(WEIGHT_CELLS, round(abs(decibans) / DECIBANS_FULL * WEIGHT_CELLS))
    left = "█" * n_cells if decibans < 0 else ""
    right = "█" * n_cells if decibans > 0 else ""
    return Text.assemble((f"{left:>{WEIGHT_CELLS}}", "green"), "│", (f"{right:<{WEIGHT_CELLS}}", "red"))


def signed(decibans: float) -> str:
    """Give decibans with their sign, a true minus; 0.0 has none."""
    return f"{decibans:+.1f}".replace("-", "−") if round(decibans, 1) else "0.0"


def _made_by(console: Console, verdict: Verdict, width: int) -> None:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for note in verdict.notes:
        table.add_row("lost field", Text(f"{plain(note.field)}: {plain(note.reason)}"))
    fitted = "" if verdict.fitted else " (likelihoods are reasoned, not yet fitted)"
    table.add_row("knowledge", Text(f"{verdict.knowledge}{fitted}"))
    table.add_row("prior", Text(verdict.prior))
    table.add_row("reference", Text("\n".join(verdict.reference.split("; "))))
    table.columns[0].style = table.columns[1].style = "dim"
    _part(console, "What made this verdict", table, width)
    console.print()
