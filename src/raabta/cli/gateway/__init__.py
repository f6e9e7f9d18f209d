"""``raabta gateway``: what an operator's engineer runs, from a fetched list to spared traffic, and back.

Read in this order: ``opening`` (gateway.toml, the clock, errors in words) → ``making`` (init) → ``loading`` (pull,
plan, apply, rollback) → ``looking`` (verify, status) → ``keeping`` (run).
"""

import typer

from raabta.cli.gateway.keeping import run
from raabta.cli.gateway.loading import apply, plan, pull, rollback
from raabta.cli.gateway.looking import status, verify
from raabta.cli.gateway.making import init

__all__ = ["app"]

app = typer.Typer(
    help="Load signed exemption lists into this gateway's kernel, safely.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command(short_help="Write gateway.toml and a key; the kernel stays as it is.")(init)
app.command(short_help="Fetch and verify the newest list.")(pull)
app.command(short_help="Show what a load would change.")(plan)
app.command(short_help="Load the list in one transaction.")(apply)
app.command(short_help="Compare the kernel with the list, and measure.")(verify)
app.command(short_help="Go back to the list before.")(rollback)
app.command(short_help="Show what is loaded, and until when.")(status)
app.command(short_help="Do it all, again and again, until stopped.")(run)
