"""The real control in the emulated country: ``raabta.control`` in a namespace of its own, in a process of its own."""

import asyncio
import signal
import sys
from pathlib import Path
from typing import Final

from raabta.control.identity import load_identity
from raabta.control.rate import Rate
from raabta.control.server import serve
from raabta.control.settings import ControlSettings, Limits
from raabta.lab.servers.authority import Authority
from raabta.lab.servers.children import Child, Ready, fork_child
from raabta.lab.servers.sockets import Enter
from raabta.lab.servers.web import Now
from raabta.lab.servers.zone import CONTROL_NAME
from raabta.lab.world.country import (
    CONTROL,
    CONTROL_ADDRESS,
    CONTROL_ADDRESS6,
    PUBLIC_RESOLVER,
    PUBLIC_RESOLVER_NAME,
    Country,
)
from raabta.lab.world.tables import lab_tables
from raabta.probe.host import HostNetwork
from raabta.probe.settings import Resolver

PORT: Final = 443
NAMES: Final = (CONTROL_NAME, CONTROL_ADDRESS, CONTROL_ADDRESS6)

# A lab's clients ask for 150 targets at once and again; its rate is tested elsewhere.
_LIMITS: Final = Limits(rate=Rate(per_s=100.0, burst=5_000.0), max_connections_per_client=128)


def start_control(country: Country, *, enter: Enter, authority: Authority, now: Now) -> Child:
    """Start the control. It says itself when it listens."""
    return fork_child(
        lambda ready: _run(country, enter=enter, authority=authority, now=now, ready=ready), name="control"
    )


def control_settings(country: Country, *, trust_pem: str, now: Now) -> ControlSettings:
    """Give what the control is told: the lab's tables and trust store, and the public resolver."""
    return ControlSettings(
        listen=((CONTROL_ADDRESS, PORT), (CONTROL_ADDRESS6, PORT)),
        tables=lab_tables(country, as_of=now().date()),
        resolver=Resolver(engine="udp", address=PUBLIC_RESOLVER, port=53, name=PUBLIC_RESOLVER_NAME),
        trust_pem=trust_pem,
        limits=_LIMITS,
    )


def _run(country: Country, *, enter: Enter, authority: Authority, now: Now, ready: Ready) -> None:
    with enter(CONTROL):
        asyncio.run(_serve(country, authority=authority, now=now, ready=ready))


async def _serve(country: Country, *, authority: Authority, now: Now, ready: Ready) -> None:
    chain = authority.chain(NAMES)
    identity = load_identity(_state(authority), now=now(), given=(chain, chain))
    settings = control_settings(country, trust_pem=authority.trust_pem, now=now)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    async with asyncio.TaskGroup() as group:
        work = serve(
            settings, identity=identity, network=HostNetwork(), now=now, ready=lambda _: ready(), on_fault=_tell
        )
        serving = group.create_task(work)
        await stopped.wait()
        serving.cancel()


def _tell(fault: str) -> None:
    sys.stderr.write(f"control: {fault}\n")


def _state(authority: Authority) -> Path:
    return authority.folder / "control"
