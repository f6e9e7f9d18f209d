"""The library's own path from a file to a file, with or without what the diagnosis remembers.

Run as ``python -m tests.bench.library all|cells|nothing FILE OUTPUT``. ``all``: judgements by their cells' facts and
cells by their own facts, as the library does; ``cells``: the latter only.
"""

import datetime as dt
import sys
from pathlib import Path
from typing import Final

from raabta.diagnose import weigh
from raabta.diagnose.combine import Combiner
from raabta.diagnose.weigh import Weighed
from raabta.pipeline import Settings, diagnose_bulk

TODAY: Final = dt.date(2026, 11, 22)


def forget(memo: dict[tuple[str, ...], Weighed], key: tuple[str, ...], found: Weighed) -> None:
    """Remember nothing, in place of ``weigh._remember``: every cell is weighed from its facts."""


def main(memory: str, file: str, output: str) -> None:
    """Diagnose a file in this process."""
    if memory != "all":
        Combiner._judge = Combiner._judge_anew  # type: ignore[method-assign]  # every judgement is made anew
    if memory == "nothing":
        weigh._remember = forget
    with Path(output).open("wb") as stream:
        stream.writelines(outcome.jsonl for outcome in diagnose_bulk([file], Settings(today=TODAY)))


if __name__ == "__main__":
    main(*sys.argv[1:])
