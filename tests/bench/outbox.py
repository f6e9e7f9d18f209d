"""How long others wait while 100,000 subscribers are addressed, and how many messages a second go out.

    python -m tests.bench.outbox [SUBSCRIBERS [MESSAGES]]

All on one machine: the sender, the receivers in a process of their own, and a command that writes ten times a second.
"""

import base64
import datetime as dt
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from raabta.hub.outbox.carriers import make_carriers
from raabta.hub.outbox.sender import Sender
from raabta.model.subscription import CHANNELS, Channel, Delivery
from raabta.pipeline.informing.composing import Composer
from raabta.pipeline.informing.settings import Chat, Mail, Publishing, Webhooks
from raabta.registry import Register, open_register
from raabta.registry.outbox.counting import count_channels
from raabta.registry.outbox.expanding import expand_some
from tests.cases.publication import example_site
from tests.cases.receivers import LOOPBACK
from tests.lab.publishing.receiving import receiving
from tests.registry.outbox.specimens import bulletin, dispatch, subscriber
from tests.registry.specimens import KEY, ids

WAIT_LIMIT_S: Final = 1.0
"""Issue: expanding must not block other commands for longer."""
WRITE_EVERY_S: Final = 0.1
SECRET: Final = "whsec_" + base64.b64encode(b"k" * 32).decode()
AT_ONCE: Final = 5000


def clock() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def opened(folder: Path) -> Register:
    return open_register(f"sqlite:///{folder}/register.sqlite", key=KEY, now=clock, new_id=ids())


def fill(register: Register, addresses: dict[Channel, str], n_each: int) -> None:
    """Put subscribers of each channel into the register, and a bulletin for all of them."""
    now = clock()
    for channel, address in addresses.items():
        for first in range(0, n_each, AT_ONCE):
            rows = [
                subscriber(
                    f"su-{channel}{number:06}",
                    channel=channel,
                    address=address.format(number),
                    secret=SECRET,
                    confirmed_at=now,
                )
                for number in range(first, min(first + AT_ONCE, n_each))
            ]
            with register.change() as records:
                records.add_all(rows)
    with register.change() as records:
        records.add(bulletin(published_at=now))
        records.add(dispatch(created_at=now))


@contextmanager
def another_command(folder: Path) -> Iterator[list[float]]:
    """Write beside it, and note how long each write took."""
    waits: list[float] = []
    done = threading.Event()

    def write() -> None:
        with opened(folder) as register:
            while not done.wait(WRITE_EVERY_S):
                began = time.perf_counter()
                with register.change():
                    pass
                waits.append(time.perf_counter() - began)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield waits
    finally:
        done.set()
        thread.join()


def expand_all(folder: Path, n_subscribers: int) -> float:
    """Address a bulletin to all, and give the longest that another command waited."""
    with opened(folder) as register:
        fill(register, {"email": "u{}@example.pk"}, n_subscribers)
        longest, began = 0.0, time.perf_counter()
        with another_command(folder) as waits:
            while True:
                start = time.perf_counter()
                with register.change() as records:
                    more = expand_some(records)
                longest = max(longest, time.perf_counter() - start)
                if more is None:
                    break
                time.sleep(longest / 10)
        took = time.perf_counter() - began
        with register.look() as records:
            began = time.perf_counter()
            count_channels(records, now=clock())
            counted = time.perf_counter() - began
            assert records.count(Delivery) == n_subscribers
    print(f"{n_subscribers:,} subscribers addressed in {took:.1f} s, counted in {counted:.3f} s")
    print(f"longest change {longest:.3f} s")
    print(f"another command waited {max(waits):.3f} s at most, over {len(waits)} writes")
    return max(waits)


def send_all(folder: Path, n_each: int, channels: tuple[Channel, ...]) -> float:
    """Send to so many of each channel, and give the longest that another command waited."""
    with receiving(folder) as receivers, opened(folder) as register:
        (folder / "chat.url").write_text(f"mmost://{LOOPBACK}:{receivers.web_port}/{'a' * 26}")
        (folder / "chat.url").chmod(0o600)
        told = Publishing(
            site=example_site(),
            mail=Mail(host=LOOPBACK, port=receivers.mail_port, security="none", sender="desk@example.pk"),
            webhooks=Webhooks(allow_networks=("127.0.0.0/8",)),
            chat=tuple(Chat(name=f"c{number}", url_file="chat.url") for number in range(n_each)),
        )
        hook = f"http://{LOOPBACK}:{receivers.web_port}/{{}}"
        addresses: dict[Channel, str] = {"email": "u{}@example.pk", "webhook": hook, "chat": "c{}"}
        fill(register, {channel: addresses[channel] for channel in channels}, n_each)
        sender = Sender(
            register, Composer(told, KEY), make_carriers(told, folder=folder).carriers, stop=threading.Event()
        )
        with another_command(folder) as waits:
            began, worked = time.perf_counter(), time.process_time()
            tally = sender.run(keep=False)
            took, worked = time.perf_counter() - began, time.process_time() - worked
    n = n_each * len(channels)
    assert tally.n("sent") == n == len(receivers.lines)
    print(f"{', '.join(channels)}: {n:,} in {took:.1f} s, {n / took:.0f} a second")
    print(f"{worked / n * 1000:.1f} ms of a processor each; another command waited {max(waits):.3f} s at most")
    return max(waits)


def main(n_subscribers: int, n_each: int) -> int:
    """Measure; 1 where another command waited too long."""
    waits: list[float] = []
    for channels in (*((channel,) for channel in CHANNELS), CHANNELS):
        with tempfile.TemporaryDirectory() as name:
            waits.append(send_all(Path(name), n_each, channels))
    with tempfile.TemporaryDirectory() as name:
        waits.append(expand_all(Path(name), n_subscribers))
    return int(max(waits) > WAIT_LIMIT_S)


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    sys.exit(main(*(given + [100_000, 5000][len(given) :])))
