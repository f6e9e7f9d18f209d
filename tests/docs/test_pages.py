"""The pages say what the code does: ids, fact values, tables, options, links and examples."""

import ast
import math
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import get_args

import pytest

from raabta.diagnose import PRIORS, Diagnosis
from raabta.diagnose.diagnosis import LAYOUT
from raabta.model import LAYERS, LOCI, STATES, FailureClass
from raabta.pipeline import Settings, load_diagnosis
from raabta.wire.ooni import NETTESTS

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PACKAGE = ROOT / "src" / "raabta"
DIAGNOSIS_PAGE = DOCS / "diagnosis.md"
# The guide that adds a mechanism names one that the package does not have; its own test runs it.
INVENTED = {"dns.nxdomain.all", "dns.denied_by_all"}
PAGES = sorted([ROOT / "README.md", *DOCS.rglob("*.md")])


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def tables(text: str) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """Every Markdown table: the heading above it, its head, its rows."""
    heading = ""
    rows: list[list[str]] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("#"):
            heading = line.lstrip("# ")
        if line.startswith("|"):
            rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))])
        elif rows:
            yield heading, rows[0], rows[2:]
            rows = []


def table(page: Path, *head: str) -> list[list[str]]:
    """The rows of all tables of a page that have this head."""
    return [row for _, found, rows in tables(text_of(page)) if found == list(head) for row in rows]


def plain(cell: str) -> str:
    return cell.strip("`*")


def fenced(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{re.escape(language)}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def diagnosis(prior: str = "field") -> Diagnosis:
    return load_diagnosis(Settings(today=date(2026, 11, 22), prior=prior))


# --- ids and words --------------------------------------------------------------------------------------------


def known_ids() -> set[str]:
    knowledge = diagnosis().weigher.knowledge
    questions = {question.id for asked in knowledge.questions.values() for question in asked}
    return set(knowledge.mechanisms) | questions


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_mechanism_or_question_that_a_page_names_exists(page: Path) -> None:
    first = "|".join((*LAYERS, "service"))
    named = set(re.findall(rf"`((?:{first})\.[a-z_]+(?:\.[a-z_]+)?)`", text_of(page)))
    files = {name for name in named if name.endswith((".py", ".toml", ".json", ".md"))}
    assert named - files - known_ids() - INVENTED == set()


def test_every_mechanism_stands_in_the_table_as_the_tree_has_it() -> None:
    knowledge = diagnosis().weigher.knowledge
    weighed: dict[str, list[str]] = {}
    for layer, hypotheses in knowledge.hypotheses.items():
        for hypothesis in hypotheses[1:]:
            weighed.setdefault(hypothesis.id, []).append(f"`{layer}`")

    def where(mechanism: str) -> str:
        above = any(other.startswith(mechanism + ".") for other in weighed)
        return ", ".join(weighed.get(mechanism, ())) or ("inner node" if above else "not yet")

    expected = [[f"`{m.id}`", m.words, m.state, m.locus, where(m.id)] for m in knowledge.mechanisms.values()]
    assert table(DIAGNOSIS_PAGE, "id", "words", "state", "locus", "weighed in") == expected


def fact_rows() -> set[tuple[str, str, str]]:
    """(layer, fact, value) of every row of the tables of facts."""
    return {
        (heading.split("`")[1], plain(row[0]), plain(row[1]))
        for heading, head, rows in tables(text_of(DIAGNOSIS_PAGE))
        if head == ["fact", "value", "means"]
        for row in rows
    }


def test_every_fact_of_every_layer_has_rows_and_no_other() -> None:
    expected = {(layer, fact) for layer, facts in LAYOUT.items() for fact in facts}
    assert {(layer, fact) for layer, fact, _ in fact_rows()} == expected


def test_every_value_that_a_question_asks_of_is_explained() -> None:
    asked = {
        (layer, fact, value)
        for layer, questions in diagnosis().weigher.knowledge.questions.items()
        for question in questions
        for row in question.outcomes
        for fact, pattern in zip(question.facts, row[1:], strict=True)
        if pattern not in ("*", "-")
        for value in pattern.removeprefix("!").split("|")
        if value != "none"
    }
    assert asked - fact_rows() == set()


def test_every_value_that_is_explained_is_a_word_of_the_code() -> None:
    literals = set(get_args(FailureClass))
    for path in [*(PACKAGE / "diagnose").glob("*.py"), *(PACKAGE / "wire" / "ooni").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                literals |= {node.value, *re.split(r"[. ]", node.value)}
    patterns = {
        value
        for questions in diagnosis().weigher.knowledge.questions.values()
        for question in questions
        for row in question.outcomes
        for pattern in row[1:]
        for value in pattern.split("|")
    }
    assert {value for _, _, value in fact_rows()} - literals - patterns == set()


def test_every_failure_class_is_listed() -> None:
    _, _, after = text_of(DIAGNOSIS_PAGE).partition("### Classes of failure")
    listed = re.findall(r"`([a-z_]+)`", after.partition("\n## ")[0].replace("`model/failure.py`", ""))
    assert set(listed) == set(get_args(FailureClass))


def test_every_state_and_locus_is_in_the_glossary() -> None:
    terms = {row[0] for row in table(DOCS / "glossary.md", "term", "meaning")}
    # Two words of the axes have longer rows: the target's and the unknown locus are named in the row of "locus".
    assert (set(STATES) | set(LOCI) - {"unknown"}) - terms == set()


def test_every_type_that_the_glossary_names_exists() -> None:
    named = set(re.findall(r"\(`([A-Z]\w+)`\)", text_of(DOCS / "glossary.md")))
    defined = {"FailureClass"}
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        defined |= {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    assert named - defined == set()


def test_every_noun_of_the_model_is_in_the_glossary() -> None:
    named = set(re.findall(r"\(`([A-Z]\w+)`\)", text_of(DOCS / "glossary.md")))
    nouns = set()
    for path in (PACKAGE / "model").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        nouns |= {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    assert nouns - named == set()


# --- numbers --------------------------------------------------------------------------------------------------


def test_the_priors_are_those_of_the_code() -> None:
    states = ("blocked", "throttled", "degraded", "down")
    rows = {plain(row[0]): row[1:5] for row in table(DIAGNOSIS_PAGE, "prior", *states, "for")}
    expected = {name: (p.blocked, p.throttled, p.degraded, p.down) for name, p in PRIORS.items()}
    assert {name: tuple(map(float, cells)) for name, cells in rows.items()} == expected


def test_the_worked_example_is_computed_from_the_tables() -> None:
    weigher = diagnosis().weigher
    hypotheses = {item.id: item for item in weigher.knowledge.hypotheses["tls"]}
    cut, well = hypotheses["tls.reset.sni"], hypotheses["ok"]
    priors = {name: weigher.prior.of(item.state) * item.share for name, item in hypotheses.items() if item is not well}
    total = 0.0
    for question, answer, *cells in table(
        DIAGNOSIS_PAGE, "question", "answer", "if cut by name", "if all is well", "decibans"
    ):
        shown = float(cells[2].replace("−", "-"))
        if question == "sum":
            assert shown == pytest.approx(total, abs=0.1)
            continue
        name, outcome = plain(question), plain(answer)
        pair = (
            (cut.likelihoods[name][outcome], well.likelihoods[name][outcome])
            if name in cut.likelihoods
            else (priors["tls.reset.sni"], 1.0 - sum(priors.values()))
        )
        assert [float(cells[0]), float(cells[1])] == pytest.approx(pair, rel=0.01)
        decibans = 10.0 * math.log10(pair[0] / pair[1])
        assert shown == pytest.approx(decibans, abs=0.06)
        total += decibans


# --- tables of the code ---------------------------------------------------------------------------------------


def test_the_nettests_are_those_that_are_published() -> None:
    page = DOCS / "nettests.md"
    judged = {plain(name): words for name, words in table(page, "nettest", "what is judged")}
    unjudged = {plain(name): words for name, words in table(page, "nettest", "why not")}
    assert judged == {item.name: item.judged for item in NETTESTS.values() if not item.unjudged}
    assert unjudged == {item.name: item.unjudged for item in NETTESTS.values() if item.unjudged}


def test_the_map_names_every_module_and_no_other() -> None:
    named = {plain(row[0]) for row in table(DOCS / "map.md", "module", "what it holds") if row[0].endswith(".py`")}
    modules = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if path.name != "__init__.py"}
    assert named == modules


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = set()
    for link in re.findall(r"\]\(([^)]+)\)", text_of(page)):
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        if "://" in link or (target.exists() and not anchor):
            continue
        headings = re.findall(r"^#+ (.+)$", text_of(target), re.MULTILINE) if target.is_file() else []
        anchors = {re.sub(r"[^\w\- ]", "", item.lower()).replace(" ", "-") for item in headings}
        if anchor not in anchors:
            broken.add(link)
    assert broken == set()


# --- commands and examples ------------------------------------------------------------------------------------


def test_every_make_target_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    pages = [*PAGES, ROOT / "CONTRIBUTING.md"]
    named = {name for page in pages for name in re.findall(r"(?:`|\$ )(?:[A-Z_]+=\w+ )?make ([a-z-]+)", text_of(page))}
    assert {"up", "test"} <= named <= targets


@pytest.mark.parametrize("page", ["README.md", "docs/guides/python-api.md", "docs/guides/reference-data.md"])
def test_the_python_examples_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One page's examples run in order, as a reader would run them, in a folder that holds ``measurements``."""
    from raabta.pipeline import example_document

    (tmp_path / "measurements").mkdir()
    (tmp_path / "measurements" / "one.json").write_bytes(example_document())
    monkeypatch.chdir(tmp_path)
    examples = fenced(text_of(ROOT / page), "python")
    assert examples
    names = {"__name__": "page"}
    for example in examples:
        exec(compile(example, page, "exec"), names)


def test_the_readme_shows_what_the_command_prints() -> None:
    printed = subprocess.run(
        [sys.executable, "-c", "from raabta.cli import main; main()", "diagnose", "--example", "--explain"],
        check=True,
        capture_output=True,
        text=True,
        env={"COLUMNS": "80", "PYTHONPATH": str(PACKAGE.parent), "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"},
    ).stdout
    lines = {line.rstrip() for line in printed.replace("\N{NO-BREAK SPACE}", " ").splitlines()}
    shown = {line.rstrip() for line in fenced(text_of(ROOT / "README.md"), "text")[0].splitlines()}
    assert shown - lines == set()
