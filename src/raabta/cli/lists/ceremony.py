"""``raabta list keys``: keys are made, a root is drawn up, and the whole ceremony is rehearsed in one folder."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from raabta.cli.diagnose import fail
from raabta.cli.lists.options import (
    PassphraseOption,
    RepositoryOption,
    in_words,
    passphrase_from,
    read_public_key,
)
from raabta.cli.register.opening import RegisterOption, key_file_of, new_bytes, now, open_from_options

if TYPE_CHECKING:
    from raabta.model.exemption import Recipient

THRESHOLD: Final = 2
ADVICE: Final = """\
{name}.pub is for everybody, {name}.key for its holder alone.
If it is a holder's: give {name}.pub to who draws up the root,
keep {name}.key, and a copy of it, offline.
If it is the online key: {name}.key stays on the publishing machine.
If it signs the public log or lists for small routers: publish {name}.pub."""
"""All who make a key are told the same: the command does not know what it is for."""

keys = typer.Typer(
    help="Keys that sign lists: made, put into a root, rehearsed.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@keys.command(short_help="Make a key that a passphrase seals.")
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is, such as targets-ayesha.")],
    *,
    folder: Annotated[
        Path, typer.Option("--folder", metavar="FOLDER", help="Where NAME.key and NAME.pub go.")
    ] = Path(),
    passphrase_file: PassphraseOption = None,
) -> None:
    """Make a key: NAME.key, sealed by a passphrase and for its holder alone, and NAME.pub for everybody.

    Standard output has the path of the .pub file. Exit code: 0 made, 2 wrong usage, 1 could not be written.
    """
    from raabta.pipeline.ceremony import make_key  # noqa: PLC0415  --help need not wait for it

    with in_words():
        passphrase = passphrase_from(passphrase_file, for_key=name, new=True)
        public = make_key(folder, name, passphrase=passphrase, new_bytes=new_bytes)
    typer.echo(public)
    typer.echo(ADVICE.format(name=name), err=True)


@keys.command(short_help="Draw up who may sign a recipient's lists.")
def root(
    recipient: Annotated[str, typer.Argument(metavar="RECIPIENT", help="Id of the operator whose list it will be.")],
    *,
    repository: RepositoryOption,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="SHEET", help="Signing sheet to make: a folder.")],
    root_key: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="A holder's .pub for the root; once for each.")
    ] = None,
    targets_key: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="A holder's .pub for lists; once for each.")
    ] = None,
    online_key: Annotated[Path | None, typer.Option(metavar="FILE", help="The publishing machine's .pub.")] = None,
    threshold: Annotated[int, typer.Option(metavar="N", min=THRESHOLD, help="How many holders must sign.")] = THRESHOLD,
    register: RegisterOption = None,
) -> None:
    """Draw up root metadata, the first or the one that replaces it, as a sheet that holders sign.

    A new root is signed by enough holders of the old one and of its own: raabta list sign SHEET. Then it is put in
    place: raabta list publish SHEET. The recipient's name and networks are shown with it where a register is there.
    Exit code: 0 made, 2 wrong usage, 1 could not be written.
    """
    if online_key is None or not root_key or not targets_key:
        fail("name all keys: --root-key and --targets-key once for each holder, and --online-key")

    from raabta.pipeline.sheet_words import describe  # noqa: PLC0415
    from raabta.pipeline.signing import make_root_sheet  # noqa: PLC0415
    from raabta.remedy.repository import RoleKeys  # noqa: PLC0415

    with in_words():
        roles = RoleKeys(
            root=tuple(map(read_public_key, root_key)),
            targets=tuple(map(read_public_key, targets_key)),
            online=read_public_key(online_key),
            root_threshold=threshold,
            targets_threshold=threshold,
        )
        whom = _recipient(recipient, register)
        sheet = make_root_sheet(output, roles, recipient=whom, repository=repository, now=now())
    typer.echo(output)
    typer.echo(describe(sheet), err=True)


@keys.command(short_help="Rehearse the whole ceremony in one folder.")
def rehearse(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder for all of it.")],
) -> None:
    """Rehearse: make seven keys, draw up and sign a root, sign and publish an empty list, and pull it as a gateway.

    Each step is told with the command that does it in earnest. The keys are sealed with a passphrase that is shown, so
    they are for nothing else. Exit code: 0 done, 2 the folder is there already, 1 could not be written.
    """
    from raabta.cli.lists.rehearsal import rehearse_in  # noqa: PLC0415  as above

    with in_words():
        rehearse_in(folder)


def _recipient(id_: str, register: str | None) -> "Recipient":
    """Take who it is for from the register; where there is none, its id is all that is known. None is made here."""
    from raabta.model.exemption import Recipient  # noqa: PLC0415  as above

    alone = Recipient(id=id_, name=id_)
    if register is None and not key_file_of(None).is_file():
        return alone
    with open_from_options(register) as found, found.look() as records:
        return records.get(Recipient, id_) or alone
