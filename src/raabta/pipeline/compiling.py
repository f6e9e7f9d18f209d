"""A recipient's next list: from the register, beside the published one, with every change put into the public log.

Leaves are added in the caller's transaction, so that a list that is refused, or a sheet that cannot be written, leaves
none. A list that was compiled and never published leaves its leaves: the log tells what was decided, and nothing can
be taken out of it.
"""

import datetime as dt
from pathlib import Path

import msgspec

from raabta.model.exemption import ExemptionList, LogLeaf
from raabta.pipeline.listing import compile_from
from raabta.pipeline.publishing import folder_of, read_published
from raabta.reference.tables import Tables
from raabta.registry.store import Records
from raabta.remedy.canonical import read_canonical
from raabta.remedy.entries import Compiled
from raabta.remedy.log import MerkleTree, leaf_hash, record_changes


def published_list(repository: Path, recipient_id: str) -> ExemptionList | None:
    """Read the list that a recipient's repository has now, None where it has none.

    Raises:
        ValueError: The repository does not hold together.
    """
    current = read_published(folder_of(repository, recipient_id))
    if current is None or not current.exemption_file:
        return None
    return read_canonical(current.exemption_file, ExemptionList, name=f"{recipient_id}: the published list")


def compile_next(
    records: Records,
    recipient_id: str,
    *,
    previous: ExemptionList | None,
    tables: Tables,
    now: dt.datetime,
    expires_at: dt.datetime | None = None,
) -> Compiled:
    """Make the list that follows the published one, and record in the log what differs.

    Args:
        records: Of ``register.change()``.
        recipient_id: Whose list.
        previous: The published list.
        tables: For lint.
        now: Aware UTC.
        expires_at: When the list ends; None for the usual time.

    Returns:
        As ``compile_from``, with the places in the log.

    Raises:
        LookupError: The recipient is not in the register.
        ValueError: No list can be made. The text says why and what to try.
    """
    compiled = compile_from(records, recipient_id, tables=tables, now=now, previous=previous, expires_at=expires_at)
    tree = MerkleTree(map(leaf_hash, records.find(LogLeaf)))
    listed, leaves = record_changes(previous, compiled.list, tree=tree, at=now)
    records.add_all(leaves)
    return msgspec.structs.replace(compiled, list=listed)
