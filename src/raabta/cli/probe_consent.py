"""Asking for consent, showing it, withdrawing it, at the keyboard."""

import sys
from datetime import datetime

import typer

from raabta.cli.consent import TEXT, config_folder, read_consent, store_consent, withdraw_consent
from raabta.cli.diagnose import fail
from raabta.cli.probe import NO_CONSENT, ConsentAction


def act(action: ConsentAction) -> None:
    """Show the text and whether it was agreed to, or withdraw."""
    folder = config_folder()
    if action is ConsentAction.WITHDRAW:
        was_given = withdraw_consent(folder)
        typer.echo("Your consent is withdrawn. Nothing is measured any more." if was_given else "There was no consent.")
        return
    typer.echo(TEXT, nl=False)
    given = read_consent(folder)
    typer.echo(f"\nYou agreed on {given.given_at[:10]}." if given is not None else "\nYou have not agreed.")


def require(*, yes: bool, now: datetime) -> None:
    """Go on only with consent: the stored one, ``--yes``, or the answer to the question, asked once.

    Raises:
        typer.Exit: There is none.
    """
    folder = config_folder()
    if read_consent(folder) is not None:
        return
    if not yes:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            fail(
                "measuring needs your consent, and nobody is here to ask. Read: raabta probe --consent show. "
                "Then agree with: the same command with --yes",
                code=NO_CONSENT,
            )
        typer.echo(TEXT, err=True)
        if not typer.confirm("Do you agree?", default=False, err=True):
            fail("nothing was measured.", code=NO_CONSENT)
    try:
        store_consent(folder, now=now)
    except OSError as error:
        typer.echo(f"raabta: your consent could not be kept ({error.strerror}); it holds for this time.", err=True)
