"""``raabta list show``: the list that is published for a recipient, as it was signed."""

from typing import Annotated

import typer

from raabta.cli.diagnose import STANDARD
from raabta.cli.lists.options import RepositoryOption, in_words
from raabta.cli.output import open_output, to_terminal


def show(
    recipient: Annotated[str, typer.Argument(metavar="RECIPIENT", help="Id of the operator.")],
    *,
    repository: RepositoryOption,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Where the list goes, byte for byte.")
    ] = STANDARD,
) -> None:
    """Write the newest published list of a recipient: what render, counts and log check take.

    Its signatures are checked against the root that lies beside it, not against one that you keep: a gateway's pull
    does that. Exit code: 0 written, 2 none is published, or it is not what was signed, 1 a file failed.
    """
    from raabta.pipeline.publishing import published_file  # noqa: PLC0415  --help need not wait for it

    with in_words():
        raw = published_file(repository, recipient)
        with open_output(output) as stream:
            stream.write(raw + (b"\n" if to_terminal(output) else b""))
