"""The table of rules: every rule that code names is there, every rule there is used, and people's page is the table."""

import re

from raabta.remedy.lint import load_rules
from raabta.remedy.rules import Subject, misplaced_reviews, shown
from tests.docs.lint_rules import PAGE, ROOT, page_with_rows

SOURCES = [
    *(ROOT / "src/raabta/remedy/linting").glob("*.py"),
    *(ROOT / "src/raabta/remedy" / name for name in ("lint.py", "closure.py", "entries.py")),
]
FAMILIES = {name.partition(".")[0] for name in load_rules()}
NAMED = {
    match
    for path in SOURCES
    for match in re.findall(r'"([a-z]+\.[a-z0-9_]+)"', path.read_text(encoding="utf-8"))
    if match.partition(".")[0] in FAMILIES
}


def test_code_and_table_name_the_same_rules() -> None:
    assert set(load_rules()) == NAMED


def test_every_rule_says_what_is_wrong_and_what_to_try() -> None:
    for name, rule in load_rules().items():
        assert re.fullmatch(r"[a-z]+\.[a-z_]+", name)
        assert rule.words
        assert rule.advice
        assert set(re.findall(r"\{(\w+)\}", rule.words + rule.advice)) <= {"value", "detail"}


def test_only_a_hard_rule_can_be_reviewed() -> None:
    assert [name for name, rule in load_rules().items() if rule.review and not rule.hard] == []


def test_no_review_reaches_what_spares_everybody_a_content_network_or_what_nobody_has() -> None:
    never = {"prefix.far_too_wide", "shared.cdn_wide", "address.special", "address.cgnat", "prefix.missing"}
    assert misplaced_reviews(never) == sorted(never)


def test_the_page_for_people_is_the_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == page_with_rows(page), "run: python -m tests.docs.lint_rules"


def test_a_finding_shows_no_control_characters() -> None:
    finding = Subject(id="x-1").finding("prefix.malformed", "source", value="a\x1b[31m\u202eb\n" + "c" * 200)
    assert "\x1b" not in finding.words
    assert "\n" not in finding.words
    assert "\u202e" not in finding.words
    assert len(shown("d" * 500)) == 80
