"""What commands of the gateway share: where gateway.toml is, the clock, and errors in words."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from raabta.cli.diagnose import fail

if TYPE_CHECKING:
    from raabta.gateway.agent import Agent
    from raabta.gateway.applying import Outcome

COULD_NOT: Final = 1
REFUSED: Final = 3


class Format(StrEnum):
    """What is written."""

    TEXT = "text"
    JSON = "json"


ConfigOption = Annotated[
    Path,
    typer.Option("--config", "-c", metavar="FILE", envvar="RAABTA_GATEWAY", help="The settings of this gateway."),
]
FormatOption = Annotated[Format, typer.Option("--format", "-f", help="What to write.")]
DEFAULT_CONFIG: Final = Path("gateway.toml")


def now() -> datetime:
    """The clock of all commands of the gateway."""
    return datetime.now(UTC)  # noqa: TID251  the clock enters here


@contextmanager
def in_words() -> Iterator[None]:
    """End the command with a message where the world or its input is at fault: 1 could not, 3 was refused."""
    try:
        yield
    except OSError as error:
        fail(str(error), code=COULD_NOT)
    except ValueError as error:
        fail(str(error), code=REFUSED)


def open_agent(config: Path) -> "Agent":
    """Open the gateway that a file describes; a wrong file ends the command as wrong usage."""
    from raabta.gateway.agent import Agent  # noqa: PLC0415  --help need not wait for it
    from raabta.gateway.settings import load_settings  # noqa: PLC0415

    try:
        settings = load_settings(config)
    except ValueError as error:
        fail(str(error))
    with in_words():
        return Agent(settings, now=now)


def write_json(record: object) -> None:
    """Write one record to standard output."""
    import msgspec  # noqa: PLC0415  --help need not wait for it

    typer.echo(msgspec.json.encode(record))


def tell_outcome(outcome: "Outcome", *, format_: Format) -> None:
    """Say how a load ended; a refusal ends the command."""
    if format_ is Format.JSON:
        write_json(
            {
                "state": outcome.state,
                "serial": outcome.serial,
                "marker": outcome.marker,
                "refused": [{"code": one.code, "words": one.words} for one in outcome.refused],
                "wrong": outcome.wrong,
            }
        )
    else:
        held = "no list" if outcome.serial is None else f"list {outcome.serial}"
        typer.echo(f"{outcome.state}: the kernel holds {held}")
    for one in outcome.refused:
        typer.echo(f"refused ({one.code}): {one.words}", err=True)
    for words in outcome.wrong:
        typer.echo(f"wrong after the load: {words}", err=True)
    if outcome.refused or outcome.wrong:
        raise typer.Exit(REFUSED)
