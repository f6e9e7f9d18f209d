"""``raabta list``: from the register to signed lists that gateways pull.

Read in this order: ``ceremony`` (keys, and ``rehearsal`` of it all) → ``compile`` (register to signing sheet) →
``sign`` (sign, publish, refresh, minisign). ``options`` are shared.
"""

import typer

from raabta.cli.lists.ceremony import keys
from raabta.cli.lists.sign import minisign, publish, refresh, sign

__all__ = ["app"]

app = typer.Typer(
    help="Exemption lists: checked, compiled, signed, published.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(keys, name="keys", short_help="Make keys, draw up who may sign, rehearse it.")
app.command(short_help="Sign a sheet with your key, after the same checks.")(sign)
app.command(short_help="Put a sheet that enough holders signed in place.")(publish)
app.command(short_help="Renew leases, snapshot and timestamp.")(refresh)
app.command(short_help="Sign a rendered list for small routers.")(minisign)
