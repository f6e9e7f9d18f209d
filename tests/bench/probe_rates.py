"""Observations per CPU-second: TCP connect, DNS lookup, HTTPS page, beside prometheus-blackbox-exporter on one path.

``python -m tests.bench.probe_rates [SECONDS]``. The path is the lab's: a client behind its operator, 10 ms away from
the target's servers and the public resolver. Servers, lines, and whoever asks the exporter are processes of their own,
so that only the probe (or the exporter) itself is counted: user and system time. Our observation is finished when it is
encoded as JSON; the exporter's when its page of figures has arrived.
"""

import asyncio
import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from raabta.lab.needs import tool_environment, tool_path, unshared
from raabta.lab.running import make_authority, running
from raabta.lab.scenario.types import Line, Network, Scenario, Target
from raabta.lab.world.build import prepare_machine
from raabta.lab.world.country import plan_country
from raabta.lab.world.namespaces import move_into
from raabta.probe import dns, http, tcp, tls
from raabta.probe.host import HostNetwork
from raabta.probe.recording import Peer
from raabta.probe.settings import ProbeSettings, Resolver, Timeouts
from raabta.probe.trace import Budget, Trace

GOALS: Final = {"tcp": 5.0, "dns": 5.0, "https": 1.0, "https_h1": 1.0}
"""``https`` is over h2, as the probe asks for a page; ``https_h1`` over HTTP/1.1 on both sides."""
TURNS: Final = 5
SCENARIO: Final = Scenario(
    title="A clean path",
    family="benchmark",
    network=[Network(name="home", line=Line(delay_ms=5.0))],
    target=[Target(name="site", n_addresses=20), Target(name="shop", n_addresses=2)],
)
COUNTRY: Final = plan_country(SCENARIO)
ADDRESSES: Final = COUNTRY.targets[0].addresses
"""Many, so that used ports do not run out."""
RESOLVER: Final = COUNTRY.networks[0].system_resolvers[0]
HOST: Final = COUNTRY.targets[1].host
SHOP_ADDRESSES: Final = COUNTRY.targets[1].addresses
CLIENT: Final = COUNTRY.networks[0].client
EXPORTER: Final = ("127.0.0.1", 9115)
IN_FLIGHT: Final = {"tcp": 50, "dns": 300, "https": 10, "https_h1": 10}
"""Ours: lookups listen 0.3 s for a second answer, which costs no CPU but time."""
EXPORTER_IN_FLIGHT: Final = 20
MODULES: Final = f"""
modules:
  tcp:
    prober: tcp
    timeout: 5s
    tcp: {{preferred_ip_protocol: ip4}}
  https:
    prober: http
    timeout: 5s
    http:
      preferred_ip_protocol: ip4
      headers: {{Host: {HOST}}}
      tls_config: {{ca_file: CA_FILE, server_name: {HOST}}}
  https_h1:
    prober: http
    timeout: 5s
    http:
      preferred_ip_protocol: ip4
      enable_http2: false
      headers: {{Host: {HOST}}}
      tls_config: {{ca_file: CA_FILE, server_name: {HOST}}}
  dns:
    prober: dns
    timeout: 5s
    dns: {{query_name: {HOST}, query_type: A, preferred_ip_protocol: ip4, transport_protocol: udp}}
"""


@contextlib.contextmanager
def child(work: Callable[[], None]) -> Iterator[int]:
    """A process that does one thing until the block ends."""
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            work()
        os._exit(0)
    try:
        yield pid
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


# --- ours ---------------------------------------------------------------------------------------------------


def ours(kind: str, seconds: float, *, trust_pem: str) -> tuple[int, int]:
    """Observe for some seconds; give how many were well and how many not."""
    resolver = Resolver(engine="udp", address=RESOLVER, port=53)
    settings = ProbeSettings(plain_resolver=resolver, timeouts=Timeouts(), trust_pem=trust_pem)
    now = datetime.now(UTC)

    async def connect(trace: Trace, number: int) -> bool:
        address = ADDRESSES[number % len(ADDRESSES)]
        observed, stream = await tcp.connect(trace, address, port=443, settings=settings)
        if stream is not None:
            stream.close()
        return bool(msgspec.json.encode(observed)) and observed.status.success

    async def look_up(trace: Trace, _number: int) -> bool:
        query, later = await dns.look_up(trace, HOST, query_type="A", resolver=resolver, settings=settings)
        return bool(msgspec.json.encode(query)) and query.failure is None and not later

    async def get(trace: Trace, number: int) -> bool:
        address = SHOP_ADDRESSES[number % len(SHOP_ADDRESSES)]
        observed, stream = await tcp.connect(trace, address, port=443, settings=settings)
        if stream is None:
            return False
        peer = Peer(address=address, port=443, name=HOST, transaction_id=observed.transaction_id)
        hello = tls.Hello(alpn=("http/1.1",) if kind == "https_h1" else ("h2", "http/1.1"))
        try:
            step, line = await tls.handshake(trace, stream, peer=peer, settings=settings, verify_at=now, hello=hello)
            if line is None:
                return False
            exchange, _ = await http.get(trace, line, url=f"https://{HOST}/", peer=peer, settings=settings)
        finally:
            stream.close()
        whole = msgspec.json.encode([observed, step, exchange])
        return bool(whole) and exchange.response is not None and exchange.response.code == 200

    once = {"tcp": connect, "dns": look_up}.get(kind, get)
    return asyncio.run(_observe(once, IN_FLIGHT[kind], seconds))


async def _observe(once: Callable[[Trace, int], Awaitable[bool]], in_flight: int, seconds: float) -> tuple[int, int]:
    network = HostNetwork()
    end = network.clock() + seconds
    counts = [0, 0]

    async def worker(first: int) -> None:
        number = first
        while network.clock() < end:
            budget = Budget(max_s=60, max_packets=1_000, max_bytes=100_000)
            trace = Trace(network=network, zero=network.clock(), budget=budget)
            counts[not await once(trace, number)] += 1
            number += in_flight

    async with asyncio.TaskGroup() as group:
        for number in range(in_flight):
            group.create_task(worker(number))
    return counts[0], counts[1]


def measure_ours(kind: str, seconds: float, *, trust_pem: str) -> tuple[float, int]:
    """Give observations per CPU-second and how many failed."""
    reading, writing = os.pipe()

    def work() -> None:
        move_into(CLIENT)
        ours(kind, 0.3, trust_pem=trust_pem)
        before = os.times()
        good, bad = ours(kind, seconds, trust_pem=trust_pem)
        after = os.times()
        cpu_s = after.user - before.user + after.system - before.system
        os.write(writing, msgspec.json.encode((good / cpu_s, bad)))

    with child(work):
        answer = os.read(reading, 1_000)
    os.close(reading)
    os.close(writing)
    rate, bad = msgspec.json.decode(answer, type=tuple[float, int])
    return rate, bad


# --- the exporter -------------------------------------------------------------------------------------------


def measure_exporter(kind: str, seconds: float, *, trust_pem: str) -> tuple[float, int]:
    """Give the exporter's observations per CPU-second and how many failed."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "modules.yml")
        anchors = Path(folder, "anchors.pem")
        anchors.write_text(trust_pem, encoding="ascii")
        config.write_text(MODULES.replace("CA_FILE", str(anchors)), encoding="utf-8")
        command = ["prometheus-blackbox-exporter", f"--config.file={config}", "--web.listen-address=127.0.0.1:9115"]
        command += ["--log.level=error"]
        with subprocess.Popen(
            ["ip", "netns", "exec", CLIENT, *command], env=tool_environment(), stderr=subprocess.DEVNULL
        ) as exporter:
            try:
                return _ask_exporter(kind, seconds, pid=exporter.pid)
            finally:
                exporter.kill()


def _ask_exporter(kind: str, seconds: float, *, pid: int) -> tuple[float, int]:
    reading, writing = os.pipe()

    def work() -> None:
        move_into(CLIENT)
        asyncio.run(_scrape(kind, 0.3))
        before = _cpu_s(pid)
        good, bad = asyncio.run(_scrape(kind, seconds))
        os.write(writing, msgspec.json.encode((good / (_cpu_s(pid) - before), bad)))

    with child(work):
        answer = os.read(reading, 1_000)
    os.close(reading)
    os.close(writing)
    rate, bad = msgspec.json.decode(answer, type=tuple[float, int])
    return rate, bad


def _cpu_s(pid: int) -> float:
    cells = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(cells[11]) + int(cells[12])) / os.sysconf("SC_CLK_TCK")


async def _scrape(kind: str, seconds: float) -> tuple[int, int]:
    """Ask the exporter over kept connections."""
    end = time.monotonic() + seconds
    counts = [0, 0]

    async def worker(first: int) -> None:
        reader, writer = await _connect()
        number = first
        while time.monotonic() < end:
            target = _target(kind, number)
            writer.write(f"GET /probe?module={kind}&target={target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            if b"content-length:" in head:
                figures = await reader.readexactly(int(head.partition(b"content-length:")[2].split()[0]))
            else:  # a long page of figures comes in chunks (RFC 9112 section 7.1)
                figures = await reader.readuntil(b"\r\n0\r\n\r\n")
            counts[b"probe_success 1" not in figures] += 1
            number += EXPORTER_IN_FLIGHT
        writer.close()

    async with asyncio.TaskGroup() as group:
        for number in range(EXPORTER_IN_FLIGHT):
            group.create_task(worker(number))
    return counts[0], counts[1]


def _target(kind: str, number: int) -> str:
    if kind == "dns":
        return RESOLVER
    if kind.startswith("https"):
        return f"https://{SHOP_ADDRESSES[number % len(SHOP_ADDRESSES)]}/"
    return f"{ADDRESSES[number % len(ADDRESSES)]}:443"


async def _connect() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async with asyncio.timeout(5):
        while True:
            try:
                return await asyncio.open_connection(*EXPORTER)
            except OSError:
                await asyncio.sleep(0.05)


# --- the run ------------------------------------------------------------------------------------------------


def inside(seconds: float) -> None:
    """Measure in turns, since other work of the machine slows both; the median counts."""
    prepare_machine()
    authority = make_authority()
    trust_pem = authority.trust_pem
    with running(COUNTRY, authority=authority):
        for kind, goal in GOALS.items():
            turns = [
                (measure_ours(kind, seconds, trust_pem=trust_pem), measure_exporter(kind, seconds, trust_pem=trust_pem))
                for _ in range(TURNS)
            ]
            ours_rate = statistics.median(mine[0] for mine, _ in turns)
            their_rate = statistics.median(theirs[0] for _, theirs in turns)
            times = statistics.median(mine[0] / theirs[0] for mine, theirs in turns)
            failed = sum(mine[1] for mine, _ in turns), sum(theirs[1] for _, theirs in turns)
            print(
                f"{kind}: ours {ours_rate:,.0f}/CPU-s ({failed[0]} failed), blackbox_exporter {their_rate:,.0f}/CPU-s "
                f"({failed[1]} failed): {times:.2f} x (goal: at least {goal:.0f} x)",
                flush=True,
            )


def main() -> int:
    if sys.argv[1:2] == ["--inside"]:
        inside(float(sys.argv[2]))
        return 0
    if shutil.which("prometheus-blackbox-exporter", path=tool_path()) is None:
        print("prometheus-blackbox-exporter is not installed")
        return 0
    seconds = sys.argv[1] if len(sys.argv) > 1 else "2"
    command = unshared([sys.executable, "-m", "tests.bench.probe_rates", "--inside", seconds])
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
