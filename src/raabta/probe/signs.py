"""What is kept of a page in place of its body: length, hash, title, and what the tables know of it.

A page may show the visitor's address, and whoever guesses the address could confirm the guess by the hash. So the hash
is made without any character that an address is written with, in whatever form: digits, A to F, dots and colons. What
is left tells pages apart well enough, and block pages hash alike that differ only in whom they were shown to.
"""

import hashlib
import html
import re
from collections.abc import Mapping
from typing import Final

from raabta.model import PageSigns
from raabta.reference.refusals import gives_own_reason, looks_like_refusal
from raabta.reference.tables import Tables

TITLE_CHARS: Final = 400
"""Longer titles are cut: no page needs more to be recognised."""

NOT_HASHED: Final = b"0123456789abcdefABCDEF.:"
"""Characters of addresses, which the hash leaves out."""

_TITLE: Final = re.compile(r"<title\b[^>]*>([^<]*)", re.IGNORECASE)
_CHARSET: Final = re.compile(r"charset=\"?([\w.:-]+)", re.IGNORECASE)


def page_signs(body: bytes, *, headers: Mapping[str, str], status: int, tables: Tables) -> PageSigns:
    """Look at a page and keep its signs.

    Args:
        body: Bytes of the body, decoded (no gzip), perhaps cut short.
        headers: The response's headers.
        status: Its status code.
        tables: Reference tables; the fingerprints are asked.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    text = _decode(body, lower.get("content-type", ""))
    title = title_of(text)
    known = tables.fingerprints.page(title=title, body=text, headers=lower, status=status)
    return PageSigns(
        sha256=hashlib.sha256(body.translate(None, NOT_HASHED)).hexdigest() if body else "",
        bytes=len(body),
        title=title,
        kind="" if known is None else known.kind,
        id="" if known is None else known.id,
        refusal=looks_like_refusal(title, text),
        own_reason=gives_own_reason(title, text),
    )


def title_of(text: str) -> str:
    """Give the text of the first title element, entities resolved, spaces made one; "" where there is none."""
    found = _TITLE.search(text)
    return " ".join(html.unescape(found.group(1)).split())[:TITLE_CHARS] if found is not None else ""


def _decode(body: bytes, content_type: str) -> str:
    found = _CHARSET.search(content_type)
    try:
        return body.decode(found.group(1) if found is not None else "utf-8", "replace")
    except (LookupError, UnicodeError):  # a page may name any codec, also one that is none for text
        return body.decode("utf-8", "replace")
