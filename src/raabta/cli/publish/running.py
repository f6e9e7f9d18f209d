"""``raabta publish run``: one command that keeps all of it going."""

import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from raabta.cli.publish.opening import Desk, SettingsOption, opened_desk
from raabta.cli.register.opening import RegisterOption

if TYPE_CHECKING:
    from raabta.hub.keeping import Job

OURSELVES: Final = (sys.executable, "-c", "from raabta.cli import main; main()")
ALARMS_EVERY_S: Final = 60.0
OVERDUE: Final = 3
"""Exit code of ``incident due``: it worked, and something is overdue."""


def run(
    *,
    site: Annotated[Path, typer.Option("--site", metavar="DIR", help="Where builds stand; serve DIR/current.")],
    listen: Annotated[
        str | None, typer.Option("--listen", metavar="ADDR:PORT", help="Serve the forms there too. Default: do not.")
    ] = None,
    proxy_header: Annotated[bool, typer.Option("--proxy-header", help="As for publish serve.")] = False,
    every: Annotated[float, typer.Option("--every", metavar="MIN", min=0.1, help="Build at least so often.")] = 10.0,
    settings: SettingsOption = None,
    register: RegisterOption = None,
) -> None:
    """Keep all going: build after each bulletin, bring it to the mirrors, send what is due, raise alarms, serve forms.

    Each part is a process of its own, and is started again where it ends. Stop with Ctrl-C or SIGTERM: what is being
    sent is then still settled.

    Exit code: 0 stopped, 2 wrong usage or settings, 1 the database failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.hub.keeping import keep  # noqa: PLC0415  --help need not wait for it

        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        place = (*_option("--settings", settings), *_option("--register", register))
        jobs = [*_jobs(desk, site, every_s=every * 60, place=place)]
        if listen is not None:
            proxied = ("--proxy-header",) if proxy_header else ()
            jobs.append(_job("publish", "serve", "--listen", listen, *proxied, *place))
        typer.echo(f"Keeping {', '.join(job.name for job in jobs)} going. Stop with Ctrl-C.", err=True)
        keep(jobs, stop=stop, tell=lambda words: typer.echo(f"raabta: {words}", err=True))


def _jobs(desk: Desk, site: Path, *, every_s: float, place: tuple[str, ...]) -> "tuple[Job, ...]":
    from msgspec import structs  # noqa: PLC0415  as above

    from raabta.registry.publications import newest_sequence  # noqa: PLC0415

    def newest() -> int:
        with desk.register.look() as records:
            return newest_sequence(records)

    return (
        _job("publish", "send", "--keep", *place),
        structs.replace(_job("publish", "--site", str(site), *place), every_s=every_s, watch=newest),
        structs.replace(_job("incident", "due", "--raise", *place), every_s=ALARMS_EVERY_S, well=(0, OVERDUE)),
    )


def _job(*words: str) -> "Job":
    from raabta.hub.keeping import Job  # noqa: PLC0415  as above

    return Job(name=" ".join(words[:2]), command=(*OURSELVES, *words))


def _option(name: str, value: Path | str | None) -> tuple[str, ...]:
    return (name, str(value)) if value is not None else ()
