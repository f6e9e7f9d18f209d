"""Asking a person who types, where an option was left out; a script gets an error that names the option."""

import re
import sys
from collections.abc import Iterable, Mapping, Sequence

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


def ask_ids(known: Mapping[str, str], option: str, words: str) -> tuple[str, ...]:
    """Ask a person for some ids, until all are known: nobody should type the rest again. Enter means none.

    Args:
        known: Ids that there are, and what each is called.
        option: Its name, as ``--component``.
        words: What is asked.
    """
    for id_, name in known.items():
        typer.echo(f"  {id_:<20}{name}", err=True)
    while known:
        ids = split_ids([ask_text(None, option, words, default="")])
        strange = next((id_ for id_ in ids if id_ not in known), None)
        if strange is None:
            return ids
        typer.echo(f"{strange!r} is none of {', '.join(known)}.", err=True)
    return ()


def split_ids(given: Iterable[str]) -> tuple[str, ...]:
    """Give the ids of an option that may be repeated; several in one, with commas or blanks between, will do too."""
    return tuple(part for text in given for part in re.split(r"[\s,،]+", text) if part)


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
