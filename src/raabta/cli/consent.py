"""Consent to measuring: what it says, where it is kept, how it is withdrawn.

It is asked once and kept in the user's own configuration folder, with the version of the text that was agreed to: when
the text changes, it is asked again.
"""

import os
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

VERSION: Final = 1
"""Version of ``TEXT``. A change of meaning is a new version, and consent is asked again."""

FILE_NAME: Final = "consent.json"

TEXT: Final = """\
What raabta probe does, and what you agree to

It asks about each service on a list of business services (code hosting,
clouds, meetings, payment and the like; see them with: raabta probe
--show-targets) what your machine gets from it: the name lookup, the
connection, the encryption, the web page's first part, and where something
fails, the same once more with one thing changed. Nothing that you do or visit
is looked at.

Who sees that: your operator and the services see usual traffic from you, and
may notice that it is a measurement. Public resolvers (Cloudflare, Quad9,
Google) see the names; AdGuard's and OpenDNS's see that you ask, without a
service's name. A control, if you name one, sees the services asked about and
where the questions come from; it keeps no record of who asked.

What is written: for each service every step with its times and what failed,
the answers to name lookups, certificates, a page's title, length and hash,
your country, your operator's number (AS), and the time. Never: your address,
cookies, pages themselves, names of your machine, your router or your wireless
network.

Where: only to the file or screen that you name. Nothing is sent to us or to
anybody else. Whoever you give the file to can read all of it.

Risk: where measuring the network is not welcome, this can be noticed. If you
are unsure whether it is safe for you, do not agree.

Withdraw at any time:  raabta probe --consent withdraw
Read this again:       raabta probe --consent show
"""


class Consent(Struct, frozen=True, kw_only=True):
    """What is kept: which text was agreed to, and when (ISO 8601)."""

    version: int
    given_at: str


def config_folder(environ: Mapping[str, str] | None = None, *, platform: str = sys.platform) -> Path:
    """Give the folder where the user's settings of this program live; it may not exist yet.

    Source: XDG Base Directory Specification 0.8; Apple's File System Programming Guide; Windows Known Folders.
    """
    given = os.environ if environ is None else environ
    if platform == "win32":
        place = given.get("APPDATA")
        return Path(place) / "raabta" if place else Path.home() / "AppData" / "Roaming" / "raabta"
    if platform == "darwin":
        return Path(given.get("HOME") or Path.home()) / "Library" / "Application Support" / "raabta"
    place = given.get("XDG_CONFIG_HOME", "")
    # The specification has relative paths ignored.
    return (Path(place) if place.startswith("/") else Path(given.get("HOME") or Path.home()) / ".config") / "raabta"


def read_consent(folder: Path) -> Consent | None:
    """Give the consent that was given to the present text, None where there is none."""
    try:
        found = msgspec.json.decode((folder / FILE_NAME).read_bytes(), type=Consent)
    except (OSError, msgspec.MsgspecError):
        return None
    return found if found.version == VERSION else None


def store_consent(folder: Path, *, now: datetime) -> None:
    """Keep that the user agreed. Raises ``OSError`` where the folder cannot be written."""
    folder.mkdir(parents=True, exist_ok=True)
    given = Consent(version=VERSION, given_at=now.isoformat(timespec="seconds"))
    (folder / FILE_NAME).write_bytes(msgspec.json.encode(given) + b"\n")


def withdraw_consent(folder: Path) -> bool:
    """Forget it. Says whether there was one."""
    place = folder / FILE_NAME
    was_there = place.exists()
    place.unlink(missing_ok=True)
    return was_there
