"""``raabta publish send`` and ``outbox``: what they print, and how they end."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import structs
from typer.testing import CliRunner, Result

from raabta.cli.publish import app
from raabta.cli.register.opening import open_from_options
from raabta.model.subscription import Delivery
from raabta.registry.outbox.lock import only_sender
from tests.cases.receivers import LOOPBACK, Mailbox, free_port, mail_server
from tests.registry.outbox.specimens import bulletin, delivery, dispatch, subscriber

Run = Callable[..., Result]
SETTINGS = """\
[site]
name_en = "Desk"
name_ur = "مرکز"
url = "https://status.example.pk"
desk_url = "https://desk.example.pk"
country = "PK"
zone = "Asia/Karachi"

[mail]
host = "{host}"
port = {port}
security = "none"
sender = "desk@example.pk"
"""


@pytest.fixture
def raabta(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command over a register in a folder of its own."""
    for name in ("RAABTA_REGISTER_KEY", "RAABTA_PUBLISHING"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RAABTA_REGISTER", str(tmp_path))

    def run(*arguments: object, code: int = 0) -> Result:
        done = CliRunner().invoke(app, [str(item) for item in arguments])
        assert done.exit_code == code, done.output
        return done

    return run


def set_up(folder: Path, *, port: int, n: int = 3) -> None:
    (folder / "publishing.toml").write_text(SETTINGS.format(host=LOOPBACK, port=port), encoding="utf-8")
    now = dt.datetime.now(dt.UTC)
    with open_from_options(None) as register, register.change() as records:
        records.add_all([structs.replace(subscriber(f"su-{number}"), confirmed_at=now) for number in range(n)])
        records.add(bulletin(published_at=now))
        records.add(dispatch(created_at=now))


def test_what_is_due_is_sent_and_counted(raabta: Run, tmp_path: Path) -> None:
    box = Mailbox()
    with mail_server(box) as port:
        set_up(tmp_path, port=port)
        done = raabta("send")
        assert "3 sent." in done.stderr
        assert done.stdout == ""
        assert "0 sent." in raabta("send").stderr
    assert len(box.got) == 3
    (email, webhook, chat) = map(json.loads, raabta("outbox", "--format", "jsonl").stdout.splitlines())
    assert (email["channel"], email["sent"], email["waiting"]) == ("email", 3, 0)
    assert (webhook["channel"], chat["channel"]) == ("webhook", "chat")
    table = raabta("outbox", "--format", "table").stdout
    assert table.splitlines()[0].split() == ["channel", "due", "waiting", "sending", "sent", "given", "up", "dropped"]
    assert max(map(len, table.splitlines())) <= 80


def test_a_server_that_is_down_ends_with_3_and_says_what_waits(raabta: Run, tmp_path: Path) -> None:
    set_up(tmp_path, port=free_port())
    done = raabta("send", code=3)
    assert "failed, to be tried again" in done.stderr
    assert "due and not tried" in done.stderr
    assert "raabta publish outbox --failures" in done.stderr
    shown = raabta("outbox", "--failures", "--format", "table").stdout
    assert "bulletin/bu-a/su-" in shown
    assert "the mail server cannot be reached" in " ".join(shown.split())
    assert "example.pk" not in shown


def test_an_address_that_does_not_work_is_told_and_no_failure_of_the_sender(raabta: Run, tmp_path: Path) -> None:
    box = Mailbox()
    box.rcpt_answers["su-0@example.pk"] = "550 5.1.1 unknown"
    with mail_server(box) as port:
        set_up(tmp_path, port=port)
        assert "2 sent; 1 came back: the address does not work." in raabta("send", code=0).stderr


def test_what_was_given_up_can_be_tried_again(raabta: Run, tmp_path: Path) -> None:
    box = Mailbox()
    box.rcpt_answers["su-0@example.pk"] = "550 5.1.1 unknown"
    with mail_server(box) as port:
        set_up(tmp_path, port=port)
        raabta("send")
        box.rcpt_answers.clear()
        with open_from_options(None) as register, register.change() as records:
            records.put(structs.replace(next(records.find(type(subscriber()), id="su-0")), state="confirmed"))
        assert raabta("outbox", "--again", "bulletin/bu-a/su-0").stdout == "bulletin/bu-a/su-0\n"
        assert "1 sent." in raabta("send").stderr
    assert len(box.got) == 3
    assert "nothing of this id was given up" in raabta("outbox", "--again", "bulletin/bu-a/su-1", code=2).stderr


def test_a_second_sender_is_refused(raabta: Run, tmp_path: Path) -> None:
    set_up(tmp_path, port=1)
    with open_from_options(None) as register, only_sender(register):
        assert "another sender is at work" in raabta("send", code=2).stderr


def test_a_bulletin_that_is_not_yet_addressed_is_told(raabta: Run, tmp_path: Path) -> None:
    set_up(tmp_path, port=1)
    assert "Bulletins not yet addressed to all: 1." in raabta("outbox", "--format", "table").stderr


def test_what_a_stopped_sender_left_is_told(raabta: Run, tmp_path: Path) -> None:
    with mail_server(Mailbox()) as port:
        set_up(tmp_path, port=port)
        with open_from_options(None) as register, register.change() as records:
            records.add(delivery("su-0", state="sending", n_tries=1))
        assert "1 put back after a stop" in raabta("send").stderr
    with open_from_options(None) as register, register.look() as records:
        assert [one.repeated for one in records.find(Delivery)] == [True, False, False]
