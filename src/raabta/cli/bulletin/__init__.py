"""``raabta bulletin``: what is told, in English and Urdu, checked, approved by a second person, published, corrected.

``options``, ``drafting`` and ``texts`` read what was typed; ``writing`` (write, correct), ``changing`` (change,
withdraw), ``showing`` (show, list, templates), ``approving`` (check, approve), ``publishing``, ``share``.
"""

import typer

from raabta.cli.bulletin import approving, changing, publishing, share, showing, writing

__all__ = ["app"]

app = typer.Typer(
    help="Bulletins: written in English and Urdu, checked, approved by a second person, published.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

app.command("templates", short_help="List templates, or show what one asks for.")(showing.templates)
app.command("write", short_help="Write one: from a template, from a file, or asked part by part.")(writing.write)
app.command("show", short_help="Show one as people will read it.")(showing.show)
app.command("list", short_help="List drafts and what was published.")(showing.list_)
app.command("change", short_help="Change a draft; an approval is void then.")(changing.change)
app.command("check", short_help="Say which facts only one language says.")(approving.check)
app.command("approve", short_help="Approve one that somebody else wrote.")(approving.approve)
app.command("publish", short_help="Publish an approved one.")(publishing.publish)
app.command("withdraw", short_help="Withdraw a draft.")(changing.withdraw)
app.command("correct", short_help="Write one that corrects a published one.")(writing.correct)
app.command("share", short_help="Text and picture for messengers.")(share.share)
