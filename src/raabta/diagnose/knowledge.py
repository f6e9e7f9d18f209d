"""Questions and what is known about their answers: the two tables, read and checked.

Both are reviewable data (``data/questions.toml``, ``data/knowledge.toml``). Here they become types, and everything that
a typing mistake could break is checked with a message that names the row. A table is an argument of the
stage: tests and fitting pass their own.
"""

import hashlib
import tomllib
from typing import Any, Final

import msgspec
from msgspec import Struct

from raabta.diagnose.counts import NO_COUNTS, Counts, blend, parse_counts
from raabta.model import LOCI, MECHANISMS, STATES_OF_THE_WORLD, Mechanism

WELL: Final = "ok"
"""Id of the hypothesis that all is well with a layer."""

_FLOOR: Final = 1e-7
"""No outcome is impossible under any hypothesis. Not validated."""


class KnowledgeError(Exception):
    """A row of the tables is wrong. The message names it and says what to change."""


class Question(Struct, frozen=True, kw_only=True):
    """One question: which facts decide, and which outcome their values give.

    ``resting`` lists the outcomes that rest on the reference table ``rests_on``: they weigh less as it ages.
    """

    id: str
    layer: str
    asks: str
    facts: tuple[str, ...]
    witness: str
    outcomes: tuple[tuple[str, ...], ...]
    rests_on: str = ""
    resting: tuple[str, ...] = ()

    @property
    def outcome_names(self) -> tuple[str, ...]:
        """The closed set of outcomes, each once, in the table's order."""
        return tuple(dict.fromkeys(row[0] for row in self.outcomes))


class Hypothesis(Struct, frozen=True, kw_only=True):
    """One hypothesis about one layer: its part of its state's prior, and P(outcome | it) per question."""

    id: str
    layer: str
    state: str
    share: float
    source: str
    likelihoods: dict[str, dict[str, float]]


class Knowledge(Struct, frozen=True, kw_only=True):
    """Questions and hypotheses by layer. ``version`` names the tables' content; ``fitted`` is False until counted.

    ``temperature`` multiplies the sum of log-likelihoods. ``company`` is P(a further layer of the same host is
    interfered with | one layer is). ``mechanisms`` is the tree of ``model.mechanism`` with those that a row of the
    tables brought itself.
    """

    version: str
    fitted: bool
    company: float
    temperature: float
    questions: dict[str, tuple[Question, ...]]
    hypotheses: dict[str, tuple[Hypothesis, ...]]
    mechanisms: dict[str, Mechanism]


class _Row(Struct, forbid_unknown_fields=True):
    layer: str
    source: str
    id: str = WELL
    share: float = 0.0
    words: str = ""
    state: str = "blocked"
    locus: str = "access"
    p: dict[str, dict[str, float]] = {}


class _Tables(Struct, forbid_unknown_fields=True):
    version: str
    company: float
    well: list[_Row]
    mechanism: list[_Row]


def parse_knowledge(*, questions: str, knowledge: str, counts: str = NO_COUNTS) -> Knowledge:
    """Read the two tables.

    Args:
        questions: Text of ``questions.toml``.
        knowledge: Text of ``knowledge.toml``.
        counts: Text of ``counts.toml``, "" for none: then the reasoned values stand alone.

    Raises:
        KnowledgeError: A row is wrong; the message names it.
    """
    try:
        asked = msgspec.convert(tomllib.loads(questions)["question"], list[Question])
        tables = msgspec.convert(tomllib.loads(knowledge), _Tables)
        counted = parse_counts(counts)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, KeyError, ValueError) as error:
        raise KnowledgeError(f"the tables cannot be read: {error}") from error
    by_id = _check_questions(asked)
    mechanisms = _grown_tree(tables.mechanism)
    totals = _total_shares(tables.mechanism, mechanisms)
    layers = dict.fromkeys(question.layer for question in asked)
    digest = hashlib.sha256("\0".join((questions, knowledge, *([counts] if counts else ()))).encode()).hexdigest()[:8]
    hypotheses = {layer: _hypotheses(layer, tables, by_id, mechanisms, totals) for layer in layers}
    return Knowledge(
        version=f"{tables.version}+{digest}",
        fitted=bool(counted.count),
        company=tables.company,
        temperature=counted.temperature,
        questions={layer: tuple(q for q in asked if q.layer == layer) for layer in layers},
        hypotheses={layer: _counted(rows, counted) for layer, rows in hypotheses.items()},
        mechanisms=mechanisms,
    )


def _check_questions(asked: list[Question]) -> dict[str, Question]:
    by_id: dict[str, Question] = {}
    for question in asked:
        if question.id in by_id:
            raise KnowledgeError(f"question {question.id}: the id stands twice; ids are permanent, take a new one")
        if question.witness not in question.facts:
            raise KnowledgeError(f"question {question.id}: witness {question.witness!r} is none of its facts")
        for row in question.outcomes:
            if len(row) != len(question.facts) + 1:
                raise KnowledgeError(f"question {question.id}, outcome {row[0]}: one pattern for each fact is needed")
        by_id[question.id] = question
    return by_id


def _grown_tree(rows: list[_Row]) -> dict[str, Mechanism]:
    """Give the tree of mechanisms with those whose row brings its own words."""
    tree = dict(MECHANISMS)
    for row in rows:
        if row.id in tree:
            continue
        if not row.words or row.state not in STATES_OF_THE_WORLD or row.locus not in LOCI:
            problem = (
                "it is not in the tree of raabta.model.mechanism; give its row words (and state and locus) of its own"
            )
            raise KnowledgeError(f"mechanism {row.id}: {problem}")
        tree[row.id] = Mechanism(id=row.id, state=row.state, locus=row.locus, words=row.words)
    return tree


def _total_shares(rows: list[_Row], tree: dict[str, Mechanism]) -> dict[str, float]:
    """Add up the shares of each state's mechanisms; a share is a part of this sum."""
    totals: dict[str, float] = {}
    for row in rows:
        if row.share <= 0.0:
            raise KnowledgeError(f"mechanism {row.id} of layer {row.layer}: its share must be above zero")
        state = tree[row.id].state
        totals[state] = totals.get(state, 0.0) + row.share
    return totals


def _hypotheses(
    layer: str,
    tables: _Tables,
    by_id: dict[str, Question],
    tree: dict[str, Mechanism],
    totals: dict[str, float],
) -> tuple[Hypothesis, ...]:
    """Give the layer's hypotheses, the one that all is well first, with full likelihood rows."""
    wells = [row for row in tables.well if row.layer == layer]
    if len(wells) != 1:
        raise KnowledgeError(f"layer {layer}: exactly one [[well]] row is needed, found {len(wells)}")
    questions = [question for question in by_id.values() if question.layer == layer]
    rows = [row for row in tables.mechanism if row.layer == layer]
    for row in (*wells, *rows):
        for name in row.p:
            if name not in by_id or by_id[name].layer != layer:
                raise KnowledgeError(f"{row.id} of layer {layer}: there is no question {name} in this layer")
    well = {q.id: _full(wells[0], q, wells[0].p.get(q.id)) for q in questions}
    found = [Hypothesis(id=WELL, layer=layer, state="ok", share=1.0, source=wells[0].source, likelihoods=well)]
    for row in rows:
        state = tree[row.id].state
        likelihoods = {q.id: _full(row, q, row.p[q.id]) if q.id in row.p else well[q.id] for q in questions}
        found.append(
            Hypothesis(
                id=row.id,
                layer=layer,
                state=state,
                share=row.share / totals[state],
                source=row.source,
                likelihoods=likelihoods,
            )
        )
    return tuple(found)


def _counted(rows: tuple[Hypothesis, ...], counts: Counts) -> tuple[Hypothesis, ...]:
    """Add what was counted to the reasoned likelihoods."""
    by_row = counts.by_row()
    return tuple(
        msgspec.structs.replace(
            row,
            likelihoods={
                question: blend(
                    reasoned,
                    by_row.get((row.layer, row.id, question)),
                    pseudo=counts.pseudo_well if row.id == WELL else counts.pseudo,
                )
                for question, reasoned in row.likelihoods.items()
            },
        )
        for row in rows
    )


def _full(row: _Row, question: Question, given: dict[str, float] | None) -> dict[str, float]:
    """Spread what is left of probability one over the outcomes that are not named."""
    names = question.outcome_names
    given = given or {}
    unknown = [name for name in given if name not in names]
    total = sum(given.values())
    if unknown or total > 1.0 + 1e-9 or any(p <= 0.0 for p in given.values()):
        problem = f"no outcome {unknown[0]}" if unknown else f"probabilities add up to {total:.4f} or are not positive"
        raise KnowledgeError(f"{row.id} of layer {row.layer}, question {question.id}: {problem}")
    unnamed = [name for name in names if name not in given]
    left = max(1.0 - total, 0.0) / len(unnamed) if unnamed else 0.0
    full: dict[str, Any] = {name: max(given.get(name, left), _FLOOR) for name in names}
    scale = sum(full.values())
    return {name: p / scale for name, p in full.items()}
