"""Checking the public log from files, without the register: lists, heads and proofs."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from raabta.cli.diagnose import fail
from raabta.cli.lists.leaves import leaves_from, tree_of
from raabta.cli.lists.options import in_words, read_public_key

if TYPE_CHECKING:
    from raabta.model.exemption import LogLeaf
    from raabta.model.transparency import TreeHead
    from raabta.remedy.keys import PublicKey
    from raabta.remedy.log import MerkleTree

DOES_NOT_HOLD: Final = 3


def check(
    lists: Annotated[list[Path] | None, typer.Argument(metavar="LIST...", help="Lists (canonical JSON).")] = None,
    *,
    leaves: Annotated[Path, typer.Option("--leaves", metavar="FILE", help="The exported log.")],
    heads: Annotated[
        list[Path] | None, typer.Option("--head", metavar="FILE", help="A head kept from any time; may be repeated.")
    ] = None,
    public: Annotated[Path | None, typer.Option("--public", metavar="FILE", help="The log's .pub file.")] = None,
) -> None:
    """Work out the log from its leaves, and hold every list and every head against it.

    Exit code: 0 all agrees, 3 something does not (it is told), 2 wrong usage, 1 a file could not be read.
    """
    if not lists and not heads:
        fail("nothing is to be checked. Name lists, or a head: --head head.json --public log.pub")
    if heads and public is None:
        fail("a head is believed by its signature: give the log's key with --public FILE")
    with in_words():
        known = leaves_from(leaves, None)
        words = [text for file in lists or () for text in _check_list(file, known)]
        key = None if public is None else read_public_key(public)
        words += [text for file in heads or () if key is not None for text in _check_head(file, tree_of(known), key)]
    for text in words:
        typer.echo(text)
    if words:
        raise typer.Exit(DOES_NOT_HOLD)
    typer.echo(f"{len(known)} leaves; all agrees.", err=True)


def _check_list(file: Path, leaves: "Sequence[LogLeaf]") -> list[str]:
    from raabta.model.exemption import ExemptionList  # noqa: PLC0415  as above
    from raabta.remedy.canonical import read_canonical  # noqa: PLC0415
    from raabta.remedy.log import find_discrepancies  # noqa: PLC0415

    listed = read_canonical(file.read_bytes(), ExemptionList, name=str(file))
    return [f"{file}: {text}" for text in find_discrepancies(listed, leaves)]


def _check_head(file: Path, tree: "MerkleTree", key: "PublicKey") -> list[str]:
    from raabta.remedy.log import verify_head  # noqa: PLC0415  as above

    head = _read_head(file)
    if not verify_head(head, key=key):
        return [f"{file}: the head is not signed by this key"]
    if head.size > len(tree):
        return [f"{file}: the head is of {head.size} leaves, the log has {len(tree)}: leaves are missing"]
    return [] if tree.root(head.size).hex() == head.root else [f"{file}: the log does not begin as this head says"]


def verify(
    proof: Annotated[Path, typer.Argument(metavar="PROOF", help="Made by prove or compare.")],
    *,
    head: Annotated[Path, typer.Option("--head", metavar="FILE", help="The log's head of the proof's size.")],
    public: Annotated[Path, typer.Option("--public", metavar="FILE", help="The log's .pub file.")],
    old_head: Annotated[
        Path | None, typer.Option("--old-head", metavar="FILE", help="The older head that the log is compared with.")
    ] = None,
) -> None:
    """Verify a proof: that a leaf is in the log, or, with --old-head, that the log only grew.

    Exit code: 0 it holds, 3 it does not, 2 wrong usage, 1 a file could not be read.
    """
    with in_words():
        key = read_public_key(public)
        newer = _trusted_head(head, key)
        older = None if old_head is None else _trusted_head(old_head, key)
        holds = _holds_inclusion(proof, newer) if older is None else _holds_consistency(proof, older, newer)
    typer.echo("The proof holds." if holds else "The proof does not hold.", err=not holds)
    if not holds:
        raise typer.Exit(DOES_NOT_HOLD)


def _holds_inclusion(file: Path, head: "TreeHead") -> bool:
    from raabta.model.transparency import InclusionProof  # noqa: PLC0415  --help need not wait for it
    from raabta.remedy.canonical import read_canonical  # noqa: PLC0415
    from raabta.remedy.log import verify_inclusion  # noqa: PLC0415

    proof = read_canonical(file.read_bytes().rstrip(b"\n"), InclusionProof, name=str(file))
    return proof.size == head.size and verify_inclusion(proof, root=bytes.fromhex(head.root))


def _holds_consistency(file: Path, old: "TreeHead", new: "TreeHead") -> bool:
    from raabta.model.transparency import ConsistencyProof  # noqa: PLC0415  as above
    from raabta.remedy.canonical import read_canonical  # noqa: PLC0415
    from raabta.remedy.log import verify_consistency  # noqa: PLC0415

    proof = read_canonical(file.read_bytes().rstrip(b"\n"), ConsistencyProof, name=str(file))
    is_of_these = (proof.old_size, proof.new_size) == (old.size, new.size)
    return is_of_these and verify_consistency(proof, old_root=bytes.fromhex(old.root), new_root=bytes.fromhex(new.root))


def _trusted_head(file: Path, key: "PublicKey") -> "TreeHead":
    """Read a head that this key signed.

    Raises:
        ValueError: It is none.
    """
    from raabta.remedy.log import verify_head  # noqa: PLC0415  as above

    head = _read_head(file)
    if not verify_head(head, key=key):
        message = f"{file}: this head is not signed by key {key.name!r}. Get the head again, or the right .pub file."
        raise ValueError(message)
    return head


def _read_head(file: Path) -> "TreeHead":
    from raabta.model.transparency import TreeHead  # noqa: PLC0415  as above
    from raabta.remedy.canonical import read_canonical  # noqa: PLC0415

    return read_canonical(file.read_bytes().rstrip(b"\n"), TreeHead, name=str(file))
