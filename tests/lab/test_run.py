"""Workers are bounded, a lost one costs one scenario, and nothing outlives the runner, however that ends."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from raabta.lab.needs import tool_environment
from raabta.lab.order import Order, orders_of
from raabta.lab.results import CellResult
from raabta.lab.run import run_orders
from raabta.lab.scenario.types import Network, Scenario, Target
from tests.lab.conftest import ROOT, Inside

STANDIN = ("-m", "tests.lab.standin")


def scenario(title: str, **fields: Any) -> Scenario:
    return Scenario(title=title, family="f", network=[Network(name="n")], target=[Target(name="t")], **fields)


def run(*titles: str, n_workers: int = 1, limit_s: float = 20.0) -> dict[str, CellResult]:
    found: dict[str, CellResult] = {}

    def keep(order: Order, results: list[CellResult]) -> None:
        (found[order.name],) = results

    orders = [Order(name=title, scenario=scenario(title)) for title in titles]
    asyncio.run(run_orders(orders, keep, n_workers=n_workers, limit_s=limit_s, arguments=STANDIN))
    return found


def test_scenarios_are_run_by_one_worker_after_another(lab: Inside) -> None:
    errors = {name: result.error for name, result in run("a", "b", "c").items()}
    assert errors == {"a": "a 1 0", "b": "b 1 0", "c": "c 1 0"}


def test_a_scenario_is_run_as_often_as_it_asks() -> None:
    assert [order.repeat for order in orders_of("x", scenario("", repeat=3))] == [0, 1, 2]


def test_a_worker_that_dies_costs_its_scenario_only(lab: Inside) -> None:
    found = run("a", "die", "b")
    assert found["die"].error == "the lab's worker ended: the reason why"
    assert (found["a"].error, found["b"].error) == ("a 1 0", "b 1 0")


def test_a_scenario_that_hangs_is_ended_and_the_others_go_on(lab: Inside, tmp_path: Path) -> None:
    hang = f"hang {tmp_path / 'here'}"
    found = run("a", hang, "b", "c", n_workers=2, limit_s=2.0)
    assert found[hang].error == "the scenario did not end within 2 s and was stopped"
    assert {found[name].error for name in "abc"} == {"a 1 0", "b 1 0", "c 1 0"}


def test_a_scenario_that_needs_what_is_not_there_is_skipped_with_the_reason(lab: Inside, monkeypatch: Any) -> None:
    found: list[CellResult] = []
    target = Target(name="t", server="nginx")
    order = Order(name="x", scenario=Scenario(title="", family="", network=[Network(name="n")], target=[target]))
    monkeypatch.setattr("raabta.lab.needs.SYSTEM_PATHS", ())
    monkeypatch.setenv("PATH", "/nowhere")
    asyncio.run(run_orders([order], lambda _, results: found.extend(results), n_workers=1, arguments=STANDIN))
    assert [result.skipped for result in found] == [
        "nft and iptables and tc and nginx not found. On Debian: apt-get install nftables iptables iproute2 nginx-light"
    ]


RUNNER = """
import asyncio, sys
from tests.lab.test_run import STANDIN, scenario
from raabta.lab.order import Order
from raabta.lab.run import run_orders
order = Order(name="x", scenario=scenario("hang " + sys.argv[1]))
asyncio.run(run_orders([order], lambda *_: None, n_workers=1, arguments=STANDIN))
"""


def tree(pid: int) -> list[int]:
    """A process's descendants, by id."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(child) for child in children] + [deep for child in children for deep in tree(int(child))]


def held(pid: int) -> dict[int, int]:
    """A handle by id for each of a process's descendants; one may end between being seen and being held."""
    handles = {}
    for inside in tree(pid):
        with contextlib.suppress(ProcessLookupError):
            handles[inside] = os.pidfd_open(inside)
    return handles


def end(lab: Inside, here: Path, number: int) -> list[str]:
    """Start a runner with a hanging scenario, end it by a signal, and give what outlived it."""
    runner = subprocess.Popen(
        [sys.executable, "-c", RUNNER, str(here)],
        cwd=ROOT,
        env=tool_environment() | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(here.exists)
    inside = held(runner.pid)
    assert len(inside) >= 3, "unshare, the worker and its sleeping child"
    runner.send_signal(number)
    runner.wait(10)
    for pid, handle in inside.items():
        try:
            wait_end(handle, pid)
        finally:
            os.close(handle)
    return [f"{pid}" for pid in inside if Path(f"/proc/{pid}/exe").exists()]


def wait_end(handle: int, pid: int) -> None:
    import select

    ready, _, _ = select.select([handle], [], [], 10)
    assert ready, f"process {pid} outlived its runner by 10 s"


def until(true: Any) -> None:
    import time

    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        os.sched_yield()
        time.sleep(0.01)


def test_nothing_outlives_a_runner_that_is_killed(lab: Inside, tmp_path: Path) -> None:
    assert end(lab, tmp_path / "here", signal.SIGKILL) == []


def test_nothing_outlives_a_runner_that_is_interrupted(lab: Inside, tmp_path: Path) -> None:
    assert end(lab, tmp_path / "here", signal.SIGINT) == []
