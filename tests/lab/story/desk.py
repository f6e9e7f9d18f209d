"""The command line as people of the story use it, each in their own place, and all that it said."""

import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from raabta.lab.needs import tool_environment
from raabta.lab.world.namespaces import enter

COMMAND: Final = (sys.executable, "-c", "from raabta.cli import main; main()")
_LIMIT_S: Final = 90.0
_N_TOGETHER: Final = 8
"""More than there are processors: tests of exemptions mostly wait."""


class Said(Struct, frozen=True, kw_only=True):
    """What a command ended with."""

    code: int
    out: str
    err: str

    @property
    def first(self) -> str:
        """The first word on standard output: an id, a path."""
        return (self.out.split() or [""])[0]

    @property
    def pairs(self) -> dict[str, str]:
        """Lines of a name and a text, parted by a tab."""
        return dict(line.split("\t", 1) for line in self.out.splitlines() if "\t" in line)


class Desk:
    """Runs ``raabta`` in a folder."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.said: list[Said] = []
        self._environment: Mapping[str, str] = tool_environment() | {"COLUMNS": "80", **environment}
        self._together = ThreadPoolExecutor(_N_TOGETHER)
        self._lock = threading.Lock()

    def raabta(self, *words: object, place: str = "world", given: str = "", code: int | None = 0) -> Said:
        """Run one command in a namespace; ``code`` is what it must end with, None for whatever it is."""
        with enter(place):
            child = subprocess.Popen(
                [*COMMAND, *map(str, words)],
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        out, err = child.communicate(given, timeout=_LIMIT_S)
        said = Said(code=child.returncode, out=out, err=err)
        with self._lock:
            self.said.append(said)
        if code is not None:
            assert said.code == code, f"raabta {' '.join(map(str, words))}: {said.code}\n{out}\n{err}"
        return said

    def later(self, act: Callable[..., Any], *arguments: Any, **named: Any) -> "Future[Any]":
        """Do something beside."""
        return self._together.submit(act, *arguments, **named)

    def each(self, *acts: Callable[[], Any]) -> list[Any]:
        """Do several things at the same time, and wait for all."""
        return [one.result() for one in [self._together.submit(act) for act in acts]]
