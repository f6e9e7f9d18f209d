"""What a report may hold of what somebody typed: a target that is no page, words without addresses, a code. Pure.

A report says what cannot be reached, never what somebody reads there: of a URL the host stays. It says nothing of where
its sender is: addresses of machines, of mail and of phones are taken out of words, in Urdu's digits as well. This is
done by looks. What looks like none of these (a name, a house) stays, which is why words are stored encrypted.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from raabta.model.site import Component
from raabta.registry.wellformed import HOST_NAME, has_identity_number
from raabta.wire.ooni.privacy import ADDRESSES, Scrubber, own_addresses

TARGET_CHARACTERS_MAX: Final = 2_000
"""Browsers' longest URLs in practice; what is longer was not meant."""
CODE_CHARACTERS: Final = 8
"""40 bits: nobody hits one of thousands by guessing, since every guess is a request."""

CODE_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32: without I, L, O (read as 1 and 0) and U."""
_CODE: Final = re.compile(rf"[{CODE_ALPHABET}U]{{{CODE_CHARACTERS}}}")
_READ_AS: Final = str.maketrans("OIL", "011", " -")

_WIDE: Final = str.maketrans({"＠": "@", "﹫": "@", "．": ".", "。": ".", "｡": ".", "／": "/", "＋": "+", "：": ":"})
"""Signs of East Asian widths that machines and people read as the plain ones."""
_HIDDEN: Final = re.compile(
    "[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]+|(?<=[!-~])[\u200c\u200d]+(?=[!-~])"
)
"""What nobody sees; joiners only between ASCII, for Urdu is written with them."""
_NOT_HERE: Final = frozenset({"local", "localhost", "lan", "home", "internal", "corp", "arpa"})
"""Names that mean something in one house only, and may be a person's ("amina-laptop.lan"). RFC 6761, 6762, 8375."""

_URL: Final = re.compile(r"[a-z][a-z0-9+.-]{0,20}://[^\s<>\"']*", re.IGNORECASE | re.ASCII)
_PATH: Final = re.compile(
    r"(?<![\w@.-])((?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24})(?::\d{1,5})?[/?#\\][^\s<>\"']*", re.IGNORECASE
)
_AT: Final = r"(?:@| ?[\[(] ?at ?[\])] ?)"
_EMAIL: Final = re.compile(rf"[^\s@<>,;:()\[\]]{{1,64}}{_AT}[^\s@<>,;:()\[\]]{{1,253}}", re.IGNORECASE)
_DAY: Final = r"(?:19|20)\d\d[-/]\d\d?[-/]\d\d?(?!\d)|\d\d?[-/]\d\d?[-/](?:19|20)\d\d(?!\d)"
_PHONE: Final = re.compile(
    r"(?<![\w.])(?:\+|0)\d(?:[ ()/.-]{0,2}\d){6,14}(?!\d)"
    rf"|(?<![\w.])(?<!\d[ /-])(?!{_DAY})(?!\d\d? )\d{{2,}}(?:[ ()/-]{{0,2}}\d){{7,13}}(?![\d:%])"
    r"|(?<![\w.+])\d\d? ?\d{3}[ /-]{0,2}\d{6,8}(?!\d)"
)
"""With + or 0 before it; nine digits or more without, but no days; a country's number, a network's, a subscriber's."""
_TARGET_WORDS: Final = "target: choose a service from the list, or write a host name as www.example.pk."

_SCRUBBER: Final = Scrubber(own_addresses(), target=())


def read_target(text: str, *, components: Sequence[Component]) -> str:
    """Give what cannot be reached: a component's id, or a bare host name.

    Args:
        text: As typed: an id or name of a component, a host name, or a URL, of which the host stays.
        components: Of the site's settings.

    Raises:
        ValueError: It is none of these. The text does not repeat it.
    """
    given = text.strip()
    if len(given) > TARGET_CHARACTERS_MAX:
        raise ValueError(_TARGET_WORDS)
    folded = " ".join(given.casefold().split())
    for one in components:
        if folded in {one.id, one.name_en.casefold(), one.name_ur.casefold()}:
            return one.id
    host = host_of(given)
    if not host:
        raise ValueError(_TARGET_WORDS)
    if ADDRESSES.search(host) or host.rpartition(".")[2] in _NOT_HERE:
        message = f"{_TARGET_WORDS} This one names a single machine, which may be somebody's own."
        raise ValueError(message)
    return host


def host_of(text: str) -> str:
    """Give the host name in a URL, an e-mail address or a host with a port, in small letters and ASCII; "" if none."""
    rest = text.strip().partition("://")[2] or text.strip().removeprefix("//")
    place = re.split(r"[/?#\\\s]", rest, maxsplit=1)[0].rpartition("@")[2]
    bare = re.sub(r":\d{0,5}$", "", place).rstrip(".")
    try:
        host = bare.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""
    return host if HOST_NAME.fullmatch(host) and not has_identity_number(host) else ""


def scrub_words(text: str) -> str:
    """Take out of words what could tell who wrote them, or which page they read; Urdu's digits become 0 to 9."""
    plain = _HIDDEN.sub("", text).translate(_WIDE)
    plain = "".join(str(unicodedata.decimal(one)) if one.isdecimal() else one for one in plain)
    without_pages = _PATH.sub(lambda found: found[1], _URL.sub(lambda found: host_of(found[0]) or "(link)", plain))
    without_contacts = _PHONE.sub("(number)", _EMAIL.sub("(contact)", without_pages))
    return _SCRUBBER.text(without_contacts)


def make_code(raw: bytes) -> str:
    """Make a report's code of five random bytes: eight characters that nobody confuses, as ``7QK2M0XD``.

    Raises:
        ValueError: Not five bytes.
    """
    if len(raw) != 5:
        message = f"a code is made of 5 random bytes, not of {len(raw)}."
        raise ValueError(message)
    number = int.from_bytes(raw, "big")
    return "".join(CODE_ALPHABET[number >> 5 * place & 31] for place in reversed(range(CODE_CHARACTERS)))


def read_code(text: str) -> str:
    """Give a code as it is kept, however somebody wrote it: small letters, blanks, O for 0; "" if it is none."""
    code = text.strip().upper().translate(_READ_AS)
    return code if _CODE.fullmatch(code) else ""
