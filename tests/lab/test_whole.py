"""The whole lab, from the command line: a country, its servers, its interference, the probe and the verdict."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from raabta.lab.needs import tool_environment
from raabta.wire.ooni import read_measurement
from tests.lab.conftest import LIMIT_S, ROOT, Inside

Done = subprocess.CompletedProcess[str]

COMMAND = (sys.executable, "-c", "from raabta.cli import main; main()", "lab")
BLOCKED, TWIN = "tls-reset-sni", "benign-line-clean"
"""A scenario of interference, and one in which nothing interferes."""


def raabta(*arguments: str | Path, given: str | None = None) -> Done:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=ROOT,
        env=tool_environment(),
        input=given,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def verdicts(rows: str) -> dict[tuple[str, str, str], tuple[str, list[str]]]:
    """State and mechanisms by scenario, network and target."""
    found = [json.loads(line) for line in rows.splitlines()]
    assert [row["error"] for row in found if row.get("error")] == []
    return {
        (row["scenario"], row["network"], row["target"]): (row["verdict"]["state"], row["verdict"]["mechanisms"])
        for row in found
    }


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> str:
    done = raabta("run", BLOCKED, TWIN, "--jobs", "2", "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_reset_after_a_name_is_found_and_its_twin_is_well(lab: Inside, rows: str) -> None:
    found = verdicts(rows)
    assert found[BLOCKED, "north", "news"] == ("blocked", ["tls.reset.sni"])
    assert {state for (scenario, _, _), (state, _) in found.items() if scenario == TWIN} == {"ok"}


def test_rows_come_in_the_order_of_the_scenarios(lab: Inside, rows: str) -> None:
    scenarios = [json.loads(line)["scenario"] for line in rows.splitlines()]
    assert list(dict.fromkeys(scenarios)) == [BLOCKED, TWIN]


def test_a_document_says_who_measured_and_no_address_of_the_client(lab: Inside, rows: str) -> None:
    row = json.loads(rows.splitlines()[0])
    measurement: Any = read_measurement(row["document"].encode(), file="row", line=1)
    assert (measurement.probe_cc, measurement.probe_asn) == ("PK", 64601)
    assert "198.18.10." not in row["document"]


def test_stored_rows_are_scored_without_a_lab(lab: Inside, rows: str, tmp_path: Path) -> None:
    stored = tmp_path / "rows.jsonl"
    stored.write_text(rows, "utf-8")
    done = raabta("score", stored, "--picture", tmp_path / "picture.svg")
    assert done.returncode == 0, done.stderr
    assert f"{len(rows.splitlines())} cells were measured and judged." in done.stdout
    assert (tmp_path / "picture.svg").read_text("utf-8").startswith("<svg")


def test_a_scenario_from_a_file_is_run(lab: Inside, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('title = "t"\nfamily = "f"\n[[network]]\nname = "n"\n[[target]]\nname = "site"\n', "utf-8")
    done = raabta("run", file)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1].split() == ["mine", "n", "site", "ok", "ok", "unknown"]


def test_an_ordinary_user_can_run_scenarios(as_nobody: Callable[[Sequence[str]], Done]) -> None:
    done = as_nobody([*COMMAND, "run", BLOCKED, "--format", "jsonl"])
    assert done.returncode == 0, done.stderr
    assert verdicts(done.stdout)[BLOCKED, "south", "video"] == ("blocked", ["tls.reset.sni"])


def test_a_shell_is_in_the_client_s_place_and_ends_with_its_own_code(lab: Inside) -> None:
    done = raabta("shell", TWIN, "--network", "south", given="cat /etc/resolv.conf; exit 7\n")
    assert done.returncode == 7, done.stderr
    assert "nameserver 198.19.251.53" in done.stdout
    assert "You are a client of south, at 198.18.11.2." in done.stderr
    assert "https://news.example/" in done.stderr
