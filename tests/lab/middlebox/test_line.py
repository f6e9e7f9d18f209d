"""One direction of a line, at exact times."""

import random

import pytest

from raabta.lab.middlebox.bucket import Bucket
from raabta.lab.middlebox.line import MAX_KEYS, Way


def way(**more: float) -> Way:
    return Way(chance=random.Random(1).random, **({"delay_s": 0.02} | more))  # type: ignore[arg-type]


def test_a_packet_arrives_after_the_delay() -> None:
    assert way().take(1500, now=5.0) == pytest.approx(5.02)


def test_packets_follow_each_other_at_the_rate() -> None:
    line = way(rate_bytes_s=100_000.0)
    assert [line.take(1000, now=0.0) for _ in range(3)] == pytest.approx([0.03, 0.04, 0.05])
    assert line.take(1000, now=1.0) == pytest.approx(1.03)


def test_a_full_queue_drops() -> None:
    line = way(rate_bytes_s=100_000.0)
    dues = [line.take(1000, now=0.0) for _ in range(200)]
    n_kept = sum(due is not None for due in dues)
    assert 96 <= n_kept <= 98
    assert dues[-1] is None


def test_jitter_never_reorders_a_connection_but_reorders_others() -> None:
    line = way(jitter_s=0.05)
    one = [line.take(100, now=i / 1000, key="one") or 0.0 for i in range(300)]
    assert one == sorted(one)
    assert all(0.02 + i / 1000 <= due <= 0.07 + i / 1000 for i, due in enumerate(one))
    others = [line.take(100, now=i / 1000, key=i) or 0.0 for i in range(300)]
    assert others != sorted(others)


def test_loss_by_chance_is_about_its_share() -> None:
    line = way(loss=0.086)
    n_lost = sum(line.take(100, now=0.0) is None for _ in range(10_000))
    assert 770 < n_lost < 950


@pytest.mark.parametrize(("loss", "n_lost"), [(0.1, 100), (0.25, 250), (1.0, 1000)])
def test_exact_loss_is_exact_and_even(loss: float, n_lost: int) -> None:
    line = Way(delay_s=0.0, chance=random.Random(1).random, loss=loss, is_loss_exact=True)
    fates = [line.take(100, now=0.0) is None for _ in range(1000)]
    assert abs(sum(fates) - n_lost) <= 1
    assert abs(sum(fates[:500]) - n_lost / 2) <= 1


def test_a_clean_line_loses_nothing() -> None:
    line = way()
    assert all(line.take(100, now=0.0) is not None for _ in range(1000))


def test_memory_of_connections_is_bounded() -> None:
    line = way(jitter_s=0.05)
    for i in range(MAX_KEYS + 50):
        line.take(100, now=0.0, key=i)
    assert len(line.last) == MAX_KEYS


def test_a_bucket_lets_a_burst_pass_then_keeps_the_rate_then_drops() -> None:
    bucket = Bucket(rate_bytes_s=1000.0, burst_bytes=2000, queue_bytes=3000)
    assert [bucket.take(1000, now=0.0) for _ in range(6)] == [0.0, 0.0, 1.0, 2.0, 3.0, None]
    assert bucket.take(1000, now=2.0) == pytest.approx(2.0)


def test_a_bucket_fills_up_again_to_its_burst_and_no_further() -> None:
    bucket = Bucket(rate_bytes_s=1000.0, burst_bytes=2000, queue_bytes=3000)
    bucket.take(2000, now=0.0)
    assert [bucket.take(1000, now=100.0) for _ in range(3)] == [0.0, 0.0, 1.0]
