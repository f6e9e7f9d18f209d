"""What the chapters of the story share: desk, clock, servers, mail as it came, and what was found on the way."""

import json
import re
import tomllib
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from tests.lab.publishing.story.desk import Clock, Desk, Said
from tests.lab.publishing.story.ground import Ground, get, post

# Planted: none of it may stand in what is published, sent, fed or logged.
IDENTITY: Final = "42101-7654321-9"
CONTACTS: Final = ("farrukh.noc@cable.example", "+92 51 555 0199", "Farrukh Contact", "desk17@cdn.example")
LETTERS: Final = ("we suspect the cabinet at landing station Alpha", "your engineer told us by telephone")
REPORTER: Final = "bilal.reporter@household.example"
REPORTED: Final = "from my desk in the house behind the mosque"
MEMBERS: Final = tuple(f"Karobar {name} Limited" for name in ("Alif", "Be", "Jeem", "Daal", "Sheen", "Meem"))

_TEXTS: Final[dict[str, dict[str, dict[str, str]]]] = tomllib.loads(
    Path(__file__).with_name("texts.toml").read_text("utf-8")
)
_LINK: Final = re.compile(r"http://\S+/(confirm|leave|change)/\S+")


def values(name: str) -> list[str]:
    """Give the options that fill a template with the texts of this name (texts.toml)."""
    texts = _TEXTS.get(name.replace(" ", "_"), {})
    each = (f"{part}_{language}={text}" for part, both in texts.items() for language, text in both.items())
    return [word for value in each for word in ("--set", value)]


class Post(Struct, frozen=True, kw_only=True):
    """One e-mail, read."""

    to: str
    sender: str
    subject: str
    text: str
    message: Any

    @property
    def links(self) -> dict[str, str]:
        """Where it leads to confirm, leave and change."""
        return {found[1]: found[0] for found in _LINK.finditer(self.text)}


class Story:
    """All of it."""

    def __init__(self, desk: Desk, clock: Clock, ground: Ground) -> None:
        self.desk = desk
        self.clock = clock
        self.ground = ground
        self.raabta = desk.raabta
        self.base = ground.origin_url
        """Where readers go."""
        self.ids: dict[str, str] = {}
        self.told: dict[str, Said] = {}
        """Commands that statements ask about."""
        self.pages: dict[str, str] = {}
        """Pages as they were at a time."""
        self.found: dict[str, Any] = {}
        self.seconds: dict[str, float] = {}

    # --- the desk -------------------------------------------------------------------------------------------------

    def incident(self, *words: object, **named: Any) -> Said:
        """``raabta incident``."""
        return self.raabta("incident", *words, **named)

    def build(self, *words: object, code: int | None = 0) -> Said:
        """Build the site and bring it to its mirrors."""
        return self.raabta("publish", "--site", self.ground.site, *words, code=code)

    def send(self, *, code: int | None = 0) -> Said:
        """Send what is due."""
        return self.raabta("publish", "send", code=code)

    def file(self, name: str, text: str) -> Path:
        """Write a file that a command reads."""
        path = self.desk.folder / name
        path.write_text(text, "utf-8")
        return path

    def write(self, name: str, template: str, about: str = "", *more: object) -> str:
        """Write a bulletin with the texts of this name (texts.toml). Gives its id."""
        words = ("bulletin", "write", *([about] if about else []), "--template", template, *values(name), *more)
        said = self.told[f"{name} written"] = self.raabta(*words)
        self.ids[name] = said.first
        return said.first

    def publish(self, name: str) -> None:
        """Have a bulletin approved by a second person, and publish it."""
        self.raabta("bulletin", "approve", self.ids[name], by="Ahmed")
        self.told[f"{name} published"] = self.raabta("bulletin", "publish", self.ids[name])

    def say(self, name: str, template: str, about: str = "", *more: object) -> None:
        """Write, approve and publish a bulletin."""
        self.write(name, template, about, *more)
        self.publish(name)

    # --- readers --------------------------------------------------------------------------------------------------

    def page(self, path: str) -> str:
        """Read a page of the site."""
        return self.raw(path).decode()

    def raw(self, path: str) -> bytes:
        """Fetch a file of the site."""
        return get(f"{self.base}/{path}")

    def data(self, path: str) -> Any:
        """Read a JSON file of the site."""
        return json.loads(self.raw(path))

    def mails(self, to: str = "") -> list[Post]:
        """Give the mails that came to an address, or to all."""
        return [_read(one.sender, one.to, one.message) for one in self.ground.mailbox.got if to in ("", one.to)]

    def calls(self) -> list[dict[str, Any]]:
        """Give what the webhook was told."""
        return [json.loads(one.body) for one in self.ground.hooks.got]

    def notes(self) -> list[str]:
        """Give what the chat room was told."""
        return [json.loads(one.body)["text"] for one in self.ground.chat.got]

    def ask_report(self, code: str) -> str:
        """Ask the form what became of a report."""
        return get(f"{self.ground.forms_url}/report/{code}").decode()

    def fill(self, form: str, *fields: tuple[str, str]) -> tuple[int, str]:
        """Fill in a form on the desk's host."""
        return post(f"{self.ground.forms_url}/{form}", fields)


def _read(sender: str, to: str, message: EmailMessage) -> Post:
    body = message.get_body(("plain",))
    assert body is not None
    return Post(to=to, sender=sender, subject=str(message["Subject"]), text=body.get_content(), message=message)
