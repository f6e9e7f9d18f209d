"""What stands around the desk, all on loopback: its settings, a mail server, programs that are called, web servers."""

import datetime as dt
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import urllib3
from msgspec import Struct

from tests.cases.receivers import LOOPBACK, Mailbox, Request, Web, free_port, mail_server, status, web_server
from tests.cases.web import serving_folder
from tests.lab.publishing.story.desk import COMMAND, Clock, Desk

NAME_EN: Final = "Connectivity desk"
NAME_UR: Final = "رابطہ مرکز"
OFFICER: Final = "officer@association.example"
HEAD: Final = "head@association.example"
BOUNCES: Final = "bounces@association.example"
CHAT_TOKEN: Final = "abcdefghijklmnopqrstuvwxyz"
_SERVED_S: Final = 20.0

_MORE: Final = """
[webhooks]
allow_networks = ["127.0.0.0/8"]

[mail]
host = "127.0.0.1"
port = {mail_port}
security = "none"
sender = "desk@association.example"
bounces = "{bounces}"

[[duty]]
name = "officer"
email = "{officer}"
level = 0

[[duty]]
name = "head"
email = "{head}"
level = 1

[[chat]]
name = "members-room"
url_file = "room.url"

[[mirrors]]
name = "second"
target = "{second}"
url = "{second_url}"

[[mirrors]]
name = "third"
target = "{third}"
url = "{third_url}"
"""

http: Final = urllib3.PoolManager(retries=False, timeout=_SERVED_S)


class Ground(Struct, frozen=True, kw_only=True):
    """What is there."""

    mailbox: Mailbox
    hooks: Web
    called_at: list[dt.datetime]
    """When each of its calls arrived."""
    chat: Web
    origin_url: str
    origin: ExitStack
    """Ends the origin's web server when it is closed."""
    second_url: str
    third_url: str
    forms_url: str
    forms_said: list[str]
    folder: Path

    @property
    def site(self) -> Path:
        """Where the site is built."""
        return self.folder / "site"

    @property
    def third(self) -> Path:
        """The mirror that somebody forgets."""
        return self.folder / "third"


@contextmanager
def ready(desk: Desk, clock: Clock) -> Iterator[Ground]:
    """Start all of it, and write the desk's settings."""
    folder = desk.folder
    with ExitStack() as stack, ExitStack() as origin:
        sites = {name: folder / name for name in ("site", "second", "third")}
        for site in sites.values():
            site.mkdir()
        mailbox = Mailbox()
        mail_port = stack.enter_context(mail_server(mailbox))
        called_at: list[dt.datetime] = []

        def answer(_: Request) -> float:
            called_at.append(clock.now())
            return 0.0

        hooks = stack.enter_context(web_server(answer))
        chat = stack.enter_context(web_server(lambda _: status(200)))
        urls = {
            name: (origin if name == "site" else stack).enter_context(serving_folder(site / "current"))
            for name, site in sites.items()
        }
        port = free_port()
        forms_url = f"http://{LOOPBACK}:{port}"
        _write_settings(desk, urls=urls, forms_url=forms_url, mail_port=mail_port)
        file = folder / "register" / "room.url"
        file.write_text(f"mmost://{LOOPBACK}:{chat.port}/{CHAT_TOKEN}\n", "ascii")
        file.chmod(0o600)
        said = stack.enter_context(_serving_forms(desk, port))
        yield Ground(
            mailbox=mailbox,
            hooks=hooks,
            called_at=called_at,
            chat=chat,
            origin_url=urls["site"],
            origin=origin,
            second_url=urls["second"],
            third_url=urls["third"],
            forms_url=forms_url,
            forms_said=said,
            folder=folder,
        )


def _write_settings(desk: Desk, *, urls: Mapping[str, str], forms_url: str, mail_port: int) -> None:
    made = desk.raabta(
        "publish", "init", "--url", urls["site"], "--name-en", NAME_EN, "--name-ur", NAME_UR, "--desk-url", forms_url
    )
    file = Path(made.first)
    text = file.read_text("utf-8").replace("mirrors = []", f'mirrors = ["{urls["second"]}", "{urls["third"]}"]')
    more = _MORE.format(
        mail_port=mail_port,
        bounces=BOUNCES,
        officer=OFFICER,
        head=HEAD,
        second=desk.folder / "second",
        second_url=urls["second"],
        third=desk.folder / "third",
        third_url=urls["third"],
    )
    file.write_text(text + more, "utf-8")


@contextmanager
def _serving_forms(desk: Desk, port: int) -> Iterator[list[str]]:
    """Run ``raabta publish serve``; gives the lines that it says, as they come."""
    child = subprocess.Popen(
        [*COMMAND, "publish", "serve", "--listen", f"{LOOPBACK}:{port}"],
        cwd=desk.folder,
        env=desk.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stderr is not None
    lines: list[str] = []
    listens = threading.Event()

    def read() -> None:
        for line in child.stderr or ():
            lines.append(line)
            if "The forms are at" in line:
                listens.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        assert listens.wait(_SERVED_S), lines
        yield lines
    finally:
        child.terminate()
        child.wait(_SERVED_S)
        reader.join(_SERVED_S)
        child.stderr.close()


def get(url: str) -> bytes:
    """Fetch what must be there."""
    answer = http.request("GET", url)
    assert answer.status == 200, f"{url}: {answer.status}"
    return answer.data


def post(url: str, fields: Sequence[tuple[str, str]] = ()) -> tuple[int, str]:
    """Send a form; gives status and page."""
    answer = http.request("POST", url, fields=list(fields), encode_multipart=False)
    return answer.status, answer.data.decode()
