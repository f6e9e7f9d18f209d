"""One sender for a register."""

import os
from pathlib import Path

import pytest

from raabta.registry.outbox.lock import only_sender
from tests.registry.specimens import opened


def test_a_second_sender_is_refused_and_told_why(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/r"
    with opened(url) as first, opened(url) as second, only_sender(first) as check:
        check()
        with pytest.raises(ValueError, match="another sender is at work"), only_sender(second):
            pass
    with opened(url) as third, only_sender(third):
        pass


def test_the_lock_ends_with_its_process(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/r"
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        with opened(url) as register, only_sender(register):
            os.write(writer, b"x")
            os._exit(1)
    assert os.read(reader, 1) == b"x"
    os.waitpid(child, 0)
    with opened(url) as register, only_sender(register):
        pass


def test_a_register_in_memory_has_no_other_sender() -> None:
    with opened() as register, only_sender(register) as check:
        check()
