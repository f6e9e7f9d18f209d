"""What an incident cost members: noted one by one, with consent, and shown in sums only.

A note is taken only while the member's consent is in force (purpose ``statistics``, recipient ``public`` or the one who
asks). A consent that is withdrawn takes its notes out of every sum at once. ``registry.incidents.aggregating`` decides
what may be shown; each sum that is shown is kept (``ImpactRelease``), since later ones are judged beside it. So sums
are made in a change, and only here: a sum that somebody makes of the notes in another way is not protected.
"""

import datetime as dt
import hmac
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple, get_args

from msgspec import Struct, structs

from raabta.model.incident import ImpactKind, ImpactNote, ImpactRelease
from raabta.model.register import Consent, Organisation
from raabta.pipeline.informing.desk.questions import require_incident
from raabta.pipeline.registering import RECIPIENT
from raabta.registry.incidents.aggregating import Contribution, Parts, may_show, members_of
from raabta.registry.incidents.steps import YEARS, acting
from raabta.registry.incidents.texts import tidy_text
from raabta.registry.records import Records

PUBLIC: Final = "public"
"""The recipient who is everybody."""
WORDS_CHARACTERS_MAX: Final = 2_000
NUMBER_MAX: Final = 10**9
AMOUNT_MAX: Final = 10**15
"""Whole units of a currency: a mistake in typing is larger than any loss."""
REMOVED: Final = ""
"""As its consent: a note that was taken back, and stays as long as its member for the judgement of later sums."""
MARK_CHARACTERS: Final = 16
"""64 bits in hexadecimal: two members of one incident never meet."""

IDS_AT_ONCE: Final = 500

Measure = Literal["number", "amount"]
CURRENCY: Final = re.compile(r"[A-Z]{3}")
"""ISO 4217."""


class ImpactGiven(Struct, frozen=True, kw_only=True):
    """What one member says that an incident cost it."""

    incident_id: str
    organisation_id: str
    kind: ImpactKind
    number: int = 0
    amount: int = 0
    currency: str = ""
    from_on: dt.date | None = None
    until_on: dt.date | None = None
    words: str = ""


class ImpactSum(Struct, frozen=True, kw_only=True):
    """One sum. ``total`` and ``n_members`` are None where they would tell too much."""

    incident_id: str
    kind: ImpactKind
    measure: Measure
    currency: str = ""
    total: int | None = None
    n_members: int | None = None


class _Cell(NamedTuple):
    """What is added up together within one incident, and never with another."""

    kind: ImpactKind
    measure: Measure
    currency: str


class _Shown(NamedTuple):
    """A sum that may be shown, and the notes that it is made of."""

    total: int
    parts: Parts
    is_new: bool


def add_impact(
    records: Records, given: ImpactGiven, *, by: str, now: dt.datetime, new_id: Callable[[str], str]
) -> ImpactNote:
    """Keep a note, if the member has agreed that sums are made of it.

    Raises:
        LookupError: There is no such incident or organisation.
        ValueError: A field is wrong, or there is no consent.
    """
    require_incident(records, given.incident_id)
    if records.get(Organisation, given.organisation_id) is None:
        message = f"{given.organisation_id}: no organisation has this id. Look for it with: raabta org list"
        raise LookupError(message)
    _check(given)
    consents = [one for one in _consents(records, [given.organisation_id]) if one.withdrawn_at is None]
    if not consents:
        message = (
            f"{given.organisation_id}: it has not agreed that sums are made. Ask it, then: "
            f"raabta org consent give {given.organisation_id} statistics public"
        )
        raise ValueError(message)
    consent = min(consents, key=lambda one: (one.recipient != PUBLIC, one.given_at, one.id))
    note = ImpactNote(
        id=new_id("im-"),
        incident_id=given.incident_id,
        organisation_id=given.organisation_id,
        kind=given.kind,
        number=given.number,
        amount=given.amount,
        currency=given.currency,
        from_on=given.from_on,
        until_on=given.until_on,
        consent_id=consent.id,
        words=tidy_text("words", given.words, n_most=WORDS_CHARACTERS_MAX),
        by=acting(by),
        created_at=now,
    )
    records.add(note)
    return note


def _check(given: ImpactGiven) -> None:
    checks = (
        (given.kind not in get_args(ImpactKind), f"kind: one of {', '.join(get_args(ImpactKind))}."),
        (not 0 <= given.number <= NUMBER_MAX, f"number: a whole number up to {NUMBER_MAX:,}."),
        (not 0 <= given.amount <= AMOUNT_MAX, f"amount: a whole number up to {AMOUNT_MAX:,}."),
        (not (given.number or given.amount), "number, amount: give one of them."),
        (bool(given.amount) != bool(given.currency), "currency: an amount has one, and nothing else has."),
        (bool(given.currency) and not CURRENCY.fullmatch(given.currency), "currency: three capitals, as PKR or USD."),
        (
            any(day and not YEARS[0] <= day.year <= YEARS[1] for day in (given.from_on, given.until_on)),
            f"from, until: a day from {YEARS[0]} to {YEARS[1]}.",
        ),
        (
            bool(given.from_on and given.until_on and given.from_on > given.until_on),
            "until: it ends before it begins. Give a later day.",
        ),
    )
    wrong = next((words for is_wrong, words in checks if is_wrong), "")
    if wrong:
        raise ValueError(wrong)


def sum_impact(
    records: Records, incident_id: str, *, recipient: str = PUBLIC, now: dt.datetime, new_id: Callable[[str], str]
) -> list[ImpactSum]:
    """Give an incident's sums for a recipient, and keep which ones were given.

    Args:
        records: Of a change.
        incident_id: The incident's.
        recipient: Who gets them: "public", or a recipient that members have named.
        now: Aware UTC.
        new_id: Makes ids of what is kept.

    Returns:
        One for each kind of loss (how many), and one for each kind and currency (how much); without its number where
        that would tell too much of one member.

    Raises:
        LookupError: There is no such incident.
        ValueError: The recipient is none.
    """
    require_incident(records, incident_id)
    if not RECIPIENT.fullmatch(recipient):
        raise ValueError("for: public, or the id of a recipient, as pta.")
    notes = list(records.find(ImpactNote, incident_id=incident_id))
    usable = _usable(records, notes, recipient)
    every = _cells(records, notes)
    earlier: dict[_Cell, list[ImpactRelease]] = {}
    for one in records.find(ImpactRelease, incident_id=incident_id):
        earlier.setdefault(_Cell(kind=one.kind, measure=one.measure, currency=one.currency), []).append(one)
    found = []
    for cell, parts in sorted(every.items(), key=lambda item: item[0]):
        candidate = [part for part in parts if part.note_id in usable]
        shown = _choose(candidate, earlier.get(cell, []), values={one.part: one.value for one in parts})
        if shown and shown.is_new:
            records.add(_release(shown, cell, incident_id=incident_id, recipient=recipient, id_=new_id("ir-"), at=now))
        if candidate:
            found.append(_said(cell, shown, incident_id))
    return found


def total_impact(
    records: Records,
    incident_ids: Iterable[str],
    *,
    recipient: str = PUBLIC,
    now: dt.datetime,
    new_id: Callable[[str], str],
) -> list[ImpactSum]:
    """Give sums over several incidents: of what is shown for each, so that they tell nothing more.

    ``n_members`` is None: who is hit twice would be counted twice. Other arguments as for ``sum_impact``.
    """
    totals: dict[_Cell, int | None] = {}
    for incident_id in dict.fromkeys(incident_ids):
        for one in sum_impact(records, incident_id, recipient=recipient, now=now, new_id=new_id):
            cell = _Cell(one.kind, one.measure, one.currency)
            before = totals.get(cell)
            totals[cell] = before if one.total is None else (before or 0) + one.total
    return [
        ImpactSum(incident_id="", kind=cell.kind, measure=cell.measure, currency=cell.currency, total=total)
        for cell, total in sorted(totals.items())
    ]


def _choose(
    candidate: Sequence[Contribution], earlier: Sequence[ImpactRelease], *, values: Mapping[str, int]
) -> _Shown | None:
    """Choose what is shown: what is usable now; else the newest sum of which every note is usable still; or nothing."""
    known: set[Parts] = {frozenset(one.parts) for one in earlier}
    usable = frozenset(one.part for one in candidate)
    if may_show(candidate, known, values=values):
        return _Shown(sum(one.value for one in candidate), usable, usable not in known)
    standing = [one for one in earlier if usable.issuperset(one.parts)]
    if not standing:
        return None
    newest = max(standing, key=lambda one: (one.released_at, one.id))
    return _Shown(newest.total, frozenset(newest.parts), is_new=False)


def _release(
    shown: _Shown, cell: _Cell, *, incident_id: str, recipient: str, id_: str, at: dt.datetime
) -> ImpactRelease:
    return ImpactRelease(
        id=id_,
        incident_id=incident_id,
        recipient=recipient,
        kind=cell.kind,
        measure=cell.measure,
        currency=cell.currency,
        total=shown.total,
        n_members=len(members_of(shown.parts)),
        parts=tuple(sorted(shown.parts)),
        released_at=at,
    )


def _said(cell: _Cell, shown: _Shown | None, incident_id: str) -> ImpactSum:
    return ImpactSum(
        incident_id=incident_id,
        kind=cell.kind,
        measure=cell.measure,
        currency=cell.currency,
        total=shown.total if shown else None,
        n_members=len(members_of(shown.parts)) if shown else None,
    )


def _cells(records: Records, notes: Iterable[ImpactNote]) -> dict[_Cell, list[Contribution]]:
    cells: dict[_Cell, list[Contribution]] = {}
    for note in notes:
        member = _mark(records, note)
        if note.number:
            cell = _Cell(kind=note.kind, measure="number", currency="")
            cells.setdefault(cell, []).append(Contribution(note_id=note.id, member=member, value=note.number))
        if note.amount:
            cell = _Cell(kind=note.kind, measure="amount", currency=note.currency)
            cells.setdefault(cell, []).append(Contribution(note_id=note.id, member=member, value=note.amount))
    return cells


def _mark(records: Records, note: ImpactNote) -> str:
    whose = f"raabta impact:{note.incident_id}:{note.organisation_id}".encode()
    return hmac.digest(records.key.identity, whose, "sha256").hex()[:MARK_CHARACTERS]


def _usable(records: Records, notes: Sequence[ImpactNote], recipient: str) -> frozenset[str]:
    """Give notes whose own consent is in force, and whose member agrees to this recipient."""
    members = sorted({note.organisation_id for note in notes})
    in_force = [one for one in _consents(records, members) if one.withdrawn_at is None]
    ids = {(one.id, one.organisation_id) for one in in_force}
    agreed = {one.organisation_id for one in in_force if one.recipient in (PUBLIC, recipient)}
    return frozenset(
        note.id for note in notes if (note.consent_id, note.organisation_id) in ids and note.organisation_id in agreed
    )


def _consents(records: Records, members: Sequence[str]) -> Iterator[Consent]:
    for start in range(0, len(members), IDS_AT_ONCE):
        some = list(members[start : start + IDS_AT_ONCE])
        yield from records.find(Consent, organisation_id=some, purpose="statistics")


def list_impact(records: Records, incident_id: str) -> list[ImpactNote]:
    """Give an incident's notes, for the desk alone.

    Raises:
        LookupError: There is no such incident.
    """
    require_incident(records, incident_id)
    return [one for one in records.find(ImpactNote, incident_id=incident_id) if one.consent_id != REMOVED]


def remove_impact(records: Records, id_: str) -> None:
    """Remove a note that was wrong from every later sum.

    Where it stood in a sum that was shown, its number stays, without words, for nobody but the judgement of later sums:
    else these could not be kept from telling it. It goes when its member is deleted.

    Raises:
        LookupError: There is none.
    """
    note = records.get(ImpactNote, id_)
    if note is None or note.consent_id == REMOVED:
        message = f"{id_}: no impact note has this id. Look for it with: raabta incident impact list"
        raise LookupError(message)
    shown = records.find(ImpactRelease, incident_id=note.incident_id)
    if any(part.partition("/")[0] == id_ for release in shown for part in release.parts):
        records.put(structs.replace(note, consent_id=REMOVED, words=""))
    else:
        records.remove(ImpactNote, id_)
