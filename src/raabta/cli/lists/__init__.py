"""``raabta list``: from the register to signed lists that gateways pull.

Read in this order: ``recipient`` (who gets one), ``restriction`` (protective blocks) → ``ceremony`` (keys, and
``rehearsal`` of it all) → ``lint`` → ``compile`` (register to signing sheet) → ``sign`` (sign, publish, refresh,
minisign) → ``show`` (what is published) → ``render`` (files for other programs), ``log`` and ``counts`` (for the
public). ``options`` are shared.
"""

import typer

from raabta.cli.lists.ceremony import keys
from raabta.cli.lists.compile import compile_
from raabta.cli.lists.counts import counts
from raabta.cli.lists.lint import lint
from raabta.cli.lists.log import log
from raabta.cli.lists.recipient import recipient
from raabta.cli.lists.render import render
from raabta.cli.lists.restriction import restriction
from raabta.cli.lists.show import show
from raabta.cli.lists.sign import minisign, publish, refresh, sign

__all__ = ["app"]

app = typer.Typer(
    help="Exemption lists: checked, compiled, signed, published.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(keys, name="keys", short_help="Make keys, draw up who may sign, rehearse it.")
app.add_typer(recipient, name="recipient", short_help="Who gets a list: operators, by their networks.")
app.add_typer(restriction, name="restriction", short_help="Protective blocks, with basis, owner and end.")
app.command(short_help="Say what is wrong with a list, or with host names.")(lint)
app.command("compile", short_help="Make a recipient's next list from the register.")(compile_)
app.command(short_help="Sign a sheet with your key, after the same checks.")(sign)
app.command(short_help="Put a sheet that enough holders signed in place.")(publish)
app.command(short_help="Renew leases, snapshot and timestamp.")(refresh)
app.command(short_help="Sign a rendered list for small routers.")(minisign)
app.command(short_help="Write the list that is published.")(show)
app.command(short_help="Write a list as firewalls, name servers and routers load it.")(render)
app.add_typer(log, name="log", short_help="The public log: leaves, heads, proofs.")
app.command(short_help="Write the public page of counts.")(counts)
