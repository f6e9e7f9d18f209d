"""A real BIRD on loopback, and an ExaBGP that sends it what was rendered."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from raabta.lab.needs import tool_environment

WAIT_S: Final = 30.0

# The receiver: prefixes in tables of their own, flow specifications in others, nothing to the kernel.
BIRD: Final = """
router id 192.0.2.254;
ipv4 table spared4; ipv6 table spared6; flow4 table flows4; flow6 table flows6;
protocol device {}
protocol bgp feed {
  local 198.18.0.1 as 65002; neighbor 198.18.0.2 as 65001; multihop; strict bind; passive;
  ipv4 { table spared4; import all; export none; };
  ipv6 { table spared6; import all; export none; };
  flow4 { table flows4; import all; export none; validate off; };
  flow6 { table flows6; import all; export none; validate off; };
}
"""
EXABGP: Final = """
neighbor 198.18.0.1 {{
  inherit {template};
  router-id 192.0.2.253; local-address 198.18.0.2; local-as 65001; peer-as 65002;
}}
"""


def check(config: str, folder: Path) -> str:
    """What ``bird -p`` says against a config: "" where it can be run."""
    file = folder / "bird.conf"
    file.write_text(config)
    return _said(["bird", "-p", "-c", str(file)])


def validate(config: str, folder: Path) -> str:
    """What ExaBGP says against a config."""
    file = folder / "exabgp.conf"
    file.write_text(config)
    done = subprocess.run(
        ["exabgp", "--validate", str(file)],
        capture_output=True,
        text=True,
        env=_exabgp_environment(),
        timeout=WAIT_S,
        check=False,
    )
    is_read = done.returncode == 0 and "loaded new configuration successfully" in done.stdout + done.stderr
    return "" if is_read else (done.stdout + done.stderr)[-800:]


@contextmanager
def bird(config: str, folder: Path) -> Iterator[Callable[..., str]]:
    """Have a BIRD while the block runs; the value asks it, as ``birdc`` does."""
    file, ctl = folder / "bird.conf", folder / "bird.ctl"
    file.write_text(config)
    with subprocess.Popen(["bird", "-f", "-c", str(file), "-s", str(ctl)], env=tool_environment()) as server:
        try:
            _wait(ctl.exists)

            def ask(*words: str) -> str:
                command = ["birdc", "-r", "-s", str(ctl), *words]
                done = subprocess.run(
                    command, capture_output=True, text=True, env=tool_environment(), timeout=WAIT_S, check=False
                )
                return done.stdout

            yield ask
        finally:
            server.kill()


@contextmanager
def exabgp(config: str, folder: Path) -> Iterator[None]:
    """Have an ExaBGP while the block runs."""
    file = folder / "exabgp.conf"
    file.write_text(config)
    with subprocess.Popen(
        ["exabgp", str(file)],
        env=_exabgp_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as sender:
        try:
            yield
        finally:
            os.killpg(sender.pid, signal.SIGKILL)


def wait_for(ask: Callable[..., str], words: str, *, table: str) -> str:
    """Routes of a table once they hold these words, else what there is at the deadline."""
    found = ""

    def is_there() -> bool:
        nonlocal found
        found = ask("show", "route", "table", table, "all")
        return words in found

    _wait(is_there)
    return found


def _wait(is_done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not is_done() and time.monotonic() < deadline:
        time.sleep(0.05)


def _exabgp_environment() -> dict[str, str]:
    return tool_environment() | {
        "exabgp.daemon.user": "root",
        "exabgp.log.level": "INFO",
        "exabgp.daemon.drop": "false",
    }


def _said(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, env=tool_environment(), timeout=WAIT_S, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr
