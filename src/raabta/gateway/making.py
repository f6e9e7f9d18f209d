"""Init: settings, trust anchor and key in a folder. The kernel is only looked at."""

import base64
import json
from hashlib import sha256
from pathlib import Path
from typing import Final

from msgspec import Struct

from raabta.gateway import nft
from raabta.gateway.agent import old_tables
from raabta.gateway.judging import marks_restored, unsafe_notrack
from raabta.gateway.settings import load_settings
from raabta.gateway.state import Store, write_whole

SETTINGS: Final = "gateway.toml"
ROOT: Final = "root.json"

_TEMPLATE: Final = """\
# Settings of `raabta gateway`. All of them: docs/guides/gateway.md

url = {url}
recipient = {recipient}
root = "root.json"      # trust anchor: compare its hash with what the association told you by another way
state = "state"
asns = {asns}
{tables}
[policy]
mark = {mark:#010x}     # one bit of the packet mark that nothing else here uses
# Takes spared packets out of connection tracking. Only where this gateway neither translates addresses (NAT)
# nor has rules that ask for a connection's state.
notrack = {notrack}

[limits]
max_change_share = 0.2  # a list that changes more entries waits for: raabta gateway apply --override

[run]
interval_s = 300
check_s = 10
"""


class Wanted(Struct, frozen=True, kw_only=True):
    """What gateway.toml is to say."""

    folder: Path
    url: str
    recipient: str
    root: Path
    asns: tuple[int, ...] = ()
    tables: Path | None = None
    mark: int
    notrack: bool


class Surroundings(Struct, frozen=True, kw_only=True):
    """What the operator's own tables say of the policy."""

    trouble: str = ""
    """Why they could not be read."""
    notrack_trouble: str = ""
    marks_copied_by: str = ""


def root_sha256(folder: Path) -> str:
    """Give the SHA-256 of the trust anchor in a gateway's folder, as ``sha256sum`` prints it.

    Raises:
        OSError: It cannot be read.
    """
    return sha256((folder / ROOT).read_bytes()).hexdigest()


def look_around() -> Surroundings:
    """Read the operator's tables, and say what fits them."""
    try:
        others = nft.read_others()
        return Surroundings(
            notrack_trouble=unsafe_notrack(others, old_tables()), marks_copied_by=marks_restored(others)
        )
    except (OSError, ValueError) as error:
        return Surroundings(trouble=str(error))


def make(wanted: Wanted) -> str:
    """Write the folder.

    Returns:
        The gateway's public key, base64.

    Raises:
        ValueError: There are settings already, or what is wanted is wrong.
        OSError: The folder cannot be written.
    """
    file = wanted.folder / SETTINGS
    if file.exists():
        message = f"{file} is there already. Edit it, or choose another folder."
        raise ValueError(message)
    wanted.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if wanted.root.resolve() != (wanted.folder / ROOT).resolve():
        write_whole(wanted.folder / ROOT, wanted.root.read_bytes())
    text = _TEMPLATE.format(
        url=json.dumps(wanted.url),
        recipient=json.dumps(wanted.recipient),
        asns=list(wanted.asns),
        tables=f"tables = {json.dumps(str(wanted.tables.absolute()))}\n" if wanted.tables else "",
        mark=wanted.mark,
        notrack=str(wanted.notrack).lower(),
    )
    write_whole(file, text.encode())
    try:
        settings = load_settings(file)
    except ValueError:
        file.unlink()
        raise
    key = Store(settings.state).signing_key()
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()
