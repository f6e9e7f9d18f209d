"""What the lab needs of a machine, and whether it is there.

Three tiers: 0 needs namespaces, ``ip``, ``nft`` and ``iptables``; 1 real servers as Debian packages; 2 root, for exact
latency. What is missing is told in words, and the scenarios that need it are skipped with that reason.
"""

import os
import shutil
import subprocess
import sys
from typing import Final

from raabta.lab.scenario.types import Scenario

SYSTEM_PATHS: Final = ("/usr/local/sbin", "/usr/sbin", "/sbin")
"""Where network tools live that an ordinary user's ``PATH`` often lacks."""

_PACKAGES: Final = {
    "unshare": "util-linux",
    "setpriv": "util-linux",
    "ip": "iproute2",
    "nft": "nftables",
    "iptables": "iptables",
    "tc": "iproute2",
    "nginx": "nginx-light",
    "caddy": "caddy",
    "unbound": "unbound",
}
_TRY_S: Final = 10.0


def tool_path() -> str:
    """Give a ``PATH`` on which system tools are found."""
    return os.pathsep.join((os.environ.get("PATH", os.defpath), *SYSTEM_PATHS))


def is_root() -> bool:
    """Say whether this process is root; if not, the lab makes a user namespace in which it is."""
    return os.geteuid() == 0


def unshared(command: list[str]) -> list[str]:
    """Give a command that runs another one as the first process of new namespaces, which end with it.

    The chain holds downwards: when this process ends, however it ends, ``setpriv`` has the kernel kill ``unshare``, and
    ``--kill-child`` the first process inside, and with it every other process there.
    """
    user = [] if is_root() else ["--user", "--map-root-user"]
    flags = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    return ["setpriv", "--pdeathsig", "KILL", "--", "unshare", *user, *flags, "--", *command]


def find_unavailable() -> str:
    """Say why no lab can run here, with what to try; "" where one can."""
    missing = _missing_tools(("unshare", "setpriv", "ip"))
    if missing:
        return missing
    if not sys.executable or not os.access(sys.executable, os.X_OK):
        return (
            f"this user may not run the Python interpreter {sys.executable or ''} again. It probably stands under "
            "another user's private home: install Raabta where this user can read it"
        )
    command = unshared([sys.executable, "-I", "-S", "-c", "pass"])
    try:
        tried = subprocess.run(  # noqa: S603  our own words
            command, env=tool_environment(), capture_output=True, text=True, timeout=_TRY_S, check=False
        )
    except subprocess.TimeoutExpired:
        return f"making namespaces took longer than {_TRY_S:.0f} s"
    if tried.returncode == 0:
        return ""
    said = tried.stderr.strip().splitlines()[-1:] or [f"exit code {tried.returncode}"]
    advice = (
        "This container may not make namespaces: run it with --privileged, or on a machine of its own"
        if is_root()
        else "This system does not let users make namespaces: try as root, or on Debian: "
        "sysctl kernel.unprivileged_userns_clone=1 (on Ubuntu: kernel.apparmor_restrict_unprivileged_userns=0)"
    )
    return f"{said[0]}. {advice}"


def find_missing(scenario: Scenario) -> str:
    """Say what a scenario needs that this machine lacks; "" where it has all."""
    if scenario.tier >= 2 and not is_root():
        return "needs root (tier 2: exact latency)"
    servers = sorted({target.server for target in scenario.target} - {"python"})
    return _missing_tools(("nft", "iptables", "tc", *servers))


def tool_environment() -> dict[str, str]:
    """Give this process's environment with the system's tools on ``PATH``."""
    return {**os.environ, "PATH": tool_path()}


def _missing_tools(tools: tuple[str, ...]) -> str:
    missing = [tool for tool in tools if shutil.which(tool, path=tool_path()) is None]
    if not missing:
        return ""
    packages = " ".join(dict.fromkeys(_PACKAGES[tool] for tool in missing))
    return f"{' and '.join(missing)} not found. On Debian: apt-get install {packages}"
