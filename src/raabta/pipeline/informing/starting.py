"""A first publishing.toml for a country, to be filled in by hand."""

from pathlib import Path
from typing import Final

import msgspec

COUNTRIES: Final = ("pk",)
_DATA: Final = Path(__file__).with_name("data")


def first_settings(country: str, *, url: str, name_en: str, name_ur: str, desk_url: str = "") -> str:
    """Give the text of a first settings file.

    Args:
        country: ``pk``.
        url: The site's, without a slash at its end.
        name_en: Who speaks, in English.
        name_ur: And in Urdu.
        desk_url: Where forms go, "" where none run.

    Raises:
        ValueError: Raabta knows no such country.
    """
    if country not in COUNTRIES:
        message = f"there are no first settings for {country!r}. Take one of {', '.join(COUNTRIES)}, and change it."
        raise ValueError(message)
    text = (_DATA / f"publishing-{country}.toml").read_text(encoding="utf-8")
    for mark, value in (("@NAME_EN@", name_en), ("@NAME_UR@", name_ur), ("@URL@", url), ("@DESK_URL@", desk_url)):
        text = text.replace(mark, msgspec.json.encode(value).decode())  # a JSON string is a TOML string
    return text
