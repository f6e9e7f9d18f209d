"""A router in namespaces, with an operator's inspection, members on one side and servers on the other."""

import errno
import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from raabta.lab.world.namespaces import enter

MEMBERS: Final = "members"
GATEWAY: Final = "gateway"
SERVERS: Final = "servers"
WAIT_S: Final = 20.0
"""For what must happen within some seconds, on a machine that does much else."""
ANSWER_S: Final = 0.4
"""A datagram's way there and back takes 0.1 ms."""

OPERATOR: Final = """\
table inet operator {
  chain inspection {
    type filter hook forward priority 0; policy accept;
    meta mark & 0x00100000 != 0 accept
    udp dport 51820 @th,64,32 0x01000000 drop
    tcp dport 443 tcp flags & (psh | rst) == psh reject with tcp reset
  }
}
"""
"""Drops WireGuard's first message by what it looks like, and resets TCP once it carries data."""

OPENING: Final = bytes.fromhex("01000000") + bytes(144)
"""Looks like WireGuard's first message."""
DATA: Final = bytes.fromhex("04000000") + bytes(60)
"""Looks like a packet within a session: inspection lets it pass."""

Result = dict[str, Any]


def run(*words: str, text: str = "") -> str:
    done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{words}: {done.stderr}"
    return done.stdout


def build(*, n_members: int = 4, inspection: str = OPERATOR) -> None:
    """Make the three namespaces. Members are 198.18.0.1, .2, … and 198.18.1.1; servers have all of 198.19.0.0/16."""
    for name in (MEMBERS, GATEWAY, SERVERS):
        run("ip", "netns", "add", name)
        run("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0")
    commands = [
        f"link add name in netns {GATEWAY} type veth peer name wire netns {MEMBERS}",
        f"link add name out netns {GATEWAY} type veth peer name wire netns {SERVERS}",
    ]
    run("ip", "-batch", "-", text="\n".join(commands))
    members = [f"198.18.0.{number + 1}/16" for number in range(n_members)]
    members += ["198.18.1.1/16"]
    batch(MEMBERS, *(f"addr add {member} dev wire" for member in members), "link set wire up", "link set lo up")
    batch(MEMBERS, "addr add 2001:db8:1::1/33 dev wire nodad", "addr add 2001:db8:2::1/33 dev wire nodad")
    batch(MEMBERS, "route add default via 198.18.255.254", "route add 2001:db8:8000::/33 via 2001:db8:7fff::1")
    batch(
        GATEWAY,
        "link set lo up",
        "link set in up",
        "link set out up",
        "addr add 198.18.255.254/16 dev in",
        "addr add 198.19.255.254/16 dev out",
        "addr add 2001:db8:7fff::1/33 dev in nodad",
        "addr add 2001:db8:ffff::1/33 dev out nodad",
    )
    batch(
        SERVERS,
        "link set lo up",
        "link set wire up",
        "addr add 198.19.0.1/16 dev wire",
        "addr add 198.19.0.2/16 dev wire",
        "addr add 2001:db8:8000::1/33 dev wire nodad",
        "route add default via 198.19.255.254",
        "route add 2001:db8::/33 via 2001:db8:ffff::1",
    )
    run("ip", "netns", "exec", GATEWAY, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
    if inspection:
        nft("-f", "-", text=inspection)


def batch(name: str, *commands: str) -> None:
    run("ip", "-n", name, "-batch", "-", text="\n".join(commands))


def nft(*words: str, text: str = "") -> str:
    with enter(GATEWAY):
        return run("nft", *words, text=text)


def in_gateway(act: Callable[[], Any]) -> Any:
    with enter(GATEWAY):
        return act()


def counters() -> dict[str, int]:
    """Packets by counter of our table."""
    listed = json.loads(nft("-j", "list", "counters", "table", "inet", "raabta"))["nftables"]
    return {item["counter"]["name"]: item["counter"]["packets"] for item in listed if "counter" in item}


class Echo:
    """Servers that send back what they get: UDP 51820 and 51821, TCP 443. They end with the process."""

    def __init__(self) -> None:
        with enter(SERVERS):
            for port in (51820, 51821):
                line = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
                line.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
                line.bind(("::", port))
                threading.Thread(target=self._datagrams, args=(line,), daemon=True).start()
            listener = socket.create_server(("", 443))
        threading.Thread(target=self._connections, args=(listener,), daemon=True).start()

    @staticmethod
    def _datagrams(line: socket.socket) -> None:
        while True:
            data, place = line.recvfrom(2048)
            line.sendto(data, place)

    def _connections(self, listener: socket.socket) -> None:
        while True:
            line, _ = listener.accept()
            threading.Thread(target=self._connection, args=(line,), daemon=True).start()

    @staticmethod
    def _connection(line: socket.socket) -> None:
        try:
            while data := line.recv(2048):
                line.sendall(data)
        except OSError:
            pass


def datagram(source: str, destination: str = "198.19.0.1", *, port: int = 51820, data: bytes = OPENING) -> bool:
    """Whether a datagram is answered."""
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    with enter(MEMBERS), socket.socket(family, socket.SOCK_DGRAM) as line:
        line.settimeout(ANSWER_S)
        line.bind((source, 0))
        line.sendto(data, (destination, port))
        try:
            return line.recv(2048) == data
        except TimeoutError:
            return False


def connection(source: str, destination: str = "198.19.0.1", *, port: int = 443) -> socket.socket:
    with enter(MEMBERS):
        line = socket.create_connection((destination, port), timeout=WAIT_S, source_address=(source, 0))
    line.settimeout(ANSWER_S)
    return line


def refusal(source: str) -> str:
    """What a new connection ends with: the name of its error number, "" where it is made."""
    try:
        connection(source).close()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    return ""


def talk(line: socket.socket) -> str:
    """Say something on a connection: "answered", "reset" or "silent"."""
    try:
        line.sendall(b"x" * 100)
        return "answered" if line.recv(2048) else "closed"
    except ConnectionError:
        return "reset"
    except TimeoutError:
        return "silent"


def until(condition: Callable[[], bool]) -> bool:
    """Ask again and again until it is so; False where it never becomes so."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        if condition():
            return True
    return False
