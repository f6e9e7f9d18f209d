"""The process that is every router's middlebox and line: NFQUEUE sockets, raw sockets, a clock.

One process serves all routers, since two would compete for the same cores. It is forked, so that it inherits rules as
they are, and it ends with its parent, however that ends. With the right to do so (root) it runs under SCHED_FIFO:
with 200 connections in flight, round trips are then true within 0.7 ms at the 99th percentile (tests/bench/delay_line).
"""

import ctypes
import gc
import os
import select
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Final

from raabta.lab.middlebox.netlink import (
    NETLINK_NETFILTER,
    NETLINK_NO_ENOBUFS,
    SOL_NETLINK,
    build_config,
    build_verdict,
    read_error,
    read_packets,
)
from raabta.lab.middlebox.path import RouterPath, Verdict
from raabta.lab.servers.children import Child, Ready, fork_child

QUEUE: Final = 1
"""Number of the queue in each router's namespace."""

Enter = Callable[[str], AbstractContextManager[None]]

_READY_S: Final = 10.0
_IDLE_S: Final = 5.0
_RECEIVE_BYTES: Final = 16_384
"""One queued packet with its attributes; devices here have at most 9,000 bytes."""
_BATCH: Final = 64
"""Packets read from one router before the others get their turn."""
_BUFFER_BYTES: Final = 8 << 20
_PRIORITY: Final = 20
_PR_SET_TIMERSLACK: Final = 29
_SO_RCVBUFFORCE: Final = 33


def start_process(paths: Mapping[str, RouterPath], *, enter: Enter) -> Child:
    """Fork the process and wait until it hears every router's queue.

    Args:
        paths: What happens in each router, by its namespace. Each has queue ``QUEUE`` to itself.
        enter: Enters a namespace for this thread.

    Raises:
        RuntimeError: It was not ready in time, the kernel has no NFQUEUE, or this process may not use it.
    """
    child = fork_child(lambda ready: _run(paths, enter=enter, ready=ready), name="middlebox")
    child.wait_ready(within_s=_READY_S)
    return child


def _run(paths: Mapping[str, RouterPath], *, enter: Enter, ready: Ready) -> None:
    """Be the process, until a signal or the parent's end ends it."""
    ctypes.CDLL(None).prctl(_PR_SET_TIMERSLACK, 1)
    routers: dict[int, _Router] = {}
    for name, path in paths.items():
        with enter(name):
            router = _Router(path, _open_queue(), _open_raw(socket.AF_INET), _open_raw(socket.AF_INET6))
        routers[router.queue.fileno()] = router
    gc.collect()
    gc.freeze()
    gc.disable()  # nothing here makes cycles, and a pause would be a delay
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY))
    ready()
    while True:
        _turn(routers)


@dataclass(slots=True)
class _Router:
    path: RouterPath
    queue: socket.socket
    raw4: socket.socket
    raw6: socket.socket


def _open_queue() -> socket.socket:
    queue = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    queue.bind((0, 0))
    try:
        queue.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
    except PermissionError:
        queue.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
    queue.setsockopt(SOL_NETLINK, NETLINK_NO_ENOBUFS, 1)
    queue.settimeout(_READY_S)
    for message in build_config(QUEUE):
        queue.send(message)
        error = read_error(queue.recv(_RECEIVE_BYTES))
        if error:
            raise OSError(error, os.strerror(error))
    queue.setblocking(False)  # noqa: FBT003  the language's own signature
    return queue


def _open_raw(family: socket.AddressFamily) -> socket.socket:
    """A socket that sends whole packets: IPPROTO_RAW implies that the header is ours, in both families."""
    raw = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW)
    raw.setblocking(False)  # noqa: FBT003  the language's own signature
    return raw


def _turn(routers: dict[int, _Router]) -> None:
    """Wait for packets or for what is due, and treat them."""
    # select() takes microseconds; poll() and epoll() would round up to the next millisecond.
    clock = time.monotonic
    dues = [due for router in routers.values() if (due := router.path.next_due) is not None]
    wait_s = min(max(0.0, min(dues) - clock()), _IDLE_S) if dues else _IDLE_S
    readable = select.select(list(routers), [], [], wait_s)[0]
    for number in readable:
        _receive(routers[number])
    for router in routers.values():
        _carry_out(router, now=clock())


def _receive(router: _Router) -> None:
    for _ in range(_BATCH):
        try:
            datagram = router.queue.recv(_RECEIVE_BYTES)
        except BlockingIOError:
            return
        now = time.monotonic()
        for queued in read_packets(datagram):
            router.path.arrive(queued.number, queued.data, now=now)


def _carry_out(router: _Router, *, now: float) -> None:
    verdicts: list[bytes] = []
    for item in router.path.release(now=now):
        if isinstance(item, Verdict):
            verdicts.append(build_verdict(QUEUE, item.ticket, is_accepted=item.is_accepted, data=item.data))
            continue
        _decide(router, verdicts)
        verdicts = []
        _send(router, item.data)
    _decide(router, verdicts)


def _decide(router: _Router, verdicts: list[bytes]) -> None:
    """Send all verdicts in one system call. What the kernel says of packets that are gone is passed over."""
    if verdicts:
        router.queue.send(b"".join(verdicts))


def _send(router: _Router, data: bytes) -> None:
    """Send a forged packet. One that has no way, or finds a full buffer, is lost as any packet may be."""
    with suppress(OSError):
        if data[0] >> 4 == 4:
            router.raw4.sendto(data, (socket.inet_ntop(socket.AF_INET, data[16:20]), 0))
        else:
            router.raw6.sendto(data, (socket.inet_ntop(socket.AF_INET6, data[24:40]), 0))
