"""``raabta control``: its options, and what is wrong with how it was called."""

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from raabta.cli.diagnose import fail

if TYPE_CHECKING:
    from raabta.control import ControlIdentity, ControlSettings

COULD_NOT: Final = 1
EVERYWHERE: Final = "0.0.0.0"  # noqa: S104  a control is asked from outside


def control(
    listen: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDR:PORT", help="Where to listen; may be repeated. Default: 0.0.0.0:443"),
    ] = None,
    *,
    certificate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Certificate chain (PEM). Default: one made here, to be pinned.")
    ] = None,
    key: Annotated[Path | None, typer.Option(metavar="FILE", help="The certificate's key (PEM).")] = None,
    state: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the keys that are made here; keep it.")] = Path(
        "raabta-control"
    ),
    contact: Annotated[str, typer.Option(metavar="TEXT", help="Whom people may write to: shown on the page.")] = "",
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Tokens, one a line: only who has one may ask.")
    ] = None,
    resolver: Annotated[
        str, typer.Option(metavar="URL", help="Whom to ask for names, as tls://9.9.9.9. Default: the system's.")
    ] = "",
    refuse: Annotated[
        list[str] | None, typer.Option(metavar="PREFIX", help="A further network never connected to; may be repeated.")
    ] = None,
) -> None:
    """Say to others what a target looks like from here: run this on a host outside the country.

    Exit code: 2 wrong usage, 1 could not start, 130 stopped.
    """
    if (certificate is None) != (key is None):
        fail("--certificate and --key belong together. Give both, or none and pin the certificate that is made here.")
    from raabta.cli.control_options import read_place, read_resolver, read_tokens  # noqa: PLC0415  as below

    places = tuple(map(read_place, listen or [f"{EVERYWHERE}:443"]))

    from raabta.control import ControlSettings, Guard, load_identity  # noqa: PLC0415  --help need not wait for it
    from raabta.reference.tables import load_tables  # noqa: PLC0415

    settings = ControlSettings(
        listen=places,
        tables=load_tables(),
        resolver=read_resolver(resolver),
        contact=contact,
        tokens=read_tokens(token_file),
        refused_prefixes=tuple(refuse or ()),
    )
    names = tuple(address for address, _ in places if address not in (EVERYWHERE, "::"))
    given = None if certificate is None or key is None else (certificate, key)
    try:
        Guard(settings.tables.special, refused_prefixes=settings.refused_prefixes)
        identity = load_identity(state, now=_now(), names=names, given=given)
        identity.tls_context()
    except ValueError as error:
        fail(str(error))
    if not contact:
        typer.echo("Nobody is named to write to. Better: --contact 'you@example.com'", err=True)
    _run(settings, identity)


def _run(settings: "ControlSettings", identity: "ControlIdentity") -> None:
    from raabta.control import serve  # noqa: PLC0415
    from raabta.probe.host import HostNetwork  # noqa: PLC0415

    network = HostNetwork()
    try:
        asyncio.run(
            serve(
                settings, identity=identity, network=network, now=_now, ready=_announcer(identity), on_fault=_tell_fault
            )
        )
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except OSError as error:
        fail(f"cannot listen: {error.strerror or error}. Try --listen 0.0.0.0:8443, or another port.", code=COULD_NOT)


def _announcer(identity: "ControlIdentity") -> Callable[[list[tuple[str, int]]], None]:
    def announce(places: list[tuple[str, int]]) -> None:
        for address, port in places:
            typer.echo(f"url https://{f'[{address}]' if ':' in address else address}:{port}/")
        typer.echo(f"pin sha256/{identity.pin}")
        typer.echo(f"key ed25519/{identity.public_key}")
        sys.stdout.flush()
        typer.echo("Ready. Nothing of who asks is written. Stop with Ctrl-C.", err=True)

    return announce


def _tell_fault(words: str) -> None:
    typer.echo(f"raabta: a fault of our own: {words}. Please report it.", err=True)


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  the clock enters here
