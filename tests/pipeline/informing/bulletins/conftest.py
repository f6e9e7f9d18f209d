"""A register with one incident."""

from collections.abc import Iterator

import pytest

from raabta.registry import Register
from tests.cases.bulletins import incident
from tests.registry.specimens import opened


@pytest.fixture
def register() -> Iterator[Register]:
    with opened() as made:
        with made.change() as records:
            records.add(incident())
        yield made
