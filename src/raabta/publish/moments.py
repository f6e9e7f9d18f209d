"""Times as they are published: always with their zone, local first, and in UTC for machines.

Names of months are CLDR's (en, ur). A zone without a short name of its own ("+03") is written as its offset.
"""

import datetime as dt
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from raabta.model.bulletin import Language
from raabta.model.site import Digits, Site

MONTHS: Final[dict[Language, tuple[str, ...]]] = {
    "en": (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    "ur": (
        "جنوری",
        "فروری",
        "مارچ",
        "اپریل",
        "مئی",
        "جون",
        "جولائی",
        "اگست",
        "ستمبر",
        "اکتوبر",
        "نومبر",
        "دسمبر",
    ),
}
"""Source: CLDR 45, Gregorian, wide."""

_EXTENDED: Final = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
"""U+06F0 to U+06F9, Urdu's forms; never U+0660 to U+0669, which are Arabic's."""


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def iso(at: dt.datetime) -> str:
    """Give a time for machines: ``2024-11-10T09:00:00Z`` (RFC 3339)."""
    return at.astimezone(dt.UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def local(at: dt.datetime, site: Site) -> dt.datetime:
    """Give a time in the site's zone; in UTC where the calendar ends before that (year 1, year 9999)."""
    try:
        return at.astimezone(_zone(site.zone))
    except OverflowError:
        return at.astimezone(dt.UTC)


def zone_words(at: dt.datetime, site: Site) -> str:
    """Name the zone that held at a time: ``PKT (UTC+05:00)``."""
    here = local(at, site)
    offset = here.strftime("%z")
    name = here.tzname() or ""
    place = f"UTC{offset[:3]}:{offset[3:5]}"
    return place if not name.isalpha() else f"{name} ({place})"


def say_moment(at: dt.datetime, site: Site, *, language: Language) -> str:
    """Say day, time and zone: ``10 November 2024, 14:05 PKT (UTC+05:00)``."""
    comma = "،" if language == "ur" else ","
    return f"{say_day(at, site, language=language)}{comma} {say_clock(at, site, language=language)}"


def say_day(at: dt.datetime, site: Site, *, language: Language) -> str:
    """Say the local day: ``10 November 2024``."""
    here = local(at, site)
    return digits(f"{here.day} {MONTHS[language][here.month - 1]} {here.year}", site.digits, language=language)


def say_month(month: str, site: Site, *, language: Language) -> str:
    """Say a month that is written ``2024-11``: ``November 2024``."""
    year, _, number = month.partition("-")
    return digits(f"{MONTHS[language][int(number) - 1]} {year}", site.digits, language=language)


def say_clock(at: dt.datetime, site: Site, *, language: Language) -> str:
    """Say time and zone: ``14:05 PKT (UTC+05:00)``."""
    words = f"{local(at, site):%H:%M} {zone_words(at, site)}"
    return digits(words, site.digits, language=language)


def month_of(at: dt.datetime, site: Site) -> str:
    """Give the local month: ``2024-11``."""
    return f"{local(at, site):%Y-%m}"


def digits(text: str, kind: Digits, *, language: Language) -> str:
    """Write a text's digits as the site has them in this language."""
    return text.translate(_EXTENDED) if language == "ur" and kind == "extended_arabic" else text
