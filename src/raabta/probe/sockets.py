"""Streams and datagrams on plain non-blocking sockets and the running asyncio loop.

Why not asyncio's own streams: they hide the time to live, the kernel's view of a connection and the queue of ICMP
errors, and cost several times as much for each connection. Needs a loop that can watch sockets (``add_reader``): on
Windows that is ``asyncio.SelectorEventLoop``. How a socket is waited for stands in ``watching``.

How Linux tells of ICMP errors (seen with real packets, tests/lab/test_host.py):

- A UDP socket with IP_RECVERR, connected or not: the next call fails with the error's errno, the queue has the sender.
- A TCP connection that is opening: connect fails, and since Linux 5.9 the queue has the sender.
- An open TCP connection: without IP_RECVERR nothing until it times out; with it the next call fails, without a sender.
  So it is set while a connection opens and from ``set_ttl`` on, and off in between: an ICMP error alone, which anybody
  can forge, does not end a transfer.
"""

import errno
import socket
import struct
from collections import deque
from typing import Final

from raabta.probe import linux
from raabta.probe.network import Datagrams, IcmpError, IcmpSentError, Stream, TcpInfo
from raabta.probe.watching import Watcher

_IN_PROGRESS: Final = frozenset({errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EAGAIN})
_LINGER_NOT: Final = struct.pack("ii", 1, 0)
"""SO_LINGER of no seconds: closing sends a reset instead of FIN and forgets the connection."""
_MAX_DATAGRAM_BYTES: Final = 65_535


def family_of(address: str) -> socket.AddressFamily:
    """Give the family of an address written in numbers; a name raises ``ValueError`` (it would block on a lookup)."""
    if ":" in address:
        return socket.AF_INET6
    if not address or address.strip("0123456789."):
        raise ValueError("not an address")
    return socket.AF_INET


def _open(family: socket.AddressFamily, kind: int) -> socket.socket:
    """Open a socket that does not block."""
    if linux.IS_LINUX:
        return socket.socket(family, kind | socket.SOCK_NONBLOCK)
    sock = socket.socket(family, kind)
    sock.settimeout(0)
    return sock


def limit_hops(sock: socket.socket, hops: int, *, ipv6: bool) -> None:
    """Let packets of a socket live for ``hops`` routers; 0 is the system's default."""
    if ipv6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, hops or -1)
    elif hops:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hops)
    else:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, -1 if linux.IS_LINUX else _default_ttl())


def _default_ttl() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as fresh:
        return fresh.getsockopt(socket.IPPROTO_IP, socket.IP_TTL)


def queue_errors(sock: socket.socket, *, ipv6: bool, wanted: bool) -> None:
    """Let the kernel queue ICMP errors of a socket, where it can; switching off empties the queue."""
    if not linux.IS_LINUX:
        return
    if ipv6:
        sock.setsockopt(socket.IPPROTO_IPV6, linux.IPV6_RECVERR, wanted)
    else:
        sock.setsockopt(socket.IPPROTO_IP, linux.IP_RECVERR, wanted)


def take_queued_error(sock: socket.socket) -> tuple[int, IcmpError | None]:
    """Take the next error of a socket's queue: errno, 0 where the queue is empty, and the ICMP error if it was one."""
    if not linux.IS_LINUX:
        return 0, None
    try:
        _, control, _, _ = sock.recvmsg(1, linux.ERROR_ROOM, linux.MSG_ERRQUEUE)
    except OSError:
        return 0, None
    return linux.parse_queued_error(control)


async def connect(address: str, port: int, *, ttl: int, until: float | None, watcher: Watcher) -> "TcpStream":
    """Open a TCP connection. Raises ``OSError``, also ``TimeoutError`` where ``until`` comes first."""
    family = family_of(address)
    ipv6 = family == socket.AF_INET6
    sock = _open(family, socket.SOCK_STREAM)
    try:
        queue_errors(sock, ipv6=ipv6, wanted=True)
        if ttl:
            limit_hops(sock, ttl, ipv6=ipv6)
        error = sock.connect_ex((address, port))
        if error in _IN_PROGRESS:
            if not await watcher.ready(sock.fileno(), to_write=True, until=until):
                raise TimeoutError
            error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            _, icmp = take_queued_error(sock)
            raise OSError(error, "connect") if icmp is None else IcmpSentError(error, icmp)
    except BaseException:
        watcher.forget(sock.fileno())
        sock.close()
        raise
    return TcpStream(sock, watcher, ipv6=ipv6, ttl=ttl)


class TcpStream:
    """One TCP connection (``probe.network.Stream``)."""

    def __init__(self, sock: socket.socket, watcher: Watcher, *, ipv6: bool, ttl: int) -> None:
        self._sock = sock
        self._watcher = watcher
        self._ipv6 = ipv6
        self._ttl = ttl
        self._is_fresh = True
        self._icmp: IcmpError | None = None

    def _prepare(self) -> None:
        """Set what a connection needs that carries bytes; many are only opened and closed."""
        self._is_fresh = False
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self._ttl:
            queue_errors(self._sock, ipv6=self._ipv6, wanted=False)

    async def send(self, data: bytes) -> None:
        """Send all of ``data``."""
        if self._is_fresh:
            self._prepare()
        left = memoryview(data)
        while left:
            try:
                left = left[self._sock.send(left) :]
            except BlockingIOError:
                await self._watcher.ready(self._sock.fileno(), to_write=True)
            except OSError:
                self._note_error()
                raise

    async def receive(self, limit: int = 65_536) -> bytes:
        """Give what arrives; b"" at the end of the stream."""
        if self._is_fresh:
            self._prepare()
        while True:
            try:
                return self._sock.recv(limit)
            except BlockingIOError:
                self._note_error()
                await self._watcher.ready(self._sock.fileno(), to_write=False)
            except OSError:
                self._note_error()
                raise

    def _note_error(self) -> None:
        """Empty the queue, which would keep the loop awake. A connection without a limit on hops has none."""
        while self._ttl:
            error, icmp = take_queued_error(self._sock)
            if not error:
                return
            self._icmp = icmp or self._icmp

    def set_ttl(self, hops: int) -> None:
        """Let packets from now on live for ``hops`` routers; 0 is the system's default."""
        self._ttl = hops
        limit_hops(self._sock, hops, ipv6=self._ipv6)
        queue_errors(self._sock, ipv6=self._ipv6, wanted=hops > 0)

    def info(self) -> TcpInfo:
        """Ask the kernel; nothing is known where the platform has no TCP_INFO."""
        if not linux.IS_LINUX:
            return TcpInfo()
        try:
            raw = self._sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, linux.TCP_INFO_BYTES)
        except OSError:
            return TcpInfo()
        return linux.parse_tcp_info(raw)

    def icmp(self) -> IcmpError | None:
        """Give the ICMP error that arrived for this connection."""
        self._note_error()
        return self._icmp

    def close(self) -> None:
        """Close at once, with a reset where FIN would die on its way. May be called twice."""
        if self._sock.fileno() < 0:
            return
        if self._ttl:
            limit_hops(self._sock, 0, ipv6=self._ipv6)
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        self._watcher.forget(self._sock.fileno())
        self._sock.close()


def open_datagrams(address: str, port: int, *, any_sender: bool, watcher: Watcher) -> "UdpDatagrams":
    """Open a UDP socket; the kernel binds it to a random port. Raises ``OSError``."""
    family = family_of(address)
    sock = _open(family, socket.SOCK_DGRAM)
    try:
        queue_errors(sock, ipv6=family == socket.AF_INET6, wanted=True)
        if not any_sender:
            sock.connect((address, port))
    except BaseException:
        sock.close()
        raise
    return UdpDatagrams(sock, watcher, (address, port) if any_sender else None)


class UdpDatagrams:
    """One UDP socket (``probe.network.Datagrams``)."""

    def __init__(self, sock: socket.socket, watcher: Watcher, target: tuple[str, int] | None) -> None:
        self._sock = sock
        self._watcher = watcher
        self._target = target
        self._ttl = 0
        self._errors: deque[IcmpError] = deque()

    def send(self, data: bytes, *, ttl: int = 0) -> None:
        """Send one datagram. Raises ``OSError``, also for an ICMP error in answer to an earlier one."""
        if ttl != self._ttl:
            limit_hops(self._sock, ttl, ipv6=self._sock.family == socket.AF_INET6)
            self._ttl = ttl
        try:
            if self._target is None:
                self._sock.send(data)
            else:
                self._sock.sendto(data, self._target)
        except OSError:
            self._take_errors()
            raise

    async def receive(self) -> tuple[bytes, str]:
        """Give the next datagram and the address that sent it. Raises ``OSError`` when an ICMP error arrived."""
        while (heard := self._take()) is None:
            await self._watcher.ready(self._sock.fileno(), to_write=False)
        return heard

    async def receive_until(self, deadline: float) -> tuple[bytes, str] | None:
        """Likewise; None where the clock came to ``deadline`` first."""
        while await self._watcher.ready(self._sock.fileno(), to_write=False, until=deadline):
            heard = self._take()
            if heard is not None:
                return heard
        return None

    def _take(self) -> tuple[bytes, str] | None:
        try:
            data, sender = self._sock.recvfrom(_MAX_DATAGRAM_BYTES)
        except BlockingIOError:
            error = self._take_errors()
            if error:
                raise OSError(error, "receive") from None
            return None
        except OSError:
            self._take_errors()
            raise
        address: str = sender[0]
        return data, address.partition("%")[0]

    def _take_errors(self) -> int:
        """Empty the queue; give the errno of the first error in it, 0 for none."""
        first = 0
        while True:
            error, icmp = take_queued_error(self._sock)
            if not error:
                return first
            first = first or error
            if icmp is not None:
                self._errors.append(icmp)

    def icmp(self) -> IcmpError | None:
        """Give the next ICMP error that arrived for this socket."""
        if not self._errors:
            self._take_errors()
        return self._errors.popleft() if self._errors else None

    def close(self) -> None:
        """Close at once. May be called twice."""
        if self._sock.fileno() >= 0:
            self._watcher.forget(self._sock.fileno())
            self._sock.close()


_CHECKED: Final[tuple[type[Stream], type[Datagrams]]] = (TcpStream, UdpDatagrams)
