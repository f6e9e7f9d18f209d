"""The facts that only one language of a bulletin says; its incident's parties add to the names of the settings."""

from collections.abc import Sequence
from typing import Final

from raabta.model.bulletin import Bulletin
from raabta.model.incident import Party
from raabta.pipeline.informing.settings import Publishing
from raabta.publish.bulletin.comparing import Difference, compare_parts, compare_texts, offset_of
from raabta.publish.bulletin.facts import names_of
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


def left_open(bulletin: Bulletin, differences: Sequence[Difference]) -> list[Difference]:
    """Give the differences that nobody accepted."""
    accepted = {one.fact for one in bulletin.accepted}
    return [one for one in differences if one.key not in accepted]
