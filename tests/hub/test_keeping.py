import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from raabta.hub.keeping import Job, keep

LIMIT_S = 20.0


def job(tmp_path: Path, code: str, **fields: object) -> Job:
    """A program that writes a line into ``ran`` each time it starts, and then does what the code says."""
    begin = f"open({str(tmp_path / 'ran')!r}, 'a').write('x\\n')\n"
    return Job(name="job", command=(sys.executable, "-c", begin + code), **fields)  # type: ignore[arg-type]


def n_runs(tmp_path: Path) -> int:
    file = tmp_path / "ran"
    return len(file.read_text().splitlines()) if file.exists() else 0


def kept_until(jobs: list[Job], enough: Callable[[], bool]) -> list[str]:
    """Keep jobs until enough has happened; give what was told."""
    stop, told = threading.Event(), list[str]()
    keeper = threading.Thread(target=keep, args=(jobs,), kwargs={"stop": stop, "tell": told.append})
    keeper.start()
    until_s = time.monotonic() + LIMIT_S
    while not enough() and time.monotonic() < until_s:
        stop.wait(0.05)
    stop.set()
    keeper.join(LIMIT_S)
    assert not keeper.is_alive()
    assert enough()
    return told


def test_a_lasting_job_that_fails_is_told_and_started_again(tmp_path: Path) -> None:
    told = kept_until([job(tmp_path, "raise SystemExit(7)")], lambda: n_runs(tmp_path) >= 2)
    assert told[0] == "job ended with code 7."


def test_an_exit_code_that_is_no_failure_is_not_told(tmp_path: Path) -> None:
    told = kept_until([job(tmp_path, "raise SystemExit(3)", every_s=0.1, well=(0, 3))], lambda: n_runs(tmp_path) >= 2)
    assert told == []


def test_a_recurring_job_runs_when_what_it_watches_has_changed(tmp_path: Path) -> None:
    told = kept_until(
        [job(tmp_path, "", every_s=3600.0, watch=lambda: n_runs(tmp_path) >= 1)], lambda: n_runs(tmp_path) == 2
    )
    assert told == []


def test_jobs_are_asked_to_end_when_it_stops(tmp_path: Path) -> None:
    said = tmp_path / "said"
    code = f"""
import signal, sys, time
def leave(*_):
    open({str(said)!r}, "w").write("settled")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
open({str(tmp_path / "ready")!r}, "w").close()
time.sleep(60)
"""
    kept_until([job(tmp_path, code)], (tmp_path / "ready").exists)
    assert said.read_text() == "settled"


def test_a_process_that_is_killed_is_started_again(tmp_path: Path) -> None:
    code = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(60)"

    def killed_once() -> bool:
        file = tmp_path / "pid"
        if n_runs(tmp_path) == 1 and file.exists() and file.read_text():
            subprocess.run(["kill", f"-{signal.SIGKILL}", file.read_text()], check=False)
        return n_runs(tmp_path) >= 2

    assert kept_until([job(tmp_path, code)], killed_once)[0] == "job ended with code -9."
