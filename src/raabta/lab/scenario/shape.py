"""Shape of a scenario file: known fields, needed fields, types. Every mistake is kept, and reading goes on."""

import difflib
import tomllib
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from raabta.lab.scenario.places import find_places, line_of
from raabta.lab.scenario.types import Condition, Interference, Network, Scenario, Target, Truth
from raabta.model import Rejection

SECTIONS: Final[dict[str, type[Struct]]] = {
    "network": Network,
    "target": Target,
    "interference": Interference,
    "condition": Condition,
    "truth": Truth,
}
"""Tables of a scenario file that may stand several times, and the shape of their rows."""

Row = TypeVar("Row", bound=Struct)


@dataclass(slots=True, kw_only=True)
class Draft:
    """A scenario file being read: its text and content, and the mistakes found so far."""

    file: str
    text: str
    content: dict[str, Any]
    places: dict[str, int]
    mistakes: list[Rejection] = field(default_factory=list)

    def blame(self, place: str, reason: str) -> None:
        """Keep a mistake at a field such as ``interference[0].trigger``."""
        line = line_of(self.places, place)
        self.mistakes.append(Rejection(file=self.file, line=line, field=place, reason=reason))

    def rows(self, section: str, shape: type[Row]) -> list[tuple[str, dict[str, Any], Row]]:
        """Give place, content and row of each table of a section that has its shape."""
        found = []
        for index, content in enumerate(_tables(self.content.get(section))):
            place = f"{section}[{index}]"
            row = _convert(self, place, content, shape)
            if row is not None:
                found.append((place, content, row))
        return found


def open_draft(text: str, *, file: str) -> Draft:
    """Parse TOML. Where it is none, the draft is empty and has that mistake."""
    draft = Draft(file=file, text=text, content={}, places=find_places(text))
    try:
        draft.content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message, _, place = str(error).partition(" (at ")
        digits = place.removeprefix("line ").partition(",")[0]
        line = int(digits) if digits.isdigit() else text.count("\n") + 1
        reason = f"this is not TOML: {message}; look at quotes, brackets and commas"
        draft.mistakes.append(Rejection(file=file, line=line, field="", reason=reason))
    return draft


def check_head(draft: Draft) -> None:
    """Check the fields at the top, and that every section is one."""
    head = {key: value for key, value in draft.content.items() if key not in SECTIONS}
    for section in SECTIONS:
        value = draft.content.get(section, [])
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            draft.blame(section, f"write each {section} as a table of its own under [[{section}]]")
    for section in ("network", "target"):
        if not draft.content.get(section):
            draft.blame(section, f"there is none: add a table [[{section}]] with a name")
    _check_fields(draft, "", head, shape=Scenario)


def _convert(draft: Draft, place: str, content: dict[str, Any], shape: type[Row]) -> Row | None:
    """Give the row, or None with its mistakes kept."""
    before = len(draft.mistakes)
    _check_fields(draft, place, content, shape=shape)
    return msgspec.convert(content, shape) if len(draft.mistakes) == before else None


def suggest(word: str, known: Iterable[str]) -> str:
    """Say what to try in place of a word: its likeliest meanings, or all that there is."""
    known = list(known)
    close = difflib.get_close_matches(word, known, n=3, cutoff=0.6)
    if close:
        return "did you mean " + " or ".join(close) + "?"
    return "there is " + (", ".join(known) if known else "none")


def _check_fields(draft: Draft, place: str, content: Mapping[str, Any], *, shape: type[Struct]) -> None:
    hints = typing.get_type_hints(shape)
    dot = f"{place}." if place else ""
    for info in msgspec.structs.fields(shape):
        if info.required and info.name not in content and info.name not in SECTIONS:
            draft.blame(f"{dot}{info.name}", "it is missing: add it")
    for name, value in content.items():
        if name not in hints:
            draft.blame(f"{dot}{name}", f"there is no such field: {suggest(name, hints)}")
            continue
        try:
            msgspec.convert(value, hints[name])
        except msgspec.ValidationError as error:
            draft.blame(f"{dot}{name}", f"{error}{_options(hints[name])}")


def _options(hint: object) -> str:
    """List the words that a field takes, where it takes only certain words."""
    parts = (hint, *typing.get_args(hint))
    words = [word for part in parts if typing.get_origin(part) is typing.Literal for word in typing.get_args(part)]
    return f"; it takes {', '.join(map(repr, words))}" if words else ""


def _tables(value: object) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
