"""Run a command as a process of its own and say what it took. Linux: memory is read from /proc."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from tests.bench import places

PYTHON: Final = sys.executable
RAABTA: Final = str(Path(sys.executable).with_name("raabta"))
OUTPUT: Final = places.SCRATCH / f"verdicts-{os.getpid()}.jsonl"
"""Where the verdicts of a run go; two benchmarks at once do not get into each other's way."""
_LOOK_EVERY_S: Final = 0.05


class Spent(Struct, frozen=True, kw_only=True):
    """What a command took.

    ``cpu_s`` is user and system time of the process and all that it waited for; ``peak_bytes`` the largest resident
    memory of any one of them, at least our own; ``tree_bytes`` the sum of each one's peak, which counts shared pages
    once for each (0 where nobody looked).
    """

    code: int
    wall_s: float
    cpu_s: float
    peak_bytes: int
    tree_bytes: int


def run(command: Sequence[str], *, look_at_memory: bool = False) -> Spent:
    """Run a command to its end, its output thrown away.

    Args:
        command: Program and arguments.
        look_at_memory: Watch the memory of the process and its children, twenty times a second.
    """
    begun_s = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=places.ROOT)
    peaks: dict[int, int] = {}
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(process.pid, peaks, ended))
    if look_at_memory:
        watcher.start()
    _, status, used = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - begun_s
    process.returncode = os.waitstatus_to_exitcode(status)
    ended.set()
    if look_at_memory:
        watcher.join()
    return Spent(
        code=process.returncode,
        wall_s=wall_s,
        cpu_s=used.ru_utime + used.ru_stime,
        peak_bytes=used.ru_maxrss * 1024,
        tree_bytes=sum(peaks.values()),
    )


def _watch(pid: int, peaks: dict[int, int], ended: threading.Event) -> None:
    while not ended.wait(_LOOK_EVERY_S):
        for each in (pid, *_children(pid)):
            peaks[each] = max(peaks.get(each, 0), _peak_bytes(each))


def _children(pid: int) -> list[int]:
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return []
    return [each for child in map(int, listed) for each in (child, *_children(child))]


def _peak_bytes(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    line = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "VmHWM: 0 kB")
    return int(line.split()[1]) * 1024


def count_documents(file: Path) -> int:
    """Count the lines that begin with a brace, holding little: a child's peak begins with its parent's."""
    with file.open("rb") as stream:
        return sum(line.startswith(b"{") for line in stream)


def diagnose_command(files: Sequence[str], output: str, *, jobs: int = 1) -> list[str]:
    """Give the command that diagnoses files into a file of JSON Lines."""
    return [RAABTA, "diagnose", "--format", "jsonl", "--jobs", str(jobs), "--output", output, *files]


def make_file(kind: str) -> Path:
    """Give a file of copies, generated where it is not there yet (by a process of its own: ours stays small)."""
    n_bytes = places.sizes().file_bytes
    place = places.SCRATCH / f"{kind}-{n_bytes // 1_000_000}MB.jsonl"
    newest = max(path.stat().st_mtime for path in (Path(__file__).with_name("copies.py"), places.REAL))
    if not place.exists() or place.stat().st_mtime < newest:
        subprocess.run(
            [PYTHON, "-m", "tests.bench.copies", kind, str(n_bytes), str(place)], cwd=places.ROOT, check=True
        )
    return place
