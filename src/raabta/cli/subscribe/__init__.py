"""``raabta subscribe``: who is told, and what the desk may do about it.

``adding`` (add, invite), ``looking`` (list, show, counts), ``changing`` (change, leave, forget), ``bouncing``
(messages that came back), ``tables`` (import and export). An address is never an argument: others on the machine see
those. It is asked for, or read from standard input.
"""

import typer

from raabta.cli.subscribe.adding import add, invite
from raabta.cli.subscribe.bouncing import bounce
from raabta.cli.subscribe.changing import change, forget, leave
from raabta.cli.subscribe.looking import counts, list_, show
from raabta.cli.subscribe.tables import export, import_

__all__ = ["app"]

app = typer.Typer(
    help="Who is told: subscribers by e-mail, webhook and chat.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("add", short_help="Write down who asked; they confirm themselves.")(add)
app.command("list", short_help="List subscribers, without addresses.")(list_)
app.command("show", short_help="Show one, found by id or address.")(show)
app.command("counts", short_help="Count them by state, channel, component.")(counts)
app.command("change", short_help="Change what one gets; a webhook's secret.")(change)
app.command("leave", short_help="End a subscription.")(leave)
app.command("invite", short_help="Make a member's code.")(invite)
app.command("bounce", short_help="Take in a message that came back.")(bounce)
app.command("import", short_help="Take in a table (CSV).")(import_)
app.command("export", short_help="Write a table (CSV), page by page.")(export)
app.command("forget", short_help="Remove who never confirmed, and who left.")(forget)
