"""``raabta pack``: for who gets an evidence pack. Needs no register."""

import typer

from raabta.cli.pack.verify import verify

__all__ = ["app"]

app = typer.Typer(
    help="Evidence packs: check one, and unpack it safely.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command(short_help="Check signature and files; unpack what is good.")(verify)


@app.callback()
def _group() -> None:
    """Evidence packs: check one, and unpack it safely."""
