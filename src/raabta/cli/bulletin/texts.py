"""The texts of a bulletin: from a template, a file, ``--text``, or asked part by part."""

import sys
from typing import TYPE_CHECKING, Final

from raabta.cli.bulletin.options import Typed
from raabta.cli.bulletin.unfinished import Asked
from raabta.cli.diagnose import STANDARD, fail
from raabta.cli.prompting import ask_text, is_person

if TYPE_CHECKING:
    from raabta.cli.publish.opening import Desk
    from raabta.model.bulletin import BulletinText
    from raabta.pipeline.informing.bulletins.filling import Known

_WORDS: Final = {
    "title": "Title",
    "known": "What is known",
    "not_known": "What is not known",
    "stated": "Who states what",
    "workaround": "What people can do",
    "correction": "What was wrong before",
}
_LANGUAGES: Final = {"en": "English", "ur": "Urdu"}


def read_file(typed: Typed) -> "tuple[BulletinText, ...]":
    """Read both texts from a TOML file."""
    from raabta.pipeline.informing.bulletins.files import read_texts  # noqa: PLC0415  --help need not wait for it

    name = str(typed.file)
    try:
        raw = sys.stdin.buffer.read() if typed.file is None or name == STANDARD else typed.file.read_bytes()
        return read_texts(raw)
    except OSError as error:
        fail(f"--from: {name} cannot be read: {error.strerror}. Check the name.")
    except ValueError as error:
        fail(f"--from: {name}: {error}")


def fill(desk: "Desk", typed: Typed, known: "Known", *, asked: Asked) -> "tuple[BulletinText, ...]":
    """Fill a template; a person is asked for what is missing."""
    from raabta.pipeline.informing.bulletins.filling import (  # noqa: PLC0415  --help need not wait for it
        fill_template,
        known_values,
        typed_values,
    )
    from raabta.publish.bulletin.templates import missing_values, template_of  # noqa: PLC0415  as above

    template = template_of(typed.template or "")
    given = dict(_pair(one, "--set") for one in typed.values or ())
    values = typed_values(template, given, read_moment=desk.read_moment)
    whole = known_values(template, known, site=desk.settings.site)
    for name, value in values.items():
        before = whole.get(name)
        whole[name] = {**before, **value} if isinstance(value, dict) and isinstance(before, dict) else value
    missing = missing_values(template, whole) if is_person() else []
    for key in missing:
        ask = template.asks.get(key) or template.asks[key[:-3]]
        language = f" ({_LANGUAGES[key[-2:]]})" if ask.kind == "text" else ""
        given[key] = asked.values[key] = ask_text(None, f"--set {key}", f"{ask.words}{language}")
    if missing:
        values = typed_values(template, given, read_moment=desk.read_moment)
    return fill_template(template, values, known=known, site=desk.settings.site)


def typed_texts(typed: Typed, earlier: "tuple[BulletinText, ...]" = ()) -> "tuple[BulletinText, ...]":
    """Read ``--text``, over what was there."""
    from raabta.pipeline.informing.bulletins.files import with_parts  # noqa: PLC0415  --help need not wait for it

    return with_parts(earlier, dict(_pair(one, "--text") for one in typed.parts or ()))


def texts_of(desk: "Desk", typed: Typed, known: "Known", *, asked: Asked) -> "tuple[BulletinText, ...]":
    """Give both texts from wherever they come; ``--text`` goes over a template's or a file's."""
    corrects = known.corrects is not None
    if typed.file is not None:
        return typed_texts(typed, _ask_missing(read_file(typed), asked))
    if typed.template or (typed.values and corrects):
        chosen = typed._replace(template=typed.template or "correction")
        return typed_texts(typed, fill(desk, chosen, known, asked=asked))
    if typed.parts:
        return typed_texts(typed)
    if not is_person():
        fail("there is no text. Give --template NAME with --set, --from FILE, or --text PART=WORDS.")
    return ask_texts(corrects=corrects, asked=asked)


def ask_texts(*, corrects: bool, asked: Asked) -> "tuple[BulletinText, ...]":
    """Ask for both texts, part by part, English and Urdu side by side."""
    from raabta.pipeline.informing.bulletins.files import with_parts  # noqa: PLC0415  --help need not wait for it

    given = asked.texts
    for part, words in _WORDS.items():
        if part == "correction" and not corrects:
            continue
        for language, name in _LANGUAGES.items():
            must = part in {"title", "known"} or (part == "correction")
            option = f"--text {part}_{language}"
            given[f"{part}_{language}"] = ask_text(None, option, f"{words} ({name})", default=None if must else "")
    return with_parts((), given)


def _ask_missing(texts: "tuple[BulletinText, ...]", asked: Asked) -> "tuple[BulletinText, ...]":
    """Ask a person for what a file lacks, as one that was kept half way does."""
    from raabta.pipeline.informing.bulletins.files import PARTS, with_parts  # noqa: PLC0415  as above

    empty = [(part, text) for part in ("title", "known") for text in texts if not getattr(text, part)]
    if not (empty and is_person()):
        return texts
    asked.texts.update({f"{part}_{text.language}": getattr(text, part) for text in texts for part in PARTS})
    for part, text in empty:
        key = f"{part}_{text.language}"
        asked.texts[key] = ask_text(None, f"--text {key}", f"{_WORDS[part]} ({_LANGUAGES[text.language]})")
    return with_parts(texts, asked.texts)


def _pair(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        fail(f"{option} {text!r}: write NAME=VALUE.")
    return name.strip(), value.replace("\\n", "\n")
