"""``raabta publish init`` and ``raabta publish key``."""

from typing import Annotated, Final

import typer

from raabta.cli.diagnose import fail
from raabta.cli.prompting import ask_text
from raabta.cli.publish.opening import SettingsOption, opened_desk, settings_file_of
from raabta.cli.register.opening import DATABASE_FAILED, RegisterOption

EXAMPLE_URL: Final = "https://status.example.pk"
TO_FILL_IN: Final = (
    "Look through it: name, url and contact of the site; then [[duty]], [mail] and mirrors, where the # before "
    "each line goes. Then: raabta publish --site DIR"
)


def init(
    *,
    url: Annotated[str | None, typer.Option("--url", metavar="URL", help="Where the site will be.")] = None,
    name_en: Annotated[str | None, typer.Option("--name-en", metavar="TEXT", help="Who speaks, in English.")] = None,
    name_ur: Annotated[str | None, typer.Option("--name-ur", metavar="TEXT", help="And in Urdu.")] = None,
    desk_url: Annotated[str, typer.Option("--desk-url", metavar="URL", help="Where forms go, if any run.")] = "",
    country: Annotated[str, typer.Option("--country", metavar="CODE", help="Whose services and operators.")] = "pk",
    settings: SettingsOption = None,
    register: RegisterOption = None,
) -> None:
    """Write a publishing.toml with comments, to be filled in. Prints its path. One that is there stays.

    Exit code: 0 written, 2 wrong usage or there is one, 1 it cannot be written.
    """
    from raabta.cli.output import open_output  # noqa: PLC0415  --help need not wait for it
    from raabta.pipeline.informing.settings import read_publishing  # noqa: PLC0415
    from raabta.pipeline.informing.starting import first_settings  # noqa: PLC0415

    file = settings_file_of(register, settings)
    if file.exists():
        fail(f"{file}: there is one already. Change it, or name another file: --settings FILE")
    try:
        text = first_settings(
            country,
            url=ask_text(url, "--url", "Address of the site", default=EXAMPLE_URL).rstrip("/"),
            name_en=ask_text(name_en, "--name-en", "Who speaks, in English", default="Connectivity desk"),
            name_ur=ask_text(name_ur, "--name-ur", "Who speaks, in Urdu", default="رابطہ مرکز"),
            desk_url=desk_url.rstrip("/"),
        )
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open_output(str(file)) as stream:
            stream.write(text.encode())
        read_publishing(file)
    except ValueError as error:
        file.unlink(missing_ok=True)
        fail(str(error))
    except OSError as error:
        fail(str(error), code=DATABASE_FAILED)
    typer.echo(file)
    typer.echo(TO_FILL_IN, err=True)


def key(*, settings: SettingsOption = None, register: RegisterOption = None) -> None:
    """Print the public key that the site and packs are signed with; it is made on first use.

    Tell it by another way than the site: people check mirrors with it (raabta publish check, or minisign -P KEY).

    Exit code: 0 printed, 2 wrong usage or refused, 1 the database failed.
    """
    from raabta.cli.publish.site import open_site_key  # noqa: PLC0415  --help need not wait for it
    from raabta.pipeline.informing.site.key import public_line  # noqa: PLC0415

    with opened_desk(register, settings) as desk:
        made = open_site_key(desk)
    typer.echo(public_line(made.public))
