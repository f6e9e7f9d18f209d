"""Convert a decoded value to a type field by field, so that one bad field loses only itself.

The rule, from the top down: a value that fits its type is taken whole. One that does not is opened: a struct loses the
fields that do not fit, a list the items, a dict the entries; each loss is a note with its path and reason. A value
that cannot be opened is lost itself. A required field that is lost loses its struct.

Numbers written as strings ("443") are taken as numbers.
"""

import types
from typing import Any, Final, Union, get_args, get_origin

import msgspec
from msgspec import Struct

from raabta.model import Note

MAX_NOTES: Final = 50
"""Notes kept for one document; a counter follows. A document with more bad fields is not made for us."""

_LOST: Final = object()


def salvage(value: Any, kind: Any, *, path: str, notes: list[Note]) -> Any:
    """Convert ``value`` to ``kind``, losing what does not fit.

    Args:
        value: What a JSON decoder gave.
        kind: A type that msgspec knows.
        path: Where the value stands, for notes.
        notes: Receives one note for each lost field.

    Returns:
        The converted value, or None where nothing could be kept.
    """
    result = _convert(value, kind, path, notes)
    return None if result is _LOST else result


def _convert(value: Any, kind: Any, path: str, notes: list[Note]) -> Any:
    if kind is msgspec.Raw:
        return msgspec.Raw(msgspec.json.encode(value))
    try:
        return msgspec.convert(value, kind, strict=False)
    except (msgspec.ValidationError, ValueError, OverflowError, RecursionError) as error:
        opened = _open(value, kind, path, notes)
        if opened is _LOST:
            _note(notes, path, str(error))
        return opened


def _open(value: Any, kind: Any, path: str, notes: list[Note]) -> Any:
    """Convert the parts of a value whose whole does not fit; ``_LOST`` where it has no parts."""
    for option in _options(kind):
        origin = get_origin(option) or option
        if isinstance(value, dict) and isinstance(origin, type) and issubclass(origin, Struct):
            return _open_struct(value, origin, path, notes)
        if isinstance(value, dict) and origin is dict:
            inner = get_args(option)[1]
            return dict(_kept(value.items(), inner, path + ".{}", notes))
        if isinstance(value, list) and origin is list:
            inner = get_args(option)[0]
            return [item for _, item in _kept(enumerate(value), inner, path + "[{}]", notes)]
    return _LOST


def _options(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)


def _kept(pairs: Any, kind: Any, path: str, notes: list[Note]) -> list[tuple[Any, Any]]:
    converted = ((key, _convert(item, kind, path.format(str(key)[:80]), notes)) for key, item in pairs)
    return [(key, item) for key, item in converted if item is not _LOST]


def _open_struct(value: dict[str, Any], kind: type[Struct], path: str, notes: list[Note]) -> Any:
    fields: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        if field.encode_name not in value:
            continue
        converted = _convert(value[field.encode_name], field.type, _join(path, field.encode_name), notes)
        if converted is not _LOST:
            fields[field.name] = converted
    try:
        return kind(**fields)
    except TypeError:
        return _LOST


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _note(notes: list[Note], path: str, reason: str) -> None:
    if len(notes) < MAX_NOTES:
        notes.append(Note(field=path or "(document)", reason=reason))
    elif len(notes) == MAX_NOTES:
        notes.append(Note(field="(document)", reason=f"more than {MAX_NOTES} bad fields; the rest is not listed"))
