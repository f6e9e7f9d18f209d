"""Garbage is left lying while a command works: one place says why."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collecting() -> Iterator[None]:
    """Collect no garbage for a while: a command makes tens of thousands of records, holds them, and ends.

    Looking through them again and again takes a quarter of the time of making a list.
    """
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_collecting:
            gc.enable()
