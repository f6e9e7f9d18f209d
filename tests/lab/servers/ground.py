"""A country's servers on loopback: 198.18.0.0/15 becomes 127.18.0.0/15, every port a free one. No privileges."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from raabta.lab.scenario.types import Condition, Interference, Network, Scenario, Target
from raabta.lab.servers.authority import Authority
from raabta.lab.servers.children import Ready, fork_child
from raabta.lab.servers.doors import Door, Speaks, doors_of
from raabta.lab.servers.serving import serve
from raabta.lab.servers.sockets import open_doors
from raabta.lab.servers.streams import Vault
from raabta.lab.world.country import Country, plan_country

WAIT_S: Final = 5.0
"""What answers does so within milliseconds."""
SILENCE_S: Final = 0.3
"""How long silence is listened to."""

End = tuple[str, int]


def now() -> datetime:
    return datetime.now(UTC)


def country_of(
    *targets: Target,
    condition: list[Condition] | None = None,
    interference: list[Interference] | None = None,
    network: list[Network] | None = None,
) -> Country:
    """A country with these targets; one network, "home", unless others are given."""
    return plan_country(
        Scenario(
            title="test",
            family="test",
            network=network or [Network(name="home")],
            target=list(targets) or [Target(name="shop")],
            condition=condition or [],
            interference=interference or [],
        )
    )


@dataclass
class Ground:
    """Servers that run on loopback."""

    country: Country
    authority: Authority
    ends: dict[tuple[str, int, bool], End] = field(default_factory=dict)

    @property
    def trust_file(self) -> str:
        path = self.authority.folder / "trust.pem"
        path.write_text(self.authority.trust_pem)
        return str(path)

    def end(self, address: str, port: int, *, udp: bool = False) -> End:
        """Where that address and port are here."""
        return self.ends[address, port, udp]

    def connect(self, address: str, port: int) -> socket.socket:
        return socket.create_connection(self.end(address, port), timeout=WAIT_S)

    def open_tls(self, address: str, name: str, *, port: int = 443, alpn: tuple[str, ...] = ()) -> ssl.SSLSocket:
        """A TLS connection that trusts the lab's authority only."""
        context = ssl.create_default_context(cadata=self.authority.trust_pem)
        context.set_alpn_protocols(list(alpn))
        return context.wrap_socket(self.connect(address, port), server_hostname=name)

    def get(self, address: str, host: str, path: str = "/", *, port: int = 80) -> tuple[int, dict[str, str], bytes]:
        """A GET over HTTP/1.1: in clear on port 80, else over TLS."""
        with self.connect(address, port) if port == 80 else self.open_tls(address, host, port=port) as sock:
            return get_over(sock, host, path)


def get_over(sock: socket.socket, host: str, path: str = "/") -> tuple[int, dict[str, str], bytes]:
    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    return read_response(read_all(sock))


def read_all(sock: socket.socket) -> bytes:
    data = b""
    while part := sock.recv(65536):
        data += part
    return data


def read_response(data: bytes) -> tuple[int, dict[str, str], bytes]:
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines)
    return int(first.split()[1]), fields, body


@contextmanager
def serving(country: Country, folder: Path) -> Iterator[Ground]:
    """All doors of a country that have an IPv4 address, open on loopback while the block runs."""
    authority = Authority(folder, now_at=now())
    ground = Ground(country=country, authority=authority)
    here = [door for door in doors_of(country) if ":" not in door.address]
    moved = [replace(door, address=_moved(door.address), port=0) for door in here]
    opened = open_doors(moved, enter=lambda _: nullcontext())
    for (door, sock), at in zip(opened, _in_order(here), strict=True):
        ground.ends[at.address, at.port, door.is_udp] = sock.getsockname()

    def run(ready: Ready) -> None:
        ready()
        asyncio.run(serve(opened, country=country, enter=lambda _: nullcontext(), vault=Vault(authority), now=now))

    child = fork_child(run, name="servers")
    for _, sock in opened:
        sock.close()
    try:
        child.wait_ready()
        yield ground
    finally:
        child.close()


def _in_order(doors: list[Door]) -> list[Door]:
    """As ``open_doors`` takes them: by namespace."""
    return sorted(doors, key=lambda door: door.namespace)


def _moved(address: str) -> str:
    return "127." + address.partition(".")[2] if address.startswith("198.") else "127.0.0.1"


def doors_at(country: Country, address: str, *speaks: Speaks) -> list[Door]:
    return [door for door in doors_of(country) if door.address == address and (not speaks or door.speaks in speaks)]
