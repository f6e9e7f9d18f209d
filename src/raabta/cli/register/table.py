"""Records on standard output: a table or a sheet for people, JSON lines for programs."""

import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

if TYPE_CHECKING:
    from msgspec import Struct

WIDTH: Final = 80
LABEL: Final = 26
PAGE: Final = 100


class Format(StrEnum):
    """What is written."""

    TABLE = "table"
    JSONL = "jsonl"


class FileFormat(StrEnum):
    """What an export is written as."""

    CSV = "csv"
    JSONL = "jsonl"


FormatOption = Annotated[
    Format | None, typer.Option("--format", "-f", help="Default: table on a terminal, else jsonl.")
]
LimitOption = Annotated[int, typer.Option("--limit", metavar="N", min=1, help="Show so many at most.")]
AfterOption = Annotated[str, typer.Option("--after", metavar="ID", help="Go on after this one.")]


def as_lines(asked: Format | None) -> bool:
    """Say whether a program reads along."""
    return (asked or (Format.TABLE if sys.stdout.isatty() else Format.JSONL)) is Format.JSONL


def write_lines(records: "Iterable[Struct | dict[str, Any]]") -> None:
    """Write records as JSON, one a line."""
    import msgspec  # noqa: PLC0415  --help need not wait for it

    for record in records:
        sys.stdout.buffer.write(msgspec.json.encode(record) + b"\n")
    sys.stdout.buffer.flush()


def write_table(heads: Sequence[str], rows: Sequence[Sequence[Any]], *, wrap: bool = False) -> None:
    """Write a table that fits the terminal; the last column gives way: it is cut, or goes on in lines beneath."""
    texts = [[_text(value) for value in row] for row in rows]
    widths = [max(len(line[place]) for line in (list(heads), *texts)) for place in range(len(heads))]
    room = max(_width() - sum(widths[:-1]) - 2 * (len(heads) - 1), 12)
    for line in (list(heads), *texts):
        cells = [cell.ljust(width) for cell, width in zip(line[:-1], widths, strict=False)]
        last = textwrap.wrap(line[-1], room) or [""] if wrap else [_cut(line[-1], room)]
        typer.echo("  ".join([*cells, last[0]]).rstrip())
        for more in last[1:]:
            typer.echo(" " * (_width() - room) + more)


def write_text(text: str, indent: str = "") -> None:
    """Write a text in lines that fit the terminal."""
    wide = textwrap.wrap(text, _width(), initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
    typer.echo("\n".join(wide))


def write_sheet(title: str, record: "Struct", *, leave: Sequence[str] = ()) -> None:
    """Write a record as a sheet: one field a line, empty ones left out."""
    typer.echo(title)
    for name in record.__struct_fields__:
        text = _text(getattr(record, name))
        if text and name not in leave:
            typer.echo(f"  {name.replace('_', ' '):<{LABEL}}{text}")


def tell_rest(n_shown: int, n_all: int, last: str) -> None:
    """Say on standard error how the rest can be seen."""
    if n_shown < n_all:
        typer.echo(f"{n_shown:,} of {n_all:,} shown. Go on: --after {last}  More at once: --limit N", err=True)


def _text(value: Any) -> str:
    from raabta.registry.tabular import write_field  # noqa: PLC0415  --help need not wait for it

    if hasattr(value, "strftime") and hasattr(value, "hour"):
        return str(value.strftime("%Y-%m-%d %H:%M UTC"))
    return "" if value is False else write_field(value)


def _width() -> int:
    return max(WIDTH, shutil.get_terminal_size((WIDTH, 0)).columns)


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1]}…"
