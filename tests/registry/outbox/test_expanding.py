"""Whom a bulletin concerns, and that deliveries and cursor move together."""

import datetime as dt
from typing import Any

import pytest

from raabta.model.bulletin import Bulletin
from raabta.model.subscription import Delivery, Dispatch
from raabta.registry.outbox.expanding import concerns, expand_some
from tests.registry.outbox.specimens import advisory, bulletin, dispatch, subscriber
from tests.registry.specimens import NOW, OTHER_KEY, opened


@pytest.mark.parametrize(
    ("told", "wish", "concerned"),
    [
        (bulletin(), {}, True),
        (bulletin(), {"kinds": ("incident", "meeting")}, True),
        (bulletin(), {"kinds": ("notice",)}, False),
        (bulletin(component_ids=("cdn",)), {"component_ids": ("cdn", "vpn")}, True),
        (bulletin(component_ids=("cdn",)), {"component_ids": ("vpn",)}, False),
        (bulletin(component_ids=("cdn",)), {"component_ids": ("vpn",), "kinds": ("incident",)}, False),
        (bulletin(), {"component_ids": ("vpn",)}, True),
        (bulletin(audience="members"), {}, False),
        (bulletin(audience="members"), {"member_id": "o-a"}, True),
        (advisory("panos"), {"products": ("panos",)}, True),
        (advisory("panos"), {"products": ("nginx",)}, False),
        (advisory("panos"), {"member_id": "o-a"}, False),
        (advisory("panos"), {"products": ("panos",), "kinds": ("incident",)}, False),
    ],
)
def test_a_bulletin_goes_to_whom_it_concerns(told: Bulletin, wish: dict[str, Any], concerned: bool) -> None:
    assert concerns(told, subscriber(**wish)) is concerned


def test_only_who_had_confirmed_when_it_was_published_gets_it() -> None:
    late = NOW + dt.timedelta(seconds=1)
    with opened() as register, register.change() as records:
        records.add_all(
            [
                subscriber("su-a"),
                subscriber("su-b", state="pending", confirmed_at=None),
                subscriber("su-c", confirmed_at=late),
                subscriber("su-d", confirmed_at=NOW),
                subscriber("su-e", state="suspended"),
                subscriber("su-f", state="ended"),
            ]
        )
        records.add(bulletin())
        records.add(dispatch())
        expanded = expand_some(records, n_most=9)
        assert expanded is not None
        assert (expanded.n_made, expanded.done) == (2, True)
        assert [one.to_id for one in records.find(Delivery)] == ["su-a", "su-d"]


def test_expanding_goes_on_where_it_stopped_and_ends() -> None:
    with opened() as register:
        with register.change() as records:
            records.add_all([subscriber(f"su-{number:02}") for number in range(10)])
            records.add(bulletin())
            records.add(dispatch())
        seen = []
        for _ in range(6):
            with register.change() as records:
                expanded = expand_some(records, n_most=4)
                seen.append(expanded and (expanded.n_looked_at, expanded.n_made, expanded.done))
        assert seen == [(4, 4, False), (4, 4, False), (2, 2, True), None, None, None]
        with register.look() as records:
            assert records.count(Delivery) == 10
            (done,) = records.find(Dispatch)
            assert (done.after_id, done.done) == ("su-09", True)


def test_the_older_of_two_dispatches_is_done_first() -> None:
    with opened() as register, register.change() as records:
        records.add(subscriber())
        records.add_all([bulletin("bu-a"), bulletin("bu-b")])
        records.add(dispatch("bu-a", created_at=NOW + dt.timedelta(seconds=2)))
        records.add(dispatch("bu-b"))
        told = [expanded.bulletin_id if (expanded := expand_some(records)) else "" for _ in range(3)]
        assert told == ["bu-b", "bu-a", ""]


def test_a_bulletin_that_is_gone_goes_to_nobody() -> None:
    with opened() as register, register.change() as records:
        records.add(subscriber())
        records.add(dispatch("bu-gone"))
        expanded = expand_some(records)
        assert expanded is not None
        assert expanded.done
        assert records.count(Delivery) == 0


def test_expanding_opens_no_seal(tmp_path: Any) -> None:
    url = f"sqlite:///{tmp_path}/r"
    with opened(url) as register, register.change() as records:
        records.add(subscriber())
        records.add(bulletin())
        records.add(dispatch())
        records.key = OTHER_KEY
        assert expand_some(records) is not None
