"""The whole lab, from the command line: a country, its servers, its interference, the probe and the verdict."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from raabta.lab.needs import tool_environment
from raabta.wire.ooni import read_measurement
from tests.lab.conftest import LIMIT_S, ROOT, Inside
from tests.lab.test_run import held, tree, until, wait_end

Done = subprocess.CompletedProcess[str]

COMMAND = (sys.executable, "-c", "from raabta.cli import main; main()", "lab")
BLOCKED, TWIN = "tls-reset-sni", "benign-line-clean"
"""A scenario of interference, and one in which nothing interferes."""
N_PROCESSES = 7
"""At least: unshare, the worker, the servers' process, the control's, the middlebox's and two clients."""


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


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env=tool_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_runs_side_by_side_do_not_disturb_each_other(lab: Inside) -> None:
    running = [start("run", BLOCKED, "--format", "jsonl") for _ in range(2)]
    ended = [process.communicate(timeout=LIMIT_S) for process in running]
    assert [process.returncode for process in running] == [0, 0], ended
    for rows, _ in ended:
        assert verdicts(rows)[BLOCKED, "north", "news"] == ("blocked", ["tls.reset.sni"])


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_nothing_of_a_country_outlives_the_command(lab: Inside, number: int, code: int) -> None:
    running = start("run", "http-timeout-any")
    until(lambda: len(tree(running.pid)) >= N_PROCESSES)
    inside = held(running.pid)
    running.send_signal(number)
    _, said = running.communicate(timeout=LIMIT_S)
    for pid, handle in inside.items():
        try:
            wait_end(handle, pid)
        finally:
            os.close(handle)
    assert running.returncode == code
    assert said == ("Stopped. No output file was changed.\n" if number == signal.SIGINT else "")
