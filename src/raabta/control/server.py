"""The control's sockets: who may connect, TLS with a deadline, and that no client can harm another.

Connections are accepted here and not by asyncio's ready-made server, since that one counts a connection only when its
TLS handshake is done: a flood of handshakes would pass every cap. Here a client's seat is counted before the first
byte. When half of all seats are taken, idle connections are given less time.

Nothing of a client is logged: faults are told by the type of the error and the place in the code.
"""

import asyncio
import os
import socket
import ssl
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from raabta.control.conversation import Conversation
from raabta.control.desk import Desk
from raabta.control.identity import ControlIdentity
from raabta.control.inquiry import Outlook
from raabta.control.rate import Ledger, Seat
from raabta.control.settings import ControlSettings
from raabta.probe.dns_sessions import DnsSessions
from raabta.probe.network import Network
from raabta.reference.addresses import is_address
from raabta.reference.guard import Guard

_BACKLOG: Final = 256
# After an accept that failed since no descriptor was free: until some connection has ended.
_PAUSE_S: Final = 0.1


async def serve(
    settings: ControlSettings,
    *,
    identity: ControlIdentity,
    network: Network,
    now: Callable[[], datetime],
    ready: Callable[[list[tuple[str, int]]], None] = lambda _: None,
    on_fault: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve until cancelled.

    Args:
        settings: Where to listen, what to believe, how much to give.
        identity: Certificate and keys, from ``load_identity``.
        network: Where targets are looked at from.
        now: The clock, aware UTC.
        ready: Told the addresses and ports once all listen.
        on_fault: Told of each fault of our own, in words that hold no address.

    Raises:
        OSError: An address cannot be listened on.
    """
    asyncio.get_running_loop().set_exception_handler(lambda _, context: on_fault(_words_of_context(context)))
    listeners: list[socket.socket] = []
    connections: set[socket.socket] = set()
    try:
        listeners.extend(map(_listen, settings.listen))
        ready([listener.getsockname()[:2] for listener in listeners])
        async with DnsSessions(network, settings=settings.for_steps()) as sessions, asyncio.TaskGroup() as group:
            outlook = Outlook(settings=settings, guard=_guard(settings, network), network=network, sessions=sessions)
            most = settings.limits.max_connections_per_client
            ledger = Ledger(settings.limits.rate, max_seats=most, make_key=os.urandom)
            desk = Desk(outlook=outlook, identity=identity, ledger=ledger, now=now)
            door = _Door(desk=desk, context=identity.tls_context(), on_fault=on_fault, connections=connections)
            for listener in listeners:
                group.create_task(door.accept(listener, group))
    finally:
        for left in (*listeners, *connections):  # connections of tasks that had not begun when all was cancelled
            left.close()


def _guard(settings: ControlSettings, network: Network) -> Guard:
    """The machine's own addresses are refused too: a control that asks itself would go round in circles."""
    own = tuple(address for address in network.surroundings().own_addresses if is_address(address))
    refused = (*settings.refused_prefixes, *own)
    return Guard(settings.tables.special, ports=settings.ports, refused_prefixes=refused)


@dataclass(slots=True, kw_only=True)
class _Door:
    desk: Desk
    context: ssl.SSLContext
    on_fault: Callable[[str], None]
    connections: set[socket.socket]

    async def accept(self, listener: socket.socket, group: asyncio.TaskGroup) -> None:
        """Accept connections until cancelled."""
        while True:
            await self._accept_one(listener, group)
            # While connections wait to be accepted, an accept does not let others run.
            await asyncio.sleep(0)

    async def _accept_one(self, listener: socket.socket, group: asyncio.TaskGroup) -> None:
        try:
            connection, peer = await asyncio.get_running_loop().sock_accept(listener)
        except OSError:
            await asyncio.sleep(_PAUSE_S)
            return
        seat = self._seat(peer[0])
        if seat is None:
            connection.close()
            return
        self.connections.add(connection)
        group.create_task(self._attend(connection, peer[0], seat))

    def _seat(self, client: str) -> Seat | None:
        """A handshake costs us more than it costs the client: so it takes a token, like a request."""
        now_s = self.desk.clock_s()
        if len(self.connections) >= self.desk.settings.limits.max_connections:
            return None
        if self.desk.ledger.take(client, cost=1.0, now_s=now_s):
            return None
        return self.desk.ledger.sit(client, now_s=now_s)

    async def _attend(self, connection: socket.socket, client: str, seat: Seat) -> None:
        try:
            async with asyncio.timeout(self.desk.settings.deadlines.connection_s):
                await self._converse(connection, client)
        except (OSError, EOFError):
            pass  # the client's line, or a deadline
        except Exception as error:  # noqa: BLE001  one client's question must not end the service for the others
            self.on_fault(_words_of(error))
        finally:
            connection.close()
            self.connections.discard(connection)
            self.desk.ledger.rise(seat)

    async def _converse(self, connection: socket.socket, client: str) -> None:
        deadlines = self.desk.settings.deadlines
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        transport, _ = await loop.connect_accepted_socket(
            lambda: protocol,
            connection,
            ssl=self.context,
            ssl_handshake_timeout=deadlines.tls_s,
            ssl_shutdown_timeout=deadlines.close_s,
        )
        # With no room in the buffer, a drain ends when TLS has handed all on: a slow reader is noticed soon. (With high
        # 0, asyncio's TLS of Python 3.11 pauses also an empty buffer, for ever.)
        transport.set_write_buffer_limits(high=1, low=0)
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        crowded = len(self.connections) * 2 > self.desk.settings.limits.max_connections
        talk = Conversation(
            desk=self.desk,
            reader=reader,
            writer=writer,
            client=client,
            idle_s=min(deadlines.crowded_idle_s, deadlines.idle_s) if crowded else deadlines.idle_s,
        )
        try:
            await talk.run()
            writer.close()
            async with asyncio.timeout(deadlines.close_s):
                await writer.wait_closed()
        finally:
            transport.abort()


def _listen(place: tuple[str, int]) -> socket.socket:
    family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(place)
        listener.listen(_BACKLOG)
        listener.settimeout(0)
    except OSError:
        listener.close()
        raise
    return listener


def _words_of(error: BaseException) -> str:
    """Name a fault without its message, which may hold an address: its type, and where it happened."""
    inner = error
    while isinstance(inner, BaseExceptionGroup):
        inner = inner.exceptions[0]
    frames = traceback.extract_tb(inner.__traceback__)
    place = f" in {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(inner).__name__}{place}"


def _words_of_context(context: dict[str, Any]) -> str:
    error = context.get("exception")
    return _words_of(error) if isinstance(error, BaseException) else "a fault in the event loop"
