"""The one byte form of a list, so that what is signed, hashed and compared is the same everywhere.

RFC 8785 sorts keys by UTF-16 units, writes no blanks and escapes only what JSON must. For the types of
``model.exemption`` (ASCII field names, no floats, integers below 2**53) the encoder's sorted form is that form, a
hundred times as fast as a general one; a test holds it against an independent implementation.

Fields that have their default are left out, and msgspec takes a value for the default only where it is the same
object, which a text from a database or an option is not. So a record is encoded, read, and encoded again: what was
read holds the default itself.
"""

from typing import TypeVar

import msgspec
from msgspec import Struct

Record = TypeVar("Record", bound=Struct)


def canonical(record: Struct) -> bytes:
    """Give the canonical bytes (RFC 8785 JSON, UTF-8) of a record: the same for equal records."""
    return _encoded(msgspec.json.decode(msgspec.json.encode(record), type=type(record)))


def _encoded(record: Struct) -> bytes:
    return msgspec.json.encode(record, order="sorted")


def read_canonical(raw: bytes, kind: type[Record], *, name: str) -> Record:
    """Read a record back, and refuse bytes that are not its canonical form.

    Args:
        raw: The bytes.
        kind: The type to read.
        name: What to call it in an error: a file or URL.

    Raises:
        ValueError: It is not of this type, or not canonical. The text names the place and what to try.
    """
    try:
        record = msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        message = f"{name}: this is no {kind.__name__}: {error}. Fetch it again, or ask who made it."
        raise ValueError(message) from error
    if _encoded(record) != raw:
        message = f"{name}: the bytes are not in canonical form (RFC 8785), so they are not what was signed."
        raise ValueError(message)
    return record
