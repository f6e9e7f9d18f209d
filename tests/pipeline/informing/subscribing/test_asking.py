import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from raabta.model.subscription import Channel, Delivery, Subscriber
from raabta.pipeline.informing.subscribing import asking, limits
from raabta.pipeline.informing.subscribing.asking import Asked, Made, add_asked, add_confirmed, ask, find_address
from raabta.pipeline.informing.subscribing.bounces import note_bounce
from raabta.pipeline.informing.subscribing.confirming import change, confirm, renew_secret
from raabta.pipeline.informing.subscribing.inviting import make_invitation, read_invitation
from raabta.pipeline.informing.subscribing.leaving import forget, leave
from raabta.pipeline.informing.subscribing.wishes import Wishes, read_wishes
from raabta.registry import Records
from tests.cases.subscribing import SETTINGS, made
from tests.registry.specimens import NOW, opened, organisation

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


class Desk:
    """Records, and a clock: each test says when things happen."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.made = made()

    def at(self, now: dt.datetime) -> Made:
        return Made(now=now, new_id=self.made.new_id, new_bytes=self.made.new_bytes)

    def ask(
        self, address: str = "a@example.pk", *, now: dt.datetime = NOW, channel: Channel = "email", **wishes: Any
    ) -> Asked | None:
        return ask(
            self.records, address, channel=channel, wishes=Wishes(**wishes), settings=SETTINGS, made=self.at(now)
        )

    def all(self) -> list[Subscriber]:
        return list(self.records.find(Subscriber))

    def messages(self) -> list[tuple[str, str]]:
        return [(one.reason, one.to_id) for one in self.records.find(Delivery)]


@pytest.fixture
def desk() -> Iterator[Desk]:
    with opened() as register, register.change() as records:
        yield Desk(records)


def test_who_asks_waits_and_is_sent_one_request_to_confirm(desk: Desk) -> None:
    asked = desk.ask(component_ids=("vpn",))
    (waiting,) = desk.all()
    assert asked is not None
    assert (waiting, waiting.state, waiting.component_ids) == (asked.subscriber, "pending", ("vpn",))
    assert desk.messages() == [("confirm", waiting.id)]


def test_one_address_is_one_subscriber_however_it_is_written(desk: Desk) -> None:
    desk.ask("a@example.pk")
    desk.ask("A@EXAMPLE.PK.", now=NOW + 2 * DAY)
    assert len(desk.all()) == 1


def test_an_address_gets_one_request_in_a_day_however_often_it_is_asked_for(desk: Desk) -> None:
    for minute in range(0, 24 * 60, 10):
        desk.ask(now=NOW + minute * dt.timedelta(minutes=1))
    assert len(desk.messages()) == 1
    desk.ask(now=NOW + DAY)
    assert len(desk.messages()) == 2


def test_variants_of_one_mailbox_get_one_request_in_a_day(desk: Desk) -> None:
    for number in range(50):
        desk.ask(f"victim+{number}@example.pk", now=NOW + number * dt.timedelta(minutes=1))
    assert len(desk.messages()) == len(desk.all()) == 1
    desk.ask("victim+x@example.pk", now=NOW + DAY)
    assert len(desk.messages()) == 2


def test_a_host_gets_few_requests_for_webhooks_in_a_day(desk: Desk) -> None:
    for number in range(50):
        desk.ask(f"https://hooks.example.pk/{number}", channel="webhook")
    assert len(desk.messages()) == limits.ASKED_OF_MAILBOX_MAX["webhook"]


def test_beyond_a_number_of_waiting_addresses_nothing_is_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PENDING_MAX", 2)
    asked = [desk.ask(f"a{number}@example.pk") for number in range(4)]
    assert [one is None for one in asked] == [False, False, True, True]
    assert len(desk.all()) == 2


def test_a_stranger_cannot_change_what_a_subscriber_gets(desk: Desk) -> None:
    asked = desk.ask(component_ids=("vpn",), language="ur")
    assert asked is not None
    confirm(desk.records, asked.subscriber.id, now=NOW)
    desk.ask(now=NOW + 2 * DAY, component_ids=("cloudflare",), language="en")
    (kept,) = desk.all()
    assert (kept.component_ids, kept.language, kept.state) == (("vpn",), "ur", "confirmed")


def test_the_newest_wishes_of_who_has_not_confirmed_hold(desk: Desk) -> None:
    desk.ask(language="ur")
    desk.ask(now=NOW + DAY, language="en")
    assert [one.language for one in desk.all()] == ["en"]


def test_a_link_to_confirm_works_for_48_hours(desk: Desk) -> None:
    asked = desk.ask()
    assert asked is not None
    with pytest.raises(ValueError, match="older than 48 hours"):
        confirm(desk.records, asked.subscriber.id, now=NOW + 48 * HOUR + dt.timedelta(seconds=1))
    confirmed, is_new = confirm(desk.records, asked.subscriber.id, now=NOW + 48 * HOUR)
    assert (confirmed.state, confirmed.confirmed_at, is_new) == ("confirmed", NOW + 48 * HOUR, True)


def test_confirming_twice_is_confirming_once(desk: Desk) -> None:
    asked = desk.ask()
    assert asked is not None
    confirm(desk.records, asked.subscriber.id, now=NOW)
    again, is_new = confirm(desk.records, asked.subscriber.id, now=NOW + 90 * DAY)
    assert (again.confirmed_at, is_new) == (NOW, False)


def test_who_left_may_subscribe_anew_and_old_links_do_nothing(desk: Desk) -> None:
    first = desk.ask()
    assert first is not None
    confirm(desk.records, first.subscriber.id, now=NOW)
    assert leave(desk.records, first.subscriber.id, now=NOW + HOUR, goodbye=True) is not None
    assert leave(desk.records, first.subscriber.id, now=NOW + HOUR, goodbye=True) is None
    second = desk.ask(now=NOW + 2 * HOUR)
    assert second is not None
    assert second.subscriber.id != first.subscriber.id
    with pytest.raises(LookupError, match="has ended"):
        confirm(desk.records, first.subscriber.id, now=NOW + 2 * HOUR)


def test_leaving_by_the_button_sends_one_last_message_and_a_mail_program_gets_none(desk: Desk) -> None:
    for number, goodbye in enumerate((True, False)):
        asked = desk.ask(f"a{number}@example.pk")
        assert asked is not None
        confirm(desk.records, asked.subscriber.id, now=NOW)
        leave(desk.records, asked.subscriber.id, now=NOW, goodbye=goodbye)
    by_button, by_program = desk.all()
    assert (by_button.address, by_button.address_hash) == ("a0@example.pk", "")
    assert (by_program.address, by_program.address_hash, by_program.component_ids) == ("", "", ())
    assert [to for reason, to in desk.messages() if reason == "goodbye"] == [by_button.id]


def test_who_never_confirmed_is_forgotten_after_a_week_and_who_left_after_three_days(desk: Desk) -> None:
    for name in ("waits", "leaves", "stays"):
        desk.ask(f"{name}@example.pk")
    _, leaves, stays = desk.all()
    for one in (leaves, stays):
        confirm(desk.records, one.id, now=NOW)
    leave(desk.records, leaves.id, now=NOW, goodbye=True)
    assert forget(desk.records, now=NOW + 3 * DAY) == 0
    assert forget(desk.records, now=NOW + 3 * DAY + HOUR) == 1
    assert forget(desk.records, now=NOW + 7 * DAY + HOUR) == 1
    assert [one.id for one in desk.all()] == [stays.id]


def test_forgetting_takes_a_bit_at_a_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("raabta.pipeline.informing.subscribing.leaving.FORGET_AT_ONCE_MAX", 2)
    for number in range(3):
        desk.ask(f"a{number}@example.pk")
    assert [forget(desk.records, now=NOW + 8 * DAY) for _ in range(3)] == [2, 1, 0]


def test_a_webhook_has_a_secret_of_its_own_and_gets_another_on_request(desk: Desk) -> None:
    first, second = (desk.ask(f"https://hooks{n}.example.pk/", channel="webhook") for n in range(2))
    assert first is not None
    assert second is not None
    assert first.subscriber.secret.startswith("whsec_")
    assert first.subscriber.secret != second.subscriber.secret
    renewed = renew_secret(desk.records, first.subscriber.id, new_bytes=desk.made.new_bytes)
    assert renewed.secret not in (first.subscriber.secret, second.subscriber.secret)
    asked = desk.ask()
    assert asked is not None
    with pytest.raises(ValueError, match="only a webhook has a secret"):
        renew_secret(desk.records, asked.subscriber.id, new_bytes=desk.made.new_bytes)


def test_a_members_code_makes_a_subscriber_the_members_until_its_last_day(desk: Desk) -> None:
    desk.records.add(organisation())
    code = make_invitation(desk.records, "o-a", now=NOW, days=30)
    assert read_invitation(desk.records, code.upper(), now=NOW + 30 * DAY) == "o-a"
    asked = desk.ask(invitation=code)
    assert asked is not None
    assert asked.subscriber.member_id == "o-a"
    with pytest.raises(ValueError, match=r"^invitation: this code has ended"):
        read_invitation(desk.records, code, now=NOW + 31 * DAY)


def test_a_code_that_was_made_up_lengthened_or_whose_member_is_gone_opens_nothing(desk: Desk) -> None:
    desk.records.add(organisation())
    code = make_invitation(desk.records, "o-a", now=NOW, days=1)
    for wrong in ("x", code.replace("2026", "2027"), code.replace("o-a", "o-b")):
        with pytest.raises(ValueError, match=r"^invitation: this code is not one of ours") as caught:
            read_invitation(desk.records, wrong, now=NOW)
        assert wrong not in str(caught.value).split()
    with pytest.raises(LookupError, match="no organisation"):
        make_invitation(desk.records, "o-z", now=NOW, days=1)
    with pytest.raises(ValueError, match="--days"):
        make_invitation(desk.records, "o-a", now=NOW, days=0)


def test_changing_without_a_code_leaves_a_member_a_member(desk: Desk) -> None:
    desk.records.add(organisation())
    asked = desk.ask(invitation=make_invitation(desk.records, "o-a", now=NOW, days=1))
    assert asked is not None
    changed = change(desk.records, asked.subscriber.id, wishes=Wishes(language="en"), now=NOW)
    assert (changed.member_id, changed.language) == ("o-a", "en")


def test_the_desk_adds_confirmed_ones_without_a_message_and_chats_at_once(desk: Desk) -> None:
    for address, channel, adding in (
        ("a@example.pk", "email", add_confirmed),
        ("ops", "chat", add_asked),
        ("http://127.0.0.1:9/", "webhook", add_confirmed),
    ):
        adding(desk.records, address, channel=channel, wishes=Wishes(), settings=SETTINGS, made=desk.made)  # type: ignore[arg-type]
    assert [one.state for one in desk.all()] == ["confirmed"] * 3
    assert desk.messages() == []


def test_the_desk_is_told_what_became_of_it(desk: Desk) -> None:
    given: dict[str, Any] = {"channel": "email", "wishes": Wishes(), "settings": SETTINGS, "made": desk.made}
    words = [adding(desk.records, "a@example.pk", **given).words for adding in (add_asked, add_asked, add_confirmed)]
    assert words == [
        "waits for its confirmation",
        "was asked to confirm within the last 24 hours",
        "confirmed",
    ]
    assert add_confirmed(desk.records, "a@example.pk", **given).words == "a subscriber already; nothing changed"
    with pytest.raises(ValueError, match="too many requests to confirm"):
        add_asked(desk.records, "a+b@example.pk", **given)


def test_who_was_suspended_confirms_anew_and_bounces_are_forgotten(desk: Desk) -> None:
    asked = desk.ask()
    assert asked is not None
    id_ = asked.subscriber.id
    confirm(desk.records, id_, now=NOW)
    note_bounce(desk.records, id_, kind="hard", now=NOW + DAY)
    with pytest.raises(ValueError, match="older than 48 hours"):
        confirm(desk.records, id_, now=NOW + 3 * DAY)
    desk.ask(now=NOW + 4 * DAY)
    found, is_new = confirm(desk.records, id_, now=NOW + 4 * DAY)
    assert (found.state, found.n_bounces, found.confirmed_at, is_new) == ("confirmed", 0, NOW + 4 * DAY, False)


def test_an_address_is_found_by_its_hash(desk: Desk) -> None:
    desk.ask("a@example.pk")
    found = find_address(desk.records, "A@example.PK", channel="email", settings=SETTINGS)
    assert found == desk.all()[0]
    assert find_address(desk.records, "b@example.pk", channel="email", settings=SETTINGS) is None


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("component", {"component_ids": ["vpn", "<b>"]}),
        ("kind", {"kinds": ["incidents"]}),
        ("product", {"products": ["x"]}),
        ("language", {"language": "de"}),
    ],
)
def test_wishes_that_the_settings_do_not_know_are_refused_by_their_field(field: str, given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"^{field}: one of "):
        read_wishes(SETTINGS, **given)


def test_all_is_the_same_as_none_so_that_what_comes_later_is_in_it() -> None:
    read = read_wishes(
        SETTINGS, component_ids=["vpn", "cloudflare"], kinds=["incident", "notice", "meeting", "advisory"]
    )
    assert (read.component_ids, read.kinds) == ((), ())
