"""``raabta publish serve``: the forms where people subscribe and report."""

import time
from typing import TYPE_CHECKING, Annotated, Final

import typer

from raabta.cli.diagnose import fail
from raabta.cli.publish.opening import SettingsOption, opened_desk
from raabta.cli.register.opening import RegisterOption, key_file_of, new_bytes, new_id, now, open_from_options

if TYPE_CHECKING:
    import socket

LISTEN: Final = "127.0.0.1:8080"


def serve(
    *,
    listen: Annotated[
        str, typer.Option("--listen", metavar="ADDR:PORT", help="Where to listen; port 0 takes a free one.")
    ] = LISTEN,
    proxy_header: Annotated[
        bool,
        typer.Option("--proxy-header", help="A proxy in front names the client in X-Forwarded-For; else it is shared."),
    ] = False,
    settings: SettingsOption = None,
    register: RegisterOption = None,
) -> None:
    """Serve the forms: subscribe, confirm, change, leave, report. Put a proxy that speaks TLS in front.

    Runs until it is stopped, and says on standard error where it listens. Needs no writing but the register's.

    Exit code: 2 wrong usage or settings, 1 could not listen or the database failed, 130 stopped by Ctrl-C.
    """
    with opened_desk(register, settings) as desk:
        publishing = desk.settings
        place = _listening(listen)

        from raabta.hub.forms.app import make_app  # noqa: PLC0415  --help need not wait for it
        from raabta.hub.forms.host import Host  # noqa: PLC0415
        from raabta.hub.forms.incoming.limits import Limits  # noqa: PLC0415
        from raabta.hub.forms.pages import Pages  # noqa: PLC0415
        from raabta.hub.forms.register import LastingRegister  # noqa: PLC0415
        from raabta.hub.forms.serving import make_server  # noqa: PLC0415

        lasting = LastingRegister(lambda: open_from_options(register), key_file=key_file_of(register))
        host = Host(
            register=lasting,
            settings=publishing,
            pages=Pages(publishing.site),
            limits=Limits(clock=time.monotonic, new_bytes=new_bytes),
            now=now,
            new_id=new_id,
            new_bytes=new_bytes,
            tell=lambda words: typer.echo(f"raabta: {words}", err=True),
            behind_proxy=proxy_header,
        )
        address, port = place.getsockname()[:2]
        where = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        typer.echo(f"The forms are at http://{where}/ - stop with Ctrl-C.", err=True)
        try:
            make_server(make_app(host)).run(sockets=[place])
        finally:
            lasting.close()


def _listening(listen: str) -> "socket.socket":
    from raabta.hub.forms.serving import open_place  # noqa: PLC0415  as above

    host, _, port = listen.rpartition(":")
    if not host or not port.isascii() or not port.isdecimal() or int(port) > 65535:
        fail(f"--listen: {listen!r} is no address with a port. Write it as {LISTEN} or [::1]:8080.")
    try:
        return open_place(host.strip("[]"), int(port))
    except OSError as error:
        fail(f"--listen {listen}: {error.strerror or error}. Is another server there? Take another port.", code=1)
