"""Openings of tunnels, sent in trains at given times, and what became of each. Nothing here says why.

Shared by ``probe.wireguard`` and ``probe.openvpn``; and the openings of a connection that nobody restricts
(``open_line``), to know how much the line itself loses.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from raabta.probe.failures import NETWORK_ERRORS, failure_of
from raabta.probe.network import IcmpError, IcmpSentError, Network

CONNECT: Final = "connect"
OPEN: Final = "open"
REFUSED: Final = "connection_refused"
TIMEOUT: Final = "generic_timeout_error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one opening. ``failure`` is a df-007 string, None where the answer came."""

    rtt_s: float | None = None
    failure: str | None = None
    operation: str = ""
    sender: Literal["", "target", "router"] = ""
    icmp: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Train:
    """Where a train of openings goes, and when: one at each of ``times``; the last is waited for until ``until``.

    Times are of the network's clock.
    """

    network: Network
    address: str
    port: int
    times: Sequence[float]
    until: float


Entropy = Callable[[int], bytes]
"""Gives so many fresh bytes of chance."""


async def send_singly(train: Train, once: Callable[[], Coroutine[Any, Any, Outcome]]) -> list[Outcome]:
    """Send a train whose every opening has a socket of its own, each at its time."""

    async def at(moment: float) -> Outcome:
        await wait_until(train.network, moment)
        return await once()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(at(moment)) for moment in train.times]
    return [task.result() for task in tasks]


async def wait_until(network: Network, moment: float) -> None:
    """Wait until the network's clock shows a moment."""
    await asyncio.sleep(max(0.0, moment - network.clock()))


async def open_line(train: Train) -> list[Outcome]:
    """Connect by TCP and close, once at each time; who refuses has answered too.

    The kernel repeats a lost SYN after a second. An answer that late is no answer here: one packet out, one back.
    """
    return await send_singly(train, lambda: _connect_once(train))


_SYN_REPEATED_S: Final = 0.95
"""Below the second after which Linux, macOS and Windows repeat a SYN (RFC 6298 section 2.1)."""


async def _connect_once(train: Train) -> Outcome:
    network = train.network
    started = network.clock()
    try:
        stream = await network.open_tcp(train.address, train.port, until=min(train.until, started + _SYN_REPEATED_S))
    except NETWORK_ERRORS as error:
        outcome = failed(error, operation=CONNECT, address=train.address)
        if outcome.failure == REFUSED and outcome.sender != "router":
            return Outcome(rtt_s=network.clock() - started)
        return outcome
    rtt_ms = stream.info().rtt_ms
    stream.close()
    return Outcome(rtt_s=network.clock() - started if rtt_ms is None else rtt_ms / 1000)


def failed(error: BaseException, *, operation: str, address: str, icmp: IcmpError | None = None) -> Outcome:
    """Write down an error that an opening met; ``icmp`` is the ICMP error behind it, where that is known."""
    if isinstance(error, IcmpSentError):
        icmp = error.icmp
    failure = failure_of(error, operation=operation)
    if icmp is None:
        return Outcome(failure=failure, operation=operation)
    return Outcome(
        failure=failure,
        operation=operation,
        sender="target" if icmp.sender == address else "router",
        icmp=f"{'v6 ' if icmp.ipv6 else ''}{icmp.type}.{icmp.code}",
    )


def silent(operation: str = OPEN) -> Outcome:
    """Nothing came back in time."""
    return Outcome(failure=TIMEOUT, operation=operation)
