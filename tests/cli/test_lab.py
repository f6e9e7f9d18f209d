"""``raabta lab`` as far as it goes without namespaces: what it lists, refuses and says."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from raabta.lab.scenario.load import load_packaged

Run = Callable[..., Result]

BAD = """
title = "a"
family = "f"

[[network]]
name = "n"

[[target]]
name = "t"
colour = "red"
"""


def test_help_names_every_command(run: Run) -> None:
    result = run("lab", "--help")
    assert result.exit_code == 0
    assert [word for word in ("list", "run", "score", "shell") if f"\n  {word} " not in result.stdout] == []


def test_every_packaged_scenario_is_listed(run: Run) -> None:
    result = run("lab", "list", env={"COLUMNS": "200"})
    assert [name for name in load_packaged() if f"\n{name} " not in result.stdout] == []


def test_scenarios_are_listed_with_all_their_fields_for_programs(run: Run) -> None:
    rows = [json.loads(line) for line in run("lab", "list", "--format", "jsonl").stdout.splitlines()]
    assert [row["name"] for row in rows] == list(load_packaged())
    assert rows[0]["network"]


def test_an_unknown_scenario_is_refused_with_what_to_try(run: Run) -> None:
    result = run("lab", "run", "nosuch")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "nosuch: there is no such scenario. See them with: raabta lab list" in result.stderr


def test_a_wrong_file_is_refused_with_line_and_field(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(BAD, "utf-8")
    result = run("lab", "run", file)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{file}:10: target[0].colour" in result.stderr


def test_a_file_that_does_not_exist_is_refused(run: Run, tmp_path: Path) -> None:
    result = run("lab", "shell", tmp_path / "mine.toml")
    assert result.exit_code == 2
    assert "cannot be read" in result.stderr


def test_a_network_that_a_scenario_lacks_is_refused_with_those_it_has(run: Run) -> None:
    name, scenario = next(iter(load_packaged().items()))
    result = run("lab", "shell", name, "--network", "nosuch")
    assert result.exit_code == 2
    assert scenario.network[0].name in result.stderr


def test_a_machine_without_the_tools_says_what_to_install(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("raabta.lab.needs.SYSTEM_PATHS", ())
    result = run("lab", "run", next(iter(load_packaged())), env={"PATH": "/nowhere"})
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no lab can run here: unshare and setpriv and ip not found" in result.stderr
    assert "apt-get install util-linux iproute2" in result.stderr
