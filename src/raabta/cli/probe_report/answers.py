"""A plain answer per target: what is wrong, how sure, where, why. Those that work are named together at the end."""

from collections.abc import Mapping, Sequence
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from raabta.cli.probe_report.summary import hint_of, summary_of
from raabta.cli.report.explain import signed
from raabta.cli.report.words import LOCUS_WORDS, LOOKS, as_words, counted, findings_of, percent, plain, state_text
from raabta.model import Evidence, Verdict
from raabta.pipeline.probing import Probed

WIDTH_MAX: Final = 100
REASONS_SHOWN: Final = 4
"""Pieces of evidence shown for one target, the strongest first; ``raabta diagnose --explain`` shows all."""


def print_answers(console: Console, found: Sequence[Probed], *, questions: Mapping[str, str]) -> None:
    """Print a round: the sentence, then troubles with their evidence, then what works."""
    width = min(console.width, WIDTH_MAX)
    console.print(Text(summary_of(found), "bold"), width=width)
    order = {state: rank for rank, state in enumerate(LOOKS)}
    judged = [(one, one.verdict) for one in found if one.verdict is not None]
    troubles = [(one, verdict) for one, verdict in judged if verdict.state != "ok"]
    for one, verdict in sorted(troubles, key=lambda pair: (order[pair[1].state], _name(pair[0]))):
        console.print()
        _print_trouble(console, one, verdict=verdict, questions=questions, width=width)
    for one in found:
        if one.error:
            console.print()
            text = f"{_name(one)}: this program failed ({one.error}). Please report it; it says nothing of the service."
            console.print(Text(plain(text)), width=width)
    working = sorted(_name(one) for one, verdict in judged if verdict.state == "ok")
    if working:
        console.print()
        heading = state_text("ok").append(f"  {counted(len(working), 'service')} working", "default")
        console.print(heading, width=width)
        _indented(console, Text(", ".join(working)), 2, width=width)


def _indented(console: Console, text: Text, n_cells: int, *, width: int) -> None:
    console.print(Padding(text, (0, 0, 0, n_cells), expand=False), width=width)


def _name(one: Probed) -> str:
    """Name what a document is about."""
    if one.unasked:
        return "your own network"
    target = one.targets[0]
    return plain(target.name or target.url)


def _print_trouble(
    console: Console, one: Probed, *, verdict: Verdict, questions: Mapping[str, str], width: int
) -> None:
    share = verdict.posterior.get(verdict.state)
    head = state_text(verdict.state).append("  ").append(_name(one), "bold")
    if share is not None:
        head.append(f"  {percent(share)} sure", "dim")
    console.print(head, width=width)
    words = findings_of(verdict)
    if words:
        _indented(console, Text(f"{words[:1].upper()}{words[1:]}."), 2, width=width)
    if verdict.mechanisms:
        where = LOCUS_WORDS.get(verdict.locus, verdict.locus)
        _indented(console, Text(f"Where: {where}."), 2, width=width)
    hint = hint_of(verdict)
    if hint:
        _indented(console, Text(hint), 2, width=width)
    for evidence in strongest(verdict.evidence):
        asks = questions.get(evidence.id, as_words(evidence.id))
        why = Text(f"– {asks} {as_words(evidence.outcome)} ").append(f"({signed(evidence.decibans)} dB)", "dim")
        _indented(console, why, 4, width=width)


def strongest(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Choose the evidence against "all is well" that weighs most."""
    against = [one for one in evidence if one.decibans > 0]
    return sorted(against, key=lambda one: -one.decibans)[:REASONS_SHOWN]
