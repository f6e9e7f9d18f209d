"""``raabta incident``: the incident file, from the first report to the review.

``file`` holds what the duty officer does at any hour: ``opening``, ``changing``, ``steps``, ``notes``, ``showing``
(with ``sheet``), ``clocks``, ``parties``, ``messages``, ``promises``, ``settling``, ``statements``. Beside it stand the
commands about what comes in and goes along: reports, questions, drafts, impact, attachments. A command that stands in
another module is imported here, and gets its line below.
"""

import typer

from raabta.cli.incident.desk import add_commands
from raabta.cli.incident.file import (
    changing,
    clocks,
    messages,
    notes,
    opening,
    parties,
    promises,
    settling,
    showing,
    statements,
    steps,
)
from raabta.cli.incident.pack import pack

__all__ = ["app"]


def _group(words: str) -> typer.Typer:
    return typer.Typer(help=words, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)


app = _group("Incident files: what happened, who was asked, who promised what until when.")
_party = _group("Who is asked, or acts: desks and contacts; contacts are stored encrypted.")
_message = _group("What was written to parties, and by them; stored encrypted, never public.")
_promise = _group("Who promised what until when, and what became of it.")
_statement = _group("What parties stated officially.")

# --- the file, one line for each -----------------------------------------------------------------------------
app.command("open", short_help="Open an incident file.")(opening.open_)
app.command("list", short_help="List incidents that are open, or all.")(showing.list_)
app.command("show", short_help="Show one: facts, clocks, parties, promises.")(showing.show)
app.command("change", short_help="Change facts: title, severity, components, ….")(changing.change)
app.command("step", short_help="Take the next step: confirmed, …, resolved.")(steps.step)
app.command("cause", short_help="Say what caused it, and how sure that is.")(steps.cause)
app.command("note", short_help="Write a line into the timeline.")(notes.note)
app.command("link", short_help="Add a page elsewhere.")(notes.link)
app.command("timeline", short_help="Show all that happened, in order.")(showing.timeline)
app.command("due", short_help="Say what is overdue and what comes next; raise alarms.")(clocks.due)
app.command("acknowledge", short_help="Take on what alarms are about.")(clocks.acknowledge)
_party.command("add", short_help="Add one.")(parties.add)
_party.command("list", short_help="List them with their contacts.")(parties.list_)
_party.command("change", short_help="Change what is known of one.")(parties.change)
_message.command("add", short_help="Keep one.")(messages.add)
_message.command("list", short_help="Show them in full.")(messages.list_)
_promise.command("add", short_help="Write one down.")(promises.add)
_promise.command("list", short_help="List them.")(promises.list_)
_promise.command("change", short_help="Add Urdu words; public or not.")(promises.change)
_promise.command("settle", short_help="Kept, broken or withdrawn: its clock stops.")(settling.settle)
_promise.command("put-off", short_help="Give it a later deadline.")(settling.put_off)
_statement.command("add", short_help="Keep one, word for word.")(statements.add)
_statement.command("list", short_help="List them.")(statements.list_)
_statement.command("change", short_help="Change translation or source; public or not.")(statements.change)
app.add_typer(_party, name="party", short_help="Who is asked, or acts.")
app.add_typer(_message, name="message", short_help="What was written to them, and by them.")
app.add_typer(_promise, name="promise", short_help="Who promised what until when.")
app.add_typer(_statement, name="statement", short_help="What parties stated officially.")

# --- reports, questions, drafts, impact, attachments ----------------------------------------------------------
add_commands(app)

# --- evidence packs -------------------------------------------------------------------------------------------
app.command("pack", short_help="Write a signed archive of evidence.")(pack)
