"""``raabta lab exempt``: what it lists and refuses (tests/lab/exemption runs the arrangements)."""

from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

Run = Callable[..., Result]


def test_arrangements_are_listed_with_what_is_true_of_them(run: Run) -> None:
    result = run("lab", "exempt", "wg-drop-", "--list")
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert len(lines) > 10
    assert all(line.startswith("wg-drop-") for line in lines)
    assert "wg-drop-expired                    not_effective: dropped" in lines


def test_a_name_that_no_arrangement_has_is_refused(run: Run) -> None:
    result = run("lab", "exempt", "wg-drip")
    assert (result.exit_code, "raabta lab exempt --list" in result.stderr) == (2, True)


def test_arrangements_of_ones_own_are_read_from_a_file(run: Run, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[[arrangement]]\nname = "mine"\ntruth = "effective:reset"\n', encoding="utf-8")
    result = run("lab", "exempt", str(own), "--list")
    assert (result.exit_code, result.stdout.split()) == (0, ["mine", "effective:", "reset"])


def test_a_file_that_is_wrong_is_refused_with_its_name_and_field(run: Run, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        '[[arrangement]]\nname = "mine"\ntruth = "effective:reset"\nsituation = { action = "frown" }\n',
        encoding="utf-8",
    )
    for path, words in ((own, "frown"), (tmp_path / "none.toml", "none.toml")):
        result = run("lab", "exempt", str(path))
        assert result.exit_code == 2
        assert words in result.stderr
        assert "does-it-work.md" in result.stderr
