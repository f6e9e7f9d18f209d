"""The gateway: 100,000 entries compiled, verified and loaded; and what a router with the policy lets through.

``python -m tests.bench.gateway``, as root (an ordinary user's namespaces have buffers that are too small for the load).

Two chains of three namespaces, member, router, server, joined by veth pairs: one router is bare, the other has the
reference policy with 100,000 entries and an operator's inspection behind it (300 rules that look into packets).
Connections over the one and the other, and one that is not listed, take turns in bursts, so that what else the machine
does hits all; a share is taken within each turn, and the median of all turns counts. A burst ends when all of it has
been acknowledged. ``tcp`` is as systems send it, in segments of up to 64 kB; in ``tcp, small`` no segment is longer
than the link's 1,500 bytes, so that rules look at each. ``udp``: what one datagram costs the core that sends and
forwards it, dropped where it arrives; that is what rules cost, and no throughput, so it has no goal.
"""

import array
import datetime as dt
import fcntl
import os
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import termios
import threading
import time
from pathlib import Path
from typing import Final

from raabta.gateway import nft
from raabta.gateway.applying import apply
from raabta.lab.needs import tool_environment, unshared
from raabta.lab.world.build import prepare_machine
from raabta.lab.world.namespaces import enter
from raabta.model.exemption import ExemptionList
from raabta.remedy.canonical import canonical, read_canonical
from raabta.remedy.flows import find_flows
from raabta.remedy.lint import lint_list
from raabta.remedy.policy import Marker, PolicySettings
from raabta.remedy.transaction import find_change
from tests.cases.gating import entry, exemptions, gateway, load

N_ENTRIES: Final = 100_000
TURNS: Final = 80
BURST_S: Final = 0.15
N_DATAGRAMS: Final = 20_000
SHARE_GOAL: Final = 0.95
LOAD_GOAL_S: Final = 3.0
COMPILE_GOAL_S: Final = 5.0
N_INSPECTING: Final = 300
MEMBER: Final = "198.18.0.0"
NEIGHBOUR: Final = "198.18.255.1"
SERVER: Final = "198.19.0.0"
PORT: Final = 51820
WAYS: Final = {"bare": ("bare", MEMBER), "exempt": ("policy", MEMBER), "inspected": ("policy", NEIGHBOUR)}
"""Which chain, and from which address."""

INSPECTION: Final = "\n".join(
    [
        "table inet operator {",
        "  chain inspection {",
        "    type filter hook forward priority 0; policy accept;",
        "    meta mark & 0x00100000 != 0 accept",
        *(f"    @th,{64 + 8 * (number % 40)},32 {0xDEAD0000 + number:#x} drop" for number in range(N_INSPECTING)),
        "  }",
        "}",
    ]
)


def main() -> None:
    """Run all of it, inside new namespaces."""
    prepare_machine()
    os.setpriority(os.PRIO_PROCESS, 0, -15)  # before whatever else this machine does
    now = dt.datetime.now(dt.UTC)
    listed = _list(now)
    _compile(listed, now)
    _load(listed, now)
    for kind in ("bare", "policy"):
        _build(kind)
    with enter("router_policy"):
        nft.load_text(INSPECTION)
        agent = gateway(Path(tempfile.mkdtemp()), clock=lambda: dt.datetime.now(dt.UTC))
        assert apply(agent, load(listed)).state == "applied"
    for kind, n_segments in (("tcp", 65_535), ("tcp, small", 1)):
        _limit_segments(n_segments)
        _compare(kind)
    _count_costs()


def _list(now: dt.datetime) -> ExemptionList:
    """Entry 0 is the member whose traffic is pumped, over UDP and TCP; the last entry makes room for it."""
    entries = tuple(entry(number, now=now) for number in range(N_ENTRIES - 1))
    over_tcp = entry(N_ENTRIES, now=now, source=f"{MEMBER}/32", destination=f"{SERVER}/32", transport="tcp", port=PORT)
    return exemptions((*entries, over_tcp), now=now)


def _compile(listed: ExemptionList, now: dt.datetime) -> None:
    """From the bytes that were pulled to the transaction's text, all rules asked."""
    agent = gateway(Path(tempfile.mkdtemp()), clock=lambda: now)
    raw = canonical(listed)
    _ = agent.bench
    began = time.process_time()
    read = read_canonical(raw, ExemptionList, name="bench")
    n_hard = sum(finding.hard for finding in lint_list(read, bench=agent.bench, now=now))
    linted = time.process_time()
    change = _change(read, now)
    ended = time.process_time()
    print(f"{N_ENTRIES} entries, {len(raw) / 1e6:.0f} MB: read and linted in {linted - began:.2f} s, ", end="")
    print(f"laid out in {ended - linted:.2f} s of CPU time, {n_hard} hard findings. ", end="")
    print(_judged(ended - began, COMPILE_GOAL_S), f"({len(change) / 1e6:.0f} MB of transaction)")


def _change(listed: ExemptionList, now: dt.datetime) -> str:
    marker = Marker(serial=1, leases=1, content="0" * 16, policy="")
    flows = find_flows(listed, now=now)
    return find_change(flows, None, marker=marker, settings=PolicySettings(), now_s=int(now.timestamp())).text


def _load(listed: ExemptionList, now: dt.datetime) -> None:
    text = _change(listed, now)
    times = []
    for _ in range(5):
        began = time.monotonic()
        nft.load_text(text)
        times.append(time.monotonic() - began)
        nft.remove_table()
    middle = statistics.median(times)
    print(
        f"{N_ENTRIES} entries loaded in one transaction in {middle:.2f} s ({min(times):.2f}–{max(times):.2f}). ", end=""
    )
    print(_judged(middle, LOAD_GOAL_S))


def _judged(value: float, goal: float) -> str:
    return f"{'meets' if value <= goal else 'FALLS SHORT OF'} {goal:.0f} s"


def _build(kind: str) -> None:
    member, router, server = f"member_{kind}", f"router_{kind}", f"server_{kind}"
    lines = [f"netns add {name}" for name in (member, router, server)]
    for other, device in ((member, "in"), (server, "out")):
        lines.append(f"link add name {device} netns {router} type veth peer name wire netns {other}")
    _ip(lines)
    _ip(
        [
            "addr add 198.18.255.254/16 dev in",
            "addr add 198.19.255.254/16 dev out",
            "link set in up",
            "link set out up",
        ],
        router,
    )
    _ip([f"addr add {MEMBER}/15 dev wire", f"addr add {NEIGHBOUR}/16 dev wire", "link set wire up"], member)
    _ip(["route add 198.19.0.0/16 via 198.18.255.254"], member)
    _ip([f"addr add {SERVER}/16 dev wire", "link set wire up", "route add 198.18.0.0/16 via 198.19.255.254"], server)
    with enter(router):
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1", "ascii")


def _limit_segments(n: int) -> None:
    """Let devices join so many packets of a connection into one."""
    for kind in ("bare", "policy"):
        _ip([f"link set wire gso_max_segs {n}"], f"member_{kind}")
        _ip([f"link set wire gso_max_segs {n}"], f"server_{kind}")
        _ip([f"link set in gso_max_segs {n}", f"link set out gso_max_segs {n}"], f"router_{kind}")


def _ip(lines: list[str], name: str = "") -> None:
    within = ["-n", name] if name else []
    subprocess.run(["ip", *within, "-batch", "-"], input="\n".join(lines), text=True, check=True)


def _compare(kind: str) -> None:
    listeners = {}
    for chain in ("bare", "policy"):
        with enter(f"server_{chain}"):
            listeners[chain] = socket.create_server(("", PORT))
    sink = os.fork()
    if sink == 0:
        _take(list(listeners.values()))
    lines = {name: _connect(chain, source) for name, (chain, source) in WAYS.items()}
    pumped: dict[str, list[float]] = {name: [] for name in WAYS}
    for turn in range(TURNS):
        for name in list(WAYS) if turn % 2 else reversed(WAYS):
            pumped[name].append(_burst(lines[name]))
    os.kill(sink, signal.SIGKILL)
    os.waitpid(sink, 0)
    for line in (*lines.values(), *listeners.values()):
        line.close()
    for name in ("exempt", "inspected"):
        shares = sorted(there / bare for there, bare in zip(pumped[name], pumped["bare"], strict=True))
        share, low, high = (shares[TURNS * part // 100] for part in (50, 25, 75))
        judged = f" {'meets' if share >= SHARE_GOAL else 'FALLS SHORT OF'} {SHARE_GOAL:.0%}" if name == "exempt" else ""
        words = f"(half of turns {low:.0%}–{high:.0%}, {statistics.median(pumped[name]) / 1e6:.0f} Mbit/s)"
        print(f"{kind} {name}: {share:.1%} of the bare router's {words}{judged}")


def _connect(chain: str, source: str) -> socket.socket:
    with enter(f"member_{chain}"):
        line = socket.socket()
    line.bind((source, 0))
    line.connect((SERVER, PORT))
    return line


def _take(listeners: list[socket.socket]) -> None:
    """Take what comes, for ever."""

    def take(line: socket.socket) -> None:
        buffer = bytearray(1 << 20)
        while line.recv_into(buffer):
            pass

    with selectors.DefaultSelector() as ready:
        for listener in listeners:
            ready.register(listener, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                assert isinstance(key.fileobj, socket.socket)
                threading.Thread(target=take, args=(key.fileobj.accept()[0],), daemon=True).start()


def _burst(line: socket.socket) -> float:
    """Bits per second until the last of a burst is acknowledged."""
    data, n_bytes = bytes(1 << 17), 0
    began = time.perf_counter()
    while time.perf_counter() - began < BURST_S:
        n_bytes += line.send(data)
    left = array.array("i", [1])
    while left[0]:
        fcntl.ioctl(line, termios.TIOCOUTQ, left)
    return 8 * n_bytes / (time.perf_counter() - began)


def _count_costs() -> None:
    for chain in ("bare", "policy"):
        with enter(f"server_{chain}"):
            nft.load_text(
                "add table inet door\nadd chain inet door shut { type filter hook prerouting priority -400; }\n"
                "add rule inet door shut meta l4proto udp drop\n"
            )
    costs: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(TURNS // 4):
        for name, (chain, source) in WAYS.items():
            costs[name].append(_cost_us(chain, source))
    bare = statistics.median(costs["bare"])
    for name, each in costs.items():
        middle = statistics.median(each)
        print(f"udp {name}: {middle:.2f} µs for each datagram, {middle - bare:+.2f} beside the bare router's")


def _cost_us(chain: str, source: str) -> float:
    with enter(f"member_{chain}"):
        line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with line:
        line.bind((source, 0))
        line.connect((SERVER, PORT))
        data = bytes(1400)
        began = time.perf_counter()
        for _ in range(N_DATAGRAMS):
            line.send(data)
        return (time.perf_counter() - began) / N_DATAGRAMS * 1e6


if __name__ == "__main__":
    if "--inside" in sys.argv:
        main()
    else:
        command = [sys.executable, "-m", "tests.bench.gateway", "--inside"]
        sys.exit(subprocess.run(unshared(command), env=tool_environment(), check=False).returncode)
