"""Words in English and Urdu that pages, feeds, messages and packs share. Data: ``data/words.toml``."""

from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from raabta.model.bulletin import Language

_FILE: Final = Path(__file__).with_name("data") / "words.toml"


@cache
def all_words() -> dict[str, dict[str, dict[Language, str]]]:
    """Give all words: group, name, language."""
    return msgspec.toml.decode(_FILE.read_bytes(), type=dict[str, dict[str, dict[Language, str]]])


def say(group: str, name: str, *, language: Language) -> str:
    """Say a word of a group, as ``say("state", "resolved", language="ur")``.

    Raises:
        KeyError: There is none: a fault of ours.
    """
    return all_words()[group][name][language]
