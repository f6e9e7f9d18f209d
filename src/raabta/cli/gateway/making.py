"""``raabta gateway init``: settings and a key. The kernel is looked at, and stays as it is."""

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from raabta.cli.diagnose import fail
from raabta.cli.gateway.opening import COULD_NOT

if TYPE_CHECKING:
    from raabta.gateway.making import Surroundings

COLUMNS: Final = 80


def init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Made where it is missing.")] = Path(),
    *,
    url: Annotated[str, typer.Option(metavar="URL", help="The recipient's repository: https://… or file:///…")],
    recipient: Annotated[str, typer.Option(metavar="ID", help="Whose list: as the association calls this operator.")],
    root: Annotated[Path, typer.Option(metavar="FILE", help="The trust anchor that was handed over by hand.")],
    asn: Annotated[
        list[int] | None, typer.Option(metavar="N", help="A network of this operator; may be repeated.")
    ] = None,
    tables: Annotated[Path | None, typer.Option(metavar="FILE", help="Own address tables (TOML).")] = None,
    mark: Annotated[str, typer.Option(metavar="BIT", help="Bit of the packet mark that nothing else uses.")] = (
        "0x00100000"
    ),
) -> None:
    """Write gateway.toml, a copy of the trust anchor and a key for acknowledgements into a folder.

    Standard output has the public key: give it to the association. Nothing of the kernel's is changed; the operator's
    tables are read, to say what fits them. Exit code: 0 written, 2 wrong usage or settings are there already,
    1 a file cannot be written.
    """
    from raabta.gateway import making  # noqa: PLC0415  --help need not wait for it

    if not root.is_file():
        fail(f"--root {root}: there is no such file. Ask the association for it: root.json, and compare its hash.")
    try:
        bit = int(mark, 0)
    except ValueError:
        fail(f"--mark {mark}: this is no number. Try 0x00100000")
    found = making.look_around()
    wanted = making.Wanted(
        folder=folder,
        url=url,
        recipient=recipient,
        root=root,
        asns=tuple(asn or ()),
        tables=tables,
        mark=bit,
        notrack=not found.notrack_trouble and not found.trouble,
    )
    try:
        key = making.make(wanted)
    except ValueError as error:
        fail(str(error))
    except OSError as error:
        fail(str(error), code=COULD_NOT)
    typer.echo(key)
    _advise(found, wanted_mark=bit, folder=folder, root_sha256=making.root_sha256(folder))


def _advise(found: "Surroundings", *, wanted_mark: int, folder: Path, root_sha256: str) -> None:
    bit = f"{wanted_mark:#010x}"
    say = [
        f"Written: {folder / 'gateway.toml'}",
        "The line above is the gateway's public key: give it to the association.",
        "",
        "SHA-256 of root.json, the trust anchor. Compare it with the association by",
        "telephone before the first pull:",
        "",
        f"    {root_sha256}",
        "",
        "One line is yours to add, as the first rule of each chain that inspects,",
        "throttles or resets:",
        "",
        f"    meta mark & {bit} != 0 accept",
        "",
        f"iptables: -m mark --mark {bit}/{bit} -j ACCEPT",
        f"An inspecting box beside: ip rule add fwmark {bit}/{bit} lookup TABLE",
    ]
    if found.trouble:
        say += textwrap.wrap(f"The kernel's tables could not be read: {found.trouble}", COLUMNS)
    if found.notrack_trouble:
        say += textwrap.wrap(f"notrack is off: {found.notrack_trouble}.", COLUMNS)
    if found.marks_copied_by:
        say.append(
            f"Beware: {found.marks_copied_by} copies a connection's whole mark.\nLeave our bit out there, "
            f"or what was spared once stays spared:\n\n    meta mark set ct mark & {0xFFFF_FFFF & ~wanted_mark:#010x}"
        )
    say.append("Next: raabta gateway pull, raabta gateway plan, raabta gateway apply")
    typer.echo("\n".join(say), err=True)
