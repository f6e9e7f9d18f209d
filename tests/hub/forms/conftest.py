import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cases.subscribing import Visitor


@pytest.fixture(scope="session")
def empty_register(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A register with its tables: to copy one is quicker than to make one."""
    folder = tmp_path_factory.mktemp("register")
    Visitor(folder).register.close()
    return folder / "register.sqlite"


@pytest.fixture
def visitor(tmp_path: Path, empty_register: Path) -> Iterator[Visitor]:
    shutil.copy(empty_register, tmp_path)
    made = Visitor(tmp_path)
    yield made
    made.register.close()
