import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from raabta import __version__
from raabta.diagnose import PRIORS

Run = Callable[..., Result]

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "diagnose-command.md"
OPTIONS = ("--format", "--output", "--rejects", "--jobs", "--context", "--explain", "--prior", "--example")


def test_raabta_alone_says_where_to_start_and_succeeds(run: Run) -> None:
    result = run()
    assert result.exit_code == 0
    assert [word in result.stdout for word in ("raabta diagnose --example", "--help", "docs/")] == [True] * 3
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_version_is_said(run: Run) -> None:
    assert run("--version").stdout == f"raabta {__version__}\n"


def test_help_names_every_option_and_every_prior(run: Run) -> None:
    result = run("diagnose", "--help")
    words = " ".join(result.stdout.split())
    assert result.exit_code == 0
    assert [option for option in OPTIONS if option not in words] == []
    assert [name for name in PRIORS if name not in words] == []


def test_the_guide_names_every_option_and_every_prior() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    assert [name for name in (*OPTIONS, *PRIORS) if f"`{name}" not in guide] == []


@pytest.mark.parametrize("module", ["raabta.pipeline", "rich", "pyarrow", "cryptography"])
def test_help_waits_for_nothing_heavy(module: str) -> None:
    code = f"import sys, raabta.cli; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param([], "no PATH is given", id="no-path"),
        pytest.param(["nowhere.json"], "no such file or folder: nowhere.json", id="no-path-exists"),
        pytest.param(["--example", "x.json"], "Leave out either", id="example-and-path"),
        pytest.param(["--example", "--jobs", "0"], "Try --jobs 1", id="no-jobs"),
        pytest.param(["--example", "--prior", "gut"], "field, watchlist, lab", id="unknown-prior"),
        pytest.param(
            ["--example", "--format", "parquet"], "--output verdicts.parquet", id="parquet-to-standard-output"
        ),
        pytest.param(["--example", "--explain", "--format", "csv"], "Leave out --format csv", id="explain-as-csv"),
        pytest.param(["--example", "--context", "nowhere"], "--context nowhere", id="no-context"),
        pytest.param(["--example", "--output", "nowhere/x.csv"], "mkdir -p nowhere", id="no-folder-for-output"),
        pytest.param(["--example", "--rejects", "nowhere/x.csv"], "mkdir -p nowhere", id="no-folder-for-rejects"),
        pytest.param(["--example", "--output", "x", "--rejects", "x"], "different names", id="one-file-for-two"),
        pytest.param(["--example", "--format", "xml"], "parquet", id="unknown-format"),
    ],
)
def test_wrong_usage_is_2_and_says_what_to_try(run: Run, arguments: list[str], says: str) -> None:
    result = run("diagnose", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr
    assert "Traceback" not in result.stderr
