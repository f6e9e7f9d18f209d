"""Cases from a table into the register, as ``pipeline.importing`` takes in organisations and end points.

Steps that are registered stay: a table may add to them, and rewrites none. Hashes of papers are in no table; where the
same paper was seen at the same time, the one that is registered stays.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any, Final

from msgspec import structs

from raabta.model.register import Case, CaseStep, Document, MemberEndpoint, Organisation
from raabta.pipeline.importing import Imported, Intake, Maker, kept_fields, rows_of, texts_in
from raabta.registry.case_checks import check_case
from raabta.registry.case_text import CASE_COLUMNS, read_documents, read_steps
from raabta.registry.store import Records
from raabta.registry.tabular import Row, read_record
from raabta.registry.wellformed import Complaints, tidy_case

_READERS: Final = {"steps": read_steps, "documents": read_documents}


def import_cases(records: Records, source: Iterable[bytes], *, maker: Maker) -> Imported:
    """Take in a table of applications of organisations that are registered.

    Raises:
        ValueError: The head is not understood; then nothing went in.
    """
    table = Intake()
    owners = {found.id: found for found in records.find(Organisation)}
    endpoints = {found.id: found for found in records.find(MemberEndpoint)}
    known = {found.id: found for found in records.find(Case)}
    for row in rows_of(table, source, columns=CASE_COLUMNS, required=("organisation_id", "kind")):
        earlier = known.get(row.texts.get("id", ""))
        case, complaints = _read_case(row, earlier, maker)
        if case is not None and not complaints:
            complaints = _check(case, earlier, owners=owners, endpoints=endpoints, now=maker.now)
        if case is None or complaints:
            table.blame(row, complaints)
            continue
        table.take(case, is_known=earlier is not None)
    return table.store(records)


def _read_case(row: Row, earlier: Case | None, maker: Maker) -> tuple[Case | None, Complaints]:
    given: dict[str, Any] = {
        "id": row.texts.get("id") or maker.new_id("c-"),
        "created_at": maker.now,
        "changed_at": maker.now,
    }
    complaints: Complaints = {}
    for name, reader in _READERS.items():
        try:
            given |= {name: reader(row.texts[name])} if name in row.texts else {}
        except ValueError as error:
            complaints[name] = str(error)
            given[name] = ()
    texts = texts_in(row, CASE_COLUMNS)
    case, about_fields = read_record(Case, texts, given=kept_fields(row, earlier) | given)
    if case is None or complaints:
        return None, about_fields | complaints
    tidied, complaints = tidy_case(case)
    return _settled(tidied, earlier, is_told=bool(texts.get("status")), now=maker.now), complaints


def _settled(case: Case, earlier: Case | None, *, is_told: bool, now: dt.datetime) -> Case:
    """Fill in what the steps say: status and times; and what only the register has."""
    if not case.steps and earlier is None:
        case = structs.replace(case, steps=(CaseStep(status="draft", at=case.created_at),))
    if case.steps and not is_told:
        case = structs.replace(case, status=case.steps[-1].status)
    if earlier is None:
        times = [*(step.at for step in case.steps), *(paper.seen_at for paper in case.documents if paper.seen_at)]
        return structs.replace(case, created_at=case.steps[0].at, changed_at=max(times))
    hashes = {(paper.kind, paper.seen_at): paper.fingerprint for paper in earlier.documents}
    case = structs.replace(
        case,
        documents=tuple(_with_hash(paper, hashes) for paper in case.documents),
        created_at=earlier.created_at,
        changed_at=earlier.changed_at,
    )
    return case if case == tidy_case(earlier)[0] else structs.replace(case, changed_at=now)


def _with_hash(paper: Document, hashes: dict[tuple[str, dt.datetime | None], str]) -> Document:
    return structs.replace(paper, fingerprint=hashes.get((paper.kind, paper.seen_at), ""))


def _check(
    case: Case,
    earlier: Case | None,
    *,
    owners: dict[str, Organisation],
    endpoints: dict[str, MemberEndpoint],
    now: dt.datetime,
) -> Complaints:
    owner = owners.get(case.organisation_id)
    if owner is None:
        return {"organisation_id": "no organisation has this id. Look for it with: raabta org list"}
    if earlier is not None and earlier.organisation_id != owner.id:
        return {"id": "this application is another organisation's. Leave the id empty for a new one."}
    kept = () if earlier is None else tidy_case(earlier)[0].steps
    if case.steps[: len(kept)] != kept:
        return {"steps": "steps that are registered stay. Write new ones after them, or leave the column out."}
    if case.steps and case.steps[-1].status != case.status:
        return {"status": f"the steps end with {case.steps[-1].status}. Leave it empty, or add the step."}
    return check_case(case, organisation=owner, endpoints=endpoints, now=now)
