"""Applications from a table: the good rows go in, of a bad one line, column and field are told."""

import datetime as dt
from collections.abc import Iterator

import pytest
from msgspec import structs

from raabta.model.register import Case, Document
from raabta.pipeline.case_importing import import_cases
from raabta.pipeline.importing import Imported, Maker
from raabta.registry import Register
from raabta.registry.case_text import CASE_COLUMNS, row_of
from raabta.registry.tabular import write_table
from tests.cases.membership import NOW, case, company, endpoint, freelancer
from tests.registry.specimens import IDENTITY_NUMBER, KEY, ids, opened

LATER = NOW + dt.timedelta(days=9)
PAPERS = (
    Document(kind="identity", seen_at=NOW, seen_by="officer-1", fingerprint="0f0f"),
    Document(kind="incorporation", waived="the regulator has it; see its letter"),
)
DECIDED = case("pk.A", ("evidence", 1), ("verified", 2), ("submitted", 3), ("approved", 9), reference="PTA-7")
T = "2026-11-22T09:00:00Z"


@pytest.fixture
def register() -> Iterator[Register]:
    with opened() as found:
        with found.change() as records:
            for record in (company(), freelancer(), endpoint()):
                records.add(record)
        yield found


def take(register: Register, text: str) -> Imported:
    maker = Maker(now=LATER, new_id=ids(), key=KEY)
    with register.change() as records:
        return import_cases(records, text.encode().splitlines(keepends=True), maker=maker)


def cases_in(register: Register) -> list[Case]:
    with register.look() as records:
        return list(records.find(Case))


def export(register: Register) -> str:
    return "".join(write_table(CASE_COLUMNS, map(row_of, cases_in(register))))


def told(imported: Imported) -> list[str]:
    return [str(fault) for fault in imported.faults]


def test_an_export_goes_back_in_unchanged(register: Register) -> None:
    known = [structs.replace(DECIDED, documents=PAPERS), case(id="c-2", documents=PAPERS, steps=())]
    with register.change() as records:
        records.add_all(known)
    imported = take(register, export(register))
    assert (imported.ids, imported.n_changed, told(imported)) == (("c-1", "c-2"), 2, [])
    assert cases_in(register) == known


def test_an_export_goes_in_elsewhere_but_for_hashes_of_papers(register: Register) -> None:
    with register.change() as records:
        records.add(structs.replace(DECIDED, documents=PAPERS))
    table = export(register)
    with register.change() as records:
        records.remove(Case, "c-1")
    take(register, table)
    (found,) = cases_in(register)
    assert found == structs.replace(DECIDED, documents=(structs.replace(PAPERS[0], fingerprint=""), PAPERS[1]))
    assert export(register) == table


def test_a_row_without_an_id_begins_a_draft(register: Register) -> None:
    imported = take(register, "organisation_id,kind,endpoint_ids\no-saffron,pk.A,e-lahore\n")
    (found,) = cases_in(register)
    assert imported.ids == (found.id,)
    assert (found.status, [step.at for step in found.steps], found.changed_at) == ("draft", [LATER], LATER)


def test_a_table_adds_steps_and_the_status_follows(register: Register) -> None:
    with register.change() as records:
        records.add(case(documents=PAPERS))
    imported = take(
        register, f"id,organisation_id,kind,steps\nc-1,o-saffron,pk.A,{T} draft; 2026-11-23 evidence by officer-2\n"
    )
    assert told(imported) == []
    (found,) = cases_in(register)
    assert (found.status, found.steps[1].by, found.changed_at) == ("evidence", "officer-2", LATER)
    assert found.documents == PAPERS


def test_steps_that_are_registered_are_not_rewritten(register: Register) -> None:
    with register.change() as records:
        records.add(DECIDED)
    imported = take(register, f"id,organisation_id,kind,steps\nc-1,o-saffron,pk.A,{T} draft\n")
    assert told(imported) == [
        "line 2, column 4 (steps): steps that are registered stay. Write new ones after them, or leave the column out."
    ]
    assert cases_in(register) == [DECIDED]


@pytest.mark.parametrize(
    ("column", "text", "words"),
    [
        ("organisation_id", "o-nobody", "no organisation has this id"),
        ("kind", "pk.X", "one of pk.A, pk.B, pk.C, pk.D."),
        ("kind", "pk.B", "is for: individual"),
        ("kind", IDENTITY_NUMBER, "this looks like a person's identity number"),
        ("endpoint_ids", "e-lahore e-other", "one is no end point of this organisation"),
        ("reference", f"see {IDENTITY_NUMBER}", "this looks like a person's identity number"),
        ("documents", "passport_photo waived no", "one is no paper of Pakistan"),
        ("documents", f"identity seen {T} by x; identity waived y", "a paper stands there twice"),
        ("documents", "identity", "paper 1: a paper, then"),
        ("documents", f"identity seen {T} by {IDENTITY_NUMBER}", "this looks like a person's identity number"),
        ("documents", f"identity waived {IDENTITY_NUMBER}", "this looks like a person's identity number"),
        ("steps", f"{T} evidence", "an application begins as draft"),
        ("steps", f"{T} draft; {T} verified", "step 2: after draft comes evidence, not verified"),
        ("steps", f"{T} draft; 2026-11-21 evidence", "step 2: it lies before the one before it"),
        ("steps", f"{T} draft; 2027-11-21 evidence", "step 2: it lies in the future"),
        ("steps", f"{T} draft; {T} evidence because bad_mood", "step 2: the reason is none for evidence"),
        (
            "steps",
            f"{T} draft; {T} evidence; {T} verified; {T} submitted; {T} rejected",
            "step 5: rejected needs a reason",
        ),
        ("steps", f"{T} draft; {T} evidence by {IDENTITY_NUMBER}", "this looks like a person's identity number"),
        ("status", "approved", "the steps end with draft"),
        ("status", "thrown_away", "one of draft"),
        ("valid_until", "soon", "a day as 2026-11-23"),
    ],
)
def test_a_bad_row_is_told_with_its_place_and_repeats_nothing(
    register: Register, column: str, text: str, words: str
) -> None:
    good = {"organisation_id": "o-saffron", "kind": "pk.A"}
    row = good | {column: text}
    table = f"{','.join(row)}\n{','.join(row.values())}\n{','.join((good | {column: ''} | good).values())}\n"
    imported = take(register, table)
    place = list(row).index(column) + 1
    assert [line for line in told(imported) if not line.startswith(f"line 2, column {place} ({column}): ")] == []
    assert words in told(imported)[0]
    assert IDENTITY_NUMBER not in "".join(told(imported))
    assert [found.kind for found in cases_in(register)] == ["pk.A"]


def test_an_approval_without_the_regulator_s_reference_is_refused(register: Register) -> None:
    steps = "; ".join(f"{T} {status}" for status in ("draft", "evidence", "verified", "submitted", "approved"))
    imported = take(register, f"organisation_id,kind,reference,steps\no-saffron,pk.A,,{steps}\n")
    assert told(imported) == ["line 2, column 3 (reference): an approved application has the regulator's reference."]


def test_another_organisation_s_application_is_not_taken_over(register: Register) -> None:
    with register.change() as records:
        records.add(DECIDED)
    imported = take(register, "id,organisation_id,kind\nc-1,o-bilal,pk.B\n")
    assert told(imported) == [
        "line 2, column 1 (id): this application is another organisation's. Leave the id empty for a new one."
    ]
