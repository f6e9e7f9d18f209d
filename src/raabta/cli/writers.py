"""Verdicts to the formats that programs read. Each writer takes JSON Lines, batch by batch, so memory stays flat."""

import csv
import io
from typing import Any, BinaryIO, Final, Protocol

import msgspec

from raabta.cli.diagnose import Format
from raabta.model import STATES_OF_THE_WORLD, Verdict

_ROWS: Final = msgspec.json.Decoder(dict[str, Any])


class Writer(Protocol):
    """Takes verdicts and writes them."""

    def write(self, jsonl: bytes) -> None:
        """Take one batch of verdicts, one JSON object a line."""

    def finish(self) -> None:
        """Write what is still held back."""


def make_writer(kind: Format, output: BinaryIO) -> Writer:
    """Give the writer of a format."""
    match kind:
        case Format.JSONL:
            return JsonlWriter(output)
        case Format.CSV:
            return CsvWriter(output)
        case Format.PARQUET:
            from raabta.cli.parquet import ParquetWriter  # noqa: PLC0415  pyarrow is an extra, and takes 0.2 s

            return ParquetWriter(output)
        case Format.TABLE:
            from raabta.cli.report.summary import SummaryWriter  # noqa: PLC0415  rich's tables, which files do not need

            return SummaryWriter(output)


class JsonlWriter:
    """JSON Lines, byte for byte as the pipeline made them."""

    def __init__(self, output: BinaryIO) -> None:
        self._output = output

    def write(self, jsonl: bytes) -> None:
        """Write a batch; a reader at the other end of a pipe gets it at once."""
        self._output.write(jsonl)
        self._output.flush()

    def finish(self) -> None:
        """Nothing is held back."""


class CsvWriter:
    """Flat rows: a column for each field, one for each state of the posterior.

    Lists of words are joined by ";"; evidence, notes and facts are JSON. Values are not changed, only quoted where CSV
    asks for it.
    """

    def __init__(self, output: BinaryIO) -> None:
        self._output = output
        self._write_rows([columns()])

    def write(self, jsonl: bytes) -> None:
        """Write a batch."""
        self._write_rows([flat_row(row) for row in _ROWS.decode_lines(jsonl)])

    def _write_rows(self, rows: list[list[Any]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows(rows)
        self._output.write(text.getvalue().encode())

    def finish(self) -> None:
        """Nothing is held back."""


def columns() -> list[str]:
    """Name the columns of a flat row, in the order of the verdict's fields."""
    names: list[str] = []
    for name in Verdict.__struct_fields__:
        names += [f"posterior_{state}" for state in STATES_OF_THE_WORLD] if name == "posterior" else [name]
    return names


def flat_row(row: dict[str, Any]) -> list[Any]:
    """Give the cells of one verdict, in the order of ``columns``."""
    cells: list[Any] = []
    for name in Verdict.__struct_fields__:
        value = row[name]
        if name == "posterior":
            cells += [value[state] for state in STATES_OF_THE_WORLD]
        elif name in ("layers", "mechanisms"):
            cells.append(";".join(value))
        elif isinstance(value, (list, dict)):
            cells.append(msgspec.json.encode(value).decode())
        else:
            cells.append(value)
    return cells
