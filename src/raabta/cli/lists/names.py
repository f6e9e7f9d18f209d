"""Measuring the names of a list for ``raabta list lint --names``."""

import asyncio
from pathlib import Path

import msgspec
import typer

from raabta.cli.register.opening import now
from raabta.model.closure import Closure
from raabta.pipeline.closing import measure_names
from raabta.pipeline.probe_defaults import default_settings
from raabta.probe.host import HostNetwork
from raabta.probe.settings import ProbeSettings, Resolver
from raabta.reference.addresses import is_address


def closure_of(text: str, resolver: str | None, kept: Path | None) -> Closure | None:
    """Give what is known of the names: measured now, or read from a file; None for nothing.

    Args:
        text: The list.
        resolver: Whom to ask, "" for the package's; None measures nothing.
        kept: Where it is kept.

    Raises:
        ValueError: The resolver is no address, or the file holds something else.
        OSError: The file cannot be read or written.
    """
    if resolver is None:
        return None if kept is None else _read(kept)
    settings = _settings(resolver)
    typer.echo("Looking at each name, its front page and the hosts that it needs.", err=True)
    measured = asyncio.run(measure_names(text, network=HostNetwork(), settings=settings, now=now()))
    if measured.is_cut:
        typer.echo("A bound was reached before all were seen: lint tells which were not measured.", err=True)
    if kept is not None:
        kept.write_bytes(msgspec.json.encode(measured))
    return measured


def _settings(resolver: str) -> ProbeSettings:
    settings = default_settings()
    if not resolver:
        return settings
    if not is_address(resolver):
        message = f"--resolver {resolver}: this is no address. Write it like 9.9.9.9"
        raise ValueError(message)
    asked = Resolver(engine="udp", address=resolver, port=53)
    return msgspec.structs.replace(settings, plain_resolver=asked)


def _read(kept: Path) -> Closure:
    try:
        return msgspec.json.decode(kept.read_bytes(), type=Closure)
    except msgspec.DecodeError as error:
        message = f"{kept}: this holds no measured names: {error}. Measure them again: --measure"
        raise ValueError(message) from error
