from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from raabta.cli.probe_targets import choose_targets
from raabta.reference.targets import load_targets

Run = Callable[..., Result]
GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "probe-command.md"
OPTIONS = (
    "--list",
    "--show-targets",
    "--control",
    "--control-pin",
    "--format",
    "--output",
    "--only",
    "--max-time",
    "--max-bytes",
    "--max-packets",
    "--country",
    "--asn",
    "--yes",
    "--consent",
)


def test_help_and_the_guide_name_every_option(run: Run) -> None:
    words = " ".join(run("probe", "--help").stdout.split())
    guide = GUIDE.read_text(encoding="utf-8")
    assert [option for option in OPTIONS if option not in words] == []
    assert [option for option in OPTIONS if f"`{option}" not in guide] == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--only", "dns,ftp"], "there is no layer 'ftp'"),
        (["--only", ""], "Try some of: dns,tcp,tls,http,quic"),
        (["--country", "Pakistan"], "give two letters"),
        (["--control", "http://x.example"], "https://control.example/"),
        (["--control-pin", "abc"], "Name the control too"),
        (["--max-time", "0"], "must be above 0"),
        (["--max-bytes", "-1"], "must be above 0"),
        (["--output", "nowhere/x.jsonl"], "mkdir -p nowhere"),
        (["githob"], "no service of the list"),
        (["ftp://x.example/"], "a URL begins with one of"),
        (["--list", "nowhere.toml"], "cannot be read"),
    ],
)
def test_wrong_usage_is_2_and_says_what_to_try(run: Run, arguments: list[str], says: str, tmp_path: Path) -> None:
    result = run("probe", *arguments, env={"XDG_CONFIG_HOME": str(tmp_path)})
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr


def test_no_target_means_the_first_end_point_of_every_service_of_the_list() -> None:
    chosen = choose_targets([], None)
    assert [one.url for one in chosen] == [target.endpoints[0].url for target in load_targets().targets]


def test_a_service_means_all_its_end_points_and_a_dot_names_one() -> None:
    github = next(target for target in load_targets().targets if target.name == "github")
    assert [one.url for one in choose_targets(["github"], None)] == [point.url for point in github.endpoints]
    assert [one.name for one in choose_targets(["github.ssh"], None)] == ["github.ssh"]


def test_a_host_and_a_url_are_taken_as_they_are_and_no_end_point_twice() -> None:
    chosen = choose_targets(["gazette.example", "https://gazette.example/", "http://gazette.example/a"], None)
    assert [one.url for one in chosen] == ["https://gazette.example/", "http://gazette.example/a"]


def test_a_list_of_ones_own_replaces_the_packages(tmp_path: Path) -> None:
    own = tmp_path / "own.txt"
    own.write_text("gazette.example\ntcp://gazette.example:22\n")
    assert [one.url for one in choose_targets([], str(own))] == ["https://gazette.example/", "tcp://gazette.example:22"]


def test_a_wrong_row_of_a_list_is_told_with_its_line_and_nothing_is_probed(run: Run, tmp_path: Path) -> None:
    own = tmp_path / "own.txt"
    own.write_text("gazette.example\nftp://gazette.example/\n")
    result = run("probe", "--list", own, env={"XDG_CONFIG_HOME": str(tmp_path)})
    assert result.exit_code == 2
    assert f"{own}:2" in result.stderr
