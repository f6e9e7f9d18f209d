"""``raabta probe --expect exempt``: wrong usage, consent, and a whole run against servers on the loopback."""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from typer.testing import Result

from raabta.model.effect import Effect
from raabta.wire.openvpn import SESSION_BYTES, OpenVpnKeys, read_control, server_reset

Run = Callable[..., Result]


@contextlib.contextmanager
def openvpn_server(*, answers: bool = True) -> Iterator[int]:
    """A server on the loopback; gives its port."""
    keys = OpenVpnKeys()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                data, sender = sock.recvfrom(2_000)
                if data == b"stop":
                    return
                control = read_control(keys, data)
                if answers and control is not None:
                    session = os.urandom(SESSION_BYTES)
                    said = server_reset(keys, session=session, remote=control.session, at_s=int(time.time()))
                    sock.sendto(said, sender)

        thread = threading.Thread(target=serve)
        thread.start()
        port = sock.getsockname()[1]
        yield port
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stopping:
            stopping.sendto(b"stop", ("127.0.0.1", port))
        thread.join()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--twin", "openvpn://192.0.2.9"], "go with: raabta probe --expect exempt"),
        (["--outside", "x.jsonl"], "go with: raabta probe --expect exempt"),
        (["--expect", "exempt"], "no end point is named"),
        (["--expect", "exempt", "openvpn://192.0.2.9"], "--twin URL"),
        (["--expect", "exempt", "openvpn://192.0.2.9", "openvpn://192.0.2.10"], "Name one"),
        (["--expect", "exempt", "nowhere.toml"], "No such file"),
        (["--expect", "exempt", "openvpn://192.0.2.9", "--output", "nowhere/x.jsonl"], "mkdir -p nowhere"),
    ],
)
def test_wrong_usage_is_2_and_says_what_to_try(run: Run, arguments: list[str], says: str, tmp_path: Path) -> None:
    result = run("probe", *arguments, env={"XDG_CONFIG_HOME": str(tmp_path)})
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr


def test_nothing_is_sent_without_consent(run: Run, tmp_path: Path) -> None:
    arguments = ["--expect", "exempt", "openvpn://192.0.2.9", "--twin", "openvpn://192.0.2.10"]
    said = run("probe", *arguments, env={"XDG_CONFIG_HOME": str(tmp_path)})
    assert said.exit_code == 4
    assert "the same command with --yes" in said.stderr
    assert "raabta probe --yes" not in said.stderr, "that would measure something else"


def test_where_both_pass_the_answer_is_undecidable_in_words_and_is_kept_without_addresses(
    run: Run, tmp_path: Path
) -> None:
    kept = tmp_path / "results.jsonl"
    with openvpn_server() as mine, openvpn_server() as twin:
        command = [
            "probe",
            "--expect",
            "exempt",
            f"openvpn://127.0.0.1:{mine}",
            "--twin",
            f"openvpn://127.0.0.1:{twin}",
        ]
        options = ["--asn", "64601", "--output", str(kept), "--yes"]
        said = run(*command, *options, "--format", "table", env={"XDG_CONFIG_HOME": str(tmp_path)})
        again = run(*command, *options, env={"XDG_CONFIG_HOME": str(tmp_path)})
    assert (said.exit_code, again.exit_code) == (6, 6)
    assert said.stdout.startswith("undecidable: cannot be told now")
    assert "reason: undecidable.nothing_restricted" in said.stdout
    assert "%" not in said.stdout.splitlines()[0]
    assert max(map(len, said.stdout.splitlines())) <= 80
    assert "2 undecidable" in again.stderr
    lines = kept.read_bytes().splitlines()
    effects = [msgspec.json.decode(line, type=Effect) for line in lines]
    assert [(effect.asn, effect.answer) for effect in effects] == [(64601, "undecidable")] * 2
    assert b"127.0.0.1" not in kept.read_bytes()
    assert msgspec.json.decode(again.stdout, type=Effect) == effects[1]


def test_a_result_from_elsewhere_shows_that_the_twin_is_up(run: Run, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.jsonl"
    environment = {"XDG_CONFIG_HOME": str(tmp_path)}
    with openvpn_server() as mine, openvpn_server() as twin:
        command = [
            "probe",
            "--expect",
            "exempt",
            f"openvpn://127.0.0.1:{mine}",
            "--twin",
            f"openvpn://127.0.0.1:{twin}",
        ]
        elsewhere.write_text(run(*command, "--yes", "--format", "jsonl", env=environment).stdout)
    wrong = run(*command, "--outside", str(tmp_path / "nowhere"), env=environment)
    assert (wrong.exit_code, "Check the name" in wrong.stderr) == (2, True)
    results = str(tmp_path / "results.jsonl")
    down = run(*command, "--outside", str(elsewhere), "--output", results, "--format", "table", env=environment)
    # Both have gone since, but who was told that they are up must take the kernel's refusal for a forged one.
    assert (down.exit_code, "not_effective.rejected" in down.stdout) == (1, True)
    assert "AS0" not in down.output
    assert "network not named" in down.stderr
    without = run(*command, "--format", "table", env=environment)
    assert (without.exit_code, "undecidable.endpoint_down" in without.stdout) == (6, True)
