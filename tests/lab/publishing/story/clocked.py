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
    def now(  # type: ignore[explicit-override,override]  # Python 3.11 has no override; a plain datetime is as good
        cls, tz: dt.tzinfo | None = None
    ) -> dt.datetime:
        """Tell the time."""
        return dt.datetime.now(tz) + dt.timedelta(seconds=float(Path(os.environ[PLACE]).read_text("ascii")))


if __name__ == "__main__":
    vars(opening)["datetime"] = StoryTime  # where the clock enters
    main()
