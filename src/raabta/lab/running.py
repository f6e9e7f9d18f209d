"""A country that runs: its network, its servers, its interference, together and gone together."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from typing import Final

from raabta.lab.interference import start_interference
from raabta.lab.servers import Authority, start_servers
from raabta.lab.vantage import OWN_FOLDER
from raabta.lab.world.build import build
from raabta.lab.world.country import Country
from raabta.lab.world.namespaces import enter

_FIRST: Final = 1
"""The id of the first process of a process namespace, as which a lab runs."""


@contextmanager
def running(country: Country, *, authority: Authority) -> Iterator[None]:
    """Have a country run while the block does. Its servers show certificates of ``authority``.

    Raises:
        LabUnavailableError: This machine lacks something for it.
        RuntimeError: A server or the interference could not start; with the reason.
    """
    with ExitStack() as stack:
        stack.enter_context(build(country))
        stack.callback(sweep)
        servers = start_servers(country, enter=enter, authority=authority, now=_now)
        stack.callback(servers.close)
        interference = start_interference(country, enter=enter)
        stack.callback(interference.close)
        yield


def make_authority() -> Authority:
    """Make the lab's certificate authorities: once a worker, since their chains are kept for the next country."""
    folder = OWN_FOLDER / "authority"
    folder.mkdir(parents=True)
    return Authority(folder, now_at=_now())


def sweep() -> None:
    """Kill every other process of this lab and wait for their ends, so that nothing reaches into the next country.

    Only where this is the first process of its process namespace: there are no others than those of the lab then.
    """
    if os.getpid() != _FIRST:
        return
    for name in os.listdir("/proc"):  # noqa: PTH208  names, not paths
        if name.isdigit() and int(name) != _FIRST:
            with suppress(ProcessLookupError):
                os.kill(int(name), signal.SIGKILL)
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  the lab's clock enters here
