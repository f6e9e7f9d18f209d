"""``raabta list lint``: findings on standard output, a summary in words, an exit code."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from raabta.cli.lists import app
from raabta.model.exemption import ExemptionEntry, ExemptionList
from raabta.remedy.canonical import canonical
from tests.cases import linting
from tests.cases.kashmir import TEXT
from tests.cases.linting import DAY, OWN_TABLES

NOW = dt.datetime.now(dt.UTC)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Run":
    monkeypatch.chdir(tmp_path)
    Path("own.toml").write_bytes(OWN_TABLES)
    return Run()


def entry(**changed: Any) -> ExemptionEntry:
    """A good entry that is in force today."""
    return linting.entry(**({"not_before": NOW - DAY, "not_after": NOW + 90 * DAY} | changed))


def listed(*entries: ExemptionEntry) -> ExemptionList:
    """A list of today."""
    return linting.listed(*entries, made_at=NOW, expires_at=NOW + 30 * DAY)


class Run:
    """Runs the command in the test's folder."""

    def __call__(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, ["lint", *arguments], env={"COLUMNS": "80"})

    def on(self, given: ExemptionList, *arguments: str) -> Result:
        Path("list.json").write_bytes(canonical(given))
        return self("list.json", "--tables", "own.toml", *arguments)


def test_a_good_list_has_no_findings(run: Run) -> None:
    result = run.on(listed(entry()))
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "1 entries, 0 grants, 0 restrictions: 0 hard findings, 0 soft.\n"


def test_a_list_that_would_spare_everybody_is_refused(run: Run) -> None:
    result = run.on(listed(entry(source="0.0.0.0/0")), "--format", "jsonl")
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert ("prefix.far_too_wide", True) in [(one["rule"], one["hard"]) for one in found]


def test_people_read_a_finding_within_80_columns(run: Run) -> None:
    result = run.on(listed(entry(destination="198.19.10.9/32")), "--format", "table")
    assert result.exit_code == 1
    assert "refused  x-aaaaaaaaaaaaaaaa  destination  [shared.cdn]" in result.stdout
    assert all(len(line) <= 80 for line in result.stdout.splitlines())


def test_what_is_only_told_is_no_failure(run: Run) -> None:
    result = run.on(listed(entry(port=0)), "--format", "table")
    assert (result.exit_code, result.stdout.split()[0]) == (0, "told")


def test_a_list_for_somebody_else_is_found_when_it_is_said_whom_it_should_be_for(run: Run) -> None:
    assert run.on(listed(entry()), "--recipient", "north", "--asn", "64500").exit_code == 0
    assert "list.wrong_recipient" in run.on(listed(entry()), "--recipient", "south").stdout
    assert "origin.not_recipient" in run.on(listed(entry()), "--asn", "64501").stdout


def test_names_are_judged_by_their_form_without_measuring(run: Run) -> None:
    Path("names.txt").write_text(TEXT, encoding="utf-8")
    result = run("--names", "names.txt")
    assert result.exit_code == 1
    assert "274 of 301 names are usable by their form; --measure tells whether they work" in result.stderr


def test_what_was_measured_before_is_read(run: Run) -> None:
    Path("names.txt").write_text("a.example\n", encoding="utf-8")
    fact = '{"name":"a.example","asked_page":true,"status":200,"redirects":["b.example"]}'
    Path("closure.json").write_text(f'{{"measured_at":"2026-11-23T12:00:00Z","facts":[{fact}]}}', encoding="utf-8")
    findings = run("--names", "names.txt", "--closure", "closure.json", "--format", "jsonl")
    missing = run("--names", "names.txt", "--closure", "closure.json", "--missing")
    assert "name.redirect_missing" in findings.stdout
    assert missing.stdout == "b.example\n"
    assert "0 of 1 names are usable as listed." in missing.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "give a list, or --names FILE"),
        (("list.json", "--names", "names.txt"), "give a list, or --names FILE"),
        (("list.json", "--measure"), "go with --names FILE"),
        (("--names", "names.txt", "--missing"), "nothing is measured"),
        (("--names", "names.txt", "--asn", "1"), "go with a list"),
        (("--names", "names.txt", "--measure", "--resolver", "dns.example"), "this is no address"),
        (("broken.json",), "broken.json: this is no ExemptionList"),
        (("--names", "names.txt", "--closure", "broken.json"), "this holds no measured names"),
    ],
)
def test_wrong_usage_says_what_to_try(run: Run, arguments: tuple[str, ...], words: str) -> None:
    Path("names.txt").write_text("a.example\n", encoding="utf-8")
    Path("broken.json").write_text("{", encoding="utf-8")
    Path("list.json").write_bytes(canonical(listed(entry())))
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr


def test_a_file_that_is_not_there_is_told(run: Run) -> None:
    result = run("nowhere.json")
    assert result.exit_code == 1
    assert "nowhere.json" in result.stderr


def test_a_persons_number_in_a_list_is_not_repeated(run: Run) -> None:
    result = run.on(listed(entry(organisation_ref="35202-1234567-1")), "--format", "table")
    assert result.exit_code == 1
    assert "1234567" not in result.output
