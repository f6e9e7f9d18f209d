"""Entering network namespaces, and mounting in one's own: what Python 3.11 has no function for.

A network namespace belongs to a thread. What a thread makes there (sockets, children, threads) stays there after the
thread has left. A generator must not be paused inside ``enter``.
"""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

NAMESPACES: Final = Path("/run/netns")
"""Where ``ip netns`` keeps them. A lab has a ``/run`` of its own."""

# From linux/sched.h and linux/mount.h.
_CLONE_NEWNS: Final = 0x00020000
_CLONE_NEWNET: Final = 0x40000000
_MS_BIND: Final = 4096
_MS_REC: Final = 16384
_MS_PRIVATE: Final = 1 << 18

_libc = ctypes.CDLL(None, use_errno=True)


@contextmanager
def enter(name: str) -> Iterator[None]:
    """Work inside a namespace: sockets and children made in the block are there.

    Raises:
        OSError: There is no such namespace, or this process may not enter it.
    """
    back = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _set_namespace(name)
        try:
            yield
        finally:
            _check(_libc.setns(back, _CLONE_NEWNET), "setns back")
    finally:
        os.close(back)


def move_into(name: str) -> None:
    """Move this thread into a namespace for good: for a child that has no way back to find.

    Raises:
        OSError: There is no such namespace, or this process may not enter it.
    """
    _set_namespace(name)


def own_mounts() -> None:
    """Give this process a mount namespace of its own, so that what it mounts is seen by nobody else.

    Raises:
        OSError: This process may not.
    """
    _check(_libc.unshare(_CLONE_NEWNS), "unshare")
    _check(_libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None), "mount")


def bind_file(source: Path, over: Path) -> None:
    """Show one file in place of another, in this mount namespace.

    Raises:
        OSError: One of the files is missing, or this process may not.
    """
    _check(_libc.mount(bytes(source), bytes(over), None, _MS_BIND, None), str(over))


def mount_tmpfs(over: Path) -> None:
    """Cover a directory with an empty file system in memory, in this mount namespace.

    Raises:
        OSError: The directory is missing, or this process may not.
    """
    _check(_libc.mount(b"tmpfs", bytes(over), b"tmpfs", 0, b"mode=755"), str(over))


def _set_namespace(name: str) -> None:
    there = os.open(NAMESPACES / name, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _check(_libc.setns(there, _CLONE_NEWNET), name)
    finally:
        os.close(there)


def _check(result: int, about: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), about)
