"""What the public site is about and where it goes: the settings file's nouns that pages, feeds and messages need.

Nothing here is secret: passwords and tokens stand in files or variables that the settings only name.
"""

from typing import Final, Literal

from msgspec import Struct

from raabta.model.bulletin import LANGUAGES, Language

ComponentKind = Literal["service", "operator", "network", "region"]

Digits = Literal["latin", "extended_arabic"]
"""Of Urdu pages: 0123456789 (the usual ones in Pakistan, and CLDR's default for ur), or ۰۱۲۳۴۵۶۷۸۹."""


class Component(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing whose state people ask for, with a page of its own. ``id`` stands in URLs: a-z, 0-9 and hyphens."""

    id: str
    name_en: str
    name_ur: str
    group_en: str = ""
    group_ur: str = ""
    kind: ComponentKind = "service"
    hosts: tuple[str, ...] = ()
    asns: tuple[int, ...] = ()


class Operator(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A network operator, as it is named in bulletins."""

    id: str
    name_en: str
    name_ur: str
    asns: tuple[int, ...] = ()


class Product(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that members run, and about which there may be a security advisory."""

    id: str
    name: str


class Site(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who speaks, about what.

    ``url`` is where the site is first of all (https://status.example.pk), ``mirrors`` where else; ``desk_url`` is where
    forms go, "" where none run. Neither ends with a slash.
    """

    name_en: str
    name_ur: str
    url: str
    mirrors: tuple[str, ...] = ()
    desk_url: str = ""
    contact: str = ""
    """A public e-mail address."""
    country: str
    zone: str
    """IANA's name of the local time zone, as Asia/Karachi."""
    languages: tuple[Language, ...] = LANGUAGES
    digits: Digits = "latin"
    components: tuple[Component, ...] = ()
    operators: tuple[Operator, ...] = ()
    products: tuple[Product, ...] = ()
    key: str = ""
    """The public key that manifest and packs are signed with: the second line of a minisign public key."""


MAX_PAGE_BYTES: Final = 50_000
"""Of a page with all that it loads (issue: 50 kB)."""
