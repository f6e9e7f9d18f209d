"""Opening doors: sockets made in their namespaces, with filters on dead ones."""

import ctypes
import socket
import struct
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from itertools import groupby
from typing import Final

from raabta.lab.servers.doors import Door

BACKLOG: Final = 512
_SO_ATTACH_FILTER: Final = 26
"""From asm-generic/socket.h."""
# One instruction of classic BPF, "return 0": keep nothing of the packet (linux/filter.h). On a listening socket it
# swallows a SYN, so that the address looks dead rather than closed.
_RETURN_NOTHING: Final = struct.pack("HBBI", 0x06, 0, 0, 0)

Enter = Callable[[str], AbstractContextManager[None]]
Open = list[tuple[Door, socket.socket]]


def open_doors(doors: Iterable[Door], *, enter: Enter) -> Open:
    """Make every socket in its namespace; from then on the kernel accepts connections.

    Raises:
        OSError: An address is taken, or is not there.
    """
    opened: Open = []
    for namespace, here in groupby(sorted(doors, key=lambda door: door.namespace), key=lambda door: door.namespace):
        with enter(namespace):
            opened += [(door, _open(door)) for door in here]
    return opened


def _open(door: Door) -> socket.socket:
    family = socket.AF_INET6 if ":" in door.address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM if door.is_udp else socket.SOCK_STREAM)
    sock.settimeout(0)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if not door.is_udp:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if door.is_dead:
        _swallow_all(sock)
    try:
        sock.bind((door.address, door.port))
    except OSError as error:
        sock.close()
        raise OSError(error.errno, f"{door.address} port {door.port}: {error.strerror}") from error
    if not door.is_udp:
        sock.listen(BACKLOG)
    return sock


def _swallow_all(sock: socket.socket) -> None:
    code = ctypes.create_string_buffer(_RETURN_NOTHING)
    program = struct.pack("HP", 1, ctypes.addressof(code))
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
