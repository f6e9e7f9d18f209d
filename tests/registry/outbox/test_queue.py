"""What goes first, what is tried again and when, and what is given up."""

import datetime as dt

import pytest

from raabta.model.subscription import Delivery
from raabta.registry.outbox.outcome import GIVE_UP_AFTER, SENT, TRY_AGAIN_S, TRY_ALARM_AGAIN_S, Outcome, settled, wait_s
from raabta.registry.outbox.queue import due, enqueue, is_due, put_off, recover, settle, start
from tests.registry.outbox.specimens import delivery
from tests.registry.specimens import NOW, opened

LATER = Outcome(kind="later", failure="busy")


def hours(number: float) -> dt.datetime:
    return NOW + dt.timedelta(hours=number)


def test_what_is_there_is_not_put_in_again() -> None:
    with opened() as register, register.change() as records:
        assert enqueue(records, [delivery("su-a"), delivery("su-a"), delivery("su-b")]) == 2
        settle(records, [(one, SENT) for one in start(records, [delivery("su-a")], now=NOW)], now=NOW)
        assert enqueue(records, [delivery("su-a"), delivery("su-c")]) == 1
        assert [one.state for one in records.find(Delivery)] == ["sent", "waiting", "waiting"]


def test_an_alarm_goes_before_bulletins_that_wait_longer() -> None:
    with opened() as register, register.change() as records:
        enqueue(records, [delivery(f"su-{number}") for number in range(5)])
        enqueue(records, [delivery("duty", reason="alarm", subject_id="update/in-a", next_try_at=hours(1))])
        enqueue(records, [delivery("su-9", reason="confirm", next_try_at=hours(0.5))])
        found = due(records, "email", now=hours(2), n_most=3)
        assert [one.reason for one in found] == ["confirm", "alarm", "bulletin"]


def test_a_channel_gives_only_its_own_and_only_what_is_due() -> None:
    with opened() as register, register.change() as records:
        enqueue(records, [delivery("su-a"), delivery("su-b", channel="chat", next_try_at=hours(1))])
        assert [one.to_id for one in due(records, "email", now=NOW, n_most=9)] == ["su-a"]
        assert not is_due(records, "chat", now=NOW)
        assert is_due(records, "chat", now=hours(1))
        assert not is_due(records, "webhook", now=hours(1))


def test_what_is_started_is_not_due_until_it_is_put_back() -> None:
    with opened() as register, register.change() as records:
        enqueue(records, [delivery()])
        (begun,) = start(records, due(records, "email", now=NOW, n_most=1), now=NOW)
        assert (begun.state, begun.n_tries, begun.started_at) == ("sending", 1, NOW)
        assert due(records, "email", now=hours(99), n_most=1) == []
        assert recover(records, now=hours(1)) == 1
        (back,) = due(records, "email", now=hours(1), n_most=1)
        assert (back.repeated, back.n_tries, back.next_try_at) == (True, 1, hours(1))


def test_put_off_is_no_try() -> None:
    with opened() as register, register.change() as records:
        enqueue(records, [delivery()])
        put_off(records, due(records, "email", now=NOW, n_most=1), until=hours(1))
        (back,) = due(records, "email", now=hours(1), n_most=1)
        assert (back.n_tries, back.repeated) == (0, False)


def test_the_whole_table_of_tries_ends_with_giving_up_after_three_days() -> None:
    one, now, n_tries = delivery(), NOW, 0
    while one.state == "waiting":
        n_tries += 1
        one = settled(
            Delivery(**{name: getattr(one, name) for name in one.__struct_fields__} | {"n_tries": n_tries}),
            LATER,
            now=now,
        )
        assert one.state == "given_up" or one.next_try_at > now
        now = one.next_try_at
    assert (one.state, one.failure) == ("given_up", "busy")
    assert 10 <= n_tries <= len(TRY_AGAIN_S) + 3
    assert now - NOW <= GIVE_UP_AFTER


def test_delays_grow_and_are_spread_by_id_alone() -> None:
    waits = [wait_s(delivery(n_tries=number)) for number in range(1, 15)]
    assert waits == sorted(waits)
    assert wait_s(delivery("su-a", n_tries=3)) == wait_s(delivery("su-a", n_tries=3))
    assert len({wait_s(delivery(f"su-{number}", n_tries=3)) for number in range(50)}) > 20
    assert all(900 <= wait_s(delivery(f"su-{number}", n_tries=3)) <= 990 for number in range(50))


def test_an_alarm_is_tried_again_within_seconds() -> None:
    alarm = delivery(reason="alarm", n_tries=1)
    assert wait_s(alarm) <= TRY_ALARM_AGAIN_S[0] * 1.1


def test_a_receiver_may_ask_for_a_later_try_but_not_for_an_earlier_one() -> None:
    one = delivery(n_tries=1)
    assert settled(one, Outcome(kind="later", retry_after_s=7200), now=NOW).next_try_at == hours(2)
    assert settled(one, Outcome(kind="later", retry_after_s=1), now=NOW).next_try_at >= hours(1 / 60)
    assert settled(one, Outcome(kind="later", retry_after_s=10**12), now=NOW).next_try_at == hours(24)


@pytest.mark.parametrize(
    ("outcome", "state", "repeated"),
    [
        (SENT, "sent", False),
        (LATER, "waiting", False),
        (Outcome(kind="later", uncertain=True), "waiting", True),
        (Outcome(kind="never", failure="too long"), "given_up", False),
        (Outcome(kind="never", failure="no such user", bounce="hard"), "given_up", False),
        (Outcome(kind="dropped", failure="left"), "dropped", False),
    ],
)
def test_each_outcome_has_its_state(outcome: Outcome, state: str, repeated: bool) -> None:
    after = settled(delivery(n_tries=1), outcome, now=NOW)
    assert (after.state, after.repeated) == (state, repeated)
    assert (after.settled_at is None) == (state == "waiting")
    assert after.failure == outcome.failure


def test_failures_are_kept_short() -> None:
    assert len(settled(delivery(), Outcome(kind="later", failure="x" * 9999), now=NOW).failure) == 200
