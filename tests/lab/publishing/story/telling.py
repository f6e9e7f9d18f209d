"""The story from end to end. What must have come of it is stated in the tests beside."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.publishing.story import ground, may, november, people, summer
from tests.lab.publishing.story.desk import Clock, Desk
from tests.lab.publishing.story.story import Story

_CHAPTERS = (
    summer.begin, people.subscribe, people.confirm, summer.open_file, summer.tell, summer.find, summer.end,
    november.hear, november.warn, november.ask, november.miss, november.correct, november.finish, november.answer,
    may.open_file, may.prove, may.lose_origin, may.end,
)  # fmt: skip


@contextmanager
def told(folder: Path) -> Iterator[Story]:
    """Tell all of it; what stands around the desk is there until the end."""
    clock = Clock(folder / "clock")
    clock.set("2024-07-17 09:00")
    desk = Desk(folder, clock)
    with ground.ready(desk, clock) as around:
        story = Story(desk, clock, around)
        for chapter in _CHAPTERS:
            began = time.monotonic()
            chapter(story)
            story.seconds[f"{chapter.__module__.rpartition('.')[2]}.{chapter.__name__}"] = time.monotonic() - began
        try:
            yield story
        finally:
            ground.http.clear()
