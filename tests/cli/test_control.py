import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from raabta.reference.guard import ALWAYS_REFUSED, DEFAULT_PORTS
from raabta.reference.special import SPECIAL_ROWS

Run = Callable[..., Result]

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "control.md"
OPTIONS = (
    "--listen",
    "--certificate",
    "--key",
    "--state",
    "--contact",
    "--token-file",
    "--resolver",
    "--refuse",
)


def test_help_and_guide_name_every_option(run: Run) -> None:
    words, guide = run("control", "--help").stdout, GUIDE.read_text(encoding="utf-8")
    assert [option for option in OPTIONS if option not in words or f"`{option}" not in guide] == []


def test_the_guide_lists_the_ports_and_every_reason_of_the_guard() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    assert f"a list: {' '.join(map(str, sorted(DEFAULT_PORTS)))}." in guide
    kinds = {kind for _, kind, _ in SPECIAL_ROWS if kind} | {reason for _, reason in ALWAYS_REFUSED}
    assert {kind for kind in kinds if f"`{kind}`" not in guide} == set()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["--listen", "443"], "--listen 0.0.0.0:8443", id="no-address"),
        pytest.param(["--listen", "localhost:443"], "--listen 0.0.0.0:8443", id="a-name"),
        pytest.param(["--listen", "0.0.0.0:70000"], "--listen 0.0.0.0:8443", id="no-port"),
        pytest.param(["--certificate", "x.pem"], "belong together", id="half-a-certificate"),
        pytest.param(["--certificate", "x.pem", "--key", "y.pem"], "x.pem", id="no-such-certificate"),
        pytest.param(["--token-file", "nowhere"], "one token a line", id="no-tokens"),
        pytest.param(["--resolver", "dns.example"], "udp://9.9.9.9", id="no-resolver"),
        pytest.param(["--resolver", "tls://dns.example"], "udp://9.9.9.9", id="a-resolver-by-name"),
        pytest.param(["--refuse", "10.0.0.0/99"], "10.0.0.0/99", id="no-prefix"),
    ],
)
def test_wrong_usage_is_2_and_says_what_to_try(run: Run, tmp_path: Path, arguments: list[str], says: str) -> None:
    result = run("control", "--state", tmp_path / "state", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_a_short_token_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("0123456789abcdef\nshort\n")
    result = run("control", "--state", tmp_path / "state", "--token-file", tmp_path / "tokens")
    assert (result.exit_code, "openssl rand -hex 16" in result.stderr) == (2, True)


def test_it_tells_where_it_is_and_its_pin_and_stops_when_told(tmp_path: Path) -> None:
    code = "from raabta.cli import main; main()"
    command = [sys.executable, "-c", code, "control", "--listen", "127.0.0.1:0", "--state", str(tmp_path / "state")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline().split(maxsplit=1) for _ in range(3)]
        process.send_signal(signal.SIGINT)
        _, words = process.communicate(timeout=30)
    assert [line[0] for line in said] == ["url", "pin", "key"]
    assert [said[0][1][:18], said[1][1][:7], said[2][1][:8]] == ["https://127.0.0.1:", "sha256/", "ed25519/"]
    assert (process.returncode, "Traceback" in words, "--contact" in words) == (130, False, True)
