"""``raabta lab exempt``: what it lists and refuses (tests/lab/exemption runs the arrangements)."""

from collections.abc import Callable

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
