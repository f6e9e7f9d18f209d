"""A freelancer's way to an application, step by step: form a small company, and apply through it.

The other way is an application of one's own (type B) with a letter of a client, or what the country offers in its
place.
"""

from collections.abc import Iterable

from msgspec import Struct

from raabta.model.register import Case, Organisation
from raabta.registry.country import CASE_PREFIX, DOCUMENT_PREFIX, Country


class Milestone(Struct, frozen=True, kw_only=True):
    """One step of the way, and whether it was taken."""

    id: str
    title: str
    is_done: bool
    words: str


def show_way(organisation: Organisation, *, cases: Iterable[Case], country: Country) -> list[Milestone]:
    """The steps in their order. The first that is not done is the next one to take.

    Args:
        organisation: Who is on the way.
        cases: The organisation's cases.
        country: The country's data.
    """
    own = [case for case in cases if case.organisation_id == organisation.id]
    seen = {line.kind for case in own for line in case.documents if line.seen_at is not None}
    handed_in = {case.kind for case in own if any(step.status == "submitted" for step in case.steps)}
    return [
        Milestone(
            id=step.id, title=step.title, words=step.words, is_done=_is_done(step.done, organisation, seen, handed_in)
        )
        for step in country.way
    ]


def _is_done(done: str, organisation: Organisation, seen: set[str], handed_in: set[str]) -> bool:
    if done.startswith(CASE_PREFIX):
        return done.removeprefix(CASE_PREFIX) in handed_in
    if done.startswith(DOCUMENT_PREFIX):
        return done.removeprefix(DOCUMENT_PREFIX) in seen
    if done == "legal_form":
        return organisation.legal_form != "individual"
    return bool(getattr(organisation, done))
