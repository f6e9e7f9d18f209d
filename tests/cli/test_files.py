import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from raabta.cli.output import open_output

Run = Callable[..., Result]


def test_a_document_that_cannot_be_read_is_3_and_the_others_are_still_diagnosed(
    run: Run, document: Callable[..., bytes]
) -> None:
    result = run("diagnose", "-", given=document() + b'{"half": \n' + document())
    assert (result.exit_code, len(result.stdout.splitlines())) == (3, 2)
    assert "Read 2 documents, rejected 1.\n" in result.stderr
    assert "-:2" in result.stderr
    assert "use --rejects FILE" in result.stderr


def test_all_rejects_are_kept_where_a_file_is_given(run: Run, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.jsonl"
    result = run("diagnose", "-", "--rejects", rejects, given=b"{}\n" * 9)
    kept = [json.loads(line) for line in rejects.read_text(encoding="utf-8").splitlines()]
    assert (result.exit_code, result.stderr) == (3, f"Read 0 documents, rejected 9 (see {rejects}).\n")
    assert [row["line"] for row in kept] == list(range(1, 10))
    assert {tuple(row) for row in kept} == {("file", "line", "field", "reason")}


def test_only_the_first_rejects_are_shown(run: Run) -> None:
    lines = run("diagnose", "-", given=b"{}\n" * 9).stderr.splitlines()
    assert [line.split()[0] for line in lines] == ["Read", "-:1", "-:2", "-:3", "-:4", "-:5", "…"]
    assert "4 more" in lines[-1]


def test_a_missing_path_beside_others_is_a_reject(run: Run, several: Path) -> None:
    result = run("diagnose", "nowhere.json", several)
    assert (result.exit_code, len(result.stdout.splitlines())) == (3, 4)
    assert "nowhere.json" in result.stderr


def test_lost_fields_are_counted(run: Run, document: Callable[..., bytes]) -> None:
    result = run("diagnose", "-", given=document(probe_cc=7) + document())
    assert result.exit_code == 0
    assert "In 1 document some fields could not be read" in result.stderr


def write_half(place: Path) -> None:
    with open_output(str(place)) as stream:
        stream.write(b"half")
        raise KeyboardInterrupt


def test_output_is_whole_or_as_it_was(tmp_path: Path) -> None:
    place = tmp_path / "verdicts.jsonl"
    place.write_bytes(b"before")
    with pytest.raises(KeyboardInterrupt):
        write_half(place)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"verdicts.jsonl": b"before"}
    with open_output(str(place)) as stream:
        stream.write(b"after")
        assert place.read_bytes() == b"before"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"verdicts.jsonl": b"after"}


def test_a_device_is_written_and_not_replaced() -> None:
    with open_output(os.devnull) as stream:
        stream.write(b"gone")
    assert not Path(os.devnull).is_file()


def test_a_full_disk_is_1_and_a_line(run: Run, several: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full to stand for a full disk")
    result = run("diagnose", several, "--format", "jsonl", "--output", "/dev/full")
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)


def test_a_reader_that_goes_away_is_met_without_a_traceback(several: Path) -> None:
    code = "from raabta.cli import main; main()"
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-c", code, "diagnose", str(several)]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (1, b"")


def test_ctrl_c_is_130_and_a_line(several: Path) -> None:
    code = "\n".join(
        (
            "import raabta.cli.run as run",
            "def stop(*_, **__): raise KeyboardInterrupt",
            "run.diagnose_bulk = stop",
            "from raabta.cli import main",
            "main()",
        )
    )
    done = subprocess.run([sys.executable, "-c", code, "diagnose", str(several)], capture_output=True, check=False)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (130, b"", 1)
