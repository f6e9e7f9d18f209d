"""The command line: data on standard output, words on standard error. Each command loads, calls and saves.

Read in this order: ``diagnose`` (the command and its options) → ``run`` (documents through the pipeline, counted) →
``output`` (files that appear whole or not at all) and ``progress`` → what is written: ``writers`` (jsonl, csv) and
``parquet``, ``summary`` (the table), ``explain`` with ``waterfall`` (one measurement in full). ``words`` says things to
people. Likewise ``probe`` → ``probe_run`` → ``probe_report``; ``control``; ``lab`` → ``lab_run`` → ``lab_table``,
``lab_score``, ``lab_fit``; ``register`` (``org``, ``endpoint``, ``case``, ``lease``), ``lists``, ``gateway``; the desk:
``incident``, ``bulletin``, ``subscribe``, ``publish``, ``pack``.

A module that needs the pipeline, rich or pyarrow is imported when its command runs, so that ``--help`` is quick.
"""

import sys
from typing import Annotated

import typer

from raabta import __version__
from raabta.cli.bulletin import app as bulletin
from raabta.cli.control import control
from raabta.cli.diagnose import diagnose
from raabta.cli.gateway import app as gateway
from raabta.cli.incident import app as incident
from raabta.cli.lab import app as lab
from raabta.cli.lists import app as lists
from raabta.cli.pack import app as pack
from raabta.cli.probe import probe
from raabta.cli.publish import app as publish
from raabta.cli.register import endpoint, org
from raabta.cli.register.case import app as case
from raabta.cli.register.lease import app as lease
from raabta.cli.subscribe import app as subscribe

__all__ = ["app", "main"]

START = """\
Raabta says what is broken on a network, where, how, and with what evidence.

Try one of these:

  raabta diagnose --example --explain         an example that comes with Raabta
  raabta diagnose measurement.json            your own OONI measurement
  raabta diagnose folder --output found.csv   a folder of them, as a table file
  raabta probe                                measure from here (asks you first)
  raabta lab run tls-reset-sni                a small country with interference
  raabta control --help                       a witness elsewhere, for probes
  raabta org add --help                       a member; then endpoint, case
  raabta list keys rehearse hall              sign a list, for practice
  raabta gateway --help                       load a list, test it, undo it
  raabta incident open                        then bulletin, publish

All options:  raabta COMMAND --help
Guides:       docs/guides/, in the source of Raabta
"""

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: 128 + SIGINT."""

app = typer.Typer(
    name="raabta",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help takes 0.2 s of CPU, the one with frames 0.5 s
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command(short_help="Say what measurements found, how sure that is, and why.")(diagnose)
app.command(short_help="Say to others what a target looks like from this machine.")(control)
app.command(short_help="Measure from here, and say what is wrong and where.")(probe)
app.add_typer(org, name="org", short_help="Register members: companies and freelancers.")
app.add_typer(endpoint, name="endpoint", short_help="Register their tunnels and services, and prove addresses.")
app.add_typer(case, name="case", short_help="Bring applications to the regulator and to an answer.")
app.add_typer(lease, name="lease", short_help="Exemptions for hours, for devices whose address changes.")
app.add_typer(lists, name="list", short_help="Make exemption lists: check, sign, publish.")
app.add_typer(gateway, name="gateway", short_help="Load such a list into a gateway, test it, undo it.")
app.add_typer(incident, name="incident", short_help="Keep an incident's file: who was asked, what is due.")
app.add_typer(bulletin, name="bulletin", short_help="Tell everyone: write, check, approve, publish.")
app.add_typer(subscribe, name="subscribe", short_help="Who is told: by e-mail, webhook, chat.")
app.add_typer(publish, name="publish", short_help="Build the site, bring it to mirrors, send what is due.")
app.add_typer(pack, name="pack", short_help="Check an evidence pack that you were given.")
app.add_typer(lab, name="lab", short_help="Emulate a country on this machine, and run the probe in it.")


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
