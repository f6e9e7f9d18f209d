"""5,000 subscribers on three channels, and ``kill -9`` at 200 random moments of publishing and sending.

Every message arrives; those that are not marked arrive exactly once; what is marked is at most what was under way.
"""

import base64
import datetime as dt
import hashlib
import os
import random
import select
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from apprise import Apprise
from msgspec import structs

from raabta.hub.outbox.carriers import make_carriers
from raabta.hub.outbox.flights import RULES
from raabta.hub.outbox.sender import Sender
from raabta.model.bulletin import Bulletin
from raabta.model.publication import Publication
from raabta.model.subscription import CHANNELS, Channel, Delivery, Dispatch, Subscriber
from raabta.pipeline.informing.bulletins.publishing import publish_bulletin
from raabta.pipeline.informing.composing import Composer
from raabta.pipeline.informing.sending import has_work
from raabta.pipeline.informing.settings import Chat, Mail, Publishing, Webhooks
from raabta.publish.bulletin.hashing import content_hash
from raabta.registry import Register, open_register
from tests.cases.publication import example_site
from tests.cases.receivers import LOOPBACK
from tests.lab.publishing.receiving import Line, Receivers, receiving
from tests.registry.outbox.specimens import bulletin, subscriber
from tests.registry.specimens import KEY

pytestmark = [
    pytest.mark.lab,
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),  # one of apprise's plugins
]

N_SUBSCRIBERS = 5000
N_KILLS = 200
LONGEST_S = 0.6
"""All that is sent for one bulletin takes some hundred times as long: kills fall into all parts of it."""
N_BULLETINS = 4
"""The next is published once all of the one before is sent."""
N_PUBLISHED = 60
UNDER_WAY_MAX = sum(rules.n_fresh for rules in RULES.values())
Work = Callable[[Path, Publishing, int], None]
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


def clock() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def new_id(prefix: str) -> str:
    return f"{prefix.rstrip('-')}-{os.urandom(8).hex()}"


def opened(folder: Path) -> Register:
    return open_register(f"sqlite:///{folder}/register.sqlite", key=KEY, now=clock, new_id=new_id)


def settings(folder: Path, receivers: Receivers) -> Publishing:
    """Every chat subscriber has a channel of their own, so that the receiver can tell them apart."""
    for number in range(N_SUBSCRIBERS):
        file = folder / f"{number}.url"
        file.write_text(f"mmost://{LOOPBACK}:{receivers.web_port}/{number:024x}")
        file.chmod(0o600)
    return Publishing(
        site=example_site(),
        mail=Mail(host=LOOPBACK, port=receivers.mail_port, security="none", sender="desk@example.pk"),
        webhooks=Webhooks(allow_networks=("127.0.0.0/8",)),
        chat=tuple(Chat(name=f"c{number}", url_file=f"{number}.url") for number in range(N_SUBSCRIBERS)),
    )


def fill(register: Register, told: Publishing, receivers: Receivers) -> None:
    """Put subscribers and approved bulletins into the register."""
    now = clock()
    addresses = {
        "email": "u{}@example.pk",
        "webhook": f"http://{LOOPBACK}:{receivers.web_port}/hook/{{}}",
        "chat": "c{}",
    }
    with register.change() as records:
        for channel in CHANNELS:
            records.add_all(
                [
                    subscriber(
                        f"su-{channel}{number:04}",
                        channel=channel,
                        address=addresses[channel].format(number),
                        secret=SECRET if channel == "webhook" else "",
                        confirmed_at=now,
                    )
                    for number in range(N_SUBSCRIBERS)
                ]
            )
        for number in range(N_BULLETINS):
            records.add(approved(f"bu-{number}", now))


def approved(id_: str, now: dt.datetime) -> Bulletin:
    """Make a notice that waits to be published, in a thread of its own."""
    draft = bulletin(
        id_,
        thread_id=id_,
        kind="notice",
        incident_state=None,
        severity="none",
        next_update_at=now + dt.timedelta(days=1),
        sequence=0,
        state="approved",
        published_at=None,
        published_by="",
        approved_by="Danish",
        approved_at=now,
    )
    return structs.replace(draft, approved_hash=content_hash(draft))


def publish_and_send(folder: Path, told: Publishing, ready: int) -> None:
    """In a child: publish the next bulletin once all earlier ones are sent, and send."""
    with opened(folder) as register:
        os.write(ready, b".")
        while True:
            publish_next(register, told)
            send(register, told, folder)


def publish_next(register: Register, told: Publishing) -> None:
    with register.change() as records:
        waiting = sorted(records.find(Bulletin, state="approved"), key=lambda one: one.id)
        if waiting and not has_work(records, now=clock()) and not records.count(Delivery, state="sending"):
            publish_bulletin(records, waiting[0].id, settings=told, by="Bilal", now=clock(), new_id=new_id)


def send(register: Register, told: Publishing, folder: Path) -> None:
    carriers = make_carriers(told, folder=folder).carriers
    tally = Sender(register, Composer(told, KEY), carriers, stop=threading.Event()).run(keep=False)
    assert not tally.faults


def kill_one(folder: Path, told: Publishing, after_s: float, *, work: Work = publish_and_send) -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            work(folder, told, writer)
        finally:
            os._exit(9)
    os.close(writer)
    assert select.select([reader], [], [], 30)[0]
    time.sleep(after_s)  # the random moment itself: nothing is waited for
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.close(reader)
    assert os.WTERMSIG(status) == signal.SIGKILL


def expected(delivery: Delivery, subscribers: dict[str, Subscriber]) -> tuple[Channel, str, str]:
    """Give what a receiver sees of a delivery: channel, receiver, message."""
    mark = hashlib.sha256(delivery.id.encode()).hexdigest()[:40]
    address = subscribers[delivery.to_id].address
    match delivery.channel:
        case "email":
            return "email", address, f"<{mark}@example.pk>"
        case "webhook":
            return "webhook", f"/hook/{address.rpartition('/')[2]}", f"msg_{mark}"
        case "chat":
            return "chat", f"/hooks/{int(address[1:]):024x}", delivery.subject_id


def test_every_message_arrives_exactly_once_or_is_marked(tmp_path: Path) -> None:
    chance = random.Random("senders")
    Apprise().details()  # its plugins are loaded before the children are made, or each would load them anew
    with receiving(tmp_path) as receivers:
        told = settings(tmp_path, receivers)
        with opened(tmp_path) as register:
            fill(register, told, receivers)
        for _ in range(N_KILLS):
            kill_one(tmp_path, told, chance.uniform(0, LONGEST_S))
        with opened(tmp_path) as register:
            send(register, told, tmp_path)
    with opened(tmp_path) as register, register.look() as records:
        check_register(list(records.find(Bulletin, state="published")), list(records.find(Dispatch)))
        subscribers = {one.id: one for one in records.find(Subscriber)}
        check_arrivals(list(records.find(Delivery)), subscribers, receivers.lines)


def publish_for_ever(folder: Path, told: Publishing, ready: int) -> None:
    """In a child: write and publish one bulletin after another."""
    with opened(folder) as register:
        os.write(ready, b".")
        while True:
            id_ = new_id("bu-")
            with register.change() as records:
                records.add(approved(id_, clock()))
                publish_bulletin(records, id_, settings=told, by="Bilal", now=clock(), new_id=new_id)


def test_a_publication_is_whole_or_not_there(tmp_path: Path) -> None:
    chance = random.Random("publishers")
    told = Publishing(site=example_site())
    with opened(tmp_path):
        pass
    for _ in range(N_PUBLISHED):
        kill_one(tmp_path, told, chance.uniform(0, 0.03), work=publish_for_ever)
    with opened(tmp_path) as register, register.look() as records:
        published = list(records.find(Bulletin))
        assert len(published) > N_PUBLISHED / 2
        check_register(published, [structs.replace(one, done=True) for one in records.find(Dispatch)])
        assert {one.id for one in records.find(Publication)} == {one.id for one in published}


def check_register(published: list[Bulletin], dispatches: list[Dispatch]) -> None:
    """See that each bulletin was published once, and addressed to all."""
    assert sorted(one.sequence for one in published) == list(range(1, len(published) + 1))
    assert sorted(one.bulletin_id for one in dispatches) == sorted(one.id for one in published)
    assert all(one.done for one in dispatches)


def check_arrivals(deliveries: list[Delivery], subscribers: dict[str, Subscriber], lines: list[Line]) -> None:
    """See that nothing is lost, and that what was not marked came once."""
    n_bulletins = len({one.subject_id for one in deliveries})
    assert len(deliveries) == n_bulletins * len(subscribers)
    assert {one.state for one in deliveries} == {"sent"}
    all_ = Counter((line.channel, line.to, line.message) for line in lines)
    unmarked = Counter((line.channel, line.to, line.message) for line in lines if not line.repeated)
    by_key = {expected(one, subscribers): one for one in deliveries}
    assert set(all_) == set(by_key)
    assert max(unmarked.values()) == 1
    assert all(all_[key] == unmarked[key] == 1 for key, one in by_key.items() if not one.repeated)
    n_marked = sum(one.repeated for one in deliveries)
    assert n_marked <= N_KILLS * UNDER_WAY_MAX
    twice = {channel: sum(n - 1 for key, n in all_.items() if key[0] == channel) for channel in CHANNELS}
    print(f"{n_bulletins} bulletins, {len(lines)} arrivals, {n_marked} marked, twice: {twice}")
