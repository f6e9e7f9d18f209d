"""Texts reach chat services, and nothing but chat services."""

import json
from pathlib import Path

import pytest
from apprise import Apprise

from raabta.hub.outbox.chat import CHAT_SCHEMES, ChatCarrier, is_chat_address
from raabta.publish.message import Note
from raabta.registry.outbox.outcome import SENT, Outcome
from tests.cases.receivers import LOOPBACK, free_port, status, web_server

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # one of apprise's plugins

TOKEN = "abcdefghijklmnopqrstuvwxyz"


def send(folder: Path, url: str, *, mode: int = 0o600, channel: str = "ops") -> Outcome:
    file = folder / "ops.url"
    file.write_text(url + "\n")
    file.chmod(mode)
    return ChatCarrier({"ops": file}).send(Note(channel=channel, text="One\nایک"))


def test_a_text_arrives_whole(tmp_path: Path) -> None:
    with web_server(lambda _: status(200)) as web:
        assert send(tmp_path, f"mmost://{LOOPBACK}:{web.port}/{TOKEN}") == SENT
    (got,) = web.got
    assert got.target == f"/hooks/{TOKEN}"
    assert json.loads(got.body)["text"] == "One\nایک"


@pytest.mark.parametrize("code", [400, 500])
def test_a_service_that_refuses_is_tried_later_and_that_is_marked(
    tmp_path: Path, code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    with web_server(lambda _: status(code)) as web:
        outcome = send(tmp_path, f"mmost://{LOOPBACK}:{web.port}/{TOKEN}")
    assert (outcome.kind, outcome.uncertain) == ("later", True)
    assert TOKEN not in outcome.failure + "".join(capfd.readouterr())


def test_a_service_that_is_down_is_tried_later(tmp_path: Path) -> None:
    outcome = send(tmp_path, f"mmost://{LOOPBACK}:{free_port()}/{TOKEN}")
    assert (outcome.kind, outcome.place_down) == ("later", True)


def test_an_unknown_channel_is_given_up(tmp_path: Path) -> None:
    assert send(tmp_path, "x", channel="other").kind == "never"


@pytest.mark.parametrize(
    "url",
    [
        "json://127.0.0.1/",
        "jsons://127.0.0.1/",
        "xml://127.0.0.1/",
        "form://127.0.0.1/",
        "mailto://user:pass@example.pk",
        "file:///etc/passwd",
        "exec://ls",
        "syslog://",
        "dbus://",
        "python://x",
        "https://example.pk/",
        "",
        "mmost",
    ],
)
def test_only_chat_services_are_spoken_to(tmp_path: Path, url: str) -> None:
    outcome = send(tmp_path, url)
    assert outcome.kind == "later"
    assert url == "" or url not in outcome.failure


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    outcome = send(tmp_path, f"mmost://{LOOPBACK}:1/{TOKEN}", mode=0o644)
    assert "chmod 600" in outcome.failure


def test_every_scheme_that_is_allowed_is_one_of_apprise() -> None:
    known = {
        name
        for service in Apprise().details()["schemas"]
        for name in (*(service["protocols"] or ()), *(service["secure_protocols"] or ()))
    }
    assert known >= CHAT_SCHEMES
    assert not CHAT_SCHEMES & {"json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos", "syslog", "dbus"}
    assert not is_chat_address("slack://a\njson://b")
