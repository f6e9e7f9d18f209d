"""Measuring from the clients of a built country: a child process for each network, inside that client's namespace.

The child is what a volunteer's machine would be: it has the client's links, routes and ``resolv.conf``, and runs the
same ``probe_targets`` as ``raabta probe``. What it finds comes back through a pipe.
"""

import multiprocessing
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

import msgspec

from raabta.lab.order import Order
from raabta.lab.results import CellResult, blank_results
from raabta.lab.world.country import Country, NetworkPlan
from raabta.lab.world.namespaces import bind_file, move_into, own_mounts

OWN_FOLDER: Final = Path("/run/raabta")
"""Where a lab keeps its files. A lab has a ``/run`` of its own."""

LIMIT_S: Final = 150.0
"""Longest time for the measurements of one country; the runner's limit is above it."""

_LAST_WORDS_CHARS: Final = 600

Measure = Callable[[Country, NetworkPlan, Order], list[CellResult]]
"""Measures all targets of one network, in the client's place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Child:
    network: NetworkPlan
    process: BaseProcess
    results: Connection
    words: Path


def measure_country(country: Country, order: Order, *, measure: Measure, limit_s: float = LIMIT_S) -> list[CellResult]:
    """Measure every cell of a country that is up.

    Returns:
        A row for every cell; those of a child that died or took too long carry the error.
    """
    OWN_FOLDER.mkdir(exist_ok=True)
    children = [_start(country, network, order, measure) for network in country.networks]
    deadline_s = time.monotonic() + limit_s
    rows: list[CellResult] = []
    for child in children:
        rows += _collect(child, order, deadline_s)
    return rows


def become_client(network: NetworkPlan) -> None:
    """Make this process one on the client's machine. There is no way back.

    Raises:
        OSError: The namespace is not there, or this process may not enter it.
    """
    OWN_FOLDER.mkdir(exist_ok=True)
    own_mounts()
    lines = "".join(f"nameserver {address}\n" for address in network.system_resolvers)
    _replace(Path("/etc/resolv.conf"), lines, network.client)
    _replace(Path("/etc/nsswitch.conf"), "hosts: files dns\n", network.client)
    _replace(Path("/etc/hosts"), "127.0.0.1 localhost\n::1 localhost\n", network.client)
    move_into(network.client)


def clock_of(network: NetworkPlan) -> Callable[[], datetime]:
    """Give the client's clock, which may be wrong."""
    off = timedelta(seconds=network.clock_off_s)
    return lambda: datetime.now(UTC) + off  # noqa: TID251  the client's clock enters here


def _replace(path: Path, text: str, owner: str) -> None:
    """Show other text in place of a system file; where that is a link into ``/run``, make what it names first."""
    source = OWN_FOLDER / f"{owner}.{path.name}"
    source.write_text(text, "ascii")
    shown = path.resolve()
    if not shown.exists() and shown.is_relative_to("/run"):
        shown.parent.mkdir(parents=True, exist_ok=True)
        shown.touch()
    with suppress(FileNotFoundError):  # a system without the file has defaults that do no harm, or no resolver
        bind_file(source, shown)


def _start(country: Country, network: NetworkPlan, order: Order, measure: Measure) -> _Child:
    results, theirs = multiprocessing.Pipe(duplex=False)
    words = OWN_FOLDER / f"{network.client}.words"
    process = multiprocessing.get_context("fork").Process(
        target=_be_child, args=(network, lambda: measure(country, network, order), theirs, words), daemon=True
    )
    process.start()
    theirs.close()
    return _Child(network=network, process=process, results=results, words=words)


def _be_child(network: NetworkPlan, measure: Callable[[], list[CellResult]], results: Connection, words: Path) -> None:
    with words.open("wb") as said:
        os.dup2(said.fileno(), 2)
    become_client(network)
    results.send_bytes(msgspec.json.encode(measure()))
    results.close()


def _collect(child: _Child, order: Order, deadline_s: float) -> list[CellResult]:
    error = ""
    data = b""
    if not wait_for([child.results], timeout=max(0.0, deadline_s - time.monotonic())):
        error = "measuring took too long and was stopped"
    else:
        with suppress(EOFError):
            data = child.results.recv_bytes()
    child.results.close()
    if not data:
        child.process.kill()
    child.process.join()
    if data:
        return msgspec.json.decode(data, type=list[CellResult])
    said = child.words.read_text("utf-8", "replace").strip()[-_LAST_WORDS_CHARS:]
    error = error or f"the probe ended without a result: {said or child.process.exitcode}"
    blank = blank_results(order.name, order.scenario, repeat=order.repeat, error=error)
    return [row for row in blank if row.network == child.network.name]
