"""``raabta lab exempt``: does "does it work?" work? Arrangements of a filtering gateway, answers beside the truth."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from raabta.cli.diagnose import fail
from raabta.cli.lab_choice import check_lab

if TYPE_CHECKING:
    from raabta.lab.exemption import Arrangement, Row

SOME_WRONG = 3


def exempt(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME|FILE.toml...", help="Arrangements, or the beginning of their names; or files of your own."
        ),
    ] = None,
    *,
    show: Annotated[bool, typer.Option("--list", help="Show the arrangements and leave.")] = False,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Rows with all facts (jsonl). Default: a table.")
    ] = "",
) -> None:
    """Measure whether exemptions work, in arrangements whose truth is known, and say how often the answer was right.

    Exit code: 0 all were right, 3 some were not or could not be run, 2 wrong usage, 1 no lab can run here, 130 stopped.
    """
    from raabta.lab.exemption import run_arrangements, score  # noqa: PLC0415  --help need not wait

    chosen = _choose(names or [""])
    if show:
        for one in chosen:
            typer.echo(f"{one.name:34} {one.truth.answer}: {' or '.join(one.truth.reasons)}")
        return
    check_lab()
    rows = run_arrangements(chosen, told=_tell)
    if output:
        _write(rows, output)
    else:
        _show(rows)
    result = score(rows)
    typer.echo(
        f"{result.n_right} of {result.n} answers right, {result.n_reason_right} with the right reason; "
        f"{result.n_wrong} wrong, {result.n_lost} not measured.",
        err=True,
    )
    if result.n_right < result.n:
        raise typer.Exit(SOME_WRONG)


def _choose(names: "Sequence[str]") -> "list[Arrangement]":
    from raabta.lab.exemption import load_arrangements, load_own_arrangements  # noqa: PLC0415

    chosen: list[Arrangement] = []
    for name in names:
        if name.endswith(".toml"):
            try:
                found = [*load_own_arrangements(Path(name))]
            except (OSError, ValueError) as error:
                fail(f"{error}. How such a file must be: docs/guides/does-it-work.md")
        else:
            found = [one for one in load_arrangements() if one.name.startswith(name) and one not in chosen]
        if not found:
            fail(f"{name}: no arrangement's name begins so. See them with: raabta lab exempt --list")
        chosen += found
    return chosen


def _tell(n_done: int, n: int) -> None:
    if sys.stderr.isatty():
        typer.echo(f"{n_done} of {n} arrangements measured", err=True)


def _write(rows: "Sequence[Row]", output: str) -> None:
    import msgspec  # noqa: PLC0415

    from raabta.cli.output import open_output  # noqa: PLC0415

    with open_output(output) as file:
        for row in rows:
            file.write(msgspec.json.encode(row) + b"\n")


def _show(rows: "Sequence[Row]") -> None:
    for row in rows:
        found = row.error if row.effect is None else f"{row.effect.reason} {row.effect.likelihood:.2f}"
        typer.echo(f"{'ok' if row.is_reason_right else '--'} {row.name:33} {row.answer:13} {found}")
