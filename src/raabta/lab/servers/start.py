"""Starting a country's servers: one process for ours and for Debian's programs, another for the control."""

import asyncio
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from raabta.lab.servers.authority import Authority
from raabta.lab.servers.children import Child, Ready, fork_child
from raabta.lab.servers.control import start_control
from raabta.lab.servers.debian import missing_program, start_debian
from raabta.lab.servers.doors import doors_of
from raabta.lab.servers.serving import serve
from raabta.lab.servers.sites import control_is_down
from raabta.lab.servers.sockets import Enter, open_doors
from raabta.lab.servers.streams import Vault
from raabta.lab.servers.web import Now
from raabta.lab.world.build import LabUnavailableError
from raabta.lab.world.country import Country


@dataclass(slots=True, kw_only=True)
class Servers:
    """Servers that run. Closing ends them and what they started."""

    children: list[Child]

    def close(self) -> None:
        """End all. May be called twice."""
        for child in reversed(self.children):
            child.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def start_servers(country: Country, *, enter: Enter, authority: Authority, now: Now) -> Servers:
    """Start every server of a country, in the namespaces that ``enter`` leads into, and wait until all listen.

    Args:
        country: The plan; its namespaces exist.
        enter: Context manager by a namespace's name.
        authority: Whose certificates they show. Its folder takes what they write.
        now: The servers' clock, aware UTC: for ``Date`` and the control.

    Raises:
        LabUnavailableError: A program of Debian that the scenario needs is missing.
        RuntimeError: A server could not start; with the reason.
    """
    missing = missing_program(country)
    if missing:
        raise LabUnavailableError(f"{missing} not found: a target of this scenario is served by it")
    servers = Servers(children=[])
    try:
        if not control_is_down(country):
            servers.children.append(start_control(country, enter=enter, authority=authority, now=now))
        run = _Run(country=country, enter=enter, authority=authority, now=now)
        servers.children.append(fork_child(run, name="servers"))
        for child in servers.children:
            child.wait_ready()
    except BaseException:
        servers.close()
        raise
    return servers


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """The life of the servers' process."""

    country: Country
    enter: Enter
    authority: Authority
    now: Now

    def __call__(self, ready: Ready) -> None:
        folder = Path(tempfile.mkdtemp(prefix="debian-", dir=self.authority.folder))
        programs: list[subprocess.Popen[bytes]] = []
        try:
            opened = open_doors(doors_of(self.country), enter=self.enter)
            programs += start_debian(self.country, enter=self.enter, authority=self.authority, folder=folder)
            ready()
            vault = Vault(self.authority)
            asyncio.run(serve(opened, country=self.country, enter=self.enter, vault=vault, now=self.now))
        finally:
            for program in programs:
                program.kill()
                program.wait()
            shutil.rmtree(folder, ignore_errors=True)
