"""What was acknowledged outlives ``kill -9`` at any moment. A hundred times, and on PostgreSQL: tests/lab/registry."""

import random
from pathlib import Path

from tests.registry.killing import kill_at_random_moments


def test_no_acknowledged_case_is_lost_to_kill_at_random_moments(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/r"
    killed = kill_at_random_moments(url, n_times=25, chance=random.Random(4))
    assert killed.lost == []
    assert killed.n_acknowledged > 25
    assert killed.n_half == 0
