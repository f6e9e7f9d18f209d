"""Which incident is meant, and texts that are typed, pasted or read from a file.

Contacts and messages are stored encrypted; so they are never options, which everybody on the machine can see.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from raabta.cli.diagnose import STANDARD, fail
from raabta.cli.prompting import is_person

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from raabta.cli.publish.opening import Desk
    from raabta.model.incident import Incident, Party
    from raabta.registry.records import Record
    from raabta.registry.store import Records

TEXT_BYTES_MAX: Final = 100_000
"""More than any text that is kept; the rest says what is too long."""

LEAST: Final = len("pa-")
"""Of an id, more than this is typed."""

IncidentArgument = Annotated[
    str, typer.Argument(metavar="INCIDENT", help="Its id, its beginning, or: last (opened)", show_default=False)
]
AtOption = Annotated[
    str, typer.Option("--at", metavar="TIME", help="When: as 14:05, -10m or with a zone. Default: now.")
]
FileOption = Annotated[
    Path | None, typer.Option("--text-file", metavar="FILE", help="Read the text here; - is standard input.")
]


def chosen(records: "Records", text: str) -> "Incident":
    """Give the incident that is meant, and say which one where not its whole id was typed.

    A command that asks calls this first: whoever answers must know what about.
    """
    from raabta.pipeline.informing.incidents.showing import find_incident  # noqa: PLC0415  --help need not wait

    incident = find_incident(records, text)
    if incident.id != text:
        typer.echo(f"{incident.id}: {incident.title_en}", err=True)
    return incident


def records_of(
    desk: "Desk", text: str, kind: "type[Record]", *, order: "Callable[[Record], dt.datetime]"
) -> "tuple[list[Record], dict[str, str]]":
    """Give an incident's records of a kind, in the order of a time of theirs, and its parties' names by their ids."""
    from raabta.model.incident import Party  # noqa: PLC0415  as above

    with desk.register.look() as records:
        incident = chosen(records, text)
        names = {one.id: one.name_en for one in records.find(Party, incident_id=incident.id)}
        return sorted(records.find(kind, incident_id=incident.id), key=order), names


def chosen_party(records: "Records", incident_id: str, text: str) -> "Party":
    """Give the party that is meant: by its id, or the beginning of its name in this incident."""
    from raabta.model.incident import Party  # noqa: PLC0415  as above

    there = list(records.find(Party, incident_id=incident_id))
    found = [one for one in there if one.id == text]
    found = found or [one for one in there if len(text) > LEAST and one.id.startswith(text.lower())]
    found = found or [one for one in there if text and one.name_en.lower().startswith(text.lower())]
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"{one.id} {one.name_en}" for one in there) or "nobody yet: raabta incident party add"
    message = f"{text!r} is {'several parties' if found else 'no party'} of this incident. There is: {names}."
    raise LookupError(message)


def say_time(at: "dt.datetime", desk: "Desk") -> str:
    """Say a time for people of the house: ``10 Nov 2024 14:05 PKT``."""
    from raabta.publish.moments import local, zone_words  # noqa: PLC0415  as above

    zone = zone_words(at, desk.settings.site)
    return f"{local(at, desk.settings.site):%-d %b %Y %H:%M} {zone.partition(' ')[0]}"


def say_short(at: "dt.datetime", desk: "Desk", *, now: "dt.datetime") -> str:
    """Say a time in twelve characters: ``10 Nov 14:05``; only the day where it was in another year."""
    from raabta.publish.moments import local  # noqa: PLC0415  as above

    here = local(at, desk.settings.site)
    return f"{here:%-d %b %H:%M}" if here.year == local(now, desk.settings.site).year else f"{here:%-d %b %Y}"


def say_span(span: "dt.timedelta") -> str:
    """Say how long: ``under 1 min``, ``25 min``, ``3 h 10 min``, ``4 days``."""
    minutes = int(abs(span.total_seconds()) // 60)
    if minutes == 0:
        return "under 1 min"
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{hours // 24} days"


def read_text(file: Path | None, words: str, *, option: str = "--text-file") -> str:
    """Read a text of several lines from a file, from standard input, or from who types it.

    Args:
        file: "-" is standard input; None asks.
        words: What is asked.
        option: Its name, for errors.
    """
    if file is None and not is_person():
        fail(f"{option} is missing: {words}. {option} - reads standard input.")
    if file is None:
        typer.echo(f"{words} (end with an empty line):", err=True)
        return "\n".join(iter(lambda: sys.stdin.readline().rstrip("\n"), ""))
    try:
        raw = _first_bytes(file)
        text = raw[:TEXT_BYTES_MAX].decode("utf-8-sig", errors="strict" if len(raw) <= TEXT_BYTES_MAX else "ignore")
    except OSError as error:
        fail(f"{option}: {file} cannot be read: {error.strerror}. Check the name.")
    except UnicodeDecodeError:
        fail(f"{option}: this is no text in UTF-8. Save it as UTF-8 text.")
    if len(raw) > TEXT_BYTES_MAX:
        fail(f"{option}: too long. Attach it as a file: raabta incident attach")
    return text


def _first_bytes(file: Path) -> bytes:
    """Read as much as is kept, and one byte more: a device may never end."""
    if str(file) == STANDARD:
        return sys.stdin.buffer.read(TEXT_BYTES_MAX + 1)
    with file.open("rb") as stream:
        return stream.read(TEXT_BYTES_MAX + 1)
