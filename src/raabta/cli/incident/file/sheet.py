"""An incident as people of the house read it, in 80 columns: what, since when, what is due, who said what."""

import datetime as dt
import shutil
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import typer

from raabta.cli.incident.file.choosing import say_span, say_time
from raabta.cli.incident.wording import in_local_times
from raabta.cli.register.table import write_text

if TYPE_CHECKING:
    from raabta.cli.publish.opening import Desk
    from raabta.model.incident import Incident, Promise, TimelineLine
    from raabta.registry.incidents.clocks import Clock
    from raabta.registry.incidents.timeline import IncidentRecords

LABEL: Final = 13
TIME: Final = 24
"""As ``10 Nov 2024 14:05 PKT``, and two blanks."""
WRITTEN_BY_US: Final = ("Changed: ", "Put off from ")
"""Notes in which times are kept as UTC."""
ID: Final = 21
WIDTH: Final = 80


def write_sheet(desk: "Desk", whole: "IncidentRecords", *, clocks: "Sequence[Clock]", now: dt.datetime) -> None:
    """Write an incident."""
    incident = whole.incident
    write_text(incident.title_en)
    if incident.title_ur:
        typer.echo(incident.title_ur)
    typer.echo(f"{incident.id} · {headline(incident)}\n")
    for label, words in _facts(desk, whole, now):
        write_labelled(label, words)
    _write_part("Clocks", ((when(clock, now), clock.words) for clock in clocks))
    parties = dict(whole.parties)
    _write_part(
        "Parties", ((one.id, _party(one.name_en, one.desk, one.role, one.reference)) for one in parties.values())
    )
    name = {id_: party.name_en for id_, party in parties.items()}
    if whole.promises:
        typer.echo("\nPromises")
        write_promises(desk, sorted(whole.promises, key=lambda one: one.due_at), names=name)
    stated = sorted(whole.statements, key=lambda one: one.at)
    _write_part(
        "Statements",
        ((one.id, f"{say_time(one.at, desk)} · {name.get(one.party_id, '')}: “{one.text_en}”") for one in stated),
    )
    _write_part("Links", ((one.title or "-", one.url) for one in incident.links))


def write_timeline(desk: "Desk", lines: "Sequence[TimelineLine]") -> None:
    """Write lines of a timeline, each with its local time."""
    for line in lines:
        by = f" ({line.by})" if line.by else ""
        ours = line.words.startswith(WRITTEN_BY_US)
        words = in_local_times(line.words, desk) if ours else line.words
        write_labelled(say_time(line.at, desk), f"{words}{by}", wide=TIME)


def write_promises(desk: "Desk", promises: "Sequence[Promise]", *, names: dict[str, str]) -> None:
    """Write promises, each beside its id. ``names`` are those of parties."""
    for one in promises:
        write_labelled(one.id, _promise(one, names.get(one.party_id, "We"), desk), wide=ID)


def write_labelled(label: str, words: str, *, wide: int = LABEL) -> None:
    """Write words beside a label; what does not fit goes on beneath, under the words."""
    indent = " " * (wide + 2)
    room = max(WIDTH, shutil.get_terminal_size((WIDTH, 0)).columns)
    first, *more = [
        line
        for part in words.split("\n") or [""]
        for line in textwrap.wrap(part, room - len(indent), break_on_hyphens=False) or [""]
    ]
    typer.echo(f"  {label:<{wide}}{first}".rstrip())
    for line in more:
        typer.echo(f"{indent}{line}".rstrip())


def headline(incident: "Incident") -> str:
    """Say state, severity and kind in a few words."""
    from raabta.publish.words import say  # noqa: PLC0415  --help need not wait for it

    words = (("state", incident.state), ("severity", incident.severity), ("kind", incident.kind))
    return " · ".join(say(group, name, language="en") for group, name in words)


def when(clock: "Clock", now: dt.datetime) -> str:
    """Say how far away a deadline is: ``OVERDUE 12 min``, ``in 2 h``."""
    span = say_span(clock.due_at - now)
    return f"OVERDUE {span}" if clock.is_overdue(now) else f"in {span}"


def _facts(desk: "Desk", whole: "IncidentRecords", now: dt.datetime) -> Iterator[tuple[str, str]]:
    incident, site = whole.incident, desk.settings.site
    names = {one.id: one.name_en for one in site.components} | {one.id: one.name_en for one in site.operators}
    yield "Began", f"{say_time(incident.started_at, desk)}, {say_span(now - incident.started_at)} ago"
    if incident.ended_at is not None:
        lasted = say_span(incident.ended_at - incident.started_at)
        yield "Over", f"{say_time(incident.ended_at, desk)}, after {lasted}"
    concerned = [names.get(id_, id_) for id_ in (*incident.component_ids, *incident.operator_ids)]
    counted = ((len(incident.member_ids), "member"), (len(whole.reported_at), "report"))
    concerned += [f"{n:,} {what}{'' if n == 1 else 's'}" for n, what in counted if n]
    yield "Concerns", ", ".join(concerned) or "nothing named yet"
    yield "Cause", _cause(incident)
    published = [one for one in whole.bulletins if one.state == "published"]
    drafts = [one for one in whole.bulletins if one.state in {"draft", "approved"}]
    told = f"{len(published)} published" + (f", {len(drafts)} in work" if drafts else "")
    yield "Bulletins", told if whole.bulletins else "none"
    if incident.next_update_at is not None:
        late = "OVERDUE since" if incident.next_update_at <= now else "by"
        yield "Next update", f"{late} {say_time(incident.next_update_at, desk)}"


def _cause(incident: "Incident") -> str:
    from raabta.model.incident import EVIDENCE_CLASSES  # noqa: PLC0415  as above

    if not incident.causes or incident.causes[-1].evidence_class == "none":
        return "not established"
    cause = incident.causes[-1]
    return f"{cause.words_en}\n{cause.probability_percent} %, {EVIDENCE_CLASSES[cause.evidence_class]}"


def _party(name: str, desk: str, role: str, reference: str) -> str:
    return " · ".join(filter(None, (f"{name}, {desk}" if desk else name, role.replace("_", " "), reference)))


def _promise(promise: "Promise", whose: str, desk: "Desk") -> str:
    until = say_time(promise.due_at, desk)
    state = f"until {until}" if promise.state == "open" else f"{promise.state} (was due {until})"
    moved = f", put off {len(promise.put_off)} ×" if promise.put_off else ""
    return f"{whose}: {promise.words_en} · {state}{moved}"


def _write_part(title: str, rows: Iterator[tuple[str, str]]) -> None:
    lines = list(rows)
    if lines:
        typer.echo(f"\n{title}")
    for label, words in lines:
        write_labelled(label, words, wide=ID)
