"""``raabta bulletin share``: a published bulletin as texts and pictures for messengers."""

from pathlib import Path
from typing import Annotated

import typer

from raabta.cli.publish.opening import SettingsOption, opened_desk
from raabta.cli.register.opening import RegisterOption


def share(
    bulletin: Annotated[str, typer.Argument(metavar="BULLETIN", help="A published one.")],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the files go.")] = Path(),
    settings: SettingsOption = None,
    register: RegisterOption = None,
) -> None:
    """Write what people pass on: in each language a text of at most 900 characters, and a picture (PNG, 1200 by 630).

    Both say when the bulletin was published and when the next one comes. Files of the same name are replaced.

    Exit code: 0 written, 2 wrong usage or refused, 1 the database or the folder failed.
    """
    with opened_desk(register, settings) as desk:
        from raabta.cli.output import open_output  # noqa: PLC0415  --help need not wait for it
        from raabta.pipeline.informing.sharing import share_files  # noqa: PLC0415  as above

        with desk.register.look() as records:
            files = share_files(records, bulletin, site=desk.settings.site)
        output.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            with open_output(str(output / name)) as stream:
                stream.write(content)
            typer.echo(str(output / name))
