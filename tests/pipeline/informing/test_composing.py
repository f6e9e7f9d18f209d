"""Who gets what: each reason's message, its links and tokens, and what is not sent after all."""

import base64
import datetime as dt
import json
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import msgspec
import pytest
from msgspec import structs

from raabta.model.incident import MemberReport
from raabta.model.publication import Publication, PublicStatement
from raabta.model.subscription import Alarm, Delivery, Subscriber
from raabta.pipeline.informing.composing import Composer, Task, as_update
from raabta.pipeline.informing.settings import Chat, DutyPerson, Mail, Publishing
from raabta.pipeline.informing.tokens import Purpose, read_token
from raabta.publish import message
from raabta.registry.outbox.outcome import Outcome
from tests.cases.publication import example_site, example_thread
from tests.registry.outbox.specimens import bulletin, delivery, subscriber
from tests.registry.specimens import KEY, NOW, opened

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
SETTINGS = Publishing(
    site=example_site(),
    mail=Mail(host="127.0.0.1", sender="desk@example.pk", bounces="bounces@example.pk"),
    duty=(DutyPerson(name="asma", email="asma@example.pk"), DutyPerson(name="bilal")),
    chat=(Chat(name="ops", url_file="ops.url"),),
)
REPORT = MemberReport(
    id="rp-a", code="abcdefgh", way="web", target="cdn.example.com", reported_at=NOW, contact="visitor@example.com"
)
ALARM = Alarm(id="promise/pr-a/x/1", about_id="pr-a", kind="promise", level=1, due_at=NOW, raised_at=NOW, words="Late")


def looked_up(*kept: Any, one: Delivery, now: dt.datetime = NOW, settings: Publishing = SETTINGS) -> Task | Outcome:
    with opened() as register, register.change() as records:
        for record in kept:
            records.add(record)
        (found,) = Composer(settings, KEY).look_up(records, [one], now=now)
        return found


def composed(*kept: Any, one: Delivery, settings: Publishing = SETTINGS) -> Any:
    task = looked_up(*kept, one=one, settings=settings)
    assert isinstance(task, Task), task
    return Composer(settings, KEY).compose(task, now=NOW)


def mail_of(*kept: Any, one: Delivery, settings: Publishing = SETTINGS) -> tuple[message.Mail, EmailMessage, str]:
    made = composed(*kept, one=one, settings=settings)
    assert isinstance(made, message.Mail)
    read = message_from_bytes(made.raw, policy=SMTP)
    part = read.get_body(("plain",))
    assert part is not None
    return made, read, str(part.get_content()).replace("\r\n", "\n")


def link(text: str, page: str) -> str:
    """Give the token of the first link to a page of the desk."""
    return text.partition(f"https://desk.example.pk/{page}/")[2].split()[0]


# --- what is sent ---------------------------------------------------------------------------------------------


def test_a_bulletin_by_mail_leads_to_its_page_and_out() -> None:
    made, read, text = mail_of(subscriber(), bulletin(), one=delivery())
    assert made.to == "su-a@example.pk"
    assert "https://status.example.pk/en/incident/in-a.html#bu-a" in text
    assert "https://status.example.pk/ur/incident/in-a.html#bu-a" in text
    pages: tuple[Purpose, ...] = ("leave", "change")
    for page in pages:
        assert read_token(KEY, page, token=link(text, page)) == "su-a"
    assert read["list-unsubscribe"] == f"<https://desk.example.pk/leave/{link(text, 'leave')}>"
    local = made.return_path.partition("@")[0]
    assert read_token(KEY, "bounce", token=local.partition("+")[2]) == "su-a"


@pytest.mark.parametrize(("language", "en", "ur"), [("en", True, False), ("ur", False, True), ("both", True, True)])
def test_a_subscriber_reads_the_language_of_their_choice(language: Any, en: bool, ur: bool) -> None:
    _, _, text = mail_of(subscriber(language=language), bulletin(), one=delivery())
    assert ("A CDN cannot be reached" in text, "ایک سی ڈی این تک رسائی نہیں" in text) == (en, ur)


def test_what_is_for_members_has_no_public_page() -> None:
    told = bulletin(audience="members")
    _, _, text = mail_of(subscriber(member_id="o-a"), told, one=delivery())
    assert "status.example.pk/en/incident" not in text
    call = composed(
        subscriber(channel="webhook", address="https://h.example.pk/", secret=SECRET, member_id="o-a"),
        told,
        one=delivery(channel="webhook"),
    )
    assert json.loads(call.body)["data"]["urls"] == {"en": "", "ur": ""}


def test_a_call_holds_the_public_update_and_no_name_of_ours() -> None:
    who = subscriber(channel="webhook", address="https://h.example.pk/x", secret=SECRET)
    call = composed(who, bulletin(approved_by="Danish"), one=delivery(channel="webhook"))
    assert isinstance(call, message.Call)
    data = json.loads(call.body)["data"]
    assert call.url == "https://h.example.pk/x"
    assert data["update"]["texts"][0]["title"] == "A CDN cannot be reached"
    assert data["thread"] == {"id": "in-a", "kind": "incident", "audience": "public"}
    assert not any(name in call.body.decode() for name in ("Asma", "Bilal", "Danish", "approved", SECRET))


def test_a_chat_channel_gets_a_short_text() -> None:
    note = composed(subscriber(channel="chat", address="ops"), bulletin(), one=delivery(channel="chat"))
    assert isinstance(note, message.Note)
    assert note.channel == "ops"
    assert "A CDN cannot be reached" in note.text


@pytest.mark.parametrize("channel", ["email", "webhook", "chat"])
def test_a_repetition_says_so_on_every_channel(channel: Any) -> None:
    address = {"email": "a@example.com", "webhook": "https://h.example.pk/", "chat": "ops"}[channel]
    who = subscriber(channel=channel, address=address, secret=SECRET)
    first, again = (
        composed(who, bulletin(), one=delivery(channel=channel, repeated=repeated)) for repeated in (False, True)
    )
    match again:
        case message.Mail():
            assert b"\r\nRaabta-Repeated: possible\r\n" in again.raw
            assert b"Raabta-Repeated" not in first.raw
        case message.Call():
            assert again.headers["Raabta-Repeated"] == "possible"
            assert again.headers["webhook-id"] == first.headers["webhook-id"]
        case message.Note():
            assert again.text.endswith("(may be a repetition)")
            assert "repetition" not in first.text
        case _:
            pytest.fail("no message")


def test_a_new_address_is_asked_to_confirm_and_can_change_nothing_yet() -> None:
    who = subscriber(state="pending", confirmed_at=None)
    _, read, text = mail_of(who, one=delivery(reason="confirm", subject_id="t"))
    assert read_token(KEY, "confirm", token=link(text, "confirm")) == "su-a"
    assert "/change/" not in text
    assert "/leave/" not in text
    assert read["list-unsubscribe"] is None


@pytest.mark.parametrize("state", ["confirmed", "suspended"])
def test_a_known_address_is_led_to_change(state: Any) -> None:
    _, _, text = mail_of(subscriber(state=state), one=delivery(reason="confirm", subject_id="t"))
    assert read_token(KEY, "change", token=link(text, "change")) == "su-a"


def test_a_webhook_is_asked_to_confirm_by_a_call() -> None:
    who = subscriber(state="pending", channel="webhook", address="https://h.example.pk/", secret=SECRET)
    call = composed(who, one=delivery(reason="confirm", subject_id="t", channel="webhook"))
    body = json.loads(call.body)
    assert body["type"] == "subscription.confirm"
    assert body["data"]["confirm_url"].startswith("https://desk.example.pk/confirm/su-a-")


def test_who_left_is_told_once() -> None:
    _, _, text = mail_of(subscriber(state="ended"), one=delivery(reason="goodbye", subject_id="t"))
    assert "This is the last message." in text
    assert "https://status.example.pk/en/subscribe.html" in text


@pytest.mark.parametrize(("language", "words"), [("en", "Thank you"), ("ur", "شکریہ")])
def test_a_report_is_acknowledged_in_its_language(language: str, words: str) -> None:
    one = delivery("rp-a", reason="acknowledge", subject_id="rp-a")
    made, _, text = mail_of(structs.replace(REPORT, language=language), one=one)
    assert (made.to, made.return_path) == ("visitor@example.com", "bounces@example.pk")
    assert words in text
    assert "https://desk.example.pk/report/abcdefgh" in text


def test_a_report_is_answered() -> None:
    report = structs.replace(REPORT, state="closed", closed_because="It works again since noon.", incident_id="in-a")
    _, _, text = mail_of(report, one=delivery("rp-a", reason="answer", subject_id="rp-a"))
    assert "It works again since noon." in text
    assert "https://status.example.pk/en/index.html" in text


def publication(**fields: Any) -> Publication:
    stated = PublicStatement(
        party_en="Regulator",
        party_ur="ریگولیٹر",
        at=NOW,
        text_en="A glitch.",
        text_ur="ایک خرابی۔",
        source="https://r.example/p",
    )
    later = structs.replace(stated, at=NOW + dt.timedelta(days=1), text_en="Something else.")
    thread = structs.replace(example_thread("in-vpn20241110"), id="in-a", statements=(stated, later))
    content = msgspec.json.encode(thread).decode()
    given: dict[str, Any] = {"kind": "incident", "sequence": 1, "month": "2024-11", "is_open": True, "content": content}
    return Publication(id="in-a", **(given | fields))


@pytest.mark.parametrize("channel", ["email", "webhook", "chat"])
def test_what_was_stated_until_then_stands_beside_our_cause_on_every_channel(channel: Any) -> None:
    address = {"email": "a@example.com", "webhook": "https://h.example.pk/", "chat": "ops"}[channel]
    who = subscriber(channel=channel, address=address, secret=SECRET, language="both")
    kept = (who, bulletin(), publication())
    match channel:
        case "email":
            told = mail_of(*kept, one=delivery())[2]
        case "webhook":
            call = composed(*kept, one=delivery(channel=channel))
            (statement,) = json.loads(call.body)["data"]["statements"]
            assert statement["at"].endswith("Z")
            told = " ".join(statement.values())
        case _:
            told = composed(*kept, one=delivery(channel=channel)).text
    assert [one in told for one in ("Regulator", "A glitch.", "ایک خرابی۔", "https://r.example/p")] == [True] * 4
    assert "Something else." not in told


def test_a_report_is_answered_with_the_page_of_its_incident_where_there_is_one() -> None:
    report = structs.replace(REPORT, state="closed", closed_because="It works again since noon.", incident_id="in-a")
    _, _, text = mail_of(report, publication(), one=delivery("rp-a", reason="answer", subject_id="rp-a"))
    assert "https://status.example.pk/en/incident/in-a.html" in text


def test_an_alarm_of_a_further_level_says_who_was_told_before() -> None:
    earlier = structs.replace(ALARM, id="promise/pr-a/x/0", level=0)
    told = delivery("bilal", reason="alarm", subject_id=earlier.id, state="sent")
    one = delivery("asma", reason="alarm", subject_id=ALARM.id)
    assert "Told before: bilal." in mail_of(ALARM, earlier, told, one=one)[2]
    assert "Nobody was told before." in mail_of(ALARM, one=one)[2]


def test_an_alarm_reaches_the_duty_list_by_name() -> None:
    one = delivery("asma", reason="alarm", subject_id=ALARM.id)
    made, read, text = mail_of(ALARM, one=one)
    assert made.to == "asma@example.pk"
    assert read["subject"] == "Alarm, level 1: Late"
    assert "raabta incident acknowledge pr-a" in text


# --- what is not ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kept", "one", "kind"),
    [
        ((bulletin(),), delivery(), "dropped"),
        ((bulletin(), subscriber(state="ended", address="")), delivery(), "dropped"),
        ((bulletin(), subscriber(state="ended")), delivery(), "dropped"),
        ((bulletin(), subscriber(state="suspended")), delivery(), "dropped"),
        ((bulletin(), subscriber(state="pending")), delivery(), "dropped"),
        ((subscriber(),), delivery(), "dropped"),
        ((subscriber(member_id=""), bulletin(audience="members")), delivery(), "dropped"),
        ((subscriber(kinds=("meeting",)), bulletin()), delivery(), "dropped"),
        ((subscriber(component_ids=("other",)), bulletin(component_ids=("cdn",))), delivery(), "dropped"),
        ((subscriber(channel="chat", address="ops"), bulletin()), delivery(), "dropped"),
        ((subscriber(state="ended"),), delivery(reason="confirm", subject_id="t"), "dropped"),
        ((subscriber(state="ended", address=""),), delivery(reason="goodbye", subject_id="t"), "dropped"),
        ((), delivery("rp-a", reason="acknowledge", subject_id="rp-a"), "dropped"),
        ((structs.replace(REPORT, contact=""),), delivery("rp-a", reason="answer", subject_id="rp-a"), "dropped"),
        (
            (structs.replace(REPORT, contact="+92 300 1"),),
            delivery("rp-a", reason="answer", subject_id="rp"),
            "dropped",
        ),
        ((), delivery("asma", reason="alarm", subject_id=ALARM.id), "dropped"),
        (
            (structs.replace(ALARM, acknowledged_by="x", acknowledged_at=NOW),),
            delivery("asma", reason="alarm", subject_id=ALARM.id),
            "dropped",
        ),
        ((ALARM,), delivery("bilal", reason="alarm", subject_id=ALARM.id), "never"),
        ((ALARM,), delivery("nobody", reason="alarm", subject_id=ALARM.id), "never"),
    ],
)
def test_what_nobody_wants_any_more_is_not_sent(kept: tuple[Any, ...], one: Delivery, kind: str) -> None:
    outcome = looked_up(*kept, one=one)
    assert isinstance(outcome, Outcome)
    assert outcome.kind == kind
    assert "@" not in outcome.failure


def test_a_link_to_confirm_that_is_too_old_is_not_sent() -> None:
    one = delivery(reason="confirm", subject_id="t")
    outcome = looked_up(subscriber(state="pending"), one=one, now=NOW + dt.timedelta(hours=49))
    assert isinstance(outcome, Outcome)
    assert outcome.kind == "dropped"


def test_many_are_looked_up_in_their_order() -> None:
    with opened() as register, register.change() as records:
        records.add_all([subscriber("su-a"), subscriber("su-c")])
        records.add_all([bulletin()])
        records.add(REPORT)
        asked = [
            delivery("su-c"),
            delivery("su-b"),
            delivery("rp-a", reason="acknowledge", subject_id="rp-a"),
            delivery("su-a"),
        ]
        found = Composer(SETTINGS, KEY).look_up(records, asked, now=NOW)
    assert [one.delivery.to_id if isinstance(one, Task) else one.kind for one in found] == [
        "su-c",
        "dropped",
        "rp-a",
        "su-a",
    ]


def test_a_secret_that_is_none_is_named_without_being_told() -> None:
    who = subscriber(channel="webhook", address="https://h.example.pk/", secret="")
    with pytest.raises(ValueError, match="no secret"):
        composed(who, bulletin(), one=delivery(channel="webhook"))


def test_without_a_desk_there_is_no_link_to_it() -> None:
    settings = structs.replace(SETTINGS, site=structs.replace(example_site(), desk_url=""))
    _, read, text = mail_of(subscriber(), bulletin(), one=delivery(), settings=settings)
    assert "/leave/" not in text
    assert read["list-unsubscribe"] == "<mailto:desk@example.pk?subject=leave>"
    assert read["list-unsubscribe-post"] is None


def test_an_update_says_nothing_of_who_wrote_it() -> None:
    told = bulletin(approved_by="Danish", published_by="Bilal")
    update = as_update(told)
    assert (update.id, update.at, update.texts) == (told.id, told.published_at, told.texts)
    assert not {"author", "approved_by", "published_by"} & set(update.__struct_fields__)


def test_a_subscriber_struct_prints_no_address_in_failures() -> None:
    who = subscriber(address="weird address@x")
    task = looked_up(who, bulletin(), one=delivery())
    assert isinstance(task, Task)
    assert isinstance(who, Subscriber)
    with pytest.raises(ValueError, match="no e-mail address") as refused:
        Composer(SETTINGS, KEY).compose(task, now=NOW)
    assert "weird" not in str(refused.value)
