"""What comes in and goes along: ``raabta incident report|question|draft|impact|attach|attached|withhold|detach``.

``reports`` and ``sorting``; ``questions`` and ``dossier``; ``drafts`` and ``versions``; ``impact``;
``attachments``, ``files``.
"""

import typer

from raabta.cli.incident.desk import attachments, dossier, drafts, impact, questions, reports, sorting, versions

__all__ = ["add_commands"]


def _group(words: str) -> typer.Typer:
    return typer.Typer(help=words, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)


def add_commands(app: typer.Typer) -> None:
    """Add these commands to ``raabta incident``."""
    report = _group("Reports: somebody cannot reach something. Words and contacts are stored encrypted.")
    question = _group("The dossier: technical questions to authorities, and their answers.")
    draft = _group("Drafts for consultations, in versions.")
    impact_ = _group("What incidents cost members: with consent, and shown in sums only.")

    report.command("take", short_help="Take one; prints its code.")(reports.take)
    report.command("list", short_help="List them, the newest first.")(sorting.list_)
    report.command("show", short_help="Show some with words and contact.")(reports.show)
    report.command("acknowledge", short_help="Note that somebody looked at them.")(reports.acknowledge)
    report.command("group", short_help="Say which belong together.")(sorting.group)
    report.command("link", short_help="Say which incident they belong to.")(sorting.link)
    report.command("close", short_help="Answer, close, and delete the contact.")(sorting.close)

    question.command("add", short_help="Write one down.")(questions.add)
    question.command("ask", short_help="Note that it was asked, and until when an answer is due.")(questions.ask)
    question.command("answer", short_help="Note the answer.")(questions.answer)
    question.command("list", short_help="List them.")(questions.list_)
    question.command("withdraw", short_help="Withdraw one.")(dossier.withdraw)
    question.command("public", short_help="Say that one may be shown to everybody.")(dossier.public)
    question.command("export", short_help="Write the dossier (Markdown).")(dossier.export)

    draft.command("new", short_help="Begin one.")(drafts.new)
    draft.command("version", short_help="Add a version.")(drafts.version)
    draft.command("show", short_help="Show a version's text.")(versions.show)
    draft.command("diff", short_help="Show what changed between two versions.")(versions.diff)
    draft.command("state", short_help="Circulated, submitted, withdrawn.")(drafts.state)
    draft.command("list", short_help="List them.")(versions.list_)

    impact_.command("add", short_help="Note a member's loss.")(impact.add)
    impact_.command("list", short_help="List notes; confidential.")(impact.list_)
    impact_.command("remove", short_help="Remove one that was wrong.")(impact.remove)
    impact_.command("sum", short_help="Give sums that tell of no single member.")(impact.sum_)

    app.add_typer(report, name="report", short_help="What members and visitors cannot reach.")
    app.add_typer(question, name="question", short_help="Questions to authorities, and answers.")
    app.add_typer(draft, name="draft", short_help="Drafts for consultations.")
    app.add_typer(impact_, name="impact", short_help="What incidents cost, in sums.")
    app.command("attach", short_help="Attach files: measurements, verdicts, documents.")(attachments.attach)
    app.command("attached", short_help="List what is attached.")(attachments.attached)
    app.command("withhold", short_help="Keep an attachment out of evidence packs.")(attachments.withhold)
    app.command("detach", short_help="Take one out, and delete its file.")(attachments.detach)
