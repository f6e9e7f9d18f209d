"""How often a client may ask: token buckets and counts of connections, under names that cannot be read back.

A bucket holds ``burst`` tokens and fills at ``per_s`` tokens a second; a request takes its cost or is told how long to
wait. Clients are known by a keyed hash of their address (IPv4 whole, IPv6 by its /64, which one subscriber holds). The
key is random, lives an hour and is never stored: with it go all buckets, so nothing of who asked outlives the hour.

Memory is bounded: at most ``max_clients`` buckets, and the one not touched for longest goes first. Whoever can use so
many addresses gets more than his share; the caps on all connections and measurements hold against him.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from raabta.reference.addresses import read_routed

KEY_LIFE_S: Final = 3600.0
KEY_BYTES: Final = 32
_NAME_BYTES: Final = 8


class Rate(Struct, frozen=True, kw_only=True):
    """Tokens a second, and how many a client may save up."""

    per_s: float
    burst: float


class Seat(Struct, frozen=True):
    """A client's place among the open connections. ``name`` is its hash at the time."""

    name: bytes


class _Bucket(Struct):
    tokens: float
    at_s: float


class Ledger:
    """Who has asked how much, and how many connections are open, by hashed client.

    Args:
        rate: Of each client.
        max_seats: Connections at a time of one client.
        max_clients: Buckets kept.
        make_key: Gives ``n`` random bytes.
    """

    def __init__(
        self, rate: Rate, *, max_seats: int, max_clients: int = 16_384, make_key: Callable[[int], bytes]
    ) -> None:
        self._rate = rate
        self._max_seats = max_seats
        self._max_clients = max_clients
        self._make_key = make_key
        self._key = b""
        self._key_until_s = float("-inf")
        self._buckets: OrderedDict[bytes, _Bucket] = OrderedDict()
        self._n_seats: dict[bytes, int] = {}

    def take(self, client: str, *, cost: float, now_s: float) -> float:
        """Take ``cost`` tokens from a client's bucket.

        Args:
            client: Its address.
            cost: Tokens that the request takes.
            now_s: Seconds of a clock that never goes back.

        Returns:
            0.0 where they were taken, else the seconds to wait.
        """
        name = self._name(client, now_s)
        bucket = self._buckets.get(name)
        if bucket is None:
            self._make_room()
            bucket = self._buckets[name] = _Bucket(self._rate.burst, now_s)
        self._buckets.move_to_end(name)
        bucket.tokens = min(self._rate.burst, bucket.tokens + (now_s - bucket.at_s) * self._rate.per_s)
        bucket.at_s = now_s
        if bucket.tokens >= cost:
            bucket.tokens -= cost
            return 0.0
        return (cost - bucket.tokens) / self._rate.per_s

    def sit(self, client: str, *, now_s: float) -> Seat | None:
        """Count a connection of a client; None where it has too many."""
        name = self._name(client, now_s)
        n = self._n_seats.get(name, 0)
        if n >= self._max_seats:
            return None
        self._n_seats[name] = n + 1
        return Seat(name)

    def rise(self, seat: Seat) -> None:
        """Count a connection no longer."""
        n = self._n_seats.pop(seat.name, 0) - 1
        if n > 0:
            self._n_seats[seat.name] = n

    def _name(self, client: str, now_s: float) -> bytes:
        if now_s >= self._key_until_s:
            self._key, self._key_until_s = self._make_key(KEY_BYTES), now_s + KEY_LIFE_S
            self._buckets.clear()
        return hashlib.blake2b(_subscriber(client), digest_size=_NAME_BYTES, key=self._key).digest()

    def _make_room(self) -> None:
        while len(self._buckets) >= self._max_clients:
            self._buckets.popitem(last=False)


def _subscriber(address: str) -> bytes:
    """Give what one subscriber has: an IPv4 address, or the /64 of an IPv6 address."""
    read = read_routed(address)
    if read is None:
        return address.encode()
    number, is_ipv6 = read
    return (number >> 64).to_bytes(8) if is_ipv6 else number.to_bytes(4)
