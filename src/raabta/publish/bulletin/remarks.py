"""What is worth a look in a bulletin although both languages say the same: an editor may leave it so."""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from typing import Final

from raabta.model.bulletin import BulletinText
from raabta.model.site import Site
from raabta.publish.bulletin.comparing import PARTS, offset_of
from raabta.publish.bulletin.facts import find_facts, names_of

_ARABIC_DIGITS: Final = re.compile("[\u0660-\u0669]")
_ALL_DIGITS: Final = (re.compile("[0-9]"), re.compile("[\u06f0-\u06f9]"))
_AMBIGUOUS: Final = {"kal": "کل", "parson": "پرسوں"}


def remarks(texts: Sequence[BulletinText], site: Site, *, at: dt.datetime) -> list[str]:
    """Say what is worth a look.

    Args:
        texts: Both texts.
        site: Names, and the local zone.
        at: When it is said.
    """
    return list(dict.fromkeys(words for text in texts for words in _about(text, site, at=at)))


def _about(text: BulletinText, site: Site, *, at: dt.datetime) -> Iterator[str]:
    whole = "\n".join(getattr(text, part) for part in PARTS)
    found = find_facts(whole, language=text.language, known=names_of(site), local=offset_of(site, at))
    for fact in found.facts:
        if fact.kind == "time" and not fact.zone:
            yield f"{text.language}: {fact.shown} has no zone. Write it as {fact.shown} PKT, or پاکستانی وقت."
        if fact.half_day:
            yield f"{text.language}: {fact.shown} may be morning or evening. Say the part of the day."
        if fact.kind == "day" and fact.key in _AMBIGUOUS:
            yield f"{text.language}: {_AMBIGUOUS[fact.key]} looks both ways. Write the date."
    if text.language == "ur" and _ARABIC_DIGITS.search(whole):
        yield "ur: digits ٤٥٦ are Arabic's. Urdu writes ۴۵۶, or 456."
    if text.language == "ur" and all(pattern.search(whole) for pattern in _ALL_DIGITS):
        yield "ur: digits 0-9 and ۰-۹ stand in one text. Write one kind."
