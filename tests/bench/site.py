"""How long the site takes to build for 10,000 incidents with 5 updates each.

    python -m tests.bench.site FOLDER       fill a register there where it is empty, then build

Wall time of the whole command, with the interpreter: all anew at most 60 s, after one new update at most 2 s, to a
mirror in a folder likewise. Times of each are the best of three, but of the whole build one.
"""

import datetime as dt
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from raabta.cli.register.opening import PLACE, opened
from raabta.model.publication import Publication
from raabta.pipeline.informing.settings import read_publishing
from raabta.pipeline.informing.site.pages import read_thread
from raabta.registry.publications import newest_sequence
from tests.cases.published import many_threads, put_threads, with_update

N_INCIDENTS: Final = 10_000
N_UPDATES: Final = 5
WHOLE_LIMIT_S: Final = 60.0
STEP_LIMIT_S: Final = 2.0
N_TRIES: Final = 3
FIRST_AT: Final = dt.datetime(2015, 1, 1, tzinfo=dt.UTC)
RUN: Final = "from raabta.cli.publish import app; app()"
AT_ONCE: Final = 500


def fill(settings: Path) -> None:
    """Publish many incidents."""
    site = read_publishing(settings).site
    threads = list(many_threads(N_INCIDENTS, n_updates=N_UPDATES, first_at=FIRST_AT))
    with opened(None) as register, register.change() as records:
        for start in range(0, len(threads), AT_ONCE):
            put_threads(records, threads[start : start + AT_ONCE], site)


def add_update(settings: Path) -> None:
    """Publish one more update of one thread."""
    site = read_publishing(settings).site
    with opened(None) as register, register.change() as records:
        sequence = newest_sequence(records) + 1
        kept = next(records.find(Publication, id=f"in-{sequence % N_INCIDENTS:016}"))
        put_threads(records, [with_update(read_thread(kept), sequence=sequence, at=dt.datetime.now(dt.UTC))], site)


def timed(*words: str) -> float:
    """Run ``raabta publish``; give its wall time."""
    began_s, began_busy_s = time.perf_counter(), _busy_s()
    done = subprocess.run(
        [sys.executable, "-c", RUN, *words], capture_output=True, text=True, check=False, timeout=600, env=os.environ
    )
    took_s, busy_s = time.perf_counter() - began_s, _busy_s() - began_busy_s
    assert done.returncode == 0, done.stderr
    print(f"  {took_s:6.2f} s, {busy_s:6.2f} s of processor  {done.stderr.splitlines()[0]}", flush=True)
    return took_s


def _busy_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Measure in the folder that is named on the command line."""
    folder = Path(sys.argv[1]).resolve()
    os.environ[PLACE] = str(folder / "desk")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    settings, site = folder / "desk" / "publishing.toml", str(folder / "site")
    if not settings.exists():
        timed("init")
    with opened(None) as register, register.look() as records:
        is_empty = records.count(Publication) == 0
    if is_empty:
        fill(settings)
    whole_s = timed("--site", site, "--no-mirrors", "--full")
    step_s = float("inf")
    for _ in range(N_TRIES):
        add_update(settings)
        step_s = min(step_s, timed("--site", site, "--no-mirrors"))
    mirror = ("--mirror", str(folder / "mirror"))
    timed("--site", site, *mirror)
    mirrored_s = float("inf")
    for _ in range(N_TRIES):
        add_update(settings)
        mirrored_s = min(mirrored_s, timed("--site", site, *mirror))
    print(f"{whole_s:5.1f} s of {WHOLE_LIMIT_S:g} s: {N_INCIDENTS:,} incidents with {N_UPDATES} updates, all anew")
    print(f"{step_s:5.2f} s of {STEP_LIMIT_S:g} s: after one new update")
    print(f"{mirrored_s:5.2f} s (no limit): the same, with a mirror in a folder")
    return (whole_s > WHOLE_LIMIT_S) + (step_s > STEP_LIMIT_S)


if __name__ == "__main__":
    sys.exit(main())
