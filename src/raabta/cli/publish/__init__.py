"""``raabta publish``: the site, its mirrors, and what is sent.

``opening`` finds register, settings and folder for every command of the desk. ``site`` builds the site and brings it to
its mirrors (the group's own command), ``check`` looks at mirrors as a stranger does, ``making`` writes the settings
and shows the key. A command that stands in another module is imported here, and gets its line below.
"""

import typer

from raabta.cli.publish.check import check
from raabta.cli.publish.making import init, key
from raabta.cli.publish.running import run
from raabta.cli.publish.sending import outbox, send
from raabta.cli.publish.serving import serve
from raabta.cli.publish.site import publish

__all__ = ["app"]

app = typer.Typer(
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.callback(invoke_without_command=True)(publish)

# --- commands, one line for each ------------------------------------------------------------------------------
app.command(short_help="Write publishing.toml, to be filled in.")(init)
app.command(short_help="Check mirrors: signature, age, every file.")(check)
app.command(short_help="Show the key that signs the site.")(key)
app.command(short_help="Serve the forms: subscribe, leave, report.")(serve)
app.command(short_help="Send what is due.")(send)
app.command(short_help="See what waits and what failed.")(outbox)
app.command(short_help="Keep all of it going: build, send, alarms, forms.")(run)
