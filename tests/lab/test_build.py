"""A country is built as planned, works, and leaves nothing behind."""

import contextlib
import errno
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

from raabta.lab.scenario.types import Network, Scenario, Target
from raabta.lab.world import Country, NetworkPlan, plan_country
from raabta.lab.world.build import build
from raabta.lab.world.namespaces import enter
from tests.lab.conftest import Inside

IP_RECVERR, IPV6_RECVERR = 11, 25


def country() -> Country:
    networks = [Network(name="one", ipv6=True), Network(name="two"), Network(name="three", ipv6="broken")]
    targets = [Target(name="site", ipv6=True, n_addresses=2), Target(name="other")]
    return plan_country(Scenario(title="", family="", network=networks, target=targets))


def outcome(network: NetworkPlan, address: str, port: int = 9) -> str:
    return outcome_from(network.client, address, port)


def outcome_from(place: str, address: str, port: int = 9) -> str:
    """How a TCP connection ends, as errno's name; a closed port of a living machine is ECONNREFUSED."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with enter(place), socket.socket(family) as sock:
        sock.settimeout(0.4)
        try:
            sock.connect((address, port))
        except TimeoutError:
            return "silence"
        except OSError as error:
            return errno.errorcode[error.errno or 0]
    return "connected"


def reach() -> dict[str, str]:
    plan = country()
    one, two, three = plan.networks
    with build(plan):
        return {
            "target": outcome(one, "198.19.0.10"),
            "target v6": outcome(one, "2001:db8:a0::11"),
            "operator's resolver": outcome(two, two.resolver_address),
            "operator's resolver v6": outcome(one, one.resolver_address6),
            "control": outcome(two, "198.19.250.11"),
            "control v6": outcome(one, "2001:db8:a250::11"),
            "public resolver": outcome(three, "198.19.251.53"),
            "other operator's client": outcome(two, one.client_address),
            "target from the control": outcome_from("control", "198.19.0.10"),
            "target v6 from the control": outcome_from("control", "2001:db8:a0::10"),
            "bogon": outcome(one, "10.10.34.36"),
            "no v6": outcome(two, "2001:db8:a0::10"),
            "broken v6": outcome(three, "2001:db8:a0::10"),
        }


def test_every_address_of_the_plan_is_where_it_should_be(lab: Inside) -> None:
    there, away, silent = "ECONNREFUSED", "ENETUNREACH", "silence"
    assert lab.call(reach) == {
        "target": there,
        "target v6": there,
        "operator's resolver": there,
        "operator's resolver v6": there,
        "control": there,
        "control v6": there,
        "public resolver": there,
        "other operator's client": there,
        "target from the control": there,
        "target v6 from the control": there,
        "bogon": silent,
        "no v6": away,
        "broken v6": silent,
    }


def hop(network: NetworkPlan, address: str, ttl: int) -> str:
    """Who reports that a UDP packet's life ended."""
    six = ":" in address
    level, hops, errors = (
        (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, IPV6_RECVERR)
        if six
        else (socket.IPPROTO_IP, socket.IP_TTL, IP_RECVERR)
    )
    with enter(network.client), socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(level, errors, 1)
        sock.setsockopt(level, hops, ttl)
        sock.settimeout(1.0)
        sock.connect((address, 9))
        sock.send(b"x")
        with contextlib.suppress(OSError):
            sock.recv(100)
        _, ancillary, _, _ = sock.recvmsg(100, 512, socket.MSG_ERRQUEUE)
        sender = ancillary[0][2][16:]
        return socket.inet_ntop(socket.AF_INET6, sender[8:24]) if six else socket.inet_ntop(socket.AF_INET, sender[4:8])


def walk() -> list[list[str]]:
    plan = country()
    one = plan.networks[0]
    with build(plan):
        return [[hop(one, address, ttl) for ttl in (1, 2, 3, 4)] for address in ("198.19.0.10", "2001:db8:a0::10")]


def test_a_traced_route_names_each_router_as_planned(lab: Inside) -> None:
    assert lab.call(walk) == [
        ["198.18.10.1", "198.18.4.1", "198.18.5.1", "198.19.0.10"],
        ["2001:db8:10::1", "2001:db8:4::1", "2001:db8:5::1", "2001:db8:a0::10"],
    ]


def listed(folder: str) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def leftovers() -> dict[str, Any]:
    before = set(listed("/proc/self/fd"))
    for _ in range(3):
        with build(country()):
            pass
    return {
        "namespaces": listed("/run/netns"),
        "links": [name for _, name in socket.if_nameindex()],
        "open files": sorted(set(listed("/proc/self/fd")) - before),
        "processes": [name for name in listed("/proc") if name.isdigit()],
    }


def test_a_country_that_is_removed_leaves_nothing(lab: Inside) -> None:
    assert lab.call(leftovers) == {"namespaces": [], "links": ["lo"], "open files": [], "processes": ["1"]}


def thread_stays() -> list[str]:
    plan = country()
    seen: list[str] = []
    with build(plan):
        with enter(plan.networks[0].client):
            thread = threading.Thread(target=lambda: seen.append(str(Path("/proc/thread-self/ns/net").readlink())))
            thread.start()
            thread.join()
            seen.append(str(Path("/proc/thread-self/ns/net").readlink()))
        seen.append(str(Path("/proc/thread-self/ns/net").readlink()))
    return seen


def test_threads_stay_where_they_were_made_and_their_maker_returns(lab: Inside) -> None:
    inside, entered, after = lab.call(thread_stays)
    assert inside == entered != after


def test_nothing_of_a_lab_is_seen_outside(lab: Inside) -> None:
    before = (socket.if_nameindex(), listed("/run"))
    lab.call(reach)
    assert (socket.if_nameindex(), listed("/run")) == before


def build_time() -> float:
    plan = country()
    times = []
    for _ in range(5):
        started = time.perf_counter()
        with build(plan):
            times.append(time.perf_counter() - started)
    return min(times)


def test_a_country_of_three_networks_is_built_in_less_than_half_a_second(lab: Inside) -> None:
    assert lab.call(build_time) < 0.5


def test_an_ordinary_user_can_build_one(as_nobody: Any) -> None:
    code = (
        "import sys; from raabta.lab.needs import unshared; print(*unshared([sys.executable] + sys.argv[1:]), sep='|')"
    )
    command = as_nobody([".venv/bin/python", "-c", code, "-m", "tests.lab.inside", __file__, "reach"])
    assert command.returncode == 0, command.stderr
    assert "--map-root-user" in command.stdout.split("|")
    done: subprocess.CompletedProcess[str] = as_nobody(
        ["sh", "-c", 'echo "[]" | "$@"', "sh", *command.stdout.strip().split("|")]
    )
    assert done.returncode == 0, done.stderr
    assert '"target": "ECONNREFUSED"' in done.stdout
