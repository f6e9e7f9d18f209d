"""Text that every format can hold: what editors, members and settings wrote, without what breaks a document.

XML 1.0 (section 2.2) has no place for most control characters and for halves of surrogate pairs, and no escape for them
either: one such letter in one title would make a whole feed unreadable. Embeddings, overrides and isolates of the
bidirectional algorithm go as well: left open, they would turn round what follows. Where they are needed, they are put
by ``publish.bidi``, in pairs.
"""

import re
from typing import Any, Final, TypeVar, cast

import msgspec
from msgspec import Struct, structs

Value = TypeVar("Value")

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
_BREAKS: Final = re.compile("\r\n?|[\x85\u2028\u2029]")
_ESCAPED: Final = re.compile(r"\\(?:u00|[bfr])")
"""How JSON writes control characters other than line feed and tab."""
_UNFIT: Final = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]")
"""XML's characters, without C1 controls and noncharacters, which it only discourages."""
_JOINED: Final = re.compile("[\u0300-\u036f\u064b-\u065f\u0670\u200c\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]")
"""What belongs to the letter before it (Urdu's marks, joiners, colours of emoji): a cut never stands in front of it."""
_TURNING: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """Give a text without what a document cannot hold; lines end with a line feed.

    Args:
        text: Any string, also with control characters or lone surrogates: each is shown as U+FFFD.
    """
    return text if text.isascii() and text.isprintable() else _cleaned(text)


def one_line(text: str) -> str:
    """Give a text as one line, for titles and names."""
    return " ".join(clean(text).split())


def shortened(text: str, n_most: int) -> str:
    """Cut a text after a word, or within a very long one: with an ellipsis it has at most ``n_most`` letters."""
    if len(text) <= n_most:
        return text
    end = max(n_most - 1, 0)
    head, blank, _ = text[:end].rpartition(" ")
    if blank and len(head) > n_most // 2:
        return f"{head.rstrip(' ,;:،؛')}…"
    while end > 0 and (_JOINED.match(text[end]) or text[end - 1] == "\N{ZERO WIDTH JOINER}"):
        end -= 1
    return f"{text[:end]}…"


def cleaned(value: Value) -> Value:
    """Give a value of ours with every text in it cleaned, however deep: a thread, or a site.

    Args:
        value: A struct, tuple, named tuple or text; anything else is given back as it is.
    """
    return value if _is_clean(value) else cast("Value", _any_cleaned(value))


def _is_clean(value: object) -> bool:
    """Say quickly whether nothing within is to be cleaned: hardly ever is there anything.

    A text that holds a backslash may be taken for an escape of JSON: it is looked at in full, and nothing is lost.
    """
    try:
        text = msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        return False  # a lone surrogate
    return not (_ESCAPED.search(text) or _UNFIT.search(text) or _TURNING.search(text) or _BREAKS.search(text))


def _any_cleaned(value: Any) -> Any:
    match value:
        case str():
            return clean(value)
        case tuple():
            parts = tuple(map(_any_cleaned, value))
            return value._make(parts) if hasattr(value, "_make") else parts
        case Struct():
            fields = {name: getattr(value, name) for name in value.__struct_fields__}
            changed = {name: new for name, old in fields.items() if (new := _any_cleaned(old)) is not old}
            return structs.replace(value, **changed) if changed else value
        case _:
            return value


def _cleaned(text: str) -> str:
    return _UNFIT.sub(REPLACEMENT, _TURNING.sub("", _BREAKS.sub("\n", text)))
