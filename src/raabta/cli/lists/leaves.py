"""What the commands of the public log share: its leaves, from the register or from a file."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from raabta.cli.diagnose import STANDARD
from raabta.cli.output import open_output
from raabta.cli.register.opening import open_from_options

if TYPE_CHECKING:
    from msgspec import Struct

    from raabta.model.exemption import LogLeaf
    from raabta.remedy.log import MerkleTree

LeavesOption = Annotated[
    Path | None, typer.Option("--leaves", metavar="FILE", help="An exported log, in place of the register's.")
]
OutputOption = Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Write here.")]


def leaves_from(file: Path | None, register: str | None) -> "Sequence[LogLeaf]":
    """Read the log's leaves: from a file, else from the register.

    Raises:
        ValueError: The file is no log, or has a hole.
        OSError: It cannot be read.
    """
    from raabta.model.exemption import LogLeaf  # noqa: PLC0415  --help need not wait for it
    from raabta.remedy.log import read_leaves  # noqa: PLC0415

    if file is not None:
        return read_leaves(file.read_bytes(), name=str(file))
    with open_from_options(register) as found, found.look() as records:
        return sorted(records.find(LogLeaf), key=lambda leaf: leaf.index)


def tree_of(leaves: "Sequence[LogLeaf]") -> "MerkleTree":
    """Give the tree over leaves."""
    from raabta.remedy.log import MerkleTree, leaf_hash  # noqa: PLC0415  as above

    return MerkleTree(map(leaf_hash, leaves))


def write_record(record: "Struct", output: str = STANDARD) -> None:
    """Write a head or a proof: one line of canonical JSON."""
    from raabta.remedy.canonical import canonical  # noqa: PLC0415  as above

    with open_output(output) as stream:
        stream.write(canonical(record) + b"\n")
