"""Tokens that stand in links and return addresses: they say which subscriber is meant, and that we wrote them.

A token is the id, a hyphen and a check mark: the first 100 bits of an HMAC-SHA-256 over purpose and id. Nobody guesses
one (each guess needs a request), and one that was made for a purpose is refused for any other. It may be written in
capitals, since mail servers may change the case of a return address. The key is the identity secret, which outlives
deletions: a link in an old mail still lets somebody leave.

A token does not expire by itself: what it may do is judged by the record that it names.
"""

import hmac
import re
from base64 import b32encode
from typing import Final, Literal

from raabta.registry.secrets import RegisterKey

Purpose = Literal["confirm", "leave", "change", "bounce", "invite"]
"""``invite`` names an organisation and a day (``subscribing.inviting``); the others name a subscriber."""

MARK_CHARACTERS: Final = 20
"""100 bits in base32."""
TOKEN_CHARACTERS_MAX: Final = 61
_ID: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
"""With its mark an id fits a mail address's local part: 64 characters (RFC 5321, 4.5.3.1.1)."""


def make_token(key: RegisterKey, purpose: Purpose, *, id_: str) -> str:
    """Make a token for a purpose and an id, as ``su-mfrgg…-nbswy…``: a-z, 2-7 and hyphens.

    Raises:
        ValueError: The id has other signs than small letters, digits and hyphens, or more than 40.
    """
    if not _ID.fullmatch(id_):
        message = f"no token can be made for {id_!r}: an id has at most 40 small letters, digits and hyphens."
        raise ValueError(message)
    return f"{id_}-{_mark(key, purpose, id_)}"


def read_token(key: RegisterKey, purpose: Purpose, *, token: str) -> str:
    """Give the id that a token was made for.

    Raises:
        ValueError: We did not make it, or for another purpose. The text does not repeat it.
    """
    id_, _, mark = token.lower().rpartition("-")
    whole = token.isascii() and len(token) <= TOKEN_CHARACTERS_MAX and _ID.fullmatch(id_)
    if not whole or not hmac.compare_digest(mark.encode(), _mark(key, purpose, id_).encode()):
        message = "this link is not whole, or was not made here. Copy all of it from the newest message."
        raise ValueError(message)
    return id_


def _mark(key: RegisterKey, purpose: Purpose, id_: str) -> str:
    digest = hmac.digest(key.identity, f"raabta token 1:{purpose}:{id_}".encode(), "sha256")
    return b32encode(digest).decode().lower()[:MARK_CHARACTERS]
