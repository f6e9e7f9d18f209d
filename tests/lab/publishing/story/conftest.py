"""The story is told once for all statements; what it left behind is theirs to look at."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.publishing.story.story import Story
from tests.lab.publishing.story.telling import told


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Everything that happened."""
    folder: Path = tmp_path_factory.mktemp("story")
    with told(folder) as story:
        yield story
