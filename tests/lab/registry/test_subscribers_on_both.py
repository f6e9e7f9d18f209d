"""Subscribers on PostgreSQL as on SQLite: found by hash, counted, listed, forgotten."""

import datetime as dt

from raabta.pipeline.informing.subscribing.asking import ask
from raabta.pipeline.informing.subscribing.confirming import confirm
from raabta.pipeline.informing.subscribing.leaving import forget, leave
from raabta.pipeline.informing.subscribing.wishes import Wishes
from raabta.registry.subscribers import count_subscribers, list_subscribers
from tests.cases.subscribing import SETTINGS, made
from tests.registry.specimens import NOW, opened


def test_subscribers_come_confirm_are_counted_and_go(url: str) -> None:
    tools = made()
    with opened(url) as register, register.change() as records:
        for number, address in enumerate(("a@example.pk", "a+x@example.pk", "b@example.pk", "c@example.pk")):
            wishes = Wishes(language=("en", "ur")[number % 2], component_ids=("vpn",) * (number % 2))
            ask(records, address, channel="email", wishes=wishes, settings=SETTINGS, made=tools)
        first, second, third = (row.id for row in list_subscribers(records, n_most=9))
        for id_ in (first, second):
            confirm(records, id_, now=NOW)
        leave(records, second, now=NOW, goodbye=False)
        found = {(one.of, one.name): one.n for one in count_subscribers(records)}
        assert found["state", "confirmed"] == found["state", "ended"] == found["state", "pending"] == 1
        assert (found["component", "(all)"], found["language", "en"], found["member", "no"]) == (1, 1, 1)
        assert forget(records, now=NOW + dt.timedelta(days=8)) == 2
        assert [row.id for row in list_subscribers(records, n_most=9)] == [first]
        assert third != first
