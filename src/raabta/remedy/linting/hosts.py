"""Host names by their form: are they names, are they one site's, which site do they belong to?

Which label of a name is its site's is a matter of each registry's rules. The full list of them (the Public Suffix List)
is not carried: ``data/suffixes.toml`` has second-level labels and platforms, enough to tell a site from a suffix in
practice. Unknown suffixes are taken for sites, so that too much is never called one site's.
"""

import functools
import importlib.resources
import re
from typing import Final

import msgspec

# RFC 1123 2.1 and RFC 1035 2.3.4: letters, digits and hyphens, 63 octets a label, 253 in all. Underscores occur in
# names that serve no page; a top-level domain has a letter, else the text is an address.
_HOST: Final = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:xn--[a-z0-9-]{1,59}|[a-z]{2,63})", re.ASCII
)
_COUNTRY: Final = re.compile(r"[a-z]{2}")


class _Suffixes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    second_level: frozenset[str]
    platforms: frozenset[str]


@functools.cache
def _load_suffixes() -> _Suffixes:
    raw = importlib.resources.files("raabta.remedy").joinpath("data/suffixes.toml").read_bytes()
    return msgspec.toml.decode(raw, type=_Suffixes)


def read_host(text: str) -> str:
    """Give a host name in its plain form (lower case, xn-- for other scripts), "" where it is none."""
    name = text.strip().lower().removesuffix(".")
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    return name if _HOST.fullmatch(name) else ""


def is_suffix(name: str) -> bool:
    """Whether unrelated people have sites of their own right under a name."""
    labels = name.split(".")
    suffixes = _load_suffixes()
    if len(labels) == 1 or name in suffixes.platforms:
        return True
    return len(labels) == 2 and bool(_COUNTRY.fullmatch(labels[1])) and labels[0] in suffixes.second_level


def site_of(name: str) -> str:
    """Give the name under which all names are one owner's: example.com.pk of www.shop.example.com.pk."""
    labels = name.split(".")
    for start in range(1, len(labels)):
        if is_suffix(".".join(labels[start:])):
            return ".".join(labels[start - 1 :])
    return name


def is_under(name: str, parent: str) -> bool:
    """Whether a name is another or stands below it."""
    return name == parent or name.endswith(f".{parent}")
