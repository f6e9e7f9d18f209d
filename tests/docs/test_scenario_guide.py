"""docs/guides/scenarios.md and scoring.md say what the vocabulary, the types and the code say."""

import re
import typing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from raabta.lab.results import truth_of
from raabta.lab.scenario.load import ScenarioError, parse_scenario
from raabta.lab.scenario.types import Condition, Interference, Line, Network, Scenario, Target, Truth
from raabta.lab.scenario.vocabulary import (
    ACTIONS,
    ANSWERS,
    AT_THE_OPERATOR,
    COMMON,
    CONDITIONS,
    ICMP,
    LINE_PROFILES,
    TRIGGER_MAY,
    TRIGGER_MUST,
    TRIGGERS,
    UNTARGETED,
)
from raabta.lab.scoring.judged import OUTCOMES
from raabta.lab.world.country import LINES
from raabta.model import LOCI, MECHANISMS

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
PAGE = (GUIDES / "scenarios.md").read_text(encoding="utf-8")
SCORING = (GUIDES / "scoring.md").read_text(encoding="utf-8")
EXAMPLE = PAGE.partition("```toml\n")[2].partition("```")[0]


def table(text: str, *head: str) -> list[list[str]]:
    """Rows of the first table with this head."""
    _, found, rest = text.partition("| " + " | ".join(head) + " |\n")
    assert found, f"no table {head}"
    lines = rest.partition("\n\n")[0].splitlines()[1:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))] for line in lines]


def section(title: str) -> str:
    _, found, rest = PAGE.partition(f"\n### {title}\n")
    assert found, title
    return re.split(r"\n##", rest)[0]


def codes(cell: str) -> tuple[str, ...]:
    return tuple(re.findall(r"`([^`]+)`", cell))


def fields(*, must: typing.Iterable[str], may: typing.Iterable[str]) -> str:
    return ", ".join([f"`{name}` must" for name in must] + [f"`{name}` may" for name in may])


def default_of(info: Any) -> str:
    """A field's default as the page writes it."""
    if info.required:
        return "(needed)"
    value = info.default_factory() if info.default is msgspec.NODEFAULT else info.default
    if value is None:
        return "none"
    return f"`{msgspec.json.encode(value).decode()}`"


@pytest.mark.parametrize(
    ("title", "shape"),
    [
        ("At the top", Scenario),
        ("`network`", Network),
        ("`target`", Target),
        ("`interference`", Interference),
        ("`condition`", Condition),
        ("`truth`", Truth),
    ],
)
def test_every_field_is_described_with_its_default(title: str, shape: type[Struct]) -> None:
    rows = {codes(row[0])[0]: row[1] for row in table(section(title), "field", "default", "meaning")}
    expected = {info.name: default_of(info) for info in msgspec.structs.fields(shape)}
    in_words = {"networks": "all", "targets": "all", "host": "`<name>.example`", "url": "`https://<host>/`"}
    if shape is Scenario:
        in_words = dict.fromkeys(("truth", "interference", "condition"), "none")
    assert rows == expected | {name: words for name, words in in_words.items() if name in expected}


def test_every_word_that_a_field_takes_is_on_the_page() -> None:
    for shape in (Network, Target, Interference, Truth):
        hints = typing.get_type_hints(shape)
        for name, hint in hints.items():
            words = [word for part in (hint, *typing.get_args(hint)) for word in typing.get_args(part)]
            missing = {word for word in words if isinstance(word, str) and f'"{word}"' not in PAGE}
            assert missing - set(LINE_PROFILES) == set(), name


def test_actions_have_their_words_and_fields() -> None:
    assert {codes(row[0])[0]: row[1] for row in table(PAGE, "action", "what happens")} == {
        name: action.words for name, action in ACTIONS.items()
    }
    rows = table(PAGE, "action", "triggers", "must have", "may have", "in the kernel too")
    found = {codes(row[0])[0]: (codes(row[1]) or tuple(TRIGGERS), *map(codes, row[2:])) for row in rows}
    assert found == {name: (row.triggers, row.must, row.may, row.kernel) for name, row in ACTIONS.items()}


def test_triggers_answers_and_errors_have_their_words() -> None:
    found = {codes(row[0])[0]: row[1:] for row in table(PAGE, "trigger", "what sets it off", "its fields")}
    assert found == {
        name: [words, fields(must=TRIGGER_MUST.get(name, ()), may=TRIGGER_MAY.get(name, ()))]
        for name, words in TRIGGERS.items()
    }
    assert {codes(row[0])[0]: row[1] for row in table(PAGE, "answer", "means")} == ANSWERS
    assert {codes(row[0])[0]: row[1] for row in table(PAGE, "icmp", "means")} == ICMP


def test_conditions_have_their_words_and_fields() -> None:
    rows = table(PAGE, "kind", "what is odd", "narrowed by", "its fields")
    found = {codes(row[0])[0]: (row[1], codes(row[2]), row[3]) for row in rows}
    assert found == {
        name: (
            kind.words,
            tuple(name for name, on in (("networks", kind.per_network), ("targets", kind.per_target)) if on),
            fields(must=kind.must, may=kind.may),
        )
        for name, kind in CONDITIONS.items()
    }


def test_lines_have_their_figures() -> None:
    rows = table(PAGE, "line", "in words", *msgspec.structs.asdict(Line()))
    found = {codes(row[0])[0]: row[1:] for row in rows}
    assert found == {
        name: [words, *(f"{figure:.3g}" for figure in msgspec.structs.astuple(LINES[name]))]
        for name, words in LINE_PROFILES.items()
    }


def test_mechanisms_have_their_words_state_and_locus() -> None:
    rows = table(PAGE, "mechanism", "in words", "state", "locus")
    assert [[codes(row[0])[0], *row[1:]] for row in rows] == [
        [known.id, known.words, known.state, known.locus] for known in MECHANISMS.values()
    ]


def test_what_the_page_says_to_write_exists() -> None:
    advice = PAGE.partition("### Which mechanism to write")[2].partition("## Mechanisms")[0]
    ids = {code for code in codes(advice) if "." in code and " " not in code}
    assert len(ids) > 10
    assert ids <= set(MECHANISMS)
    assert all(f'`"{locus}"`' in PAGE for locus in LOCI)


def test_rows_about_what_else_is_hit_are_right() -> None:
    rows = table(PAGE, "rule about", "hits as well", "add a row with")
    assert {codes(row[0])[0] for row in rows} <= set(TRIGGERS)
    assert {code for row in rows for code in codes(row[2])} == {
        known for known in MECHANISMS if known.startswith("dns.encrypted.")
    }


def test_the_sentences_about_groups_of_words_name_them_all() -> None:
    assert (
        f"{' and '.join([', '.join(f'`{name}`' for name in AT_THE_OPERATOR[:-1]), f'`{AT_THE_OPERATOR[-1]}`'])} are"
        in PAGE
    )
    sentence = PAGE.partition("Rules with the triggers ")[2].partition(" look at no target")[0]
    assert codes(sentence) == UNTARGETED
    interference = table(section("`interference`"), "field", "default", "meaning")
    assert tuple(codes(row[0])[0] for row in interference[: len(COMMON)]) == COMMON


def test_the_example_is_a_scenario_and_means_what_the_page_says() -> None:
    scenario = parse_scenario(EXAMPLE)
    cells = [(network.name, target.name) for network in scenario.network for target in scenario.target]
    assert len(cells) == 6
    needed = {
        cell for cell in cells for row in truth_of(scenario, network=cell[0], target=cell[1]) if row.state != "ok"
    }
    assert needed == {("north", "news"), ("north", "mail"), ("south", "mail")}


def test_the_mistakes_of_the_page_are_those_of_the_example_with_its_words_changed() -> None:
    text = EXAMPLE.replace('trigger = "sni"', 'trigger = "tls"').replace('"tls.alert.sni"', '"tls.alert.name"')
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(text, file="mine.toml")
    shown = PAGE.partition("```text\n")[2].partition("```")[0].strip()
    assert str(caught.value) == shown


def test_the_outcomes_are_those_of_the_code() -> None:
    assert {codes(row[0])[0]: row[1] for row in table(SCORING, "outcome", "when")} == OUTCOMES
