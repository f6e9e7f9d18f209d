"""Approval by a second person, bound to the very words.

Whoever wrote or changed a bulletin cannot approve it; how names are compared: ``publish.bulletin.approvers``. That
holds as far as names are true: who acts is what they said (``--by``). The approval is bound to what goes public with
the bulletin as well; where that changed since, it is approved anew.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import structs

from raabta.model.bulletin import AcceptedDifference, Bulletin
from raabta.pipeline.informing.bulletins.checking import (
    NOT_ACCEPTABLE,
    check_bulletin,
    contradictions,
    goes_public,
    left_open,
)
from raabta.pipeline.informing.bulletins.fields import check_next_is_ahead
from raabta.pipeline.informing.bulletins.finding import require_bulletin
from raabta.pipeline.informing.settings import Publishing
from raabta.publish.bulletin.approvers import acting_person, is_among
from raabta.publish.bulletin.comparing import Difference
from raabta.publish.bulletin.hashing import changed_since, seal
from raabta.registry import Records
from raabta.registry.incidents.steps import acting
from raabta.registry.incidents.texts import tidy_line

REASON_CHARACTERS_MIN: Final = 5
"""A reason is a word at least. Judgement."""
_NONE: Final[Mapping[str, str]] = {}


def approve_bulletin(
    records: Records,
    id_: str,
    *,
    settings: Publishing,
    by: str,
    now: dt.datetime,
    accept: Mapping[str, str] = _NONE,
) -> Bulletin:
    """Approve a bulletin, as somebody who did not write it.

    Args:
        records: Open for writing.
        id_: Its id.
        settings: For the check of facts.
        by: Who approves.
        now: Aware UTC.
        accept: Differences that are right, each with its reason: its ``key``, or its number in the check, from "1".

    Returns:
        The approved bulletin.

    Raises:
        ValueError: It is no draft, the same person wrote it, or facts differ that nobody accepted.
        LookupError: There is none of this id.
    """
    bulletin = require_bulletin(records, id_)
    around = goes_public(records, bulletin, settings=settings)
    is_stale = bulletin.state == "approved" and bool(changed_since(bulletin.approved_hash, bulletin, around=around))
    if bulletin.state != "draft" and not is_stale:
        message = f"bulletin {bulletin.id} is {bulletin.state}. Only a draft is approved."
        raise ValueError(message)
    second = acting_person(acting(by))
    if is_among(second, (bulletin.author, *bulletin.changed_by)):
        message = f"by: {second} wrote or changed this bulletin. Somebody else approves it."
        raise ValueError(message)
    check_next_is_ahead(bulletin.next_update_at, settings.site, now=now)
    differences = check_bulletin(records, bulletin, settings=settings)
    accepted = (*_still_true(bulletin, differences), *_accepted(differences, accept, by=second))
    kept = structs.replace(bulletin, accepted=tuple({one.fact: one for one in accepted}.values()))
    _refuse_open(kept, differences)
    kept = structs.replace(kept, state="approved", approved_by=second, approved_at=now)
    kept = structs.replace(kept, approved_hash=seal(kept, around))
    records.put(kept)
    return kept


def _still_true(bulletin: Bulletin, differences: Sequence[Difference]) -> list[AcceptedDifference]:
    keys = {one.key for one in differences}
    return [one for one in bulletin.accepted if one.fact in keys]


def _accepted(differences: Sequence[Difference], accept: Mapping[str, str], *, by: str) -> list[AcceptedDifference]:
    numbered = {str(number): one for number, one in enumerate(differences, start=1)}
    known = {one.key: one for one in differences} | numbered
    found = []
    for key, reason in accept.items():
        words = tidy_line("accept", reason)
        if key not in known or known[key].part == NOT_ACCEPTABLE:
            message = f"accept: there is no difference {key!r} that can be accepted. Try: raabta bulletin check"
            raise ValueError(message)
        if len(words) < REASON_CHARACTERS_MIN:
            message = (
                f"accept: {words!r} is too short for a reason: {REASON_CHARACTERS_MIN} characters at least, "
                f"as {key}=the English gives the unit that Urdu leaves out"
            )
            raise ValueError(message)
        found.append(AcceptedDifference(fact=known[key].key, reason=words, by=by))
    return found


def _refuse_open(bulletin: Bulletin, differences: Sequence[Difference]) -> None:
    still_open = left_open(bulletin, differences)
    if not still_open:
        return
    lines = "\n".join(f"  {differences.index(one) + 1}. {one.key}. {one.hint}" for one in still_open)
    questions = "".join(f"{one}\n" for one in contradictions(still_open))
    message = (
        f"English and Urdu do not say the same:\n{lines}\n{questions}"
        "Change the text (raabta bulletin change), or accept what is right: --accept NUMBER=REASON"
    )
    raise ValueError(message)
