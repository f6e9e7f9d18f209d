"""``raabta list log``: the public log, its heads and proofs; and checking them from files, without the register."""

from pathlib import Path
from typing import Annotated

import typer

from raabta.cli.diagnose import STANDARD
from raabta.cli.lists.leaves import LeavesOption, OutputOption, leaves_from, tree_of, write_record
from raabta.cli.lists.log_check import check, verify
from raabta.cli.lists.options import PassphraseOption, in_words, open_signing_key
from raabta.cli.output import open_output
from raabta.cli.register.opening import RegisterOption, now

log = typer.Typer(
    help="The public log (RFC 9162): every change of a list and every restriction, as a hash and a reason.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
log.command(short_help="Check lists and heads against an exported log.")(check)
log.command(short_help="Verify a proof by heads that were kept.")(verify)

SizeOption = Annotated[
    int | None, typer.Option("--size", metavar="N", min=0, help="Of the log when it had N leaves. Default: now.")
]


@log.command(short_help="Write all leaves, one a line: whoever has them can check everything.")
def export(*, register: RegisterOption = None, output: OutputOption = STANDARD) -> None:
    """Write the log's leaves, to be published as they are.

    Exit code: 0 written, 2 wrong usage, 1 the register or a file failed.
    """
    with in_words():
        from raabta.remedy.log import write_leaves  # noqa: PLC0415  --help need not wait for it

        raw = write_leaves(leaves_from(None, register))
        with open_output(output) as stream:
            stream.write(raw)


@log.command(short_help="Sign how long the log is, and the hash over all of it.")
def head(
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="The log's .key file: raabta list keys new.")],
    *,
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="Which log: who keeps it.")] = "association",
    passphrase_file: PassphraseOption = None,
    leaves: LeavesOption = None,
    register: RegisterOption = None,
    output: OutputOption = STANDARD,
) -> None:
    """Sign the log's head as it is now, to be published beside the leaves.

    Exit code: 0 written, 2 wrong usage or passphrase, 1 the register or a file failed.
    """
    with in_words():
        from raabta.remedy.log import sign_head  # noqa: PLC0415  as above

        tree = tree_of(leaves_from(leaves, register))
        write_record(sign_head(tree, log=name, at=now(), key=open_signing_key(key, passphrase_file)), output)


@log.command(short_help="Prove that a leaf is in the log.")
def prove(
    index: Annotated[int, typer.Argument(metavar="INDEX", help="Of the leaf: an entry's log_index.")],
    *,
    size: SizeOption = None,
    leaves: LeavesOption = None,
    register: RegisterOption = None,
    output: OutputOption = STANDARD,
) -> None:
    """Write the proof that a leaf stands at this place (RFC 9162, 2.1.3).

    Exit code: 0 written, 2 there is no such leaf, 1 the register or a file failed.
    """
    with in_words():
        write_record(tree_of(leaves_from(leaves, register)).prove_inclusion(index, size), output)


@log.command(short_help="Prove that an older log is the beginning of this one.")
def compare(
    old_size: Annotated[int, typer.Argument(metavar="OLD_SIZE", help="How many leaves the older log had.")],
    *,
    size: SizeOption = None,
    leaves: LeavesOption = None,
    register: RegisterOption = None,
    output: OutputOption = STANDARD,
) -> None:
    """Write the proof that nothing was taken out or changed since (RFC 9162, 2.1.4).

    Exit code: 0 written, 2 the log is shorter than that, 1 the register or a file failed.
    """
    with in_words():
        write_record(tree_of(leaves_from(leaves, register)).prove_consistency(old_size, size), output)
