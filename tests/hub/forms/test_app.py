import asyncio
from pathlib import Path
from typing import Any

import pytest

from raabta.hub.forms.incoming.guarding import BODY_BYTES_MAX, HEADERS, Guarding
from raabta.hub.forms.incoming.limits import NETWORKS_MAX, PER_NETWORK_MAX, Limits, network_of
from raabta.hub.forms.pages import form_words
from tests.cases.subscribing import Visitor, counted_bytes, link

PATHS = ("/", "/subscribe", "/report", "/report/AAAAAAAA", "/confirm/x", "/style.css", "/robots.txt", "/nothing")


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_forbids_framing_scripts_and_keeping(visitor: Visitor, path: str) -> None:
    found = visitor.get(path)
    assert {name.lower() for name in HEADERS} <= set(found.headers)
    assert found.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in found.headers["content-security-policy"]
    assert "set-cookie" not in found.headers
    assert "<script" not in found.text
    assert "style=" not in found.text
    assert len(found.text.encode()) < 20_000


def test_links_that_hold_tokens_are_never_kept_by_a_cache(visitor: Visitor) -> None:
    visitor.add()
    assert visitor.get(link("change")).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(visitor: Visitor, method: str) -> None:
    before = visitor.add()
    refused = visitor.ask(method, link("leave"), client="192.0.2.1", headers={})
    assert (refused.status, "allow" in refused.headers) == (405, True)
    assert visitor.subscribers() == [before]


@pytest.mark.parametrize("path", ["/subscribe/", "/report/", "/confirm/x/"])
def test_no_answer_repeats_the_host_that_a_visitor_named(visitor: Visitor, path: str) -> None:
    found = visitor.get(path, host="evil.example")
    assert (found.status, "location" in found.headers, "evil" in found.text) == (404, False, False)


def test_a_form_that_is_too_large_is_refused_before_it_is_read(visitor: Visitor) -> None:
    assert visitor.post("/report", b"words=" + b"x" * BODY_BYTES_MAX).status == 413
    assert visitor.post("/subscribe", [("component", "vpn")] * 300).status == 400
    assert visitor.get("/subscribe?" + "x" * 600).status == 414


def test_a_form_that_never_ends_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("raabta.hub.forms.incoming.guarding.BODY_S", 0.01)
    sent: list[Any] = []

    async def never(*_: object) -> None:
        raise AssertionError

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(60)
        return {}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "raw_path": b"/report", "query_string": b"", "headers": []}
    asyncio.run(Guarding(never)(scope, receive, send))
    assert sent[0]["status"] == 408


def test_a_register_that_fails_is_told_to_the_visitor_without_its_words(visitor: Visitor) -> None:
    def broken(*_: object) -> None:
        raise OSError("sqlite:///secret/place: disk I/O error")

    object.__setattr__(visitor.register, "change", broken)
    told = visitor.post("/subscribe", {"address": "a@example.pk", "l": "en"})
    assert (told.status, told.headers["retry-after"], "secret" in told.text) == (503, "60", False)
    assert "disk I/O error" in visitor.told[0]


def test_addresses_are_counted_by_network() -> None:
    assert network_of("192.0.2.7") == network_of("::ffff:192.0.2.9") == "192.0.2.0/24"
    assert network_of("2001:db8:1:2::3") == "2001:db8:1::/48"
    assert network_of("unix:") == ""


def test_limits_keep_no_address_and_forget_each_hour() -> None:
    seconds = 0.0
    limits = Limits(clock=lambda: seconds, new_bytes=counted_bytes())
    assert limits.allow("report", "192.0.2.7")
    first = dict(limits._counts)
    assert not any(b"192" in mark for mark in first)
    seconds = 3600.0
    assert limits.allow("report", "192.0.2.7")
    assert limits._counts != first  # another salt
    assert len(limits._counts) == 1


def test_memory_for_limits_is_bounded_and_beyond_it_all_share_one_count() -> None:
    limits = Limits(clock=lambda: 0.0, new_bytes=counted_bytes())
    limits._counts = {n.to_bytes(16, "big"): 1 for n in range(NETWORKS_MAX)}
    allowed = [limits.allow("subscribe", f"2001:db8:{n:x}::1") for n in range(100)]
    assert allowed == [True] * 60 + [False] * 40
    assert len(limits._counts) <= NETWORKS_MAX + 2


def test_a_proxys_last_word_names_the_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PER_NETWORK_MAX, "look", 2)
    visitor = Visitor(tmp_path, behind_proxy=True)

    def come_by(*addresses: str) -> int:
        return visitor.get("/report/AAAAAAAA", **{"x-forwarded-for": ", ".join(addresses)}).status

    assert [come_by(f"203.0.113.{n}", "192.0.2.1") for n in range(3)] == [404, 404, 429]
    assert come_by("192.0.2.1", "203.0.113.1") == 404
    visitor.register.close()


def test_without_a_proxy_its_header_is_not_believed(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PER_NETWORK_MAX, "look", 2)
    statuses = [visitor.get("/report/A", **{"x-forwarded-for": f"10.{n}.0.1"}).status for n in range(3)]
    assert statuses == [404, 404, 429]


def test_words_of_forms_say_something_in_both_languages_and_fill_the_same_braces() -> None:
    for group in form_words().values():
        for words in group.values():
            assert set(words) == {"en", "ur"}
            assert all(words.values())
            assert words["en"].count("{") == words["ur"].count("{")
            assert any("\u0600" <= sign <= "\u06ff" for sign in words["ur"]) or words["ur"] == "English"
