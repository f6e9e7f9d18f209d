"""Both texts of a bulletin as a TOML file, to be edited side by side, and parts that were typed one by one."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct, structs

from raabta.model.bulletin import LANGUAGES, BulletinText, Language

PARTS: Final = ("title", "known", "not_known", "stated", "workaround", "correction")


_ALWAYS: Final = frozenset({"title", "known"})


class _Text(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: str
    known: str = ""
    not_known: str = ""
    stated: str = ""
    workaround: str = ""
    correction: str = ""


class _File(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    en: _Text
    ur: _Text


def read_texts(raw: bytes) -> tuple[BulletinText, ...]:
    """Read a file: tables ``[en]`` and ``[ur]`` with title, known, not_known, stated, workaround, correction.

    Raises:
        ValueError: It is no such file. The text names the field.
    """
    try:
        read = msgspec.toml.decode(raw, type=_File)
    except (msgspec.MsgspecError, ValueError) as error:
        message = f"{error}. A bulletin has [en] and [ur], each with title and known; try: raabta bulletin show --toml"
        raise ValueError(message) from error
    return tuple(BulletinText(language=language, **structs.asdict(getattr(read, language))) for language in LANGUAGES)


def write_texts(texts: Sequence[BulletinText]) -> str:
    """Write both texts as such a file."""
    tables = []
    for text in texts:
        lines = [f"{part} = {_quoted(getattr(text, part))}" for part in PARTS if getattr(text, part) or part in _ALWAYS]
        tables.append("\n".join((f"[{text.language}]", *lines)))
    return "\n\n".join(tables) + "\n"


def write_table(template: str, values: Mapping[str, str]) -> str:
    """Write a template's values that were typed so far, to go on with them later."""
    lines = [f"{name} = {_quoted(value)}" for name, value in values.items()]
    return "\n".join((f"template = {_quoted(template)}", "", "[set]", *lines)) + "\n"


def with_parts(texts: Sequence[BulletinText], parts: Mapping[str, str]) -> tuple[BulletinText, ...]:
    """Replace parts of texts.

    Args:
        texts: As they were; none for a new bulletin.
        parts: As ``{"known_ur": …}``.

    Raises:
        ValueError: There is no such part.
    """
    made: dict[Language, dict[str, str]] = {
        text.language: {part: getattr(text, part) for part in PARTS} for text in texts
    }
    for key, words in parts.items():
        part, _, ending = key.rpartition("_")
        language = next((one for one in LANGUAGES if one == ending), None)
        if part not in PARTS or language is None:
            message = f"text {key!r}: there is no such part. Write one of {', '.join(PARTS)} with _en or _ur."
            raise ValueError(message)
        made.setdefault(language, dict.fromkeys(PARTS, ""))[part] = words
    return tuple(BulletinText(language=language, **made[language]) for language in LANGUAGES if language in made)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"""\n{escaped}"""' if "\n" in text else f'"{escaped}"'
