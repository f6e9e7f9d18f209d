"""A process of its own that receives: a mail server and a web server that keep a line for each message."""

import json
import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import Struct

from tests.cases.receivers import Arrived, Mailbox, Request, mail_server, status, web_server

REPEATED = "(may be a repetition)"


class Line(NamedTuple):
    """One message that arrived: to whom, which one, and whether it says that it may be a repetition."""

    channel: str
    to: str
    message: str
    repeated: bool


class Receivers(Struct, kw_only=True):
    """Where they listen, and once they have ended what they got."""

    mail_port: int
    web_port: int
    lines: list[Line]


class _Lines(list[Any]):
    """Keeps a line of each message, and lets go of its text."""

    def append(self, one: Arrived | Request) -> None:  # type: ignore[explicit-override]  # Python 3.11 has no override
        super().append(_mail(one) if isinstance(one, Arrived) else _call(one))


@contextmanager
def receiving(folder: Path) -> Iterator[Receivers]:
    """Run the receivers in a process of their own, until the end of the block; then their lines can be read."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _receive(folder, writer)
        finally:
            os._exit(0)
    assert select.select([reader], [], [], 20)[0]
    mail_port, web_port = map(int, os.read(reader, 100).split())
    found = Receivers(mail_port=mail_port, web_port=web_port, lines=[])
    try:
        yield found
    finally:
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
        os.close(reader)
        os.close(writer)
        found.lines = [Line(*line) for line in json.loads((folder / "arrived.json").read_text())]


def _receive(folder: Path, told: int) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    box = Mailbox()
    box.got = _Lines()
    with mail_server(box) as mail_port, web_server(lambda _: status(200)) as web:
        web.got = _Lines()
        os.write(told, f"{mail_port} {web.port}".encode())
        signal.sigwait({signal.SIGTERM})
    (folder / "arrived.json").write_text(json.dumps([*box.got, *web.got]))


def _mail(one: Arrived) -> Line:
    head = one.raw.partition(b"\r\n\r\n")[0].decode()
    heads = dict(line.split(": ", 1) for line in head.split("\r\n") if not line.startswith(" "))
    return Line("email", one.to, heads["Message-ID"], "Raabta-Repeated" in heads)


def _call(one: Request) -> Line:
    if "webhook-id" in one.headers:
        return Line("webhook", one.target, one.headers["webhook-id"], "raabta-repeated" in one.headers)
    text = json.loads(one.body)["text"]
    return Line("chat", one.target, text.partition("#")[2].split()[0], REPEATED in text)
