"""``raabta list sign``, ``publish``, ``refresh``, ``minisign``: from a signing sheet to a fresh repository."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from raabta.cli.lists.options import (
    OnlineKeyOption,
    PassphraseOption,
    RepositoryOption,
    TablesOption,
    in_words,
    lint_by,
    open_signing_key,
    tables_from,
)
from raabta.cli.register.opening import RegisterOption, now

if TYPE_CHECKING:
    from raabta.model.exemption import Lease
    from raabta.pipeline.publishing import Published

SOON: Final = timedelta(days=7)
"""A list that ends sooner is warned of: two people must meet to sign the next one."""

SheetArgument = Annotated[Path, typer.Argument(metavar="SHEET", help="Folder made by compile, or by keys root.")]
KeyOption = Annotated[Path, typer.Option("--key", metavar="FILE", help="Your .key file.")]


def sign(
    sheet: SheetArgument,
    *,
    key: KeyOption,
    passphrase_file: PassphraseOption = None,
    tables: TablesOption = None,
    root: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Your own copy of the newest .root.json, to compare with.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Sign without asking, having read the sheet.")] = False,
) -> None:
    """Sign a sheet with your key, on your own machine, after the list in it was checked and linted there.

    Standard output has the file of your signature: carry it back, or the whole sheet. Nothing in it is secret.
    Exit code: 0 signed, 2 refused or wrong usage, 1 a file could not be read or written, or you said no.
    """
    from raabta.pipeline.sheet_words import describe  # noqa: PLC0415  not for --help
    from raabta.pipeline.signing import check_sheet, read_sheet, sign_sheet  # noqa: PLC0415
    from raabta.remedy.keys import check_key_file  # noqa: PLC0415

    with in_words():
        read = read_sheet(sheet)
        check_key_file(key.read_bytes(), file=str(key))
        lint = lint_by(tables_from(tables))
        check_sheet(read, lint=lint)
        typer.echo(describe(read), err=True)
        if not yes:
            typer.confirm("Sign this?", abort=True, err=True)
        opened = open_signing_key(key, passphrase_file)
        signature = sign_sheet(read, opened, lint=lint, root=root.read_bytes() if root else b"")
    typer.echo(signature)


def publish(
    sheet: SheetArgument,
    *,
    repository: RepositoryOption,
    online_key: OnlineKeyOption = None,
    passphrase_file: PassphraseOption = None,
    tables: TablesOption = None,
) -> None:
    """Put a sheet that enough holders have signed into the repository. A list needs the online key, too.

    Standard output has, for a root, the file that operators are handed; for a list, its metadata. Exit code: 0 done,
    2 refused (signatures missing, a rule) or wrong usage, 1 a file could not be read or written.
    """
    from raabta.pipeline.signing import publish_sheet, read_sheet  # noqa: PLC0415  as above

    with in_words():
        read = read_sheet(sheet)
        online = None if online_key is None else open_signing_key(online_key, passphrase_file)
        lint = lint_by(tables_from(tables))
        done = publish_sheet(read, repository, online=online, lint=lint, now=now())
    if isinstance(done, Path):
        typer.echo(done)
        return
    typer.echo(repository / read.head.recipient.id / "metadata" / f"{done.versions['targets']}.targets.json")
    _warn(done, now())


def refresh(
    recipient: Annotated[str, typer.Argument(metavar="RECIPIENT", help="Id of the operator.")],
    *,
    repository: RepositoryOption,
    online_key: Annotated[Path, typer.Option(metavar="FILE", help="The .key file that signs timestamps.")],
    passphrase_file: PassphraseOption = None,
    register: RegisterOption = None,
) -> None:
    """Renew what the online key signs: leases, snapshot, timestamp. Let a timer run this each quarter of an hour.

    With --register, leases are those of the register; else those that are published stay until their end. A gateway
    takes nothing from a repository that was not renewed for a day. Standard output has the timestamp's version.
    Exit code: 0 renewed, 2 refused or wrong usage, 1 a file or the register could not be read or written.
    """
    from raabta.pipeline import publishing  # noqa: PLC0415  as above

    with in_words():
        opened = open_signing_key(online_key, passphrase_file)
        leases = None if register is None else _leases_in(register)
        done = publishing.refresh(publishing.folder_of(repository, recipient), online=opened, now=now(), leases=leases)
    typer.echo(done.versions["timestamp"])
    _warn(done, now())


def minisign(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A rendered list.")],
    *,
    key: KeyOption,
    comment: Annotated[str, typer.Option(metavar="TEXT", help="Signed with it, such as 'serial 7'.")] = "",
    passphrase_file: PassphraseOption = None,
) -> None:
    """Sign a rendered list for small routers: FILE.minisig, which minisign checks. One key, so weaker than a pull.

    Standard output has the public key's line, as minisign -P takes it. Exit code: 0 signed, 2 refused or wrong usage,
    1 a file could not be read or written.
    """
    from raabta.remedy import minisign as format_  # noqa: PLC0415  as above

    with in_words():
        opened = open_signing_key(key, passphrase_file)
        signature = format_.minisign(file.read_bytes(), opened, comment=comment or f"file:{file.name}")
        file.with_name(f"{file.name}.minisig").write_text(signature, "utf-8")
    typer.echo(format_.minisign_public(opened.public).splitlines()[1])


def _leases_in(register: str) -> "tuple[Lease, ...]":
    from raabta.cli.register.opening import open_from_options  # noqa: PLC0415  as above
    from raabta.pipeline.leasing import leases_in_force  # noqa: PLC0415

    with open_from_options(register) as found, found.look() as records:
        return leases_in_force(records, now=now())


def _warn(done: "Published", at: datetime) -> None:
    from raabta.remedy.repository import read_targets  # noqa: PLC0415  as above

    left = read_targets(done.targets).expires - at
    if left < SOON:
        typer.echo(f"The list's signatures end in {left.days} days. Compile and sign the next one.", err=True)
