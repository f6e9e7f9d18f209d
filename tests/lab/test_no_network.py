"""The command on a machine without any network: it ends soon, and says so plainly."""

import os
import subprocess
import sys
import time
from typing import Any

from tests.lab.conftest import Inside

LIMIT_S = 15.0
MAIN = "from raabta.cli import main; main()"


def probe_here(folder: str) -> dict[str, Any]:
    """Run the whole command in this process's namespaces."""
    begun_s = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", MAIN, "probe", "--yes", "--format", "table"],
        capture_output=True,
        text=True,
        env={**os.environ, "XDG_CONFIG_HOME": folder, "COLUMNS": "80"},
        timeout=60,
        check=False,
    )
    return {"code": done.returncode, "out": done.stdout, "err": done.stderr, "seconds": time.monotonic() - begun_s}


def test_without_any_network_the_command_ends_soon_and_says_whose_network_it_is(lab: Inside, tmp_path: Any) -> None:
    tmp_path.chmod(0o777)
    found = lab.call(probe_here, str(tmp_path))
    assert found["code"] == 3, found["err"]
    words = " ".join(found["out"].split())
    assert words.startswith(
        "It is your own network: the measuring machine has no working network. No service was asked."
    )
    assert "Connect this machine to a network, then try again." in words
    assert found["seconds"] < LIMIT_S
