"""Does a page say that access is denied, in words of any of two dozen languages?

A page of refusal that no fingerprint knows still says what it is. The words are in ``refusals.toml``, by language.
This is weak evidence: a site's own firewall says "Access Denied" as well, and an article may quote the words, so a
caller weighs it and asks the fingerprints of challenges first.

The title is compared whole or searched for a phrase. The body is searched without tags, scripts and styles, and only
where it has at most 16384 characters: a longer page is an article, not a refusal.

Not done: text in images, text written by scripts, inflected forms beyond those listed.
"""

import functools
import importlib.resources
import re

import msgspec

# A page of refusal with its styles and pictures inlined; reasoned, not validated.
REFUSAL_MAX_CHARS = 16384

_UNSEEN = re.compile(r"(?is)<(script|style)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>")


class _Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: frozenset[str]
    phrases: tuple[str, ...]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    language: dict[str, _Words]


def looks_like_refusal(title: str, body: str) -> bool:
    """Whether a page says that access is denied, blocked or forbidden. Weak evidence.

    Args:
        title: Text of the title element; empty where there is none.
        body: Decoded body; empty for none.
    """
    return refusal_language(title, body) is not None


def refusal_language(title: str, body: str) -> str | None:
    """The language in which a page refuses, an ISO 639-1 code; None where it does not."""
    plain_title = _plain(title)
    if plain_title:
        for language, words in refusal_words().items():
            if plain_title in words.title:
                return language
    seen = _plain(_UNSEEN.sub(" ", body)) if 0 < len(body) <= REFUSAL_MAX_CHARS else ""
    if not plain_title and not seen:
        return None
    for language, words in refusal_words().items():
        if any(phrase in plain_title or phrase in seen for phrase in words.phrases):
            return language
    return None


OWN_REASONS = (
    "your ip",
    "ip address has been",
    "your country",
    "your region",
    "your location",
    "vpn or proxy",
    "using a vpn",
    "site owner",
    "website owner",
    "вашего ip",
    "tu país",
    "votre pays",
)
"""What sites say when they refuse a visitor by address or country; who blocks for others does not say it."""

REASON_CHARS = 4096


def gives_own_reason(title: str, body: str) -> bool:
    """Whether a page of refusal names a reason that only the site itself would have.

    Args:
        title: Text of the title element; empty where there is none.
        body: Decoded body, of which the first 4096 characters are searched.
    """
    words = f"{title} {body[:REASON_CHARS]}".casefold()
    return any(reason in words for reason in OWN_REASONS)


@functools.cache
def refusal_words() -> dict[str, _Words]:
    """The words of ``refusals.toml`` by language, in the form in which they are compared; read once."""
    raw = importlib.resources.files("raabta.reference").joinpath("refusals.toml").read_bytes()
    file = msgspec.toml.decode(raw, type=_File)
    return {language: _compared(words) for language, words in file.language.items()}


def _compared(words: _Words) -> _Words:
    return _Words(title=frozenset(map(_plain, words.title)), phrases=tuple(map(_plain, words.phrases)))


def _plain(text: str) -> str:
    # Case folding knows no Turkish: a capital dotted I leaves U+0307 behind, and a capital I loses that it was dotless.
    return " ".join(text.casefold().replace("\u0307", "").replace("ı", "i").split())
