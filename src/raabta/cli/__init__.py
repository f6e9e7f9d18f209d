"""The command line: data on standard output, words on standard error. Each command loads, calls and saves.

Read in this order: ``diagnose`` (the command and its options) → ``run`` (documents through the pipeline, counted) →
``output`` (files that appear whole or not at all) and ``progress`` → what is written: ``writers`` (jsonl, csv, parquet),
``summary`` (the table), ``explain`` with ``waterfall`` (one measurement in full). ``words`` says things to people.

A module that needs the pipeline, rich or pyarrow is imported when its command runs, so that ``--help`` is quick.
"""

import sys
from typing import Annotated

import typer

from raabta import __version__
from raabta.cli.diagnose import diagnose

__all__ = ["app", "main"]

START = """\
Raabta says what is broken on a network, where, how, and with what evidence.

Try one of these:

  raabta diagnose --example --explain    an example that comes with Raabta
  raabta diagnose measurement.json       your own OONI measurements: what was found
  raabta diagnose folder --output verdicts.csv
                                         a folder of them, for a spreadsheet

All options:  raabta diagnose --help
A guide:      docs/guides/diagnose-command.md, in the source of Raabta
"""

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: 128 + SIGINT."""

app = typer.Typer(name="raabta", pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]})
app.command()(diagnose)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"raabta {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001  its callback does the work
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Find out what is broken on a network, where, how, and with what evidence."""
    if context.invoked_subcommand is None:
        typer.echo(START, nl=False)


def main() -> None:
    """Run the command line: the console script's entry point."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a symbol shows "?" in its place: the words beside it carry the meaning.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        app()
    except SystemExit as error:
        if error.code == INTERRUPTED:
            typer.echo("Stopped. No output file was changed.", err=True)
        raise
