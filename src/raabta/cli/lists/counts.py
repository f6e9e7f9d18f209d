"""``raabta list counts``: the public page of counts, and the same as JSON."""

from pathlib import Path
from typing import Annotated, Final

import typer

from raabta.cli.lists.options import in_words
from raabta.cli.output import open_output
from raabta.cli.register.opening import now

PAGE: Final = "index.html"
DATA: Final = "counts.json"


def counts(
    lists: Annotated[list[Path], typer.Argument(metavar="LIST...", help="The newest list of each recipient.")],
    *,
    folder: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the page goes.")],
    leaves: Annotated[
        Path | None, typer.Option("--leaves", metavar="FILE", help="The public log: raabta list log export")
    ] = None,
) -> None:
    """Write the public page of counts: a static file without scripts, and JSON. Small counts are not shown.

    Exit code: 0 written, 2 the lists do not belong together, 1 a file could not be read or written.
    """
    from raabta.model.exemption import ExemptionList  # noqa: PLC0415  --help need not wait for it
    from raabta.publish.counts import as_json, as_page, count  # noqa: PLC0415
    from raabta.remedy.canonical import read_canonical  # noqa: PLC0415
    from raabta.remedy.log import MerkleTree, leaf_hash, read_leaves  # noqa: PLC0415

    with in_words():
        read = [read_canonical(file.read_bytes(), ExemptionList, name=str(file)) for file in lists]
        known = read_leaves(leaves.read_bytes(), name=str(leaves)) if leaves else []
        root = MerkleTree(map(leaf_hash, known)).root().hex() if known else ""
        found = count(read, at=now(), leaves=known, log_root=root)
        folder.mkdir(parents=True, exist_ok=True)
        for name, raw in ((PAGE, as_page(found)), (DATA, as_json(found))):
            with open_output(str(folder / name)) as stream:
                stream.write(raw)
            typer.echo(str(folder / name))
