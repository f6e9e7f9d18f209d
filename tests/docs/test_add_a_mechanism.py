"""The rows of docs/guides/add-a-mechanism.md do what the page says."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from raabta.diagnose import PRIORS, Diagnosis, Knowledge, parse_knowledge
from raabta.model import Rejection, Verdict
from raabta.pipeline import diagnose_document
from raabta.reference import load_tables

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "add-a-mechanism.md").read_text(encoding="utf-8")
MECHANISM = "dns.nxdomain.all"
ADDRESS = [{"answer_type": "A", "ipv4": "203.0.113.20"}]


def block(name: str) -> str:
    """Give the text of the one fenced block whose info string is ``name``."""
    _, found, rest = GUIDE.partition(f"```{name}\n")
    assert found, f"the guide has no block {name}"
    return rest.partition("\n```")[0]


def knowledge(*, grown: bool) -> Knowledge:
    data = files("raabta.diagnose") / "data"
    questions, known = ((data / name).read_text("utf-8") for name in ("questions.toml", "knowledge.toml"))
    if grown:
        questions += "\n" + block("toml questions")
        known += "\n" + block("toml knowledge")
    return parse_knowledge(questions=questions, knowledge=known)


def verdict(document: dict[str, Any], *, grown: bool = True) -> Verdict:
    diagnosis = Diagnosis(tables=load_tables(), knowledge=knowledge(grown=grown), prior=PRIORS["field"])
    found = diagnose_document(json.dumps(document).encode(), diagnosis)
    assert not isinstance(found, Rejection)
    return found[1]


def case(**lookups: dict[str, Any]) -> dict[str, Any]:
    """Give the guide's document, with fields of its ``first`` and ``second`` lookup replaced."""
    document: dict[str, Any] = json.loads(block("json case"))
    for index, name in enumerate(("first", "second")):
        document["test_keys"]["queries"][index] |= lookups.get(name, {})
    return document


ANSWERS = {"failure": None, "answers": ADDRESS}


@pytest.mark.parametrize(
    ("document", "mechanisms"),
    [
        pytest.param(case(), [MECHANISM], id="the-second-resolver-denies-it-too"),
        pytest.param(case(second=ANSWERS), ["dns.nxdomain"], id="the-second-resolver-answers"),
        pytest.param(
            case(second={"failure": "generic_timeout_error"}), ["dns.nxdomain"], id="the-second-resolver-is-silent"
        ),
    ],
)
def test_the_new_mechanism_is_named_only_where_its_sign_is(document: dict[str, Any], mechanisms: list[str]) -> None:
    found = verdict(document)
    assert (found.state, found.locus, found.mechanisms) == ("blocked", "access", mechanisms)


def test_the_twin_in_which_nothing_interferes_is_not_blocked() -> None:
    found = verdict(case(first=ANSWERS, second=ANSWERS))
    assert (found.mechanisms, found.state) == ([], "insufficient")


def test_without_the_rows_the_parent_is_named() -> None:
    assert verdict(case(), grown=False).mechanisms == ["dns.nxdomain"]


def test_the_new_question_is_among_the_evidence_with_its_witness() -> None:
    evidence = {item.id: item for item in verdict(case()).evidence}
    asked = evidence["dns.denied_by_all"]
    assert (asked.outcome, asked.witness) == ("denied_too", "test_keys.queries[1]")
    assert asked.decibans > 0


def test_the_new_mechanism_brings_its_own_words() -> None:
    words = knowledge(grown=True).mechanisms[MECHANISM].words
    assert words.startswith("every resolver that is asked without encryption")
    assert MECHANISM not in knowledge(grown=False).mechanisms
