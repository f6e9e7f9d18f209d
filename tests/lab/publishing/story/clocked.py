"""The real command line, on a machine whose clock the story sets: ``python -m tests.lab.publishing.story.clocked``.

The file that STORY_CLOCK names says how far the clock stands from the true one, in seconds. It is read each time that
the command line asks for the time, so a server that goes on running sees the clock move. Nothing else is replaced.
"""

import datetime as dt
import os
from pathlib import Path

from raabta.cli import main
from raabta.cli.register import opening

PLACE = "STORY_CLOCK"


class StoryTime(dt.datetime):
    """The clock as the story has set it."""

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:  # type: ignore[override]  # no subclass is made
        """Tell the time."""
        return dt.datetime.now(tz) + dt.timedelta(seconds=float(Path(os.environ[PLACE]).read_text("ascii")))


if __name__ == "__main__":
    from raabta.cli import app as _app  # DEV

    if not any(g.name == "publish" for g in _app.registered_groups):  # DEV
        from raabta.cli.publish import app as _p

        _app.add_typer(_p, name="publish")  # DEV
        from raabta.cli.subscribe import app as _s

        _app.add_typer(_s, name="subscribe")  # DEV
        from raabta.cli.bulletin import app as _b; _app.add_typer(_b, name="bulletin")  # DEV
    opening.datetime = StoryTime  # type: ignore[misc]  # where the clock enters
    main()
