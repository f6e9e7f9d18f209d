"""One exchange: settled, expanded and started in one change, and what follows for the receiver."""

import datetime as dt
from typing import Any

import pytest
from msgspec import structs

from raabta.model.subscription import Channel, Delivery, Dispatch, Subscriber
from raabta.pipeline.informing.composing import Composer
from raabta.pipeline.informing.sending import Exchanged, Wanted, exchange, has_work, tidy_up
from raabta.pipeline.informing.settings import Publishing
from raabta.registry import Records
from raabta.registry.outbox.outcome import SENT, Outcome
from tests.cases.publication import example_site
from tests.registry.outbox.specimens import bulletin, delivery, dispatch, subscriber
from tests.registry.specimens import KEY, NOW, opened

SETTINGS = Publishing(site=example_site())
DAYS = dt.timedelta(days=1)


def turn(
    records: Records, tried: Any = (), *, now: dt.datetime = NOW, channel: Channel = "email", **wanted: Any
) -> Exchanged:
    return exchange(
        records, list(tried), wanted={channel: Wanted(**({"n": 2} | wanted))}, composer=Composer(SETTINGS, KEY), now=now
    )


def hook(number: int, host: str = "h.example.pk") -> Subscriber:
    return subscriber(f"su-{number}", channel="webhook", address=f"https://{host}/{number}", secret="whsec_aaaa")


def to_hook(number: int) -> Delivery:
    return delivery(f"su-{number}", channel="webhook")


def test_a_published_bulletin_is_expanded_and_started_in_the_first_exchange() -> None:
    with opened() as register, register.change() as records:
        records.add_all([subscriber(f"su-{number}") for number in range(3)])
        records.add(bulletin())
        records.add(dispatch())
        first = turn(records)
        assert (first.n_expanded, [one.delivery.state for one in first.tasks]) == (3, ["sending", "sending"])
        assert first.tasks[0].delivery.n_tries == 1
        second = turn(records, [(one.delivery, SENT) for one in first.tasks])
        assert [one.state for one in second.settled] == ["sent", "sent"]
        assert len(second.tasks) == 1
        assert not second.expanding
        assert records.get(Dispatch, "di-bu-a") == dispatch(after_id="su-2", done=True)


def test_while_stopping_nothing_is_expanded_or_started() -> None:
    with opened() as register, register.change() as records:
        records.add(subscriber())
        records.add(bulletin())
        records.add(dispatch())
        done = exchange(records, [], wanted={}, composer=Composer(SETTINGS, KEY), now=NOW, expands=False)
        assert (done.tasks, done.n_expanded) == ((), 0)
        assert has_work(records, now=NOW)


def test_who_left_meanwhile_is_skipped_and_the_next_one_started() -> None:
    with opened() as register, register.change() as records:
        records.add_all([subscriber("su-a", state="ended"), subscriber("su-b")])
        records.add(bulletin())
        records.add_all([delivery("su-a"), delivery("su-b")])
        done = turn(records, n=1)
        assert [one.delivery.to_id for one in done.tasks] == ["su-b"]
        assert [one.state for one in records.find(Delivery)] == ["dropped", "sending"]


def test_a_busy_receiver_waits_a_little_and_others_do_not() -> None:
    with opened() as register, register.change() as records:
        records.add_all([hook(0, "slow.example.pk"), hook(1, "slow.example.pk"), hook(2)])
        records.add(bulletin())
        records.add_all([to_hook(number) for number in range(3)])
        done = turn(records, channel="webhook", n=2, busy={"slow.example.pk"})
        assert [one.delivery.to_id for one in done.tasks] == ["su-2"]
        assert done.waits == dt.timedelta(seconds=5)
        waiting = list(records.find(Delivery, state="waiting"))
        assert {(one.n_tries, one.next_try_at - NOW) for one in waiting} == {(0, dt.timedelta(seconds=5))}


def test_a_receiver_that_has_not_answered_yet_gets_one_at_a_time_and_one_that_has_gets_all() -> None:
    with opened() as register, register.change() as records:
        records.add_all([hook(number, "new.example.pk") for number in range(3)])
        records.add_all([hook(number, "known.example.pk") for number in range(3, 6)])
        records.add(bulletin())
        records.add_all([to_hook(number) for number in range(6)])
        doubts: dict[str, Any] = {"trusted": {"known.example.pk"}, "n_doubtful": 9}
        done = turn(records, channel="webhook", n=6, **doubts)
        assert [one.delivery.to_id for one in done.tasks] == ["su-0", "su-3", "su-4", "su-5"]
        assert dt.timedelta(0) < done.waits < dt.timedelta(seconds=1)
        later = NOW + done.waits
        assert turn(records, channel="webhook", now=later, doubted={"new.example.pk"}, **doubts).tasks == ()


def test_where_many_say_nothing_strangers_wait_and_known_receivers_go_on() -> None:
    with opened() as register, register.change() as records:
        records.add_all([hook(0, "new.example.pk"), hook(1, "known.example.pk")])
        records.add(bulletin())
        records.add_all([to_hook(0), to_hook(1)])
        done = turn(records, channel="webhook", n=4, trusted={"known.example.pk"}, n_doubtful=0)
        assert [one.delivery.to_id for one in done.tasks] == ["su-1"]
        assert done.waits == dt.timedelta(seconds=5)


def test_a_receiver_that_is_down_waits_until_it_is_asked_again() -> None:
    until = NOW + dt.timedelta(minutes=5)
    with opened() as register, register.change() as records:
        records.add_all([hook(0, "down.example.pk"), hook(1)])
        records.add(bulletin())
        records.add_all([to_hook(number) for number in range(2)])
        done = turn(records, channel="webhook", n=2, down={"down.example.pk": until})
        assert [one.delivery.to_id for one in done.tasks] == ["su-1"]
        assert not done.waits
        (waiting,) = records.find(Delivery, state="waiting")
        assert waiting.next_try_at == until


def test_many_that_have_to_wait_do_not_hold_the_lock_for_long() -> None:
    with opened() as register, register.change() as records:
        records.add_all([hook(number, "slow.example.pk") for number in range(500)])
        records.add(bulletin())
        records.add_all([to_hook(number) for number in range(500)])
        done = turn(records, channel="webhook", n=4, busy={"slow.example.pk"})
        assert done.tasks == ()
        assert records.count(Delivery, next_try_at=NOW) >= 90


# --- what follows ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "state", "n_bounces"),
    [
        (Outcome(kind="never", bounce="hard"), "suspended", 1),
        (Outcome(kind="never", bounce="soft"), "confirmed", 1),
        (Outcome(kind="never"), "confirmed", 0),
        (Outcome(kind="later", bounce="soft"), "confirmed", 0),
        (SENT, "confirmed", 0),
    ],
)
def test_a_bounce_counts_against_its_subscriber(outcome: Outcome, state: str, n_bounces: int) -> None:
    with opened() as register, register.change() as records:
        records.add(subscriber())
        records.add(bulletin())
        records.add(delivery())
        (task,) = turn(records).tasks
        turn(records, [(task.delivery, outcome)])
        (who,) = records.find(Subscriber)
        assert (who.state, who.n_bounces) == (state, n_bounces)


def test_the_last_soft_failure_counts_and_earlier_ones_do_not() -> None:
    old = NOW - 4 * DAYS
    with opened() as register, register.change() as records:
        records.add(subscriber())
        records.add(bulletin())
        records.add(delivery(created_at=old, next_try_at=old))
        (task,) = turn(records).tasks
        turn(records, [(task.delivery, Outcome(kind="later", failure="full", bounce="soft"))])
        assert [one.state for one in records.find(Delivery)] == ["given_up"]
        assert [one.n_bounces for one in records.find(Subscriber)] == [1]


@pytest.mark.parametrize(("kind", "address"), [("sent", ""), ("never", ""), ("later", "su-a@example.pk")])
def test_the_address_of_who_left_goes_with_the_last_message(kind: Any, address: str) -> None:
    with opened() as register, register.change() as records:
        records.add(subscriber(state="ended", ended_at=NOW))
        records.add(delivery(reason="goodbye", subject_id="t"))
        (task,) = turn(records).tasks
        turn(records, [(task.delivery, Outcome(kind=kind))])
        assert [one.address for one in records.find(Subscriber)] == [address]


def test_there_is_work_while_something_is_due_or_to_be_expanded() -> None:
    with opened() as register, register.change() as records:
        assert not has_work(records, now=NOW)
        records.add(delivery(next_try_at=NOW + DAYS))
        assert not has_work(records, now=NOW)
        assert has_work(records, now=NOW + DAYS)
        assert not has_work(records, now=NOW + DAYS, channels=["chat"])
        records.add(dispatch())
        assert has_work(records, now=NOW)


def test_what_need_not_be_kept_is_forgotten_bit_by_bit() -> None:
    with opened() as register, register.change() as records:
        records.add(structs.replace(subscriber(), state="pending", asked_at=NOW - 8 * DAYS))
        records.add(delivery(state="sent", next_try_at=NOW - 40 * DAYS))
        assert tidy_up(records, now=NOW) == 2
        assert tidy_up(records, now=NOW) == 0
        assert records.count(Subscriber) == records.count(Delivery) == 0
