"""Servers on loopback for tests that connect to them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from raabta.lab.world.country import Country
from tests.lab.servers.ground import Ground, serving

Serve = Callable[[Country], Ground]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start a country's servers on loopback; they end with the test."""
    with ExitStack() as stack:
        yield lambda country: stack.enter_context(serving(country, tmp_path))
