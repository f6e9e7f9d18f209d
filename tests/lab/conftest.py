"""What tests of the lab ask for. Where this machine lacks it they are skipped with the reason, or, where
RAABTA_REQUIRE_LAB=1 (as in CI), fail with it: there a skipped test would be a hole that nobody sees."""

import inspect
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from raabta.lab.needs import find_unavailable, is_root, tool_environment, tool_path, unshared

ROOT: Final = Path(__file__).parents[2]
NOBODY: Final = 65534
LIMIT_S: Final = 120.0


def lacking(reason: str) -> None:
    """Skip this test, or fail it where the lab is required."""
    if os.environ.get("RAABTA_REQUIRE_LAB") == "1":
        pytest.fail(f"RAABTA_REQUIRE_LAB=1, but {reason}", pytrace=False)
    pytest.skip(reason)


@cache
def _unavailable() -> str:
    return find_unavailable()


class Inside:
    """Calls functions of test files inside new namespaces, where only they can do harm."""

    def call(self, function: Callable[..., Any], *arguments: object, before: Sequence[str] = ()) -> Any:
        """Run a function of a test file in a lab of its own; arguments and result go through JSON.

        ``before`` is put before the command, to become somebody else.
        """
        file = inspect.getsourcefile(function)
        command = [sys.executable, "-m", "tests.lab.inside", str(file), function.__name__]
        done = subprocess.run(
            [*before, *(unshared(command) if not before else command)],
            input=json.dumps(arguments),
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=tool_environment() | {"PYTHONPATH": str(ROOT)},
            timeout=LIMIT_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


NEEDS_LAB: Final = frozenset(("lab", "require", "as_root", "as_nobody", "inside"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs namespaces or servers: `make test` leaves it out, `make test-lab` runs it alone."""
    for item in items:
        if NEEDS_LAB & set(getattr(item, "fixturenames", ())):
            item.add_marker("lab")


@pytest.fixture
def lab() -> Inside:
    """Namespaces of one's own."""
    if _unavailable():
        lacking(_unavailable())
    return Inside()


@pytest.fixture
def require() -> Callable[..., None]:
    """Ask for programs by name: ``require("nginx")``."""

    def ask(*tools: str) -> None:
        for tool in tools:
            if shutil.which(tool, path=tool_path()) is None:
                lacking(f"{tool} is not installed")

    return ask


@pytest.fixture
def as_root() -> None:
    """Ask for root."""
    if not is_root():
        lacking("this test needs root")


@pytest.fixture
def as_nobody(lab: Inside, as_root: None) -> Callable[[Sequence[str]], subprocess.CompletedProcess[str]]:
    """A function that runs a command as the user nobody, who gets a readable interpreter where ours is private."""

    def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        become = f"setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups --no-new-privs=no"
        become = become.removesuffix(" --no-new-privs=no")
        script = "\n".join(["set -e", *_opened_home(), f'cd {ROOT}; exec {become} "$@"'])
        return subprocess.run(
            [
                "unshare",
                "--mount",
                "--pid",
                "--fork",
                "--kill-child",
                "--mount-proc",
                "sh",
                "-c",
                script,
                "sh",
                *command,
            ],
            capture_output=True,
            text=True,
            env=tool_environment() | {"PYTHONDONTWRITEBYTECODE": "1", "HOME": "/nonexistent"},
            timeout=LIMIT_S,
            check=False,
        )

    return run


def _opened_home() -> list[str]:
    """Shell lines that make the interpreter readable, in a mount namespace of their own, where a home hides it.

    The private directory is covered by an empty one that everybody may enter, with the one part of it that is needed.
    """
    place = Path(sys.base_prefix).resolve()
    private = next((up for up in reversed(place.parents) if not up.stat().st_mode & stat.S_IXOTH), None)
    if private is None:
        return []
    part = private / place.relative_to(private).parts[0]
    return [
        f"mkdir -p /mnt && mount --bind {part} /mnt",
        f"mount -t tmpfs -o mode=755 none {private}",
        f"mkdir {part} && mount --move /mnt {part}",
    ]
