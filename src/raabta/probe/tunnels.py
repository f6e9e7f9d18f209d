"""Which WireGuard tunnels this machine runs, by their public keys: a probe must use none of them.

Asked of ``wg`` (wireguard-tools), which knows kernel and userspace tunnels, with public keys alone: its dump would show
private ones. Without it, or without the right to ask, it is only known whether there are such interfaces (Linux).
"""

import base64
import binascii
import shutil
import subprocess
from pathlib import Path
from typing import Final

from msgspec import Struct

_ASK_S: Final = 5.0
_INTERFACES: Final = Path("/sys/class/net")


class Tunnels(Struct, frozen=True, kw_only=True):
    """``public_keys`` of tunnels that run; ``unknown`` names interfaces whose keys could not be asked."""

    public_keys: frozenset[bytes] = frozenset()
    unknown: tuple[str, ...] = ()


def find_tunnels(*, tool: str = "wg", interfaces: Path = _INTERFACES) -> Tunnels:
    """Look for running tunnels.

    Args:
        tool: The program to ask.
        interfaces: Where Linux shows interfaces.
    """
    shown = _shown(tool)
    keys: set[bytes] = set()
    named: set[str] = set()
    for line in shown.splitlines():
        name, _, text = line.partition("\t")
        named.add(name)
        try:
            keys.add(base64.b64decode(text.strip(), validate=True))
        except binascii.Error:
            continue
    return Tunnels(public_keys=frozenset(keys), unknown=tuple(sorted(_wireguard_interfaces(interfaces) - named)))


def _shown(tool: str) -> str:
    path = shutil.which(tool, path="/usr/bin:/usr/local/bin:/bin:/opt/homebrew/bin")
    if path is None:
        return ""
    try:
        asked = subprocess.run(  # noqa: S603  our own words
            [path, "show", "all", "public-key"], capture_output=True, text=True, timeout=_ASK_S, check=False
        )
    except (subprocess.TimeoutExpired, OSError):
        return ""
    return asked.stdout


def _wireguard_interfaces(folder: Path) -> set[str]:
    """Interfaces that the kernel says are WireGuard's. A userspace tunnel does not show."""
    found: set[str] = set()
    for place in folder.glob("*/uevent"):
        try:
            text = place.read_text("ascii", "replace")
        except OSError:
            continue
        if "DEVTYPE=wireguard" in text.splitlines():
            found.add(place.parent.name)
    return found
