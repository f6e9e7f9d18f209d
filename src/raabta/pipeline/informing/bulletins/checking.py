"""What a second person looks at: facts that only one language says, and what goes public with the bulletin.

The incident's parties add to the names of the settings.
"""

import re
from collections.abc import Sequence
from typing import Final

from msgspec import structs

from raabta.model.bulletin import Bulletin, Language
from raabta.model.incident import Incident, MemberReport, Party, Promise, Statement
from raabta.model.publication import is_public
from raabta.pipeline.informing.settings import Publishing
from raabta.publish.bulletin.comparing import PARTS, Difference, compare_parts, compare_texts, offset_of
from raabta.publish.bulletin.facts import names_of
from raabta.publish.bulletin.hashing import Beside, beside
from raabta.publish.public import Surroundings, public_thread
from raabta.registry import Records

NOT_ACCEPTABLE: Final = "all"
"""A part of this name is a whole text that is missing: no reason makes up for it."""


def check_bulletin(records: Records, bulletin: Bulletin, *, settings: Publishing) -> list[Difference]:
    """Find the facts that only one language says; those that were accepted are among them.

    Args:
        records: The register: parties of the incident have names in both languages.
        bulletin: Which.
        settings: Names of components, operators and products; the local zone.
    """
    parties = [(one.name_en, one.name_ur or one.name_en) for one in records.find(Party, incident_id=bulletin.thread_id)]
    site, at = settings.site, bulletin.published_at or bulletin.changed_at
    found = compare_texts(bulletin.texts, site, at=at, parties=parties)
    places = [("place", one.place_en, one.place_ur) for one in bulletin.meeting]
    return found + compare_parts(places, known=names_of(site, tuple(parties)), local=offset_of(site, at))


def untold_cause(records: Records, bulletin: Bulletin) -> list[str]:
    """Say in which language a cause has a class of evidence and a probability, and nobody reads which cause.

    Where the incident has words for its cause, half of their longer words must stand in the text; else a word such as
    "cause" or "because" must.
    """
    if bulletin.evidence_class == "none":
        return []
    incident = records.get(Incident, bulletin.thread_id)
    cause = incident.causes[-1] if incident is not None and incident.causes else None
    found = []
    for text in bulletin.texts:
        said = " ".join(getattr(text, part) for part in PARTS).casefold()
        words = (cause.words_ur if text.language == "ur" else cause.words_en) if cause is not None else ""
        long = [word for word in _WORD.findall(words.casefold()) if len(word) >= _LONG_CHARACTERS]
        heard = [word for word in long or _CAUSE_WORDS[text.language] if word in said]
        if len(heard) < (len(long) / 2 if long else 1):
            whole = f' The incident has: "{words}".' if words else ""
            found.append(
                f"{text.language}: the class of evidence and the probability of a cause are told, and no words say "
                f"which cause.{whole} Say it in known_{text.language}, or take the class back: --evidence none"
            )
    return found


_WORD: Final = re.compile(r"\w+")
_LONG_CHARACTERS: Final = 4
"""Shorter words (the, and, سے, میں) stand in any text. Judgement."""
_CAUSE_WORDS: Final[dict[Language, tuple[str, ...]]] = {
    "en": ("cause", "reason", "due to", "fault", "blocked", "cut"),
    "ur": ("وجہ", "سبب", "باعث", "خرابی", "بند", "کٹ"),
}


def left_open(bulletin: Bulletin, differences: Sequence[Difference]) -> list[Difference]:
    """Give the differences that nobody accepted."""
    accepted = {one.fact for one in bulletin.accepted}
    return [one for one in differences if one.key not in accepted]


def goes_public(records: Records, bulletin: Bulletin, *, settings: Publishing) -> tuple[Beside, ...]:
    """Give what is published together with a bulletin: statements, promises, links, times and kind of its incident.

    It is made by the same gate as the pages, as if the bulletin were published now. Nothing goes with a bulletin that
    is not for everybody.
    """
    if bulletin.audience != "public" or bulletin.kind != "incident":
        return ()
    told = list(records.find(Bulletin, thread_id=bulletin.thread_id, state="published"))
    if not is_public(bulletin):
        newest = max((one.sequence for one in told), default=0) + 1
        told.append(structs.replace(bulletin, state="published", sequence=newest, published_at=bulletin.changed_at))
    return beside(public_thread(told, surroundings(records, bulletin.thread_id)), settings.site)


def surroundings(records: Records, thread_id: str) -> Surroundings:
    """Give what stands around the bulletins of an incident; nothing for other kinds of thread."""
    incident = records.get(Incident, thread_id)
    if incident is None:
        return Surroundings()
    return Surroundings(
        incident=incident,
        parties=tuple(records.find(Party, incident_id=thread_id)),
        statements=tuple(records.find(Statement, incident_id=thread_id)),
        promises=tuple(records.find(Promise, incident_id=thread_id)),
        n_reports=records.count(MemberReport, incident_id=thread_id),
    )


def contradictions(differences: Sequence[Difference]) -> list[str]:
    """Ask which is right, where each language says one other fact of a kind in one part."""
    found = []
    for part, kind in dict.fromkeys((one.part, one.kind) for one in differences):
        same = [one for one in differences if (one.part, one.kind) == (part, kind)]
        english = [one.fact for one in same if one.lacks == "ur"]
        urdu = [one.fact for one in same if one.lacks == "en"]
        if len(english) == len(urdu) == 1:
            zones = {one.partition(" (")[2] for one in (english[0], urdu[0])}
            here, there = (one.partition(" (")[0] if len(zones) == 1 else one for one in (english[0], urdu[0]))
            found.append(f"{part}: English has {here}, Urdu {there}: which is right?")
    return found
