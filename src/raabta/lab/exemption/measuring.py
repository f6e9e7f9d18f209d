"""A country of arrangements, put to work; and each client's measurement with the real ``expect_exempt``.

A client's process is given the plan that a member would have (end point, twins, keys, a witness's facts) and nothing
of the situation, so that nothing of it can reach the judgement.
"""

import asyncio
import datetime as dt
import multiprocessing
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for
from typing import Final

import msgspec
from msgspec import Struct

from raabta.lab.exemption.arrangements import Situation
from raabta.lab.exemption.ground import ENDING_S, Ground, inspection, make_list, plan_grounds
from raabta.lab.exemption.servers import silenced, start_servers
from raabta.lab.interference import start_interference
from raabta.lab.needs import tool_environment
from raabta.lab.running import sweep
from raabta.lab.world.build import LabUnavailableError, build
from raabta.lab.world.country import CONTROL, TRANSIT, WORLD, Country
from raabta.lab.world.namespaces import enter, move_into
from raabta.model.effect import Effect
from raabta.pipeline.expecting import ExpectPlan, ExpectSettings, Measuring, expect_exempt, facts_of_outside
from raabta.probe.host import HostNetwork
from raabta.remedy.render import nftables

LIMIT_S: Final = 90.0
"""Longest time for one client."""
N_TOGETHER: Final = 20
"""Clients that measure at the same time. Each sends 60 packets a second in bursts; with 20 on two processors the
answers were those of 10."""

_LOAD_S: Final = 20.0

_WITNESS: Final = ExpectSettings(n_rounds=2, wait_s=1.5)


class Measured(Struct, frozen=True, kw_only=True):
    """What was found of one situation; ``error`` is the lab's own, never a finding."""

    id: str
    effect: Effect | None = None
    seconds: float = 0.0
    error: str = ""


def measure(situations: Sequence[Situation], *, settings: ExpectSettings) -> list[Measured]:
    """Build a country for some situations, run it, measure each, remove it. Inside a lab's namespaces.

    Raises:
        LabUnavailableError: A command failed.
        RuntimeError: A server or the lines could not start.
    """
    country, grounds = plan_grounds(situations, entropy=os.urandom)
    with working(country, grounds):
        return measure_clients(grounds, settings=settings)


def measure_clients(grounds: Sequence[Ground], *, settings: ExpectSettings) -> list[Measured]:
    """Have the witness measure where one is asked for, then every client, in a country that works."""
    seen = _witnessed(grounds)
    plans = [_told(ground.plan, seen.get(ground.situation.id)) for ground in grounds]
    pairs = zip(grounds, plans, strict=True)
    return _in_children([(ground.network.client, plan, settings) for ground, plan in pairs])


@contextmanager
def working(country: Country, grounds: Sequence[Ground]) -> Iterator[None]:
    """Have a country, its servers, lines, list and inspection while the block runs.

    Raises:
        LabUnavailableError: A command failed.
        RuntimeError: A server or the lines could not start.
    """
    with ExitStack() as stack:
        stack.enter_context(build(country))
        stack.callback(sweep)
        plans = [server for ground in grounds for server in ground.servers]
        servers = start_servers(plans)
        stack.callback(servers.close)
        interference = start_interference(country, enter=enter)
        stack.callback(interference.close)
        _load(grounds, silent=silenced(plans))
        yield


def _load(grounds: Sequence[Ground], *, silent: str) -> None:
    """Load the list as it was, then as it is, and the inspection; wait until what is ending has ended."""
    ended_s = time.monotonic() + ENDING_S
    for serial, with_revoked in ((1, True), (2, False)):
        now = _now()
        listed = make_list(grounds, now=now, serial=serial, with_revoked=with_revoked)
        text = nftables.render(listed.exemptions, now=now, verified=listed.leases).decode()
        ended_s = time.monotonic() + ENDING_S
        _load_rules(TRANSIT, text)
    _load_rules(TRANSIT, inspection(grounds))
    _load_rules(WORLD, silent)
    if any(ground.situation.listing == "ending" for ground in grounds):
        time.sleep(max(0.0, ended_s + 1 - time.monotonic()))


def _load_rules(place: str, text: str) -> None:
    with enter(place):
        done = subprocess.run(
            ["nft", "-f", "-"],  # noqa: S607  where the system has it
            env=tool_environment(),
            input=text,
            capture_output=True,
            text=True,
            timeout=_LOAD_S,
            check=False,
        )
    if done.returncode:
        raise LabUnavailableError(f"nft in {place}: {done.stderr.strip()}")


def _witnessed(grounds: Sequence[Ground]) -> dict[str, Effect]:
    """Have a witness outside the country, past no gateway, measure what asks for one."""
    wanted = [ground for ground in grounds if ground.situation.outside]
    if not wanted:
        return {}
    rows = _in_children([(CONTROL, ground.plan, _WITNESS) for ground in wanted])
    pairs = zip(wanted, rows, strict=True)
    return {ground.situation.id: row.effect for ground, row in pairs if row.effect is not None}


def _told(plan: ExpectPlan, seen: Effect | None) -> ExpectPlan:
    if seen is None:
        return plan
    return msgspec.structs.replace(plan, outside=facts_of_outside([seen], label=plan.label, now=_now()))


_Task = tuple[str, ExpectPlan, ExpectSettings]
"""Where, what, how much."""


def _in_children(tasks: Sequence[_Task]) -> list[Measured]:
    """Measure each in a process of its own inside its namespace, some at a time."""
    rows: list[Measured] = []
    for first in range(0, len(tasks), N_TOGETHER):
        started = [_start(task) for task in tasks[first : first + N_TOGETHER]]
        deadline_s = time.monotonic() + LIMIT_S
        rows += [_collect(plan, process, results, deadline_s) for plan, process, results in started]
    return rows


def _start(task: _Task) -> tuple[ExpectPlan, "multiprocessing.context.ForkProcess", Connection]:
    results, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=_be_client, args=(task, theirs), daemon=True)
    process.start()
    theirs.close()
    return task[1], process, results


def _be_client(task: _Task, results: Connection) -> None:
    place, plan, settings = task
    move_into(place)
    began_s = time.monotonic()
    measuring = Measuring(network=HostNetwork(), now=_now, entropy=os.urandom, settings=settings)
    effect = asyncio.run(expect_exempt(plan, measuring))
    row = Measured(id=plan.label, effect=effect, seconds=round(time.monotonic() - began_s, 2))
    results.send_bytes(msgspec.json.encode(row))
    results.close()


def _collect(
    plan: ExpectPlan, process: "multiprocessing.context.ForkProcess", results: Connection, deadline_s: float
) -> Measured:
    data = b""
    if wait_for([results], timeout=max(0.0, deadline_s - time.monotonic())):
        with suppress(EOFError):
            data = results.recv_bytes()
    results.close()
    if not data:
        process.kill()
    process.join()
    if not data:
        return Measured(id=plan.label, error="the client ended without a result, or took too long")
    return msgspec.json.decode(data, type=Measured)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)  # noqa: TID251  the lab's clock enters here
