"""Who was told what: asked for, confirmed, once each, in their language, and not after they left."""

import datetime as dt
from collections import Counter

import pytest
from standardwebhooks import Webhook

from tests.lab.publishing.story import people
from tests.lab.publishing.story.story import Post, Story

pytestmark = pytest.mark.lab


def bulletins(story: Story, to: str) -> list[Post]:
    return [one for one in story.mails(to) if one.message["List-Id"]]


def test_nobody_is_told_anything_before_they_press_the_button(story: Story) -> None:
    states = {row["name"]: row["n"] for row in story.told["after scan"].rows if row["of"] == "state"}
    assert set(story.found["scanned"]) == {200}
    assert states == {"pending": 8, "confirmed": 1}
    assert {status for status, _ in story.found["pressed"].values()} == {200}


def test_an_address_that_somebody_else_typed_gets_one_request_and_nothing_more(story: Story) -> None:
    (only,) = story.mails(people.NEVER)
    assert only.subject.startswith("Please confirm")


def test_the_answer_does_not_tell_whether_an_address_is_known(story: Story) -> None:
    again, first = story.found["asked again"]
    assert again == first
    assert len([one for one in story.mails(people.AYESHA) if one.subject.startswith("Please confirm")]) == 1


def test_a_stranger_cannot_aim_our_calls_at_machines_inside(story: Story) -> None:
    assert story.found["aimed inside"] == [400, 400]


def test_who_asks_in_urdu_is_answered_and_told_in_urdu(story: Story) -> None:
    assert 'lang="ur" dir="rtl"' in story.found["asked in Urdu"]
    assert all(one.message["Content-Language"] == "ur" for one in story.mails(people.BILAL))


def test_who_chose_one_component_is_told_of_its_incidents_alone_and_of_what_concerns_all(story: Story) -> None:
    told = bulletins(story, people.BILAL)
    assert [story.ids["november"] in one.text for one in told] == [True] * 6 + [False]
    assert story.ids["meeting"] in told[-1].text


def test_every_bulletin_came_to_each_person_once(story: Story) -> None:
    ids = Counter((one.to, one.message["Message-ID"]) for one in story.mails())
    assert max(ids.values()) == 1
    assert len(bulletins(story, people.CHAND)) == 6 + 6 + 4 + 1 + 1
    assert len(bulletins(story, people.DANA)) == 1


def test_every_bulletin_can_be_left_with_one_click_and_says_that_a_machine_sent_it(story: Story) -> None:
    for one in (mail for to in people.EVERYBODY for mail in bulletins(story, to)):
        head = one.message
        assert head["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert str(head["List-Unsubscribe"]).startswith(f"<{story.ground.forms_url}/leave/")
        assert head["Auto-Submitted"] == "auto-generated"
        assert head["To"] == one.to
        assert one.sender.startswith("bounces+")


def test_one_click_ends_it(story: Story) -> None:
    assert (story.found["leave looked at"], story.found["left"]) == (200, 200)
    subjects = [one.subject for one in story.mails(people.AYESHA)]
    assert any("Six hours without VPNs" in subject for subject in subjects)
    assert not any("Cloudflare" in subject for subject in subjects)


def test_who_cannot_be_reached_is_suspended_at_once(story: Story) -> None:
    gone = [one for one in story.mails(people.GONE) if "VPN" in one.subject]
    assert gone == []
    assert story.told["sent with a bounce"].code == 0
    assert "suspended" in story.told["bounce"].out
    assert not any("Six hours" in one.subject for one in story.mails(people.LOST))


def _clock_at(at: dt.datetime) -> type[dt.datetime]:
    """Make the clock on the receiver's wall: it refuses what is older than five minutes."""
    return type("Clock", (dt.datetime,), {"now": classmethod(lambda _, tz: at)})


def test_each_call_of_the_webhook_is_accepted_by_an_independent_receiver(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver = Webhook(story.ids["secret"])
    kinds = []
    for call, at in zip(story.ground.hooks.got, story.ground.called_at, strict=True):
        monkeypatch.setattr("standardwebhooks.webhooks.datetime", _clock_at(at))
        kinds.append(receiver.verify(call.body, call.headers)["type"])
    assert Counter(kinds) == {"subscription.confirm": 1, "bulletin.published": 17}


def test_the_webhook_got_every_public_bulletin_once_in_both_languages(story: Story) -> None:
    updates = [call["data"]["update"] for call in story.calls() if call["type"] == "bulletin.published"]
    assert len({one["id"] for one in updates}) == len({one["sequence"] for one in updates}) == 17
    assert all({text["language"] for text in one["texts"]} == {"en", "ur"} for one in updates)


def test_the_chat_room_got_every_public_bulletin_with_its_page(story: Story) -> None:
    assert len(story.notes()) == 17
    assert all(story.ground.origin_url in note for note in story.notes())


def test_links_in_mails_lead_to_pages_that_are_there(story: Story) -> None:
    linked = {
        word.replace(story.ground.origin_url + "/", "").partition("#")[0]
        for one in story.mails()
        for word in one.text.split()
        if word.startswith(story.ground.origin_url)
    }
    assert len(linked) > 6
    assert all(story.raw(path) for path in linked)
