"""``raabta subscribe bounce``."""

import sys
from typing import Annotated, Final

import typer

from raabta.cli.register.opening import RegisterOption, now, opened

IGNORED: Final = 3


def bounce(
    *,
    recipient: Annotated[
        str,
        typer.Option("--recipient", metavar="ADDRESS", help="Of ours, that it came to, where its headers do not say."),
    ] = "",
    register: RegisterOption = None,
) -> None:
    """Take in one message that came to the return address: a delivery report (RFC 3464) on standard input.

    Prints the subscriber's id, state, and what the report says. Who cannot be reached at all is suspended at once, who
    cannot be reached three times within 14 days after the third.

    Exit code: 0 noted, 3 it was no report of a failure and nothing changed, 2 a report without a token of ours, 1 the
    database failed: then have the mail server try again.
    """
    with opened(register) as found:
        from raabta.pipeline.informing.subscribing.bounces import (  # noqa: PLC0415  --help need not wait for it
            REPORT_BYTES_MAX,
            note_bounce,
            read_bounce,
        )

        raw = sys.stdin.buffer.read(REPORT_BYTES_MAX + 1)
        read = read_bounce(raw, found.key, recipient=recipient)
        if read is None:
            typer.echo("This is no report of a failure: nothing changes.", err=True)
            raise typer.Exit(IGNORED)
        with found.change() as records:
            noted = note_bounce(records, read.subscriber_id, kind=read.kind, now=now())
    if noted is None:
        typer.echo("The subscriber has left, or is suspended already: nothing changes.", err=True)
        raise typer.Exit(IGNORED)
    typer.echo(f"{noted.id}\t{noted.state}\t{read.kind}\t{read.status}")
