"""Single packets that live for a few routers only: what comes back from where.

An ordinary user may do this (no raw socket): the time to live is a socket option and the kernel keeps ICMP errors in a
queue of the socket, with their senders, for UDP and for connections that are opening. An open connection learns that a
packet died on its way, but not where.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, Final

from raabta.probe.failures import EOF, NETWORK_ERRORS, TIMEOUT, failure_of
from raabta.probe.network import Datagrams, IcmpError, IcmpSentError, Network, Stream
from raabta.probe.trace import Trace

MAX_HOPS: Final = 8
"""Routers that a walk goes past at most. Filters stand at the operator or the country's border, 2 to 8 routers away in
what was published; beyond, the site's own network begins. Judgement."""

WAIT_S: Final = 1.8
"""How long to wait for what a datagram provokes: two tries, each longer than a satellite's round trip."""
AGAIN_S: Final = 0.7
SYN_WAIT_S: Final = 2.6
"""The kernel repeats a lost SYN after 1 s."""

TRACE_PORT: Final = 33_434
"""First of the ports that nobody listens on, by traceroute's custom."""

EXCEEDED: Final = "exceeded"
"""The packet died at a router."""

_EXCEEDED_V4: Final = 11
_EXCEEDED_V6: Final = 3
"""Time exceeded (RFC 792; RFC 4443 section 3.3)."""
_PACKET_BYTES: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What came back to a packet of some time to live.

    ``what`` is ``EXCEEDED``, ``answered``, or a failure string. ``sender`` is who sent the ICMP error, "" where nobody
    tells. A forged answer may come although the packet died later on: then ``sender`` is there as well.
    """

    what: str
    sender: str = ""


Walked = dict[int, Seen]
"""By time to live, from 1."""

ANSWERED: Final = "answered"


async def walk(
    probe: Callable[[int], Coroutine[Any, Any, Seen]], *, over: Iterable[int] = range(1, MAX_HOPS + 1)
) -> Walked:
    """Probe every time to live at once."""
    async with asyncio.TaskGroup() as group:
        tasks = {ttl: group.create_task(probe(ttl)) for ttl in over}
    return {ttl: task.result() for ttl, task in tasks.items()}


def is_exceeded(icmp: IcmpError) -> bool:
    """Say whether an ICMP error means that a packet lived too short."""
    return icmp.type == (_EXCEEDED_V6 if icmp.ipv6 else _EXCEEDED_V4)


async def probe_syn(trace: Trace, address: str, *, port: int, ttl: int) -> Seen:
    """Open a connection with packets that live for ``ttl`` routers, and close it."""
    trace.budget.spend(packets=2, octets=2 * _PACKET_BYTES)
    try:
        async with asyncio.timeout(SYN_WAIT_S):
            stream = await trace.network.open_tcp(address, port, ttl=ttl)
    except IcmpSentError as error:
        what = EXCEEDED if is_exceeded(error.icmp) else failure_of(error, operation="connect")
        return Seen(what=what, sender=error.icmp.sender)
    except NETWORK_ERRORS as error:
        return Seen(what=failure_of(error, operation="connect"))
    stream.close()
    return Seen(what=ANSWERED)


async def probe_closed_port(trace: Trace, address: str, *, ttl: int) -> Seen:
    """Send a datagram to a port that nobody listens on: the way itself, without anything to take offence at."""
    return await probe_datagram(
        trace,
        lambda network: network.open_udp(address, TRACE_PORT + ttl),
        data=bytes(16),
        ttl=ttl,
        is_answer=lambda _: True,
    )


async def probe_datagram(
    trace: Trace,
    opened: Callable[[Network], Datagrams],
    *,
    data: bytes,
    ttl: int,
    is_answer: Callable[[bytes], bool],
) -> Seen:
    """Send a datagram that lives for ``ttl`` routers, twice where nothing comes, and wait for an answer.

    A packet that died ends the waiting only if no answer comes in the time left: forged ones may be slower.
    """
    try:
        datagrams = opened(trace.network)
    except OSError as error:
        return Seen(what=failure_of(error, operation="connect"))
    heard = _Heard()
    try:
        async with asyncio.timeout(WAIT_S):
            while not await _heard_answer(datagrams, heard, data=data, ttl=ttl, is_answer=is_answer):
                continue
    except TimeoutError:
        return heard.seen()
    finally:
        trace.budget.spend(packets=heard.n_sent + 1, octets=(heard.n_sent + 1) * _PACKET_BYTES)
        datagrams.close()
    return Seen(what=ANSWERED, sender=heard.died_at)


class _Heard:
    """What a probe by datagrams has heard so far."""

    def __init__(self) -> None:
        self.died_at = ""
        self.failure = TIMEOUT
        self.n_sent = 0

    def seen(self) -> Seen:
        """Sum up, without an answer."""
        return Seen(what=self.failure, sender=self.died_at)

    def note(self, error: OSError, datagrams: Datagrams) -> None:
        """Note an ICMP error."""
        icmp = datagrams.icmp()
        self.failure = failure_of(error, operation="read")
        if icmp is not None:
            self.died_at = icmp.sender
            self.failure = EXCEEDED if is_exceeded(icmp) else self.failure


async def _heard_answer(
    datagrams: Datagrams, heard: _Heard, *, data: bytes, ttl: int, is_answer: Callable[[bytes], bool]
) -> bool:
    """Send if it is time to, and listen until an answer, an error or the time of the next try."""
    try:
        if heard.n_sent < 2 and heard.failure == TIMEOUT:
            heard.n_sent += 1
            datagrams.send(data, ttl=ttl)
        async with asyncio.timeout(AGAIN_S):
            while not is_answer((await datagrams.receive())[0]):
                continue
    except TimeoutError:
        return False
    except OSError as error:
        heard.note(error, datagrams)
        return False
    return True


async def probe_bytes(trace: Trace, stream: Stream, *, data: bytes, ttl: int) -> Seen:
    """Send bytes that live for ``ttl`` routers on an open connection, wait for what they provoke, and close it."""
    trace.budget.spend(packets=6, octets=len(data) + 6 * _PACKET_BYTES)
    try:
        stream.set_ttl(ttl)
        async with asyncio.timeout(WAIT_S):
            await stream.send(data)
            answer = await stream.receive()
    except NETWORK_ERRORS as error:
        failure = failure_of(error, operation="read")
        return Seen(what=EXCEEDED if failure in ("host_unreachable", "network_unreachable") else failure)
    finally:
        stream.close()
    return Seen(what=ANSWERED if answer else EOF)
