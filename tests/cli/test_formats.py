import csv
import importlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from raabta.model import STATES_OF_THE_WORLD, Verdict

Run = Callable[..., Result]


def rows_of(jsonl: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in jsonl.splitlines()]


def test_the_example_is_blocked_by_a_reset_of_the_handshake(run: Run) -> None:
    result = run("diagnose", "--example")
    [row] = rows_of(result.stdout)
    assert (result.exit_code, result.stderr) == (0, "")
    assert (row["state"], row["mechanisms"], row["locus"]) == ("blocked", ["tls.reset.sni"], "access")


def test_the_example_s_twin_without_interference_is_ok(run: Run, document: Callable[..., bytes]) -> None:
    [row] = rows_of(run("diagnose", "-", given=document(works=True)).stdout)
    assert (row["state"], row["mechanisms"]) == ("ok", [])


def test_jsonl_is_the_default_when_nobody_looks(run: Run, several: Path) -> None:
    plain = run("diagnose", several)
    assert plain.exit_code == 0
    assert plain.stdout == run("diagnose", several, "--format", "jsonl").stdout
    assert [row["state"] for row in rows_of(plain.stdout)] == ["blocked", "blocked", "ok", "insufficient"]
    assert [set(row) for row in rows_of(plain.stdout)] == [set(Verdict.__struct_fields__)] * 4


def test_data_go_to_standard_output_and_words_to_standard_error(run: Run, several: Path) -> None:
    assert run("diagnose", several).stderr == "Read 4 documents.\n"


def test_standard_input_is_read_for_a_dash(run: Run, several: Path) -> None:
    result = run("diagnose", "-", given=several.read_bytes())
    assert [row["source"] for row in rows_of(result.stdout)] == ["-:1", "-:2", "-:3", "-:4"]


def test_two_jobs_give_what_one_gives(run: Run, several: Path) -> None:
    assert run("diagnose", several, "--jobs", "2").stdout == run("diagnose", several).stdout


def test_csv_has_the_values_of_jsonl_in_flat_columns(run: Run, several: Path) -> None:
    rows = rows_of(run("diagnose", several).stdout)
    table = list(csv.DictReader(io.StringIO(run("diagnose", several, "--format", "csv").stdout)))
    assert [row["mechanisms"] for row in table] == [";".join(row["mechanisms"]) for row in rows]
    assert [json.loads(row["evidence"]) for row in table] == [row["evidence"] for row in rows]
    assert [{state: float(row[f"posterior_{state}"]) for state in STATES_OF_THE_WORLD} for row in table] == [
        row["posterior"] for row in rows
    ]


def test_csv_keeps_values_that_look_like_formulas_or_hold_separators(run: Run, document: Callable[..., bytes]) -> None:
    strange = '=1+1,"two"\nlines'
    out = run("diagnose", "-", "--format", "csv", given=document(input=strange)).stdout
    assert [row["input"] for row in csv.DictReader(io.StringIO(out))] == [strange]


def test_parquet_equals_jsonl(run: Run, several: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed: pip install 'raabta[analysis]'")
    output = tmp_path / "verdicts.parquet"
    assert run("diagnose", several, "--output", output).exit_code == 0
    found = [row | {"facts": json.loads(row["facts"])} for row in parquet.read_table(output).to_pylist()]
    assert found == rows_of(run("diagnose", several).stdout)


def test_parquet_without_pyarrow_says_what_to_install(
    run: Run, several: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = importlib.import_module("raabta.cli.diagnose")  # the attribute of that name is the command itself
    monkeypatch.setattr(command, "find_spec", lambda _name: None)
    result = run("diagnose", several, "--output", tmp_path / "verdicts.parquet")
    assert (result.exit_code, "pip install 'raabta[analysis]'" in result.stderr) == (2, True)


@pytest.mark.parametrize(("name", "begins"), [("v.csv", "source,"), ("v.jsonl", '{"source"'), ("v.out", '{"source"')])
def test_the_output_s_name_chooses_the_format(run: Run, several: Path, tmp_path: Path, name: str, begins: str) -> None:
    run("diagnose", several, "--output", tmp_path / name)
    assert (tmp_path / name).read_text(encoding="utf-8")[: len(begins)] == begins
