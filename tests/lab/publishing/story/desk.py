"""The command line as people at the desk use it, all that it said, and the clock on their wall."""

import datetime as dt
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from tests.lab.conftest import ROOT

COMMAND: Final = (sys.executable, "-m", "tests.lab.publishing.story.clocked")
ZONE: Final = ZoneInfo("Asia/Karachi")
_LIMIT_S: Final = 60.0
_N_TOGETHER: Final = 2


class Said(Struct, frozen=True, kw_only=True):
    """What a command ended with."""

    words: tuple[str, ...]
    code: int
    out: str
    err: str
    took_s: float

    @property
    def first(self) -> str:
        """The first word on standard output: an id, a path."""
        return (self.out.split() or [""])[0]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Lines of JSON."""
        return [json.loads(line) for line in self.out.splitlines()]


class Clock:
    """The clock of all machines of the story."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.off = dt.timedelta()
        self._write()

    def set(self, local: str) -> None:
        """Set it to a time in Karachi, as 2024-11-10 14:00."""
        wanted = dt.datetime.fromisoformat(local).replace(tzinfo=ZONE)
        self.off = wanted - dt.datetime.now(dt.UTC)
        self._write()

    def now(self) -> dt.datetime:
        """Tell the time, as the story has it."""
        return dt.datetime.now(dt.UTC) + self.off

    def _write(self) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(str(self.off.total_seconds()), "ascii")
        new.replace(self.file)


class Desk:
    """Runs ``raabta`` in a folder; everybody there has set RAABTA_BY."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder = folder
        self.said: list[Said] = []
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("RAABTA_")} | {
            "COLUMNS": "80",
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            "RAABTA_REGISTER": str(folder / "register"),
            "STORY_CLOCK": str(clock.file),
        }
        self._lock = threading.Lock()

    def raabta(self, *words: object, given: str = "", by: str = "Sana", code: int | None = 0) -> Said:
        """Run one command; ``code`` is what it must end with, None for whatever it is."""
        typed = tuple(map(str, words))
        began = time.monotonic()
        done = subprocess.run(
            [*COMMAND, *typed],
            cwd=self.folder,
            env=self.environment | {"RAABTA_BY": by},
            input=given,
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            check=False,
        )
        said = Said(
            words=typed, code=done.returncode, out=done.stdout, err=done.stderr, took_s=time.monotonic() - began
        )
        with self._lock:
            self.said.append(said)
        if code is not None:
            assert said.code == code, f"raabta {' '.join(typed)}: {said.code}\n{said.out}\n{said.err}"
        return said

    def each(self, *acts: Callable[[], Any]) -> list[Any]:
        """Do several things at the same time, and wait for all."""
        with ThreadPoolExecutor(_N_TOGETHER) as together:
            return [one.result() for one in [together.submit(act) for act in acts]]
