"""Verdicts to a Parquet file. Imported only when one is written: pyarrow comes with ``raabta[analysis]``."""

from typing import Any, BinaryIO, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import inspect

from raabta.model import STATES_OF_THE_WORLD, Verdict

ROWS_PER_GROUP: Final = 20_000
"""Rows of a row group: some 20 MB before compression. Not validated."""

_ROWS: Final = msgspec.json.Decoder(dict[str, Any])


class ParquetWriter:
    """One file, zstd, a row group for every ``ROWS_PER_GROUP`` verdicts. The shape is ``Verdict``'s own.

    ``posterior`` is a struct of the five states, ``facts`` JSON, since their names and types differ from test to test.
    """

    def __init__(self, output: BinaryIO) -> None:
        self._schema = schema_of_verdict()
        self._file = pq.ParquetWriter(output, self._schema, compression="zstd")
        self._rows: list[dict[str, Any]] = []

    def write(self, jsonl: bytes) -> None:
        """Take a batch; write when there are enough rows for a group."""
        for row in _ROWS.decode_lines(jsonl):
            row["facts"] = msgspec.json.encode(row["facts"]).decode()
            self._rows.append(row)
        if len(self._rows) >= ROWS_PER_GROUP:
            self._write_group()

    def finish(self) -> None:
        """Write the last group and the file's own index."""
        if self._rows:
            self._write_group()
        self._file.close()

    def _write_group(self) -> None:
        self._file.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
        self._rows.clear()


def schema_of_verdict() -> pa.Schema:
    """Derive the columns from ``Verdict``."""
    fields = msgspec.structs.fields(Verdict)
    types = {field.name: arrow_type(inspect.type_info(field.type)) for field in fields}
    types["posterior"] = pa.struct([(state, pa.float64()) for state in STATES_OF_THE_WORLD])
    types["facts"] = pa.string()
    return pa.schema(list(types.items()))


def arrow_type(described: inspect.Type) -> pa.DataType:
    """Give the Arrow type of a field's type."""
    match described:
        case inspect.BoolType():
            return pa.bool_()
        case inspect.IntType():
            return pa.int64()
        case inspect.FloatType():
            return pa.float64()
        case inspect.ListType(item_type=item):
            return pa.list_(arrow_type(item))
        case inspect.StructType(fields=fields):
            return pa.struct([(field.name, arrow_type(field.type)) for field in fields])
        case _:
            return pa.string()
