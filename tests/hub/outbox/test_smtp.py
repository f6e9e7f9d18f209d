"""Against a real mail server: what arrives, what is tried again, what is a bounce, and what is not known."""

import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from raabta.hub.outbox.smtp import SmtpCarrier
from raabta.pipeline.informing.settings import Mail as MailSettings
from raabta.publish.message import Mail
from raabta.registry.outbox.outcome import SENT
from tests.cases.authority import Issued, self_signed
from tests.cases.receivers import LOOPBACK, Mailbox, dripping_server, free_port, mail_server

RAW = b"From: desk@example.pk\r\nSubject: x\r\n\r\n.one dot\r\nlast line\r\n"


def mail(to: str = "a@example.com") -> Mail:
    return Mail(return_path="bounces+t@example.pk", to=to, raw=RAW)


def carrier(port: int, **fields: Any) -> SmtpCarrier:
    more = {name: fields.pop(name) for name in ("password", "ca_file") if name in fields}
    given: dict[str, Any] = {
        "host": LOOPBACK,
        "security": "none",
        "sender": "desk@example.pk",
        "deadline_s": 5.0,
    } | fields
    return SmtpCarrier(MailSettings(port=port, **given), **more)


@pytest.fixture
def box() -> Mailbox:
    return Mailbox()


def test_a_message_arrives_byte_for_byte_with_its_envelope(box: Mailbox) -> None:
    with mail_server(box) as port:
        using = carrier(port)
        assert using.send(mail()) == SENT
        using.close()
    (got,) = box.got
    assert (got.sender, got.to, got.raw) == ("bounces+t@example.pk", "a@example.com", RAW)


def test_one_connection_carries_many_messages(box: Mailbox) -> None:
    with mail_server(box) as port:
        using = carrier(port)
        assert {using.send(mail(f"a{number}@example.com")) for number in range(5)} == {SENT}
        using.close()
    assert (len(box.got), box.n_sessions) == (5, 1)


@pytest.mark.parametrize(
    ("answer", "kind", "bounce", "down"),
    [
        ("550 5.1.1 <a@example.com> no such user", "never", "hard", False),
        ("550 no such user", "never", "hard", False),
        ("552 5.2.2 mailbox full", "never", "soft", False),
        ("554 no", "never", "soft", False),
        ("554 5.7.1 relay access denied", "later", "", False),
        ("450 4.2.1 try later", "later", "soft", False),
        ("421 4.3.2 going down", "later", "", True),
    ],
)
def test_a_refused_receiver_is_told_apart(box: Mailbox, answer: str, kind: str, bounce: str, down: bool) -> None:
    box.rcpt_answers["a@example.com"] = answer
    with mail_server(box) as port:
        using = carrier(port)
        outcome = using.send(mail())
        assert (outcome.kind, outcome.bounce, outcome.place_down) == (kind, bounce, down)
        assert not outcome.uncertain
        assert "example.com" not in outcome.failure
        assert answer[:3] in outcome.failure
        assert using.send(mail("b@example.com")) == SENT
        using.close()
    assert [one.to for one in box.got] == ["b@example.com"]


@pytest.mark.parametrize(("answer", "kind"), [("554 5.6.0 refused text", "never"), ("451 4.3.0 disk full", "later")])
def test_a_refused_text_says_nothing_of_the_address(box: Mailbox, answer: str, kind: str) -> None:
    box.data_answers["a@example.com"] = answer
    with mail_server(box) as port:
        using = carrier(port)
        outcome = using.send(mail())
        using.close()
    assert (outcome.kind, outcome.bounce, outcome.uncertain) == (kind, "", False)


def test_a_server_that_goes_away_after_the_text_leaves_it_uncertain(box: Mailbox) -> None:
    box.data_answers["a@example.com"] = "drop"
    with mail_server(box) as port:
        using = carrier(port)
        outcome = using.send(mail())
        assert (outcome.kind, outcome.uncertain, outcome.place_down) == ("later", True, False)
        assert using.send(mail("b@example.com")) == SENT
        using.close()
    assert len(box.got) == 2


def test_our_refused_address_holds_up_all_and_gives_up_none(box: Mailbox) -> None:
    box.mail_answer = "550 5.7.1 not you"
    with mail_server(box) as port:
        outcome = carrier(port).send(mail())
    assert (outcome.kind, outcome.place_down, outcome.bounce) == ("later", True, "")


def test_nobody_at_the_port_is_a_server_that_is_down() -> None:
    outcome = carrier(free_port()).send(mail())
    assert (outcome.kind, outcome.place_down, outcome.uncertain) == ("later", True, False)


def test_a_connection_that_the_server_closed_meanwhile_is_made_anew(box: Mailbox) -> None:
    with mail_server(box) as port:
        using = carrier(port)
        assert using.send(mail()) == SENT
    with mail_server(box, port=port):
        assert using.send(mail()) == SENT
        using.close()
    assert len(box.got) == 2


def test_a_server_that_never_greets_has_its_deadline() -> None:
    with socket.create_server((LOOPBACK, 0)) as silent:
        outcome = carrier(silent.getsockname()[1], deadline_s=0.2).send(mail())
    assert (outcome.kind, outcome.place_down) == ("later", True)


def test_a_server_that_answers_byte_by_byte_has_its_deadline() -> None:
    with dripping_server(b"220 hello\r\n", b"2") as port:
        outcome = carrier(port, deadline_s=0.1).send(mail())
    assert (outcome.kind, outcome.place_down) == ("later", True)


# --- TLS and login --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def issued() -> Issued:
    return self_signed(LOOPBACK)


@pytest.fixture
def trusted(issued: Issued, tmp_path: Path) -> Path:
    file = tmp_path / "ca.pem"
    file.write_text(issued.pem)
    return file


def test_starttls_and_login_are_used(box: Mailbox, issued: Issued, trusted: Path) -> None:
    with mail_server(box, tls=issued.context(alpn=()), starttls=True, password="geheim") as port:
        using = carrier(port, security="starttls", user="desk", password="geheim", ca_file=trusted)
        assert using.send(mail()) == SENT
        using.close()
        wrong = carrier(
            port, user="desk", password="falsch", ca_file=trusted, security="starttls", deadline_s=0.5
        ).send(mail())
    assert (wrong.kind, wrong.place_down) == ("later", True)
    assert "falsch" not in wrong.failure
    assert len(box.got) == 1


def test_without_starttls_nothing_is_sent_where_it_is_asked_for(box: Mailbox) -> None:
    with mail_server(box) as port:
        outcome = carrier(port, security="starttls").send(mail())
    assert (outcome.kind, outcome.place_down) == ("later", True)
    assert "STARTTLS" in outcome.failure
    assert box.got == []


def test_a_certificate_that_is_not_trusted_gets_nothing(box: Mailbox, issued: Issued) -> None:
    with mail_server(box, tls=issued.context(alpn=()), starttls=True) as port:
        outcome = carrier(port, security="starttls").send(mail())
    assert (outcome.kind, outcome.place_down) == ("later", True)
    assert "TLS" in outcome.failure
    assert box.got == []


def test_tls_from_the_start(box: Mailbox, issued: Issued, trusted: Path) -> None:
    context = ssl.create_default_context(cafile=trusted)
    assert context.verify_mode is ssl.CERT_REQUIRED
    with mail_server(box, tls=issued.context(alpn=())) as port:
        using = carrier(port, security="tls", ca_file=trusted)
        assert using.send(mail()) == SENT
        using.close()
