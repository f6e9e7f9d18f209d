"""Where the desk is: the register with incident files and subscribers, its settings, and its folder of files.

``--settings FILE``, else the variable RAABTA_PUBLISHING, else ``publishing.toml`` beside the register's key. Attached
files, the site's key and the outbox's lock stand in the same folder as that key.
"""

import datetime as dt
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer

from raabta.cli.diagnose import fail
from raabta.cli.register.opening import key_file_of, now, opened

if TYPE_CHECKING:
    from raabta.pipeline.informing.settings import Publishing
    from raabta.registry import Register

PLACE: Final = "RAABTA_PUBLISHING"
BY: Final = "RAABTA_BY"

SettingsOption = Annotated[
    Path | None, typer.Option("--settings", metavar="FILE", help="Default: $RAABTA_PUBLISHING, else publishing.toml.")
]
ByOption = Annotated[str | None, typer.Option("--by", metavar="WHO", help="Who you are. Default: $RAABTA_BY.")]


class Desk(NamedTuple):
    """What a command of the desk works with."""

    register: "Register"
    settings: "Publishing"
    folder: Path
    """Of the register's key: attached files, the site's key."""
    settings_file: Path

    def read_moment(self, text: str, option: str) -> dt.datetime:
        """Read a time that was typed for an option, or end the command.

        Args:
            text: As ``14:00``, ``+2h`` or with a zone.
            option: Which one, for the error.
        """
        from raabta.pipeline.informing.moments import read_moment  # noqa: PLC0415  --help need not wait for it

        try:
            return read_moment(text, zone=self.settings.site.zone, now=now())
        except ValueError as error:
            fail(f"{option}: {error}")


@contextmanager
def opened_desk(register: str | None, settings: Path | None) -> Iterator[Desk]:
    """Open register and settings for one command, and say in plain words what went wrong inside.

    Wrong data end with exit code 2, a database that fails with 1.
    """
    file = settings_file_of(register, settings)
    with opened(register) as found:
        from raabta.pipeline.informing.settings import read_publishing  # noqa: PLC0415  --help need not wait for it

        yield Desk(found, read_publishing(file), key_file_of(register).parent, file)


def settings_file_of(register: str | None, settings: Path | None) -> Path:
    """Name the settings file."""
    named = settings or os.environ.get(PLACE)
    return Path(named) if named else key_file_of(register).parent / "publishing.toml"


def who(by: str | None) -> str:
    """Say who acts: every change of an incident file or bulletin carries a name."""
    from raabta.cli.prompting import ask_text  # noqa: PLC0415  as above

    name = " ".join(ask_text(by or os.environ.get(BY) or None, "--by", "Your name (or set RAABTA_BY)").split())
    if not name or len(name) > 80 or not name.isprintable():
        fail("--by: a name has 1 to 80 printable characters.")
    return name
