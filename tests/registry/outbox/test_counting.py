"""What waits and what failed is counted; what was sent long ago is forgotten."""

import datetime as dt

from raabta.model.subscription import Delivery
from raabta.registry.outbox import counting
from raabta.registry.outbox.counting import count_channels, failing, open_dispatches
from raabta.registry.outbox.forgetting import KEPT, forget_some
from raabta.registry.outbox.queue import enqueue
from tests.registry.outbox.specimens import delivery, dispatch
from tests.registry.specimens import NOW, opened

HOUR = dt.timedelta(hours=1)


def test_each_channel_is_counted_by_state() -> None:
    with opened() as register, register.change() as records:
        enqueue(records, [delivery("su-a"), delivery("su-b", next_try_at=NOW + HOUR), delivery("su-c", state="sent")])
        enqueue(records, [delivery("su-d", channel="chat", state="given_up", failure="gone")])
        email, webhook, chat = count_channels(records, now=NOW)
        assert (email.channel, email.due, email.waiting, email.sent, email.sending) == ("email", 1, 2, 1, 0)
        assert (webhook.waiting, webhook.sent) == (0, 0)
        assert chat.given_up == 1


def test_a_count_ends_somewhere(monkeypatch: object) -> None:
    with opened() as register, register.change() as records:
        enqueue(records, [delivery(f"su-{number}") for number in range(9)])
        assert count_channels(records, now=NOW)[0].waiting == 9 < counting.COUNT_MOST


def test_failures_are_told_and_what_waits_its_turn_is_none() -> None:
    with opened() as register, register.change() as records:
        enqueue(
            records,
            [
                delivery("su-a"),
                delivery("su-b", next_try_at=NOW + HOUR, failure="refused", n_tries=1),
                delivery("su-c", next_try_at=NOW + HOUR),
                delivery("su-d", state="given_up", failure="no such user"),
            ],
        )
        assert [one.to_id for one in failing(records, now=NOW, n_most=9)] == ["su-d", "su-b"]
        assert [one.to_id for one in failing(records, now=NOW, n_most=1)] == ["su-d"]


def test_open_dispatches_are_told() -> None:
    with opened() as register, register.change() as records:
        records.add(dispatch("bu-a"))
        records.add(dispatch("bu-b", done=True))
        assert [one.bulletin_id for one in open_dispatches(records)] == ["bu-a"]


def test_what_was_sent_long_ago_is_forgotten_and_nothing_else() -> None:
    old = NOW - KEPT - HOUR
    with opened() as register, register.change() as records:
        enqueue(
            records,
            [
                *(delivery(f"su-{number}", state="sent", next_try_at=old) for number in range(5)),
                delivery("su-x", state="waiting", next_try_at=old),
                delivery("su-y", state="sent"),
                delivery("su-z", state="given_up", next_try_at=old),
            ],
        )
        assert forget_some(records, now=NOW, n_most=3) == 3
        assert forget_some(records, now=NOW, n_most=9) == 3
        assert forget_some(records, now=NOW, n_most=9) == 0
        assert [one.to_id for one in records.find(Delivery)] == ["su-x", "su-y"]
