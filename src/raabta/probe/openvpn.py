"""OpenVPN's openings: hard resets over UDP, each from a socket of its own, or over TCP, each on its own connection.

Each has its own session id and port, since older servers (before 2.6) keep a half-open session for an address and port
and may pass over a second one there. A server of 2.6 answers 100 openings in 10 s (``--connect-freq-initial``).
Over TCP the connection's opening is a step of its own: a connection that opens shows that somebody is there.
"""

import asyncio
import datetime as dt
from collections.abc import Callable

from raabta.probe.failures import EOF, NETWORK_ERRORS
from raabta.probe.network import Datagrams, Stream
from raabta.probe.openings import CONNECT, OPEN, Entropy, Outcome, Train, failed, send_singly, silent
from raabta.wire.openvpn import SESSION_BYTES, Frames, OpenVpnKeys, client_reset, framed, is_answer


async def open_openvpn_train(
    train: Train, keys: OpenVpnKeys, *, tcp: bool, now: Callable[[], dt.datetime], entropy: Entropy
) -> list[Outcome]:
    """Send a train of hard resets.

    Args:
        train: Where and when.
        keys: How control packets are wrapped.
        tcp: Over TCP instead of UDP.
        now: The clock for packets under a static key.
        entropy: Fresh bytes.

    Returns:
        One outcome an opening, in the order of sending.
    """

    async def once() -> Outcome:
        session = entropy(SESSION_BYTES)
        packet = client_reset(keys, session=session, at_s=int(now().timestamp()))
        if tcp:
            return await _over_tcp(train, keys, session=session, packet=packet)
        return await _over_udp(train, keys, session=session, packet=packet)

    return await send_singly(train, once)


async def _over_udp(train: Train, keys: OpenVpnKeys, *, session: bytes, packet: bytes) -> Outcome:
    network = train.network
    line: Datagrams | None = None
    try:
        line = network.open_udp(train.address, train.port)
        started = network.clock()
        line.send(packet)
        while (heard := await line.receive_until(train.until)) is not None:
            if is_answer(keys, heard[0], session=session):
                return Outcome(rtt_s=network.clock() - started)
    except NETWORK_ERRORS as error:
        icmp = line.icmp() if line is not None else None
        return failed(error, operation=OPEN, address=train.address, icmp=icmp)
    finally:
        if line is not None:
            line.close()
    return silent()


async def _over_tcp(train: Train, keys: OpenVpnKeys, *, session: bytes, packet: bytes) -> Outcome:
    network = train.network
    try:
        stream = await network.open_tcp(train.address, train.port, until=train.until)
    except NETWORK_ERRORS as error:
        return failed(error, operation=CONNECT, address=train.address)
    started = network.clock()
    try:
        async with asyncio.timeout(max(0.0, train.until - started)):
            failure = await _await_answer(stream, keys, session=session, packet=packet)
    except NETWORK_ERRORS as error:
        return failed(error, operation=OPEN, address=train.address, icmp=stream.icmp())
    finally:
        stream.close()
    return Outcome(rtt_s=network.clock() - started) if failure is None else Outcome(failure=failure, operation=OPEN)


async def _await_answer(stream: Stream, keys: OpenVpnKeys, *, session: bytes, packet: bytes) -> str | None:
    """Give the failure, None for an answer."""
    await stream.send(framed(packet))
    frames = Frames()
    while data := await stream.receive():
        if any(is_answer(keys, one, session=session) for one in frames.feed(data)):
            return None
    return EOF
