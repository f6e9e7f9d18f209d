"""Calls go to the address that was judged, once, with an end; and to nothing inside."""

import base64
import datetime as dt
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from raabta.hub.outbox.webhook import WebhookCarrier, _Target
from raabta.pipeline.informing.settings import Webhooks
from raabta.publish.message import Call
from raabta.publish.message.webhook import write_call
from raabta.registry.outbox.outcome import SENT
from tests.cases.authority import self_signed
from tests.cases.receivers import LOOPBACK, Web, dripping_server, free_port, status, web_server

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


def call(url: str) -> Call:
    now = dt.datetime.now(dt.UTC)
    return write_call("bulletin.published", {"a": "ایک"}, url=url, secret=SECRET, delivery_id="d", times=(now, now))


def carrier(*networks: str, deadline_s: float = 3.0, **more: Any) -> WebhookCarrier:
    return WebhookCarrier(Webhooks(allow_networks=networks, deadline_s=deadline_s), **more)


def ours(**more: Any) -> WebhookCarrier:
    return carrier("127.0.0.0/8", **more)


def test_a_call_arrives_and_its_signature_holds() -> None:
    with web_server() as web:
        assert ours().send(call(f"{web.url}/hook?x=1")) == SENT
    (got,) = web.got
    assert got.target == "/hook?x=1"
    assert got.headers["host"] == f"{LOOPBACK}:{web.port}"
    assert Webhook(SECRET).verify(got.body, got.headers)["data"] == {"a": "ایک"}


@pytest.mark.parametrize(
    ("code", "kind", "uncertain", "bounce"),
    [
        (200, "sent", False, ""),
        (299, "sent", False, ""),
        (404, "later", False, "soft"),
        (410, "never", False, "hard"),
        (429, "later", False, "soft"),
        (500, "later", True, "soft"),
        (503, "later", True, "soft"),
    ],
)
def test_answers_are_told_apart(code: int, kind: str, uncertain: bool, bounce: str) -> None:
    with web_server(lambda _: status(code)) as web:
        outcome = ours().send(call(web.url))
    assert (outcome.kind, outcome.uncertain, outcome.bounce) == (kind, uncertain, bounce)
    assert not outcome.place_down


@pytest.mark.parametrize(("value", "seconds"), [("120", 120), ("x", 0), ("-5", 0), ("9" * 40, 0)])
def test_a_receiver_may_ask_to_wait(value: str, seconds: int) -> None:
    with web_server(lambda _: status(429, f"Retry-After: {value}")) as web:
        assert ours().send(call(web.url)).retry_after_s == seconds


def test_no_redirect_is_followed() -> None:
    with web_server() as inside, web_server(lambda _: status(307, f"Location: {inside.url}/")) as web:
        outcome = ours().send(call(web.url))
    assert (outcome.kind, inside.got) == ("later", [])
    assert "redirects are not followed" in outcome.failure


def test_a_receiver_that_hangs_up_leaves_it_uncertain() -> None:
    with web_server(lambda _: None) as web:
        outcome = ours().send(call(web.url))
    assert (outcome.kind, outcome.uncertain) == ("later", True)
    assert len(web.got) == 1


def test_nobody_at_the_port_is_certain() -> None:
    outcome = ours().send(call(f"http://{LOOPBACK}:{free_port()}/"))
    assert (outcome.kind, outcome.uncertain, outcome.place_down) == ("later", False, True)


def test_a_slow_receiver_has_its_deadline() -> None:
    with web_server(lambda _: 30.0) as web:
        began = time.monotonic()
        outcome = ours(deadline_s=0.3).send(call(web.url))
        assert time.monotonic() - began < 5
    assert (outcome.kind, outcome.uncertain) == ("later", True)


@pytest.mark.parametrize(("first", "kind"), [(b"", "later"), (b"HTTP/1.1 200 OK\r\nx-long: ", "sent")])
def test_a_receiver_that_answers_byte_by_byte_has_its_deadline_and_its_status_counts(first: bytes, kind: str) -> None:
    with dripping_server(first, b"x") as port:
        began = time.monotonic()
        outcome = ours(deadline_s=0.3).send(call(f"http://{LOOPBACK}:{port}/"))
        assert time.monotonic() - began < 5
    assert (outcome.kind, outcome.uncertain) == (kind, kind == "later")


def test_nothing_of_a_long_answer_is_read() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"
    with web_server(lambda _: answer) as web:
        assert ours(deadline_s=1.0).send(call(web.url)) == SENT


def test_garbage_is_no_answer() -> None:
    with web_server(lambda _: b"SSH-2.0-x\r\n\r\n") as web:
        outcome = ours().send(call(web.url))
    assert (outcome.kind, outcome.uncertain) == ("later", True)


# --- what is not called ---------------------------------------------------------------------------------------


def refuse(host: str, port: int) -> list[str]:
    raise AssertionError(host)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "https://127.0.0.1:{port}/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://10.0.0.1/",
        "https://192.168.1.1/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://127.1/",
        "https://localhost/",
        "https://printer.local/",
        "https://user@8.8.8.8/",
        "http://example.pk/",
        "https://example.pk:22/",
        "ftp://example.pk/",
        "https://example.pk\\@127.0.0.1/",
        "file:///etc/passwd",
        "https://exa mple.pk/",
        "",
    ],
)
def test_nothing_inside_is_called(url: str) -> None:
    with web_server() as web:
        outcome = carrier(resolve=refuse).send(call(url.format(port=web.port)))
        assert web.n_connections == 0
    assert outcome.kind == "later"
    assert "refused" in outcome.failure
    assert not outcome.uncertain


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["10.1.2.3", "::1"], [], ["169.254.169.254"]])
def test_a_name_that_leads_inside_is_not_called_even_where_that_network_is_allowed(addresses: list[str]) -> None:
    with web_server() as web:
        using = carrier("127.0.0.0/8", "10.0.0.0/8", resolve=lambda host, port: addresses)
        outcome = using.send(call("https://hooks.example.pk/"))
        assert web.n_connections == 0
    assert "refused" in outcome.failure


def test_a_name_is_resolved_once_so_that_a_second_answer_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    connected: list[Any] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["203.0.113.9"] if len(asked) > 1 else ["8.8.8.8", "127.0.0.1"]

    def connect(address: Any, *more: Any, **named: Any) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    outcome = carrier(resolve=resolve).send(call("https://hooks.example.pk/"))
    assert (asked, connected) == (["hooks.example.pk"], [("8.8.8.8", 443)])
    assert outcome.place_down


def test_a_name_that_does_not_resolve_is_tried_later() -> None:
    def fail(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "unknown")

    outcome = carrier(resolve=fail).send(call("https://hooks.example.pk/"))
    assert (outcome.kind, outcome.uncertain) == ("later", False)
    assert "resolved" in outcome.failure


# --- TLS ------------------------------------------------------------------------------------------------------


def to_name(using: WebhookCarrier, web: Web, name: str) -> Any:
    """Call a name whose address was judged to be that of the server here."""
    return using._call(_Target(LOOPBACK, web.port, name, True, "/", name), call(f"https://{name}/"))


def test_the_certificate_is_checked_for_the_name_and_not_for_the_address(tmp_path: Path) -> None:
    issued = self_signed("hooks.example.pk")
    (tmp_path / "ca.pem").write_text(issued.pem)
    with web_server(tls=issued.context(alpn=())) as web:
        using = carrier(ca_file=tmp_path / "ca.pem")
        assert to_name(using, web, "hooks.example.pk") == SENT
        other = to_name(using, web, "other.example.pk")
        assert (other.kind, other.uncertain) == ("later", False)
        assert to_name(carrier(), web, "hooks.example.pk").kind == "later"
        assert [one.headers["host"] for one in web.got] == ["hooks.example.pk"]


def test_an_address_of_ours_is_called_by_https_too(tmp_path: Path) -> None:
    issued = self_signed(LOOPBACK)
    (tmp_path / "ca.pem").write_text(issued.pem)
    with web_server(tls=issued.context(alpn=())) as web:
        assert ours(ca_file=tmp_path / "ca.pem").send(call(f"https://{LOOPBACK}:{web.port}/")) == SENT
