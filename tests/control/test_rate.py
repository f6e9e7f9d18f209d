import itertools

import pytest

from raabta.control.rate import KEY_LIFE_S, Ledger, Rate


def ledger(*, burst: float = 3.0, per_s: float = 0.5, max_clients: int = 100, max_seats: int = 2) -> Ledger:
    keys = (bytes([number]) * 32 for number in itertools.count(1))
    return Ledger(
        Rate(per_s=per_s, burst=burst), max_seats=max_seats, max_clients=max_clients, make_key=lambda n: next(keys)[:n]
    )


def test_a_client_may_ask_its_burst_at_once_and_then_at_its_rate() -> None:
    book = ledger()
    at_once = [book.take("192.0.2.1", cost=1.0, now_s=0.0) for _ in range(4)]
    assert at_once == [0.0, 0.0, 0.0, 2.0]
    assert book.take("192.0.2.1", cost=1.0, now_s=1.0) == 1.0
    assert book.take("192.0.2.1", cost=1.0, now_s=2.0) == 0.0
    assert book.take("192.0.2.1", cost=1.0, now_s=2.0) == 2.0


def test_what_is_refused_costs_nothing_and_nobody_saves_more_than_the_burst() -> None:
    book = ledger()
    assert book.take("192.0.2.1", cost=4.0, now_s=0.0) == 2.0
    assert book.take("192.0.2.1", cost=4.0, now_s=1000.0) == 2.0
    assert book.take("192.0.2.1", cost=3.0, now_s=1000.0) == 0.0


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
    ],
)
def test_a_subscriber_is_an_ipv4_address_or_a_64_of_ipv6(first: str, second: str, is_same: bool) -> None:
    book = ledger(burst=1.0)
    book.take(first, cost=1.0, now_s=0.0)
    assert (book.take(second, cost=1.0, now_s=0.0) > 0) is is_same


def test_after_an_hour_everything_is_forgotten_with_the_key() -> None:
    book = ledger(per_s=0.000_01)
    assert book.take("192.0.2.1", cost=3.0, now_s=0.0) == 0.0
    assert book.take("192.0.2.1", cost=3.0, now_s=KEY_LIFE_S - 1) > 0
    before = set(book._buckets)
    assert book.take("192.0.2.1", cost=3.0, now_s=KEY_LIFE_S) == 0.0
    assert before.isdisjoint(book._buckets)


def test_no_address_and_no_plain_hash_of_it_is_kept() -> None:
    book, other = ledger(), ledger()
    other.take("192.0.2.9", cost=1.0, now_s=0.0)
    other.take("192.0.2.9", cost=1.0, now_s=KEY_LIFE_S)
    book.take("192.0.2.9", cost=1.0, now_s=0.0)
    assert set(book._buckets).isdisjoint(other._buckets)
    assert "192.0.2.9" not in repr((book._buckets, book._n_seats))


def test_memory_is_bounded_and_the_one_not_seen_for_longest_goes_first() -> None:
    book = ledger(burst=1.0, max_clients=50)
    for number in range(500):
        book.take("192.0.2.1", cost=1.0, now_s=0.0)
        book.take(f"10.0.{number // 250}.{number % 250}", cost=1.0, now_s=0.0)
    assert len(book._buckets) == 50
    assert book.take("192.0.2.1", cost=1.0, now_s=0.0) > 0


def test_places_are_counted_per_client_and_freed_also_after_the_key_has_changed() -> None:
    book = ledger(max_seats=2)
    seats = [book.sit("192.0.2.1", now_s=0.0) for _ in range(3)]
    assert [seat is None for seat in seats] == [False, False, True]
    assert book.sit("192.0.2.2", now_s=0.0) is not None
    later = book.sit("192.0.2.1", now_s=KEY_LIFE_S)
    assert later is not None
    for seat in (*seats[:2], later):
        assert seat is not None
        book.rise(seat)
    assert sum(book._n_seats.values()) == 1
