"""What the machine says of its own network, and on other platforms than Linux what it does not say."""

import socket
import struct
import sys
from pathlib import Path
from typing import Final

from raabta.probe import linux
from raabta.probe.network import Surroundings

_READ_FLAGS: Final = 0x8913
"""SIOCGIFFLAGS (include/uapi/linux/sockios.h)."""
_UP: Final = 0x1
_LOOPBACK: Final = 0x8
_RUNNING: Final = 0x40
"""IFF_UP, IFF_LOOPBACK, IFF_RUNNING: up, and the line is plugged in."""

_RESOLV_CONF: Final = "/etc/resolv.conf"


def look_around() -> Surroundings:
    """Look at interfaces, routes, own addresses and the resolver's configuration, of the calling thread's network."""
    return _look_around_linux() if linux.IS_LINUX else _look_around_elsewhere()


def _look_around_linux() -> Surroundings:
    return Surroundings(
        interfaces=tuple(_running_interfaces()),
        own_addresses=(
            *linux.addresses_v4(_read(f"{linux.PROC_NET}/fib_trie")),
            *linux.addresses_v6(_read(f"{linux.PROC_NET}/if_inet6")),
        ),
        gateways=(
            *linux.gateways_v4(_read(f"{linux.PROC_NET}/route")),
            *linux.gateways_v6(_read(f"{linux.PROC_NET}/ipv6_route")),
        ),
        resolvers=tuple(linux.name_servers(_read(_RESOLV_CONF))),
    )


def _look_around_elsewhere() -> Surroundings:
    """Say what is missing. Interfaces by name tell little there: unused ones are up as well."""
    return Surroundings(
        resolvers=tuple(linux.name_servers(_read(_RESOLV_CONF))),
        missing=(
            "interfaces, routes and own addresses (read on Linux only)",
            "sender, type and code of ICMP errors (read on Linux only)",
            "round-trip times and retransmissions from the kernel (read on Linux only)",
            *(("the addresses of the system's resolvers",) if sys.platform == "win32" else ()),
        ),
    )


def _read(path: str) -> str:
    """Read a small file; one that is not there says nothing."""
    try:
        return Path(path).read_text("utf-8", "replace")
    except OSError:
        return ""


def _running_interfaces() -> list[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        return [name for _, name in socket.if_nameindex() if _is_running(asking, name)]


def _is_running(asking: socket.socket, name: str) -> bool:
    import fcntl  # noqa: PLC0415  Unix only

    try:
        answer = fcntl.ioctl(asking.fileno(), _READ_FLAGS, struct.pack("16sH14x", name.encode(), 0))
    except OSError:
        return False  # it vanished meanwhile
    (flags,) = struct.unpack_from("H", answer, 16)
    return bool(flags & _UP and flags & _RUNNING and not flags & _LOOPBACK)
