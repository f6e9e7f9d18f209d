"""Make broken JSON readable where that loses only the broken part; say what was lost.

The fast decoder refuses a document for one byte that is not UTF-8, one lone surrogate, one number of a thousand digits,
a ``NaN`` or a container nested a thousand deep. Here such a document is read slowly: bad bytes become U+FFFD, such
numbers become null, and what is nested deeper than ``MAX_DEPTH`` becomes null. Each repair is a note.

Not done: guessing at text that ends early. Half a document is rejected, since its missing half cannot be told from
a half that was never there.
"""

import json
import re
from typing import Any, Final

from raabta.model import Note

MAX_DEPTH: Final = 64
"""Levels of nesting kept. Real documents have at most 12 (tor's targets); both parsers take some 900."""

_TOKENS: Final = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_MAX_DIGITS: Final = 400
"""Digits of a number kept. Python refuses to convert more than 4300 (CVE-2020-10735)."""


class UnreadableError(Exception):
    """The bytes are not a JSON document. ``args[0]`` says why and where."""


def read_slowly(data: bytes) -> tuple[Any, list[Note]]:
    """Decode one JSON document, repairing what can be repaired.

    Returns:
        The decoded value and one note a kind of repair.

    Raises:
        UnreadableError: The text is not JSON even so.
    """
    notes: list[Note] = []
    text = data.decode("utf-8", "replace")
    if "\ufffd" in text and b"\xef\xbf\xbd" not in data:
        notes.append(Note(field="(document)", reason="bytes that are not UTF-8 were replaced by U+FFFD"))
    text = _flatten(text, notes)

    def number(digits: str) -> int | float | None:
        if len(digits) <= _MAX_DIGITS:
            return int(digits)
        notes.append(Note(field="(document)", reason=f"a number of {len(digits)} digits was dropped"))
        return None

    def constant(name: str) -> None:
        notes.append(Note(field="(document)", reason=f"{name} is not a JSON number and was dropped"))

    try:
        value = json.loads(text, parse_int=number, parse_constant=constant)
    except RecursionError as error:
        raise UnreadableError("nested too deep") from error
    except ValueError as error:
        raise UnreadableError(_words(error)) from error
    return _without_surrogates(value), notes


def _words(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg} at byte {error.pos}"
    return f"not JSON: {error}"


def _flatten(text: str, notes: list[Note]) -> str:
    """Put null in place of every container nested deeper than ``MAX_DEPTH``."""
    depth = deepest = 0
    cut_from = -1
    kept: list[str] = []
    done = 0
    for token in _TOKENS.finditer(text):
        mark = text[token.start()]
        if mark in "[{":
            depth += 1
            deepest = max(deepest, depth)
            if depth == MAX_DEPTH + 1:
                cut_from = token.start()
        elif mark in "]}":
            depth -= 1
            if depth == MAX_DEPTH and cut_from >= 0:
                kept += (text[done:cut_from], "null")
                done, cut_from = token.end(), -1
    if deepest > MAX_DEPTH:
        notes.append(Note(field="(document)", reason=f"what is nested deeper than {MAX_DEPTH} levels was dropped"))
    return "".join((*kept, text[done:])) if kept else text


def _without_surrogates(value: Any) -> Any:
    """Replace lone surrogates, which no output encoding takes, in all strings of a decoded value."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value
