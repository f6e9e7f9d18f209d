"""A file cut into JSON documents: one a line, one in all, or the members of a list."""

import json
from typing import Any, Final, NamedTuple

import msgspec

from raabta.wire.ooni import cut_documents
from raabta.wire.ooni.streams import Batch

NAME_CHARACTERS: Final = 40
"""Of a field's name in an error."""


class Document(NamedTuple):
    """``value`` is None where it is no JSON."""

    raw: bytes
    value: Any


def cut_into_documents(content: bytes) -> list[Document]:
    """Cut a file into JSON documents; none where it does not begin as one."""
    plain = content.removeprefix(b"\xef\xbb\xbf").strip()
    if plain[:1] not in (b"{", b"["):
        return []
    whole = _decoded(plain)
    if isinstance(whole, list) and not has_twins(plain):
        return [Document(msgspec.json.encode(one), one) for one in whole]
    if whole is not None:
        return [Document(plain, whole)]
    return [Document(cut.data, _decoded(cut.data)) for cut in cut_documents(Batch(1, plain))]


def has_twins(raw: bytes) -> str:
    """Say which field stands twice in one object: readers take the first, or the last. "" where none does.

    Args:
        raw: A JSON document.
    """

    def seen(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twin = next(name for name in names if names.count(name) > 1)
            message = twin[:NAME_CHARACTERS]
            raise LookupError(message)
        return found

    try:
        json.loads(raw, object_pairs_hook=seen)
    except LookupError as error:
        return f"the field {error.args[0]!r} stands twice in one place"
    except (ValueError, RecursionError):
        return "it cannot be looked through"
    return ""


def _decoded(raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return None
