"""Findings of many entries in few words: each rule once, how often, and one example."""

from collections.abc import Sequence
from typing import Final

from raabta.model.exemption import LintFinding

HINTS: Final = {"origin.not_recipient": "Look at asns in gateway.toml: are all networks of this operator there?"}
"""What the engineer of a gateway can look at before writing to the publisher."""


def each_rule_once(findings: Sequence[LintFinding]) -> str:
    """Say each rule once, the most frequent first, with a count, one example, and where to look first."""
    by_rule: dict[str, list[LintFinding]] = {}
    for finding in findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    often_first = sorted(by_rule.values(), key=len, reverse=True)
    return (
        "; ".join(map(_in_words, often_first)) + "." + "".join(f" {HINTS[rule]}" for rule in by_rule if rule in HINTS)
    )


def _in_words(of_rule: Sequence[LintFinding]) -> str:
    one = of_rule[0]
    example = f"({one.subject}, {one.place}): {one.words.rstrip('.')}"
    return f"{one.rule} {example}" if len(of_rule) == 1 else f"{one.rule}, {len(of_rule)} times, such as {example}"
