"""Addresses as integers, and tables of prefixes over them.

Every table of this package (networks, special ranges, providers) asks the same two questions: "which address does
this text name?" and "which prefix is it in?". They are answered here once.

Text comes from measurements that others wrote, so it is read leniently: spaces around it, brackets
(``[2001:db8::1]``), a scope (``fe80::1%eth0``) and leading zeros (``010.0.0.1``, read as decimal) are accepted.
A leading zero is ambiguous, since C's ``inet_aton`` reads it as octal; measurements are written by programs that
print decimal.

A table keeps one sorted list of boundaries per family, made by flattening nested prefixes once: the value at an
address is that of the last boundary at or below it, so the longest prefix wins in one binary search.
"""

import bisect
import functools
import ipaddress
import re
from collections.abc import Iterable
from typing import Generic, TypeVar

Value = TypeVar("Value")

Address = tuple[int, bool]
"""An address: its number, and whether it is IPv6."""

# Longest text of an IPv6 address with embedded IPv4 is 45 characters (INET6_ADDRSTRLEN); the rest is room for
# brackets, a scope name (IFNAMSIZ 16) and spaces. Longer text is no address.
_TEXT_MAX_CHARS = 80

_OCTETS = {str(octet): octet for octet in range(256)}

# Up to eight groups of up to four digits, some of them empty: "::" is told from ":::" later.
_HEXTETS = re.compile(r"(?:[0-9a-fA-F]{0,4}:){2,8}[0-9a-fA-F]{0,4}")

# Upper 96 bits of ::ffff:0:0/96 (RFC 4291, 2.5.5.2) and of 64:ff9b::/96 (RFC 6052, 2.1).
_MAPPED_PREFIX = 0xFFFF
_NAT64_PREFIX = 0x0064FF9B << 64


def read_address(text: str) -> Address | None:
    """Read an address from text.

    Returns:
        The address as (number, is IPv6), or None where the text names no address. Never raises on a string.
    """
    number = _read_ipv6(text) if ":" in text else _read_ipv4(text)
    if number is not None:
        return number, ":" in text
    if len(text) > _TEXT_MAX_CHARS:
        return None
    bare = text.strip()
    if bare.startswith("[") and bare.endswith("]"):
        bare = bare[1:-1]
    if ":" in bare:
        number = _read_ipv6(bare.partition("%")[0])
        return None if number is None else (number, True)
    number = _read_ipv4(".".join(octet and (octet.lstrip("0") or "0") for octet in bare.split(".")))
    return None if number is None else (number, False)


def read_routed(text: str) -> Address | None:
    """Read the address that routers between here and the target see.

    An IPv4 address carried inside IPv6 by mapping or NAT64 is returned as that IPv4 address, since a DNS64 resolver
    of a mobile operator answers ``64:ff9b::…`` for every IPv4-only target. 6to4 and Teredo are left as they are:
    the network that announces them is the relay's.
    """
    address = read_address(text)
    if address is None or not address[1]:
        return address
    embedded = embedded_ipv4(address[0])
    return address if embedded is None else (embedded, False)


def embedded_ipv4(number: int) -> int | None:
    """The IPv4 address inside an IPv4-mapped (RFC 4291) or NAT64 (RFC 6052, /96) IPv6 address, else None."""
    if number >> 32 in (_MAPPED_PREFIX, _NAT64_PREFIX):
        return number & 0xFFFFFFFF
    return None


def is_address(text: str) -> bool:
    """Whether the text names an IPv4 or IPv6 address. Never raises on a string."""
    return read_address(text) is not None


def _read_ipv4(text: str) -> int | None:
    try:
        first, second, third, fourth = text.split(".")
        return _OCTETS[first] << 24 | _OCTETS[second] << 16 | _OCTETS[third] << 8 | _OCTETS[fourth]
    except (ValueError, KeyError):
        return None


# Reading IPv6 text costs ten times as much as finding it in a table, and the same addresses come again and again in
# a batch. A pure function, so the cache changes nothing but time; an entry takes about 200 bytes.
@functools.lru_cache(maxsize=8192)
def _read_ipv6(text: str) -> int | None:
    if "." in text:
        head, _, tail = text.rpartition(":")
        embedded = _read_ipv4(tail)
        if embedded is None:
            return None
        text = f"{head}:{embedded >> 16:x}:{embedded & 0xFFFF:x}"
    if not _HEXTETS.fullmatch(text):
        return None
    left, gap, right = text.partition("::")
    before = left.split(":") if left else []
    after = right.split(":") if right else []
    n_missing = 8 - len(before) - len(after)
    if (n_missing < 1) if gap else n_missing:
        return None
    if "" in before or "" in after:
        return None
    digits = [group.zfill(4) for group in before]
    digits.append("0000" * n_missing)
    digits += [group.zfill(4) for group in after]
    return int("".join(digits), 16)


class PrefixTable(Generic[Value]):
    """Values by prefix: the longest prefix that holds an address wins, and a later row wins over an equal one.

    Args:
        rows: (prefix such as ``"198.18.0.0/15"`` or ``"2001:db8::/32"``, value).
        default: What an address in no prefix gets.

    Raises:
        ValueError: A prefix is malformed or has host bits set.
    """

    __slots__ = ("_starts4", "_starts6", "_values4", "_values6")

    def __init__(self, rows: Iterable[tuple[str, Value]], *, default: Value) -> None:
        spans4: list[tuple[int, int, Value]] = []
        spans6: list[tuple[int, int, Value]] = []
        for prefix, value in rows:
            network = ipaddress.ip_network(prefix)
            spans = spans4 if network.version == 4 else spans6
            spans.append((int(network.network_address), int(network.broadcast_address), value))
        self._starts4, self._values4 = _flattened(spans4, default)
        self._starts6, self._values6 = _flattened(spans6, default)

    def find4(self, number: int) -> Value:
        """The value at an IPv4 address."""
        return self._values4[bisect.bisect_right(self._starts4, number) - 1]

    def find6(self, number: int) -> Value:
        """The value at an IPv6 address."""
        return self._values6[bisect.bisect_right(self._starts6, number) - 1]

    def within(self, first: int, last: int, *, is_ipv6: bool) -> list[Value]:
        """The values that addresses from first to last, inclusive, have: in order of address, one or more."""
        starts, values = (self._starts6, self._values6) if is_ipv6 else (self._starts4, self._values4)
        return values[bisect.bisect_right(starts, first) - 1 : bisect.bisect_right(starts, last)]

    def starts(self, *, is_ipv6: bool) -> list[int]:
        """The addresses at which the value may change, ascending, from 0 on. Not to be written to."""
        return self._starts6 if is_ipv6 else self._starts4

    def is_uniform(self, first: int, last: int) -> bool:
        """Whether all IPv4 addresses from first to last, inclusive, have one value."""
        return bisect.bisect_right(self._starts4, first) == bisect.bisect_right(self._starts4, last)


def _flattened(spans: list[tuple[int, int, Value]], default: Value) -> tuple[list[int], list[Value]]:
    """Turn nested spans into boundaries and the value from each on. Prefixes nest or are apart, never overlap."""
    starts, values = [0], [default]
    still_open: list[tuple[int, Value]] = []

    def mark(start: int, value: Value) -> None:
        if starts[-1] == start:
            values[-1] = value
        else:
            starts.append(start)
            values.append(value)

    def close_before(start: float) -> None:
        while still_open and still_open[-1][0] < start:
            last, _ = still_open.pop()
            mark(last + 1, still_open[-1][1] if still_open else default)

    for first, last, value in sorted(spans, key=lambda span: (span[0], -span[1])):
        close_before(first)
        mark(first, value)
        still_open.append((last, value))
    close_before(float("inf"))
    return starts, values
