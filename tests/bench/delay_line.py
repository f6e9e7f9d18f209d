"""How true the lab's lines are: round-trip times that the kernel measured, against what the line should give.

    sudo .venv/bin/python -m tests.bench.delay_line [DELAY_MS [N_CONNECTIONS]]

One client opens all connections at once, and each then sends and receives for a few seconds; TCP_INFO tells each one's
smallest and mean round trip. The goal: the smallest within 1 ms of the truth at the 99th percentile, with 200
connections in flight (needs root, for SCHED_FIFO).
"""

import json
import os
import selectors
import socket
import struct
import subprocess
import sys
import time

from raabta.lab.interference import start_interference
from raabta.lab.needs import tool_environment, unshared
from raabta.lab.scenario.types import Line, Network, Scenario, Target
from raabta.lab.servers.children import Child, Ready, fork_child
from raabta.lab.world import Country, plan_country
from raabta.lab.world.build import build, prepare_machine
from raabta.lab.world.namespaces import enter

LIMIT_MS = 1.0
N_EXCHANGES = 20
PORT = 7
RTT_AT, MIN_RTT_AT = 68, 148
"""Offsets in linux/tcp.h's struct tcp_info; microseconds."""


def echo_server(address: str) -> Child:
    """A process in ``world`` that sends back what it hears."""

    def run(ready: Ready) -> None:
        with enter("world"):
            listening = socket.create_server((address, PORT), backlog=1024)
        chosen = selectors.DefaultSelector()
        chosen.register(listening, selectors.EVENT_READ)
        ready()
        while True:
            for key, _ in chosen.select():
                if key.fileobj is listening:
                    connection, _ = listening.accept()
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    chosen.register(connection, selectors.EVENT_READ)
                    continue
                assert isinstance(key.fileobj, socket.socket)
                data = key.fileobj.recv(4096)
                if data:
                    key.fileobj.send(data)
                else:
                    chosen.unregister(key.fileobj)
                    key.fileobj.close()

    child = fork_child(run, name="echo")
    child.wait_ready()
    return child


def round_trips(country: Country, n_connections: int) -> list[tuple[float, float]]:
    """Smallest and smoothed round trip of each connection, in ms."""
    address = country.targets[0].addresses[0]
    chosen = selectors.DefaultSelector()
    left: dict[socket.socket, int] = {}
    found: list[tuple[float, float]] = []
    with enter(country.networks[0].client):
        for _ in range(n_connections):
            sock = socket.socket()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setblocking(False)
            sock.connect_ex((address, PORT))
            chosen.register(sock, selectors.EVENT_WRITE)
            left[sock] = N_EXCHANGES
    deadline_s = time.monotonic() + 60.0
    while left and time.monotonic() < deadline_s:
        for key, events in chosen.select(1.0):
            assert isinstance(key.fileobj, socket.socket)
            sock = key.fileobj
            if events & selectors.EVENT_WRITE:
                chosen.modify(sock, selectors.EVENT_READ)
            else:
                sock.recv(4096)
                left[sock] -= 1
            if left[sock]:
                sock.send(bytes(200))
                continue
            info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
            smoothed, smallest = (struct.unpack_from("=I", info, at)[0] / 1000 for at in (RTT_AT, MIN_RTT_AT))
            found.append((smallest, smoothed))
            chosen.unregister(sock)
            sock.close()
            del left[sock]
    return found


def measure(delay_ms: float, n_connections: int) -> dict[str, float]:
    """Errors of round trips in ms, for a line of ``delay_ms`` each way. Runs inside namespaces of its own."""
    scenario = Scenario(
        title="",
        family="",
        network=[Network(name="one", line=Line(delay_ms=delay_ms))],
        target=[Target(name="site")],
    )
    country = plan_country(scenario)
    with build(country):
        server = echo_server(country.targets[0].addresses[0])
        interference = start_interference(country, enter=enter)
        used_s = time.monotonic()
        trips = round_trips(country, n_connections)
        used_s = time.monotonic() - used_s
        interference.close()
        server.close()
    smallest = sorted(abs(trip[0] - 2 * delay_ms) for trip in trips)
    smoothed = sorted(abs(trip[1] - 2 * delay_ms) for trip in trips)
    return {
        "n": len(trips),
        "seconds": round(used_s, 2),
        "min_rtt_error_p50_ms": smallest[len(trips) // 2],
        "min_rtt_error_p99_ms": smallest[int(len(trips) * 0.99)],
        "smoothed_error_p50_ms": smoothed[len(trips) // 2],
        "smoothed_error_p99_ms": smoothed[int(len(trips) * 0.99)],
    }


def main(arguments: list[str]) -> int:
    """Run in namespaces of one's own, print the figures, fail where they miss the goal."""
    if arguments[:1] != ["inside"]:
        command = unshared([sys.executable, "-m", "tests.bench.delay_line", "inside", *arguments])
        return subprocess.run(command, env=tool_environment(), check=False).returncode
    prepare_machine()
    delay_ms, n_connections = (*map(float, arguments[1:]), *(25.0, 200.0)[len(arguments) - 1 :])
    figures = measure(delay_ms, int(n_connections))
    print(json.dumps({"delay_ms": delay_ms, "root": os.geteuid() == 0, **figures}))
    return 0 if figures["min_rtt_error_p99_ms"] <= LIMIT_MS else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
