"""The outbox on PostgreSQL as on SQLite: one sender, expanding, starting, settling, counting, forgetting."""

import datetime as dt

import pytest
from sqlalchemy import text

from raabta.model.subscription import Delivery
from raabta.registry.outbox.counting import count_channels, failing
from raabta.registry.outbox.expanding import expand_some
from raabta.registry.outbox.forgetting import KEPT, forget_some
from raabta.registry.outbox.lock import only_sender
from raabta.registry.outbox.outcome import SENT, Outcome
from raabta.registry.outbox.queue import due, recover, settle, start, try_again
from tests.lab.registry.conftest import Database
from tests.registry.outbox.specimens import bulletin, dispatch, subscriber
from tests.registry.specimens import NOW, opened


def test_one_sender_at_a_time(url: str) -> None:
    with opened(url) as first, opened(url) as second:
        with only_sender(first) as check:
            check()
            with pytest.raises(ValueError, match="another sender is at work"), only_sender(second):
                pass
        with only_sender(second):
            pass


def test_a_lost_connection_is_a_lost_lock(database: Database) -> None:
    with opened(database.url) as first, opened(database.url) as second, only_sender(first) as check:
        with second.engine.connect() as connection:
            connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"))
        with pytest.raises(OSError, match="database"):
            check()
        with only_sender(second):
            pass


def test_the_way_of_deliveries_is_the_same(url: str) -> None:
    with opened(url) as register:
        with register.change() as records:
            records.add_all([subscriber(f"su-{number}") for number in range(5)])
            records.add(bulletin())
            records.add(dispatch())
        with register.change() as records:
            first = expand_some(records, n_most=3)
            second = expand_some(records, n_most=3)
            assert first is not None
            assert second is not None
            assert (first.n_made, second.n_made, second.done) == (3, 2, True)
            started = start(records, due(records, "email", now=NOW, n_most=3), now=NOW)
            gone = Outcome(kind="never", failure="no such user")
            settle(records, [(started[0], SENT), (started[1], gone)], now=NOW)
        with register.change() as records:
            assert recover(records, now=NOW) == 1
            assert [one.repeated for one in records.find(Delivery, state="waiting")].count(True) == 1
            email = count_channels(records, now=NOW)[0]
            assert (email.due, email.sent, email.given_up, email.sending) == (3, 1, 1, 0)
            assert [one.id for one in failing(records, now=NOW, n_most=9)] == [started[1].id]
            assert try_again(records, [started[1].id], now=NOW)[0].state == "waiting"
            assert forget_some(records, now=NOW + KEPT + dt.timedelta(hours=1), n_most=9) == 1
