"""Tables as CSV: rows in and out, and for a bad row its line, its column and what belongs there.

A record is one line: no field of ours holds a line break, so a quote that was never closed spoils its own line and not
the rest of the file. A fault names the line (from 1, the head is line 1), the column (from 1) and the field, and never
repeats the text: it may be anything that somebody pasted into the wrong column.

Columns are the fields of the type; a tuple is words separated by blanks, a truth value yes or no, a day 2026-11-23, a
time 2026-11-23T10:00:00Z (a day alone is its beginning in UTC).
"""

import csv
import datetime as dt
import io
import types
import typing
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Final, TypeVar

from msgspec import NODEFAULT, Struct, structs

Record = TypeVar("Record", bound=Struct)

LINE_CHARACTERS_MAX: Final = 20_000
"""Ten times the longest line that fits our fields. Judgement."""
YES: Final = frozenset({"yes", "true", "1", "y"})
NO: Final = frozenset({"no", "false", "0", "n"})


class RowFault(Struct, frozen=True, kw_only=True):
    """What is wrong with a line. ``column`` 0 and ``field`` "" where it is the line as a whole."""

    line: int
    column: int = 0
    field: str = ""
    words: str

    def __str__(self) -> str:  # type: ignore[explicit-override]  # Python 3.11 has no typing.override
        place = f", column {self.column} ({self.field})" if self.column else ""
        return f"line {self.line}{place}: {self.words}"


class Row(Struct, frozen=True, kw_only=True):
    """One line: its texts by the name of their column."""

    line: int
    texts: dict[str, str]
    columns: dict[str, int]

    def fault(self, field: str, words: str) -> RowFault:
        """Say what is wrong with a field of this row; the line as a whole where the table lacks the column."""
        column = self.columns.get(field, 0)
        return RowFault(line=self.line, column=column, field=field, words=words if column else f"{field}: {words}")


def read_table(source: Iterable[bytes], *, columns: Sequence[str], required: Sequence[str]) -> Iterator[Row | RowFault]:
    """Read a table line by line, good lines and faults in their order.

    Args:
        source: Lines as bytes, UTF-8, with commas or semicolons between fields; the first names the columns.
        columns: What a column may be called.
        required: Columns that must be there.

    Raises:
        ValueError: The head is not understood: then nothing is read, for a mistyped column would be lost in every row.
    """
    lines = iter(source)
    head = next(lines, b"").decode("utf-8-sig", errors="replace").rstrip("\r\n")
    comma = ";" if ";" in head and "," not in head else ","
    names = _read_head(head, comma=comma, columns=columns, required=required)
    places = {name: place for place, name in enumerate(names, start=1)}
    for number, raw in enumerate(lines, start=2):
        if raw.strip(b"\r\n\t ,;"):
            yield _read_row(number, raw, comma=comma, places=places)


def _read_head(head: str, *, comma: str, columns: Sequence[str], required: Sequence[str]) -> list[str]:
    names = [name.strip().lower() for name in next(csv.reader([head], delimiter=comma), [])]
    unknown = [place for place, name in enumerate(names, start=1) if name not in columns]
    if unknown:
        message = f"line 1, column {unknown[0]}: no such column. Columns are {', '.join(columns)}."
        raise ValueError(message)
    missing = [name for name in required if name not in names]
    if missing:
        message = f"line 1: the column {missing[0]} is missing. Columns are {', '.join(columns)}."
        raise ValueError(message)
    twice = [place for place, name in enumerate(names, start=1) if name in names[: place - 1]]
    if twice:
        message = f"line 1, column {twice[0]}: a column of this name stands before it. Leave one out."
        raise ValueError(message)
    return names


def _read_row(number: int, raw: bytes, *, comma: str, places: dict[str, int]) -> Row | RowFault:
    if len(raw) > LINE_CHARACTERS_MAX:
        return RowFault(line=number, words=f"longer than {LINE_CHARACTERS_MAX:,} bytes. Is a line break missing?")
    try:
        text = raw.decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        column = min(raw[: error.start].count(comma.encode()) + 1, len(places))
        name = list(places)[column - 1]
        return RowFault(line=number, column=column, field=name, words="not UTF-8. Save the table as CSV in UTF-8.")
    try:
        fields = next(csv.reader([text], delimiter=comma, strict=True))
    except csv.Error:
        return RowFault(line=number, words='a quote (") is not closed in this line. Double quotes that are text: "".')
    if len(fields) != len(places):
        words = f"{len(fields)} fields, but the head names {len(places)}. Put quotes around texts that hold a comma."
        return RowFault(line=number, words=words)
    return Row(line=number, columns=places, texts={name: fields[place - 1].strip() for name, place in places.items()})


def read_field(kind: type[Struct], name: str, *, text: str) -> Any:
    """Read one field from text.

    Raises:
        ValueError: The text is none of this field's. The words say what belongs there, and repeat nothing.
    """
    field, hint = _fields(kind)[name]
    if not text and field.default is not NODEFAULT:
        return field.default
    if not text:
        message = "must not be empty."
        raise ValueError(message)
    return _read(_bare(hint), text)


def read_record(
    kind: type[Record], texts: dict[str, str], *, given: dict[str, Any]
) -> tuple[Record | None, dict[str, str]]:
    """Read a record from texts by field, with values that are given; complaints by field where it cannot be.

    Fields that are in neither keep their default.
    """
    values, complaints = dict(given), dict[str, str]()
    for name, (field, _) in _fields(kind).items():
        if name in given or (name not in texts and field.default is not NODEFAULT):
            continue
        try:
            values[name] = read_field(kind, name, text=texts.get(name, ""))
        except ValueError as error:
            complaints[name] = str(error)
    return (None if complaints else kind(**values)), complaints


def write_table(columns: Sequence[str], records: Iterable[Struct]) -> Iterator[str]:
    """Write records as CSV, some lines at a time, the head first."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    for number, record in enumerate(records, start=1):
        writer.writerow([write_field(getattr(record, name)) for name in columns])
        if number % 1000 == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def write_field(value: Any) -> str:
    """Write one field as text, so that ``read_field`` gives it back."""
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case dt.datetime():
            return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
        case tuple():
            return " ".join(map(str, value))
        case _:
            return str(value)


@cache
def _fields(kind: type[Struct]) -> dict[str, tuple[structs.FieldInfo, Any]]:
    hints = typing.get_type_hints(kind)
    return {field.name: (field, hints[field.name]) for field in structs.fields(kind)}


def _bare(hint: Any) -> Any:
    """Take ``| None`` away."""
    if isinstance(hint, types.UnionType):
        return next(part for part in typing.get_args(hint) if part is not type(None))
    return hint


def _read(hint: Any, text: str) -> Any:
    if typing.get_origin(hint) is typing.Literal:
        return _one_of(typing.get_args(hint), text.lower())
    if typing.get_origin(hint) is tuple:
        return tuple(text.split())
    if hint is bool:
        return _one_of(("yes", "no"), "yes" if text.lower() in YES else "no" if text.lower() in NO else "") == "yes"
    reader, words = _READERS[hint]
    try:
        return reader(text)
    except ValueError:
        raise ValueError(words) from None  # the reader's own words repeat the text


def _one_of(choices: Sequence[str], text: str) -> str:
    if text not in choices:
        message = f"one of {', '.join(choices)}."
        raise ValueError(message)
    return text


def _read_time(text: str) -> dt.datetime:
    at = dt.datetime.fromisoformat(text)
    return at.replace(tzinfo=dt.UTC) if at.tzinfo is None and len(text) <= len("2026-11-23") else _aware(at)


def _aware(at: dt.datetime) -> dt.datetime:
    if at.tzinfo is None:
        raise ValueError
    return at.astimezone(dt.UTC)


_READERS: Final[dict[Any, tuple[Any, str]]] = {
    str: (str, ""),
    int: (int, "a whole number."),
    dt.date: (dt.date.fromisoformat, "a day as 2026-11-23."),
    dt.datetime: (_read_time, "a day as 2026-11-23, or a time as 2026-11-23T10:00:00Z."),
}
