import re
from html import unescape

import pytest

from raabta.hub.forms.incoming.limits import PER_NETWORK_MAX
from raabta.hub.forms.pages import masked
from raabta.pipeline.informing.subscribing.inviting import make_invitation
from tests.cases.subscribing import Visitor, link, subscriber
from tests.registry.specimens import NOW, organisation

ASK = {"address": "someone@example.pk", "component": "vpn", "language": "ur", "l": "en"}


def test_somebody_subscribes_confirms_changes_and_leaves(visitor: Visitor) -> None:
    assert visitor.post("/subscribe", ASK).status == 200
    (waiting,) = visitor.subscribers()
    assert (waiting.state, waiting.component_ids, waiting.language) == ("pending", ("vpn",), "ur")
    assert visitor.post(link("confirm", waiting.id)).status == 200
    wishes = {"language": "en", "component": ["vpn", "cloudflare"], "kind": "advisory", "product": "openvpn", "l": "en"}
    assert visitor.post(link("change", waiting.id), wishes).status == 200
    (changed,) = visitor.subscribers()
    assert (changed.state, changed.language, changed.component_ids) == ("confirmed", "en", ())
    assert (changed.kinds, changed.products) == (("advisory",), ("openvpn",))
    assert visitor.post(link("leave", waiting.id), {"page": "1", "l": "en"}).status == 200
    assert [one.state for one in visitor.subscribers()] == ["ended"]
    assert [one.reason for one in visitor.deliveries()] == ["confirm", "goodbye"]


@pytest.mark.parametrize("purpose", ["confirm", "change", "leave"])
def test_opening_a_link_changes_nothing_however_often(visitor: Visitor, purpose: str) -> None:
    before = visitor.add(state="pending", confirmed_at=None)
    for _ in range(3):
        assert visitor.get(link(purpose)).status == 200  # type: ignore[arg-type]
    assert visitor.subscribers() == [before]


def test_a_mail_program_leaves_with_one_click_in_any_type_of_form(visitor: Visitor) -> None:
    """RFC 8058, 3.1: a POST with List-Unsubscribe=One-Click, as form data of either type, and no redirect."""
    for number, kind in enumerate(("application/x-www-form-urlencoded", "multipart/form-data; boundary=b")):
        visitor.add(id=f"su-{number}", address_hash=f"{number:040}")
        sent = visitor.post(link("leave", f"su-{number}"), b"List-Unsubscribe=One-Click", **{"content-type": kind})
        assert sent.status == 200
    assert [(one.state, one.address) for one in visitor.subscribers()] == [("ended", "")] * 2
    assert visitor.deliveries() == []


def test_leaving_is_not_held_back_when_thousands_leave_from_one_network(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PER_NETWORK_MAX, "look", 1)
    visitor.add()
    assert {visitor.post(link("leave"), b"List-Unsubscribe=One-Click").status for _ in range(5)} == {200}
    assert [visitor.get(link("change")).status for _ in range(2)] == [410, 429]


def test_the_answer_is_the_same_whether_an_address_is_known_or_not(visitor: Visitor) -> None:
    new = visitor.post("/subscribe", ASK)
    waits = visitor.post("/subscribe", ASK)
    (waiting,) = visitor.subscribers()
    visitor.post(link("confirm", waiting.id))
    known = visitor.post("/subscribe", ASK)
    visitor.clock.go_on(days=2)
    known_later = visitor.post("/subscribe", ASK)
    assert new == waits == known == known_later


def test_where_too_many_wait_everybody_is_told_so_alike(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor.post("/subscribe", ASK)
    monkeypatch.setattr("raabta.pipeline.informing.subscribing.asking.PENDING_MAX", 1)
    visitor.clock.go_on(days=2)
    known = visitor.post("/subscribe", ASK)
    new = visitor.post("/subscribe", ASK | {"address": "new@example.pk"})
    assert known == new
    assert (new.status, "too many requests" in new.text, "on its way" in new.text) == (503, True, False)
    assert (len(visitor.subscribers()), len(visitor.deliveries())) == (1, 1)


def test_bombing_one_mailbox_sends_it_one_message(visitor: Visitor) -> None:
    for number in range(40):
        fields = ASK | {"address": f"victim+{number}@example.pk"}
        visitor.post("/subscribe", fields, client=f"198.51.{number}.1")
    assert len(visitor.deliveries()) == 1


def test_one_network_may_ask_so_often_in_an_hour_and_others_may_go_on(visitor: Visitor) -> None:
    statuses = [
        visitor.post("/subscribe", ASK | {"address": f"a@example{n}.pk"}, client=f"192.0.2.{n}").status
        for n in range(61)
    ]
    assert statuses == [200] * 60 + [429]
    assert visitor.post("/subscribe", ASK | {"address": "a@other.example.pk"}, client="192.0.3.1").status == 200
    visitor.seconds += 3600
    assert visitor.post("/subscribe", ASK, client="192.0.2.1").status == 200


def test_who_asks_too_often_is_told_in_their_language(visitor: Visitor) -> None:
    for n in range(60):
        visitor.post("/subscribe", b"", client=f"192.0.2.{n}")
    told = visitor.post("/subscribe", ASK, **{"accept-language": "ur-PK,ur;q=0.9,en;q=0.8"})
    assert (told.status, 'lang="ur"' in told.text) == (429, True)


@pytest.mark.parametrize(
    "change",
    [
        {"address": "a@example.pk\r\nBcc: b@example.pk"},
        {"address": "a@example.pk,b@example.pk"},
        {"address": "https://127.0.0.1/", "channel": "webhook"},
        {"address": "http://127.0.0.1:8080/", "channel": "webhook"},
        {"address": "https://169.254.169.254/", "channel": "webhook"},
        {"address": "ops", "channel": "chat"},
        {"channel": "file"},
        {"component": "x"},
        {"kind": "x"},
        {"product": "x"},
        {"language": "x"},
        {"invitation": "o-a-20991231-aaaaaaaaaaaaaaaaaaaa"},
    ],
)
def test_a_wrong_field_is_told_and_nothing_is_kept(visitor: Visitor, change: dict[str, str]) -> None:
    told = visitor.post("/subscribe", ASK | change)
    assert told.status == 400
    assert 'class="complaint"' in told.text
    assert (visitor.subscribers(), visitor.deliveries()) == ([], [])


MARKUP = '"><script>alert(1)</script>{{7*7}}{% x %}'


def test_markup_in_any_field_is_shown_as_text(visitor: Visitor) -> None:
    fields = dict.fromkeys(("address", "component", "kind", "product", "language", "invitation", "channel"), MARKUP)
    told = visitor.post("/subscribe", fields | {"l": "en"})
    assert "<script" not in told.text
    assert "7*7" in unescape(told.text)
    assert told.text.count("alert(1)") > 0


def test_the_sites_own_name_is_escaped(visitor: Visitor) -> None:
    assert "Desk &lt;b&gt;&amp;amp;" in visitor.get("/subscribe").text


@pytest.mark.parametrize("purpose", ["confirm", "change", "leave"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_forged_link_does_nothing(visitor: Visitor, purpose: str, method: str) -> None:
    before = visitor.add(state="pending", confirmed_at=None)
    others = {"confirm": "change", "change": "leave", "leave": "bounce"}
    forged = [
        f"/{purpose}/su-a-aaaaaaaaaaaaaaaaaaaa",
        f"/{purpose}/su-a",
        f"/{purpose}/{link(others[purpose]).rpartition('/')[2]}",  # type: ignore[arg-type]
        f"/{purpose}/{link(purpose).rpartition('/')[2].replace('su-a', 'su-b')}",  # type: ignore[arg-type]
        f"/{purpose}/%00",
        f"/{purpose}/<script>",
    ]
    for path in forged:
        headers = {"content-type": "application/x-www-form-urlencoded"}
        told = visitor.ask(method, path, client="192.0.2.1", headers=headers, body=b"page=1&language=en")
        assert (told.status, "<script>" in told.text) == (404, False)
    assert visitor.subscribers() == [before]


def test_old_links_and_those_of_who_left_say_so(visitor: Visitor) -> None:
    visitor.add(state="pending", confirmed_at=None)
    visitor.add(id="su-b", state="ended", address_hash="", address="")
    visitor.clock.go_on(days=3)
    assert [visitor.post(link("confirm", id_)).status for id_ in ("su-a", "su-b", "su-z")] == [410] * 3
    assert [visitor.get(link("confirm", id_)).status for id_ in ("su-a", "su-b")] == [410] * 2


def test_a_webhooks_secret_is_shown_once_to_who_confirms(visitor: Visitor) -> None:
    asked = visitor.post("/subscribe", ASK | {"address": "https://hooks.example.pk/a", "channel": "webhook"})
    (waiting,) = visitor.subscribers()
    shown = visitor.post(link("confirm", waiting.id))
    again = visitor.post(link("confirm", waiting.id))
    pages = (asked, visitor.get(link("change", waiting.id)), visitor.get(link("confirm", waiting.id)), again)
    assert waiting.secret in shown.text
    assert [waiting.secret in page.text for page in pages] == [False] * 4


def test_a_webhook_gets_a_new_secret_and_a_mailbox_none(visitor: Visitor) -> None:
    visitor.add(channel="webhook", address="https://hooks.example.pk/", secret="whsec_b2xk")
    visitor.add(id="su-b", address_hash="cd" * 20)
    shown = visitor.post(f"{link('change')}/secret", {"l": "en"})
    (secret,) = (one.secret for one in visitor.subscribers() if one.id == "su-a")
    assert secret != "whsec_b2xk"
    assert secret in shown.text
    assert visitor.post(f"{link('change', 'su-b')}/secret", {"l": "en"}).status == 400


def test_a_broken_form_does_not_reset_what_somebody_chose(visitor: Visitor) -> None:
    before = visitor.add(component_ids=("vpn",), language="ur")
    sent = [
        visitor.post(link("change"), b""),
        visitor.post(link("change"), {"component": "nothing-such", "language": "en"}),
        visitor.post(link("change"), b"language=%ff%fe"),
        visitor.post(link("change"), b'{"language":"en"}', **{"content-type": "application/json"}),
    ]
    assert [one.status for one in sent] == [400, 400, 400, 415]
    assert visitor.subscribers() == [before]


def test_a_member_subscribes_with_the_code_of_the_desk(visitor: Visitor) -> None:
    with visitor.register.change() as records:
        records.add(organisation())
        code = make_invitation(records, "o-a", now=NOW, days=30)
    visitor.post("/subscribe", ASK | {"invitation": f" {code[:10]} {code[10:]}"})
    assert [one.member_id for one in visitor.subscribers()] == ["o-a"]


def test_a_page_speaks_the_language_asked_for_then_the_subscribers_then_the_browsers(visitor: Visitor) -> None:
    visitor.add(language="ur")
    visitor.add(id="su-b", language="both", address_hash="cd" * 20)
    found = [
        visitor.get(link("leave")).text,
        visitor.get(f"{link('leave')}?l=en").text,
        visitor.get(link("leave", "su-b"), **{"accept-language": "ur"}).text,
        visitor.get(link("leave", "su-b")).text,
        visitor.get("/subscribe?l=xx").text,
    ]
    assert [re.findall(r'<html lang="(\w\w)"', text) for text in found] == [["ur"], ["en"], ["ur"], ["en"], ["en"]]


def test_host_names_stand_isolated_in_urdu(visitor: Visitor) -> None:
    visitor.add(language="ur")
    assert "\u2068so***@example.pk\u2069" in visitor.get(link("leave")).text


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("someone@example.pk", "so***@example.pk"),
        ("https://hooks.example.pk/secret/path", "https://hooks.example.pk/secret***"),
        ("https://hooks.example.pk/", "https://hooks.example.pk/"),
        ("https://hooks.example.pk/a@b", "https://hooks.example.pk/a@b***"),
    ],
)
def test_an_address_is_shown_so_that_only_its_owner_knows_it(address: str, shown: str) -> None:
    assert masked(address) == shown


def test_who_confirms_twice_is_told_that_all_is_well(visitor: Visitor) -> None:
    visitor.add(state="pending", confirmed_at=None)
    assert [visitor.post(link("confirm")).status for _ in range(2)] == [200, 200]
    assert visitor.get(link("confirm")).status == 200
    assert subscriber().state == "confirmed"
