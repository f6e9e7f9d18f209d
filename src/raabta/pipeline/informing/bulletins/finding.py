"""Bulletins by their id, or by the beginning of it; of a state or a thread, the newest first."""

from typing import Final

from sqlalchemy import func, select

from raabta.model.bulletin import Bulletin
from raabta.registry import Records
from raabta.registry.schema import table_of

BEGINNING_CHARACTERS: Final = 4
"""Of an id, at least so many are typed."""


def require_bulletin(records: Records, id_: str) -> Bulletin:
    """Give the bulletin with this id, or whose id alone begins so.

    Raises:
        LookupError: There is none, or several.
    """
    found = records.get(Bulletin, id_)
    if found is not None:
        return found
    if len(id_) >= BEGINNING_CHARACTERS:
        column = table_of(Bulletin).c.id
        some = list(records.where(Bulletin, column.startswith(id_, autoescape=True)))
        if len(some) == 1:
            return some[0]
    message = f"there is no bulletin {id_}, or several begin so. See: raabta bulletin list"
    raise LookupError(message)


def require_same_audience(bulletin: Bulletin, wrong: Bulletin) -> None:
    """Refuse a correction that is told to others than those who read what was wrong.

    Raises:
        ValueError: The audiences differ.
    """
    if bulletin.audience != wrong.audience:
        message = (
            f"audience: {wrong.id} was told to {wrong.audience}, so what corrects it is told to {wrong.audience} too. "
            f"Try: --audience {wrong.audience}"
        )
        raise ValueError(message)


def newest_sequence(records: Records) -> int:
    """Give the sequence of what was published last; 0 where nothing was."""
    table = table_of(Bulletin)
    return int(records.connection.execute(select(func.max(table.c.sequence))).scalar() or 0)


def list_bulletins(records: Records, *, state: str = "", thread_id: str = "", n_most: int = 20) -> list[Bulletin]:
    """Give bulletins, the newest first.

    Args:
        records: The register.
        state: Only those; "" all that are not withdrawn.
        thread_id: Only of this incident or thread.
        n_most: At most so many.
    """
    table = table_of(Bulletin)
    where = [table.c.state == state] if state else [table.c.state != "withdrawn"]
    where += [table.c.thread_id == thread_id] if thread_id else []
    # Published ones by their sequence (an index), drafts before them: both are few, or cut off.
    drafts = [] if state == "published" else _ids(records, [*where, table.c.sequence == 0], n_most)
    told = [] if state in {"draft", "approved", "withdrawn"} else _ids(records, [*where, table.c.sequence > 0], n_most)
    ids = [*drafts, *told][:n_most]
    found = {one.id: one for one in records.find(Bulletin, id=ids)}
    return [found[id_] for id_ in ids]


def _ids(records: Records, where: list[object], n_most: int) -> list[str]:
    table = table_of(Bulletin)
    query = select(table.c.id).where(*where).order_by(table.c.sequence.desc(), table.c.created_at.desc())  # type: ignore[arg-type]
    return [str(row[0]) for row in records.connection.execute(query.limit(n_most))]
