"""The sender with real receivers: all channels, one of them dead, a slow receiver, a stop, faults of ours."""

import base64
import datetime as dt
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from raabta.hub.outbox.carriers import make_carriers
from raabta.hub.outbox.secret import read_secret
from raabta.hub.outbox.sender import Sender, Tally
from raabta.model.subscription import Delivery, Subscriber
from raabta.pipeline.informing.composing import Composer
from raabta.pipeline.informing.settings import Chat, Mail, Publishing, Webhooks
from raabta.registry import Register, open_register
from raabta.registry.outbox.lock import only_sender
from raabta.registry.outbox.outcome import SENT, Outcome
from tests.cases.publication import example_site
from tests.cases.receivers import LOOPBACK, Mailbox, Web, free_port, mail_server, status, web_server
from tests.registry.outbox.specimens import bulletin, delivery, dispatch, subscriber
from tests.registry.specimens import KEY, ids

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # one of apprise's plugins

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
TOKEN = "abcdefghijklmnopqrstuvwxyz"


def clock() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    with open_register(f"sqlite:///{tmp_path}/register.sqlite", key=KEY, now=clock, new_id=ids()) as found:
        yield found


@pytest.fixture
def box() -> Mailbox:
    return Mailbox()


@pytest.fixture
def web() -> Iterator[Web]:
    with web_server(lambda _: status(200)) as found:
        yield found


def settings(folder: Path, *, mail_port: int, chat_port: int = 1) -> Publishing:
    (folder / "ops.url").write_text(f"mmost://{LOOPBACK}:{chat_port}/{TOKEN}")
    (folder / "ops.url").chmod(0o600)
    return Publishing(
        site=example_site(),
        mail=Mail(host=LOOPBACK, port=mail_port, security="none", sender="desk@example.pk", deadline_s=5),
        webhooks=Webhooks(allow_networks=("127.0.0.0/8",), deadline_s=1.2),
        chat=(Chat(name="ops", url_file="ops.url"),),
    )


def publish(register: Register, *subscribers: Subscriber) -> None:
    now = clock()
    with register.change() as records:
        records.add_all([structs.replace(one, confirmed_at=now) for one in subscribers])
        records.add(bulletin(published_at=now))
        records.add(dispatch(created_at=now))


def send(register: Register, told: Publishing, folder: Path, *, keep: bool = False, stop: Any = None) -> Tally:
    made = make_carriers(told, folder=folder)
    assert made.complaints == {}
    sender = Sender(register, Composer(told, KEY), made.carriers, stop=stop or threading.Event())
    return sender.run(keep=keep)


def states(register: Register) -> dict[str, str]:
    with register.look() as records:
        return {one.to_id: one.state for one in records.find(Delivery)}


def hook(id_: str, url: str) -> Subscriber:
    return subscriber(id_, channel="webhook", address=url, secret=SECRET)


def test_a_bulletin_reaches_every_channel_once(register: Register, box: Mailbox, web: Web, tmp_path: Path) -> None:
    publish(
        register,
        *(subscriber(f"su-m{number}") for number in range(5)),
        *(hook(f"su-w{number}", f"{web.url}/{number}") for number in range(5)),
        subscriber("su-c", channel="chat", address="ops"),
    )
    with mail_server(box) as port:
        told = settings(tmp_path, mail_port=port, chat_port=web.port)
        tally = send(register, told, tmp_path)
        assert (tally.n("sent"), tally.n_expanded, tally.faults) == (11, 11, {})
        again = send(register, told, tmp_path)
        assert again.n("sent") == 0
    assert sorted(one.to for one in box.got) == [f"su-m{number}@example.pk" for number in range(5)]
    assert sorted(one.target for one in web.got) == [*(f"/{number}" for number in range(5)), f"/hooks/{TOKEN}"]
    assert set(states(register).values()) == {"sent"}


def test_dead_channels_do_not_hold_up_the_others(register: Register, web: Web, tmp_path: Path) -> None:
    publish(
        register,
        *(subscriber(f"su-m{number}") for number in range(9)),
        subscriber("su-c", channel="chat", address="ops"),
        *(hook(f"su-w{number}", f"{web.url}/{number}") for number in range(9)),
    )
    tally = send(register, settings(tmp_path, mail_port=free_port(), chat_port=free_port()), tmp_path)
    assert tally.states["webhook", "sent"] == 9
    assert 1 <= tally.states["email", "waiting"] <= 2
    found = states(register)
    assert {state for id_, state in found.items() if id_.startswith("su-m")} == {"waiting"}
    with register.look() as records:
        untried = [one for one in records.find(Delivery, channel="email") if one.n_tries == 0]
        assert len(untried) >= 7
        assert all(one.failure == "" for one in untried)


def test_a_slow_receiver_holds_up_nobody(register: Register, tmp_path: Path) -> None:
    with web_server(lambda _: 60.0) as slow, web_server() as quick:
        publish(
            register,
            *(hook(f"su-a{number}", f"{slow.url}/{number}") for number in range(4)),
            *(hook(f"su-b{number}", f"{quick.url}/{number}") for number in range(6)),
        )
        tally = send(register, settings(tmp_path, mail_port=1), tmp_path)
        assert len(quick.got) == 6
        assert tally.n("sent") == 6
        found = states(register)
        assert {found[f"su-a{number}"] for number in range(4)} == {"waiting"}


def test_what_a_killed_sender_had_under_way_is_sent_again_and_marked(
    register: Register, box: Mailbox, tmp_path: Path
) -> None:
    publish(register, subscriber("su-a"), subscriber("su-b"))
    with register.change() as records:
        records.add(delivery("su-a", state="sending", n_tries=1, created_at=clock(), next_try_at=clock()))
    with mail_server(box) as port:
        tally = send(register, settings(tmp_path, mail_port=port), tmp_path)
    assert tally.n_recovered == 1
    marked = {one.to: one.message["raabta-repeated"] for one in box.got}
    assert marked == {"su-a@example.pk": "possible", "su-b@example.pk": None}


def test_a_stop_lets_what_is_under_way_be_settled(register: Register, tmp_path: Path) -> None:
    stop = threading.Event()

    def answer(_: Any) -> float:
        stop.set()
        return 0.3

    with web_server(answer) as web:
        publish(register, *(hook(f"su-{number:02}", f"{web.url}/{number}") for number in range(20)))
        tally = send(register, settings(tmp_path, mail_port=1), tmp_path, keep=True, stop=stop)
        assert 1 <= tally.n("sent") == len(web.got) < 20
    assert set(states(register).values()) == {"sent", "waiting"}


def test_a_sender_that_keeps_on_sends_what_comes_later(register: Register, box: Mailbox, tmp_path: Path) -> None:
    stop = threading.Event()
    with mail_server(box) as port:
        told = settings(tmp_path, mail_port=port)
        thread = threading.Thread(target=lambda: send(register, told, tmp_path, keep=True, stop=stop))
        thread.start()
        publish(register, subscriber())
        done = wait_until(lambda: states(register) == {"su-a": "sent"})
        stop.set()
        thread.join(10)
    assert done
    assert len(box.got) == 1


def wait_until(holds: Callable[[], bool]) -> bool:
    pause = threading.Event()
    return any(holds() or pause.wait(0.05) for _ in range(200))


class Faulty:
    """A carrier with a fault of ours for one receiver."""

    def send(self, mail: Any) -> Outcome:
        if mail.to.startswith("su-b"):
            raise KeyError("no such thing")
        return SENT

    def close(self) -> None:
        pass


def test_a_fault_of_ours_in_one_message_holds_up_no_other(register: Register, tmp_path: Path) -> None:
    publish(register, *(subscriber(f"su-{letter}") for letter in "abcd"))
    told = settings(tmp_path, mail_port=1)
    tally = Sender(register, Composer(told, KEY), {"email": Faulty()}, stop=threading.Event()).run(keep=False)
    assert states(register) == {"su-a": "sent", "su-b": "waiting", "su-c": "sent", "su-d": "sent"}
    assert tally.faults == {"KeyError": 1}
    with register.look() as records:
        (one,) = records.find(Delivery, to_id="su-b")
        assert (one.repeated, one.failure) == (True, "a fault of ours (KeyError)")


def test_a_message_that_cannot_be_made_waits_and_the_reason_is_told(register: Register, tmp_path: Path) -> None:
    publish(register, structs.replace(hook("su-a", f"http://{LOOPBACK}:1/"), secret=""))
    tally = send(register, settings(tmp_path, mail_port=1), tmp_path)
    assert (tally.n("given_up"), tally.n("waiting")) == (0, 1)
    assert any("no secret" in words for words in tally.faults)
    with register.look() as records:
        (one,) = records.find(Delivery)
        assert "no secret" in one.failure
        assert not one.repeated


def test_a_fault_of_the_settings_gives_no_mail_up(register: Register, box: Mailbox, tmp_path: Path) -> None:
    publish(register, subscriber("su-a"), subscriber("su-b"))
    with mail_server(box) as port:
        told = settings(tmp_path, mail_port=port)
        broken = structs.replace(told, site=structs.replace(told.site, desk_url="https://رابطہ.pk"))
        tally = send(register, broken, tmp_path)
    assert set(states(register).values()) == {"waiting"}
    assert sum(tally.faults.values()) == 2
    assert "Look at the settings" in next(iter(tally.faults))
    assert box.got == []


def test_receivers_that_say_nothing_do_not_hold_up_one_that_answers(register: Register, tmp_path: Path) -> None:
    stop = threading.Event()
    with web_server() as good, ExitStack() as silent:
        ports = [silent.enter_context(listening()) for _ in range(40)]
        publish(
            register,
            *(hook(f"su-a{n:03}", f"http://{LOOPBACK}:{ports[n % 40]}/{n}") for n in range(200)),
            *(hook(f"su-b{n:03}", f"{good.url}/{n}") for n in range(200)),
        )
        told = settings(tmp_path, mail_port=1)
        told = structs.replace(told, webhooks=structs.replace(told.webhooks, deadline_s=6.0))
        thread = threading.Thread(target=lambda: send(register, told, tmp_path, keep=True, stop=stop))
        thread.start()
        done = wait_until(lambda: len(good.got) > 0)
        with register.look() as records:
            n_over = sum(bool(one.failure) for one in records.find(Delivery))
        stop.set()
        silent.close()
        thread.join(20)
    assert done
    assert n_over == 0, "it came before any silent one had run into its deadline"


@contextmanager
def listening() -> Iterator[int]:
    """Listen on a port, take connections and never say a word."""
    with socket.create_server((LOOPBACK, 0)) as server:
        yield int(server.getsockname()[1])


def test_a_second_sender_is_refused(register: Register, tmp_path: Path) -> None:
    with only_sender(register), pytest.raises(ValueError, match="another sender"):
        send(register, settings(tmp_path, mail_port=1), tmp_path)


def test_nothing_to_do_ends_at_once(register: Register, tmp_path: Path) -> None:
    assert send(register, settings(tmp_path, mail_port=1), tmp_path).n("sent") == 0


# --- carriers -------------------------------------------------------------------------------------------------


def test_a_channel_that_is_not_set_up_does_not_hold_up_others(tmp_path: Path) -> None:
    made = make_carriers(Publishing(site=example_site()), folder=tmp_path)
    assert list(made.carriers) == ["webhook", "chat"]
    assert "[mail]" in made.complaints["email"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"user": "desk", "security": "none"}, "unencrypted"),
        ({"user": "desk", "password_file": "missing"}, "cannot be read"),
        ({"ca_file": "missing.pem"}, "ca_file"),
    ],
)
def test_wrong_mail_settings_are_named(tmp_path: Path, fields: dict[str, Any], words: str) -> None:
    mail = Mail(host=LOOPBACK, sender="desk@example.pk", **fields)
    made = make_carriers(Publishing(site=example_site(), mail=mail), folder=tmp_path)
    assert words in made.complaints["email"]


@pytest.mark.parametrize(("text", "mode"), [("secret", 0o644), ("", 0o600), ("a\nb", 0o600)])
def test_a_secret_is_one_line_for_its_owner_alone(tmp_path: Path, text: str, mode: int) -> None:
    file = tmp_path / "secret"
    file.write_text(text)
    file.chmod(mode)
    with pytest.raises(ValueError, match="secret") as refused:
        read_secret(file)
    assert "a\nb" not in str(refused.value)
