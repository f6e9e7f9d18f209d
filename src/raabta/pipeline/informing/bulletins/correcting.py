"""Corrections: what was wrong is said by a new bulletin of the thread. The wrong one stays, and is marked."""

import datetime as dt
from collections.abc import Callable

from msgspec import structs

from raabta.model.bulletin import Bulletin
from raabta.pipeline.informing.bulletins.finding import require_bulletin
from raabta.pipeline.informing.bulletins.writing import Draft, write_bulletin
from raabta.pipeline.informing.settings import Publishing
from raabta.registry import Records


def correct_bulletin(
    records: Records,
    draft: Draft,
    *,
    settings: Publishing,
    by: str,
    now: dt.datetime,
    new_id: Callable[[str], str],
) -> Bulletin:
    """Write the bulletin that corrects a published one; it is checked, approved and published as any other.

    Args:
        records: Open for writing.
        draft: What is right, and in ``correction`` what was wrong; ``corrects_id`` is the wrong one. Kind, thread and
            audience are taken from there; a meeting or an advisory too, where the draft has none.
        settings: As for ``write_bulletin``.
        by: Who wrote it.
        now: Aware UTC.
        new_id: Makes an id.

    Returns:
        The draft.

    Raises:
        ValueError: The other one is not published: a draft is changed. Or a field is wrong.
        LookupError: There is no such bulletin.
    """
    wrong = require_bulletin(records, draft.corrects_id)
    if wrong.state != "published":
        message = f"bulletin {wrong.id} is {wrong.state}, not published. Change it: raabta bulletin change {wrong.id}"
        raise ValueError(message)
    whole = structs.replace(
        draft,
        kind=wrong.kind,
        thread_id=wrong.thread_id,
        corrects_id=wrong.id,
        audience=wrong.audience,
        meeting=draft.meeting or next(iter(wrong.meeting), None),
        advisory=draft.advisory or next(iter(wrong.advisory), None),
    )
    return write_bulletin(records, whole, settings=settings, by=by, now=now, new_id=new_id)
