"""Asking a person who types, where an option was left out; a script gets an error that names the option."""

import sys
from collections.abc import Sequence

import typer

from raabta.cli.diagnose import fail


def is_person() -> bool:
    """Say whether somebody sits at a terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask_text(
    given: str | None, option: str, words: str, *, choices: Sequence[str] = (), default: str | None = None
) -> str:
    """Give an option's value, or ask for it.

    Args:
        given: What was on the command line, None where nothing was.
        option: Its name, as ``--title-en``.
        words: What is asked.
        choices: What may be answered; empty for anything.
        default: What an empty answer means, and what a script gets; None where there must be an answer.
    """
    if given is None and default is not None and not is_person():
        return default
    value = given if given is not None else _asked(option, words, choices, default)
    while choices and value not in choices:
        complaint = f"{option}: {value!r} is none of {', '.join(choices)}."
        if given is not None or not is_person():
            fail(complaint)
        typer.echo(complaint, err=True)
        value = _asked(option, words, choices, default)
    return value


def confirm(words: str) -> bool:
    """Ask a person yes or no; a script is taken to know what it does."""
    return not is_person() or typer.confirm(words, err=True)


def _asked(option: str, words: str, choices: Sequence[str], default: str | None) -> str:
    if not is_person():
        among = f" (one of {', '.join(choices)})" if choices else ""
        fail(f"{option} is missing: {words}{among}.")
    if choices:
        typer.echo(f"{words}: {', '.join(choices)}", err=True)
    return str(typer.prompt(words if not choices else "Which", default=default, err=True)).strip()
