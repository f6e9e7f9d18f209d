"""Connections to resolvers, kept for a round of lookups: ten in flight share a few handshakes instead of paying ten."""

import asyncio
from types import TracebackType
from typing import Final, Self

from raabta.probe.asking import Connection, Progress, Reply
from raabta.probe.doq import open_quic
from raabta.probe.encrypted_dns import open_stream
from raabta.probe.failures import NETWORK_ERRORS, failure_of
from raabta.probe.network import Network
from raabta.probe.settings import ProbeSettings, Resolver

MAX_CONNECTIONS: Final = 4
"""Connections to one resolver at a time. A browser opens one or two; four keep ten lookups in flight moving."""


class _Pool:
    """The open connections to one resolver."""

    def __init__(self) -> None:
        self.idle: list[Connection] = []
        self.places = asyncio.Semaphore(MAX_CONNECTIONS)


class DnsSessions:
    """Connections to resolvers. Use as ``async with``; leaving it closes them."""

    def __init__(self, network: Network, *, settings: ProbeSettings) -> None:
        self._network = network
        self._settings = settings
        self._pools: dict[Resolver, _Pool] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pool in self._pools.values():
            while pool.idle:
                pool.idle.pop().close()

    async def ask(self, query: bytes, *, resolver: Resolver, progress: Progress) -> Reply:
        """Send a query over a kept or a fresh connection.

        Args:
            query: The message; its id is 0 where the engine asks for that.
            resolver: Whom to ask.
            progress: Filled in. It begins when the query's turn has come: waiting for one is not the resolver's time.
        """
        pool = self._pools.setdefault(resolver, _Pool())
        async with pool.places:
            progress.started_at = self._network.clock()
            try:
                async with asyncio.timeout(self._settings.timeouts.dns_s):
                    reply = await self._ask_kept(query, pool=pool, progress=progress)
                    return reply or await self._ask_fresh(query, pool=pool, resolver=resolver, progress=progress)
            except NETWORK_ERRORS as error:
                return Reply(failure=failure_of(error, operation=progress.operation))

    async def _ask_kept(self, query: bytes, *, pool: _Pool, progress: Progress) -> Reply | None:
        """Ask over kept connections. A dead one is no finding: the next, or a fresh one, is asked."""
        progress.operation = "read"
        while pool.idle:
            try:
                return await _ask_over(pool.idle.pop(), query, pool=pool)
            except TimeoutError:
                raise
            except NETWORK_ERRORS:
                continue
        return None

    async def _ask_fresh(self, query: bytes, *, pool: _Pool, resolver: Resolver, progress: Progress) -> Reply:
        opener = open_quic if resolver.engine == "doq" else open_stream
        opened = await opener(self._network, resolver, trust_pem=self._settings.trust_pem, progress=progress)
        if isinstance(opened, Reply):
            return opened
        progress.operation = "read"
        return await _ask_over(opened, query, pool=pool)


async def _ask_over(connection: Connection, query: bytes, *, pool: _Pool) -> Reply:
    """Ask over one connection; it goes back to the pool only after a whole answer. Raises ``OSError``, ``EOFError``."""
    is_whole = False
    try:
        reply = await connection.ask(query)
        is_whole = reply.failure is None
    finally:
        if is_whole:
            pool.idle.append(connection)
        else:
            connection.close()
    return reply
