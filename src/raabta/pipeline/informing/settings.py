"""publishing.toml: who speaks, about what, by which ways, and who is woken when a clock runs out.

Nothing secret stands in it. A password, a chat service's address with its token, an access key: each is named by a file
(``password_file``) that only its owner may read, relative to this one.
"""

import re
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote, urlsplit, urlunsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Struct

from raabta.model.incident import Severity
from raabta.model.site import Site

SETTINGS_FILE: Final = "publishing.toml"
ID: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
"""Of components, operators, products, duty people, chats and mirrors: they stand in URLs and file names."""
_NOT_A_URL: Final = re.compile(r"[\s\"'<>\\]")
_MAIL_ADDRESS: Final = re.compile(
    r"(?=.{3,254}$)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*"
)
"""What a header can hold as an address (``publish.message.mail``): RFC 5321's dot-string and a host name."""
_JOINERS: Final = frozenset("\u200c\u200d\u200e\u200f")
"""Urdu's names need them; they are no controls."""


class DutyPerson(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is told of alarms, by e-mail. ``level`` 0 is told at once, 1 when that did not help, and so on."""

    name: str
    email: str = ""
    level: int = 0


class Clocks(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[clocks]``: how long things may take, in minutes."""

    first_notice_min: int = 30
    """From the report that confirmed it to the first bulletin (remedy.md)."""
    acknowledge_min: int = 30
    """A report is acknowledged within."""
    approval_min: int = 30
    """A draft waits at most so long for its second person."""
    escalate_min: int = 30
    """From one level of the duty list to the next."""


class Mail(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[mail]``: the server that sends for us. It signs with DKIM, which one-click unsubscription asks for."""

    host: str
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password_file: str = ""
    sender: str
    """Address of From."""
    bounces: str = ""
    """Address for what cannot be delivered; "+TOKEN" is put before its "@". "" is the sender's."""
    ca_file: str = ""
    deadline_s: float = 30.0


class Webhooks(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[webhooks]``: networks of this house that calls may go to, although they are not public (CIDR)."""

    allow_networks: tuple[str, ...] = ()
    deadline_s: float = 10.0
    ca_file: str = ""


class Chat(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[[chat]]``: one channel of a chat service; the file holds its address as apprise writes it."""

    name: str
    url_file: str


class Mirror(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[[mirrors]]``: where the site goes.

    ``target`` is a folder, ``user@host:/folder`` (rsync over SSH), or ``s3://bucket/prefix``. ``url`` is where people
    read it, "" where they do not.
    """

    name: str
    target: str
    url: str = ""
    endpoint: str = ""
    """Of a store that speaks S3 and is not Amazon's."""
    region: str = ""
    key_file: str = ""
    """S3: two lines, access key and secret. rsync: SSH's identity file."""
    options: tuple[str, ...] = ()
    """rsync: further options of ssh, such as "-p 2222"."""


class Publishing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file. Paths within are relative to it."""

    site: Site
    clocks: Clocks = Clocks()
    duty: tuple[DutyPerson, ...] = ()
    mail: Mail | None = None
    webhooks: Webhooks = Webhooks()
    chat: tuple[Chat, ...] = ()
    mirrors: tuple[Mirror, ...] = ()
    first_severity: Severity = "minor"
    """Of an incident where none is given."""


def read_publishing(file: Path) -> Publishing:
    """Read publishing.toml.

    Raises:
        ValueError: It is missing or wrong. The text names file and field, and says what to try.
    """
    try:
        read = msgspec.toml.decode(file.read_bytes(), type=Publishing)
        _check(read)
    except OSError as error:
        message = f"{file}: {error.strerror}. Make one: raabta publish init"
        raise ValueError(message) from error
    except (msgspec.DecodeError, ValueError) as error:
        message = f"{file}: {error}. See docs/guides/publishing.md"
        raise ValueError(message) from error
    return read


def _check(read: Publishing) -> None:
    site = read.site
    named = {
        "site.components": [one.id for one in site.components],
        "site.operators": [one.id for one in site.operators],
        "site.products": [one.id for one in site.products],
        "duty": [one.name for one in read.duty],
        "chat": [one.name for one in read.chat],
        "mirrors": [one.name for one in read.mirrors],
    }
    for field, ids in named.items():
        _check_ids(field, ids)
    try:
        ZoneInfo(site.zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        message = f"site.zone: there is no time zone {site.zone!r}. Write one as Asia/Karachi"
        raise ValueError(message) from error
    _check_urls(read)
    _check_headers(read)


def _check_urls(read: Publishing) -> None:
    """Refuse addresses that a header cannot hold: each message with one of them would fail."""
    urls = {"site.url": read.site.url, "site.desk_url": read.site.desk_url}
    urls |= {f"mirrors.{one.name}.url": one.url for one in read.mirrors}
    for field, url in urls.items():
        if not url:
            continue
        if not url.startswith(("https://", "http://")) or url.endswith("/") or _NOT_A_URL.search(url):
            message = f"{field}: {url!r} must begin with https:// and end without /"
            raise ValueError(message)
        if not (url.isascii() and url.isprintable()):
            message = f"{field}: {url!r} has letters that links in headers of mails cannot hold. Write {_as_ascii(url)}"
            raise ValueError(message)


def _as_ascii(url: str) -> str:
    """Write a URL in ASCII: its name as ``xn--…``, its path in percent signs."""
    split = urlsplit(url)
    try:
        name = (split.hostname or "").encode("idna").decode("ascii")
        port = f":{split.port}" if split.port else ""
    except (UnicodeError, ValueError):
        return "its name as xn--… (punycode)"
    return urlunsplit((split.scheme, name + port, quote(split.path, safe="/%"), quote(split.query, safe="=&%"), ""))


def _check_headers(read: Publishing) -> None:
    """Refuse what no header can hold, before a message is made of it."""
    site, mail = read.site, read.mail
    for field, name in (("site.name_en", site.name_en), ("site.name_ur", site.name_ur)):
        if not all(sign.isprintable() or sign in _JOINERS for sign in name):
            message = f"{field}: {name!r} holds a control sign or a line break. Write it in one line"
            raise ValueError(message)
    addresses = {"site.contact": site.contact} | {f"duty.{one.name}.email": one.email for one in read.duty}
    if mail is not None:
        addresses |= {"mail.sender": mail.sender or " ", "mail.bounces": mail.bounces}
    for field, address in addresses.items():
        if address and not _MAIL_ADDRESS.fullmatch(address):
            message = f"{field}: {address!r} is no e-mail address that can be sent to. Write one as name@example.pk"
            raise ValueError(message)


def _check_ids(field: str, ids: list[str]) -> None:
    for id_ in ids:
        if not ID.fullmatch(id_):
            message = f"{field}: {id_!r} cannot be an id. Take a-z, 0-9 and hyphens, at most 40"
            raise ValueError(message)
        if ids.count(id_) > 1:
            message = f"{field}: {id_!r} stands there twice"
            raise ValueError(message)
