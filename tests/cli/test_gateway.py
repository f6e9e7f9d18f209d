"""``raabta gateway`` where there is no kernel to change: its options, what it writes, and what it says of mistakes."""

import base64
import hashlib
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from raabta.cli.gateway import app
from raabta.cli.gateway.looking import WORDS, _lines
from raabta.gateway.agent import Agent
from raabta.gateway.running import start, step
from raabta.gateway.settings import load_settings
from raabta.gateway.status import Status

COMMANDS = ("init", "pull", "plan", "apply", "verify", "rollback", "status", "run")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_what_its_exit_codes_mean(command: str) -> None:
    said = CliRunner().invoke(app, [command, "--help"])
    assert said.exit_code == 0
    assert "Exit code:" in said.stdout


@pytest.mark.parametrize("command", COMMANDS[1:])
def test_without_settings_a_command_says_how_to_make_them(command: str, tmp_path: Path) -> None:
    said = CliRunner().invoke(app, [command, "--config", str(tmp_path / "none.toml")])
    assert (said.exit_code, said.stdout) == (2, "")
    assert "raabta gateway init --help" in said.stderr


def _init(folder: Path, *more: str) -> list[str]:
    (folder / "anchor.json").write_text("{}", "utf-8")
    return [
        "init", str(folder / "gw"), "--url", "https://lists.example/north/", "--recipient", "north",
        "--root", str(folder / "anchor.json"), "--asn", "64500", *more,
    ]  # fmt: skip


def test_init_writes_settings_that_can_be_read_and_tells_the_key(tmp_path: Path) -> None:
    said = CliRunner().invoke(app, _init(tmp_path, "--mark", "0x1000"))
    assert said.exit_code == 0, said.stderr
    assert len(base64.b64decode(said.stdout.strip(), validate=True)) == 32
    assert "meta mark & 0x00001000 != 0 accept" in said.stderr
    assert "-m mark --mark 0x00001000/0x00001000 -j ACCEPT" in said.stderr
    assert "BIT" not in said.stderr
    assert f"    {hashlib.sha256(b'{}').hexdigest()}\n" in said.stderr
    assert max(len(line) for line in said.stderr.splitlines() if not line.startswith("Written: ")) <= 80
    found = load_settings(tmp_path / "gw/gateway.toml")
    assert (found.recipient.asns, found.policy.mark) == ((64500,), 0x1000)
    assert (tmp_path / "gw/root.json").read_text("utf-8") == "{}"


def test_init_writes_over_nothing(tmp_path: Path) -> None:
    CliRunner().invoke(app, _init(tmp_path))
    before = (tmp_path / "gw/gateway.toml").read_bytes()
    said = CliRunner().invoke(app, _init(tmp_path, "--mark", "0x1000"))
    assert (said.exit_code, (tmp_path / "gw/gateway.toml").read_bytes()) == (2, before)
    assert "is there already" in said.stderr


@pytest.mark.parametrize(
    ("more", "words"), [(("--mark", "7"), "no single bit"), (("--mark", "seven"), "this is no number")]
)
def test_init_refuses_a_mark_that_is_no_bit_and_leaves_no_settings(
    tmp_path: Path, more: tuple[str, ...], words: str
) -> None:
    said = CliRunner().invoke(app, _init(tmp_path, *more))
    assert said.exit_code == 2
    assert words in said.stderr
    assert not (tmp_path / "gw/gateway.toml").exists()


def test_before_a_pull_there_is_nothing_to_apply(tmp_path: Path) -> None:
    CliRunner().invoke(app, _init(tmp_path))
    said = CliRunner().invoke(app, ["apply", "--config", str(tmp_path / "gw/gateway.toml")])
    assert said.exit_code == 2
    assert "raabta gateway pull" in said.stderr


def test_a_source_that_is_not_there_is_told_as_such(tmp_path: Path) -> None:
    init = _init(tmp_path)
    init[init.index("https://lists.example/north/")] = (tmp_path / "nowhere").as_uri()
    CliRunner().invoke(app, init)
    said = CliRunner().invoke(app, ["pull", "--config", str(tmp_path / "gw/gateway.toml")])
    assert (said.exit_code in (1, 3), said.stdout) == (True, "")


def test_what_a_person_went_back_from_is_told_as_undone_by_them() -> None:
    nothing = Status(
        state="nothing",
        recipient="north",
        serial=None,
        leases_version=None,
        pulled_serial=None,
        n_entries=0,
        n_leases=0,
        expires_at=None,
        closes_at=None,
        applied_at=None,
        pulled_at=None,
        held_above=0,
        counters={},
        trouble="",
    )
    assert _lines(nothing, "k")[0] == f"state     nothing: {WORDS['nothing']}"
    undone = _lines(msgspec.structs.replace(nothing, held_above=3), "k")
    assert undone[0].startswith("state     nothing: what was loaded was undone by you")
    assert "undone    by you: lists up to 3 are not loaded by themselves" in undone


def test_trouble_is_told_in_whole_sentences(tmp_path: Path) -> None:
    init = _init(tmp_path)
    init[init.index("https://lists.example/north/")] = (tmp_path / "nowhere").as_uri()
    CliRunner().invoke(app, init)
    agent = Agent(load_settings(tmp_path / "gw/gateway.toml"), now=lambda: datetime(2026, 11, 22, tzinfo=UTC))
    turn = step(agent, start(agent))
    assert turn.told
    assert all(words.endswith(".") for words in turn.told)
    assert agent.store.notes().trouble.endswith(".")
