"""What only Linux tells: TCP_INFO, the queue of ICMP errors, routes and addresses under /proc. Pure: bytes and text in.

The numbers are of the kernel's interface (include/uapi/linux/tcp.h, in.h, in6.h, errqueue.h, route.h), which never
changes; Python names only some of them. Routes and addresses are read under /proc/thread-self/net: /proc/net shows the
network namespace of the process, not of the thread that asks.
"""

import ipaddress
import socket
import struct
import sys
from collections.abc import Iterable
from typing import Final

from raabta.probe.network import IcmpError, TcpInfo

IS_LINUX: Final[bool] = sys.platform == "linux"

IP_RECVERR: Final = 11
IPV6_RECVERR: Final = 25
MSG_ERRQUEUE: Final = 0x2000
ERROR_ROOM: Final = 512
"""Bytes for the control messages of one error: an extended error (16), the sender (28) and headers fit many times."""

PROC_NET: Final = "/proc/thread-self/net"

_TCP_INFO: Final = struct.Struct("=68xI28xI44xI")
"""struct tcp_info: tcpi_rtt at 68, tcpi_total_retrans at 100, tcpi_min_rtt at 148; times in microseconds."""
TCP_INFO_BYTES: Final = _TCP_INFO.size
_TCP_INFO_OLD: Final = struct.Struct("=68xI28xI")
"""Before Linux 4.6 there is no minimum."""
_NO_MINIMUM: Final = 0xFFFFFFFF

_EXTENDED_ERROR: Final = struct.Struct("=IBBBBII")
"""struct sock_extended_err: errno, origin, type, code, pad, info, data; the sender's socket address follows."""
_ORIGIN_ICMP: Final = 2
_ORIGIN_ICMP6: Final = 3

_UP_AND_GATEWAY: Final = 0x3
"""RTF_UP and RTF_GATEWAY."""
_REJECT: Final = 0x200
"""RTF_REJECT: a route that says "unreachable"."""

ON_LINK: Final = "0.0.0.0"  # noqa: S104  written in place of a gateway's address, nothing is bound to it
"""A default route without a gateway (a point-to-point line, a tunnel)."""


def parse_tcp_info(raw: bytes) -> TcpInfo:
    """Read struct tcp_info, of any age; an RTT of 0 means that the kernel has none yet."""
    if len(raw) < _TCP_INFO_OLD.size:
        return TcpInfo()
    if len(raw) < _TCP_INFO.size:
        rtt_us, retransmits = _TCP_INFO_OLD.unpack_from(raw)
        least_us = 0
    else:
        rtt_us, retransmits, least_us = _TCP_INFO.unpack_from(raw)
    return TcpInfo(
        rtt_ms=rtt_us / 1000 if rtt_us else None,
        min_rtt_ms=least_us / 1000 if 0 < least_us < _NO_MINIMUM else None,
        retransmits=retransmits,
    )


def parse_queued_error(control: Iterable[tuple[int, int, bytes]]) -> tuple[int, IcmpError | None]:
    """Read the control messages of one error of a socket's queue.

    Returns:
        Its errno, 0 where there is none, and the ICMP error unless the kernel itself made the error.
    """
    for level, kind, data in control:
        if (level, kind) not in ((socket.IPPROTO_IP, IP_RECVERR), (socket.IPPROTO_IPV6, IPV6_RECVERR)):
            continue
        if len(data) < _EXTENDED_ERROR.size:
            continue
        error, origin, icmp_type, code, _, _, _ = _EXTENDED_ERROR.unpack_from(data)
        if origin not in (_ORIGIN_ICMP, _ORIGIN_ICMP6):
            return error, None
        sender = _sender(data[_EXTENDED_ERROR.size :])
        return error, IcmpError(type=icmp_type, code=code, sender=sender, ipv6=origin == _ORIGIN_ICMP6)
    return 0, None


def _sender(raw: bytes) -> str:
    """Read a struct sockaddr_in (address at 4) or sockaddr_in6 (address at 8)."""
    if len(raw) < 8:
        return ""
    family = int.from_bytes(raw[:2], "little" if socket.htons(1) != 1 else "big")
    if family == socket.AF_INET:
        return socket.inet_ntop(socket.AF_INET, raw[4:8])
    if family == socket.AF_INET6 and len(raw) >= 24:
        return socket.inet_ntop(socket.AF_INET6, raw[8:24])
    return ""


def gateways_v4(route: str) -> list[str]:
    """Give the gateways of the default routes in the text of /proc/net/route, ``ON_LINK`` for one without."""
    found = []
    for line in route.splitlines()[1:]:
        cells = line.split()
        if len(cells) < 8 or cells[1] != "00000000" or cells[7] != "00000000":
            continue
        flags = int(cells[3], 16)
        if flags & _REJECT or not flags & 1:
            continue
        raw = int(cells[2], 16).to_bytes(4, "little" if socket.htons(1) != 1 else "big")
        found.append(socket.inet_ntop(socket.AF_INET, raw) if flags & _UP_AND_GATEWAY == _UP_AND_GATEWAY else ON_LINK)
    return found


def gateways_v6(route: str) -> list[str]:
    """Give the gateways of the default routes in the text of /proc/net/ipv6_route.

    A link-local one comes with its interface (``fe80::1%eth0``).
    """
    found = []
    for line in route.splitlines():
        cells = line.split()
        if len(cells) < 10 or cells[0] != "0" * 32 or cells[1] != "00":
            continue
        flags = int(cells[8], 16)
        if flags & _REJECT or flags & _UP_AND_GATEWAY != _UP_AND_GATEWAY:
            continue
        address = ipaddress.IPv6Address(int(cells[4], 16))
        found.append(f"{address}%{cells[9]}" if address.is_link_local else str(address))
    return found


def addresses_v4(fib_trie: str) -> list[str]:
    """Give the machine's own addresses in the text of /proc/net/fib_trie, without 127.0.0.0/8."""
    found: dict[str, None] = {}
    address = ""
    for line in fib_trie.splitlines():
        words = line.split()
        if words[:1] == ["|--"]:
            address = words[1]
        elif words == ["/32", "host", "LOCAL"] and not address.startswith("127."):
            found[address] = None
    return list(found)


def addresses_v6(if_inet6: str) -> list[str]:
    """Give the machine's own addresses in the text of /proc/net/if_inet6, without ``::1``."""
    cells = [line.split() for line in if_inet6.splitlines()]
    return [str(ipaddress.IPv6Address(int(row[0], 16))) for row in cells if len(row) >= 6 and row[5] != "lo"]


def name_servers(resolv_conf: str) -> list[str]:
    """Give the servers of a resolv.conf, in order."""
    rows = [line.split() for line in resolv_conf.splitlines()]
    return [row[1] for row in rows if len(row) >= 2 and row[0] == "nameserver"]
