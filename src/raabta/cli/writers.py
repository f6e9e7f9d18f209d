"""Verdicts to the formats that programs read. Each writer takes JSON Lines, batch by batch, so memory stays flat."""

import csv
import io
from typing import Any, BinaryIO, Final, Protocol

import msgspec

from raabta.cli.diagnose import Format
from raabta.model import STATES_OF_THE_WORLD, Verdict

ROWS_PER_GROUP: Final = 20_000
"""Rows of a Parquet row group: some 20 MB before compression. Not validated."""

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
            return ParquetWriter(output)
        case Format.TABLE:
            from raabta.cli.summary import SummaryWriter  # noqa: PLC0415  rich's tables, which files do not need

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

    Lists of words are joined by ";"; evidence, notes and facts are JSON. Values stand as they are, quoted where CSV asks for it.
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


class ParquetWriter:
    """One Parquet file, zstd, a row group for every ``ROWS_PER_GROUP`` verdicts. The shape is ``Verdict``'s own.

    ``posterior`` is a struct of the five states, ``facts`` JSON, since their types differ from test to test.
    """

    def __init__(self, output: BinaryIO) -> None:
        import pyarrow  # noqa: PLC0415  an extra, and 0.2 s
        import pyarrow.parquet  # noqa: PLC0415

        self._arrow = pyarrow
        self._schema = self._schema_of_verdict()
        self._file = pyarrow.parquet.ParquetWriter(output, self._schema, compression="zstd")
        self._rows: list[dict[str, Any]] = []

    def write(self, jsonl: bytes) -> None:
        """Take a batch; write when there are enough rows for a group."""
        for row in _ROWS.decode_lines(jsonl):
            row["facts"] = msgspec.json.encode(row["facts"]).decode()
            self._rows.append(row)
        if len(self._rows) >= ROWS_PER_GROUP:
            self._write_group()

    def _write_group(self) -> None:
        self._file.write_table(self._arrow.Table.from_pylist(self._rows, schema=self._schema))
        self._rows.clear()

    def finish(self) -> None:
        """Write the last group and the file's own index."""
        if self._rows:
            self._write_group()
        self._file.close()

    def _schema_of_verdict(self) -> Any:
        described = msgspec.inspect.type_info(Verdict)
        fields = {field.name: self._type_of(field.type) for field in described.fields}  # type: ignore[attr-defined]
        fields["posterior"] = self._arrow.struct([(state, self._arrow.float64()) for state in STATES_OF_THE_WORLD])
        fields["facts"] = self._arrow.string()
        return self._arrow.schema(list(fields.items()))

    def _type_of(self, described: msgspec.inspect.Type) -> Any:
        arrow = self._arrow
        match described:
            case msgspec.inspect.BoolType():
                return arrow.bool_()
            case msgspec.inspect.IntType():
                return arrow.int64()
            case msgspec.inspect.FloatType():
                return arrow.float64()
            case msgspec.inspect.ListType(item_type=item):
                return arrow.list_(self._type_of(item))
            case msgspec.inspect.StructType(fields=fields):
                return arrow.struct([(field.name, self._type_of(field.type)) for field in fields])
            case _:
                return arrow.string()
