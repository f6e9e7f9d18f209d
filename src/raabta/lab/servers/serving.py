"""What speaks behind every open door, in one loop."""

import asyncio
import signal
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial

from raabta.lab.servers.attending import DatagramEnd, DatagramProtocol, StreamEnd, StreamProtocol
from raabta.lab.servers.chance import Chance
from raabta.lab.servers.dns import DnsDatagrams, DnsStream
from raabta.lab.servers.doors import Door
from raabta.lab.servers.hosts import Credentials, Host, TargetHost
from raabta.lab.servers.interception import Crossing, CrossingLine, read_host, read_server_name
from raabta.lab.servers.operator import interceptions_of
from raabta.lab.servers.quic import OpenConnection, QuicDoor, QuicFate, open_doq, open_http3
from raabta.lab.servers.resolvers import Resolver
from raabta.lab.servers.sites import Who
from raabta.lab.servers.sockets import BACKLOG, Enter, Open
from raabta.lab.servers.streams import Application, Line, PlainLine, TlsLine, Vault
from raabta.lab.servers.web import Now, open_http
from raabta.lab.world.country import NEUTRAL_NAME, PUBLIC_RESOLVER_NAME, Country, NetworkPlan


async def serve(opened: Open, *, country: Country, enter: Enter, vault: Vault, now: Now) -> None:
    """Serve until SIGTERM. ``enter`` leads into namespaces, for connections that are passed on."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    async with asyncio.TaskGroup() as group:
        serving = _Serving(country=country, enter=enter, vault=vault, now=now, group=group)
        for door, sock in opened:
            await serving.attach(door, sock)
        await stopped.wait()
        for task in serving.tasks:
            task.cancel()


@dataclass(slots=True, kw_only=True)
class _Serving:
    """What all doors of a country share while they are open."""

    country: Country
    enter: Enter
    vault: Vault
    now: Now
    group: asyncio.TaskGroup
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _crossings: dict[tuple[int, str], Crossing] = field(default_factory=dict)

    async def attach(self, door: Door, sock: socket.socket) -> None:
        """Let a door's protocol speak on its socket. Nobody speaks behind a dead one."""
        loop = asyncio.get_running_loop()
        if door.is_dead:
            return
        if door.is_udp:
            attend = self._datagram_end(door)
            await loop.create_datagram_endpoint(lambda: DatagramProtocol(attend()), sock=sock)
        else:
            begin = self._stream_end(door)
            await loop.create_server(lambda: StreamProtocol(begin()), sock=sock, backlog=BACKLOG)

    def _datagram_end(self, door: Door) -> Callable[[], DatagramEnd]:
        match door.speaks, door.resolver, door.host:
            case "dns_udp", Resolver() as resolver, _:
                return partial(DnsDatagrams, resolver)
            case "doq", Resolver() as resolver, _:
                shown = Credentials(names=(PUBLIC_RESOLVER_NAME, resolver.address), alpn=("doq",))
                return self._quic(shown, open_doq(resolver), _always)
            case "h3", _, TargetHost() as host:
                return self._quic(host.quic_credentials(), open_http3(host, self.now), partial(_is_well, host))
            case "h3", _, host if host is not None:
                names = dict.fromkeys(target.host for target in self.country.targets)
                shown = Credentials(names=(*names, NEUTRAL_NAME), alpn=("h3",))
                return self._quic(shown, open_http3(host, self.now), _always)
        raise ValueError(f"nobody is behind {door}")

    def _quic(
        self, shown: Credentials, open_connection: Callable[[Who], OpenConnection], answers: QuicFate
    ) -> Callable[[], QuicDoor]:
        return lambda: QuicDoor(shown, authority=self.vault.authority, open_connection=open_connection, answers=answers)

    def _stream_end(self, door: Door) -> Callable[[], StreamEnd]:
        match door.speaks, door.resolver, door.host:
            case "dns", Resolver() as resolver, _:
                return partial(PlainLine, partial(_open_dns, resolver))
            case "dot", Resolver() as resolver, host if host is not None:
                return partial(TlsLine, host, vault=self.vault, open_application=partial(_open_dot, resolver))
            case "http", _, host if host is not None:
                return partial(self._plain, host)
            case "https", _, host if host is not None:
                return partial(self._tls, host)
        if door.network is None:
            raise ValueError(f"nobody is behind {door}")
        return partial(CrossingLine, self._crossing(door.network, door.speaks))

    def _plain(self, host: Host) -> PlainLine:
        return PlainLine(lambda line: open_http(host, now=self.now, line=line, alpn="", is_secure=False))

    def _tls(self, host: Host) -> TlsLine:
        return TlsLine(
            host,
            vault=self.vault,
            open_application=lambda line, alpn: open_http(host, now=self.now, line=line, alpn=alpn, is_secure=True),
        )

    def _crossing(self, network: NetworkPlan, speaks: str) -> Crossing:
        """One for both families, so that chance is thrown once."""
        key = (network.index, speaks)
        if key not in self._crossings:
            is_tls = speaks == "intercepted_tls"
            self._crossings[key] = Crossing(
                network=network,
                enter=self.enter,
                rules=interceptions_of(self.country, network),
                chance=Chance(self.country.scenario.seed, purpose=f"{network.access} {speaks}"),
                read_name=read_server_name if is_tls else read_host,
                answer=self._tls if is_tls else self._plain,
                start=self._start,
            )
        return self._crossings[key]

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = self.group.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


def _open_dns(resolver: Resolver, line: Line) -> Application:
    return DnsStream(resolver, line=line)


def _open_dot(resolver: Resolver, line: Line, alpn: str) -> Application:  # noqa: ARG001  TLS tells it
    return DnsStream(resolver, line=line)


def _is_well(host: TargetHost, who: Who) -> bool:
    """A server that fails after TLS's first message is silent over QUIC."""
    return host.fate("", who, is_request=False) == "serve"


def _always(who: Who) -> bool:  # noqa: ARG001  a QuicFate
    return True
