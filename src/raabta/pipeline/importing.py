"""CSV into the register: the good rows go in, in one transaction; of a bad one its line, column and field are told.

An empty ``id`` makes a new record, a known one replaces that record, another one is taken as it is, so that an export
goes back in. Rows are checked against what is registered and against the rows before them. An identity number is hashed
before anything else happens to its row, and is in no fault.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, cast

from msgspec import Struct, structs

from raabta.model.exemption import Recipient, Review
from raabta.model.register import MemberEndpoint, Organisation, Person
from raabta.pipeline.registering import (
    VALID_DAYS,
    Lint,
    about_endpoint,
    about_findings,
    naming_field,
    rules_of,
    signature,
)
from raabta.pipeline.remarks import about_use, same_paper
from raabta.registry.secrets import RegisterKey
from raabta.registry.store import Records
from raabta.registry.tabular import Row, RowFault, read_field, read_record, read_table
from raabta.registry.wellformed import Complaints, tidy_endpoint, tidy_organisation, tidy_person

PERSON_COLUMNS: Final = {f"person_{name}": name for name in ("name", "email", "phone", "role")}
IDENTITY_COLUMNS: Final = ("identity_kind", "identity_number", "identity_seen_by")
ORGANISATION_COLUMNS: Final = tuple(
    name for name in Organisation.__struct_fields__ if name not in ("created_at", "changed_at")
)
ENDPOINT_COLUMNS: Final = tuple(name for name in MemberEndpoint.__struct_fields__ if name != "created_at")
PEOPLE_COLUMNS: Final = tuple(name for name in Person.__struct_fields__ if name not in ("identity_hash", "created_at"))
"""Of an export of people: hashes of papers stay in the register."""
ID: Final = re.compile(r"[a-z]-[a-z0-9-]{1,60}")


class Maker(Struct, frozen=True, kw_only=True):
    """What new records are made with."""

    now: dt.datetime
    new_id: Callable[[str], str]
    key: RegisterKey
    lint: Lint | None = None
    """Needed for end points."""
    locate: Callable[[MemberEndpoint], MemberEndpoint] = lambda endpoint: endpoint


class Imported(Struct, frozen=True, kw_only=True):
    """What became of a table. ``ids`` are those of rows that went in, in their order."""

    ids: tuple[str, ...]
    n_changed: int
    faults: tuple[RowFault, ...]
    warnings: tuple[RowFault, ...] = ()
    """Of rows that went in: what rules told, then what they lack for use."""


class Intake:
    """Rows on their way in: what is new, what replaces, what is wrong."""

    def __init__(self) -> None:
        self.added: dict[str, Struct] = {}
        self.changed: dict[str, Struct] = {}
        self.people: list[Person] = []
        self.people_changed: list[Person] = []
        self.ids: list[str] = []
        self.faults: list[RowFault] = []
        self.warnings: list[RowFault] = []
        self.remarks: list[RowFault] = []

    def blame(self, row: Row, complaints: Complaints) -> None:
        """Note what is wrong with a row."""
        self.faults += [row.fault(name, words) for name, words in complaints.items()]

    def take(self, record: Any, *, is_known: bool) -> None:
        """Take a record in."""
        (self.changed if is_known else self.added)[record.id] = record
        self.ids.append(record.id)

    def store(self, records: Records) -> Imported:
        """Write all that was taken in, and tell what became of the table."""
        for new in (self.added.values(), self.people):
            records.add_all(new)
        for known in (self.changed.values(), self.people_changed):
            records.put_all(known)
        return Imported(
            ids=tuple(self.ids),
            n_changed=len(self.changed),
            faults=tuple(self.faults),
            warnings=(*self.warnings, *self.remarks),
        )


def import_organisations(records: Records, source: Iterable[bytes], *, maker: Maker) -> Imported:
    """Take in a table of organisations, each with a focal person where the table has one.

    Raises:
        ValueError: The head is not understood; then nothing went in.
    """
    columns = (*ORGANISATION_COLUMNS, *PERSON_COLUMNS, *IDENTITY_COLUMNS)
    table = Intake()
    known = {found.id: found for found in records.find(Organisation)}
    named = {_name_of(found): found.id for found in known.values()}
    people = {(person.organisation_id, person.name): person for person in records.find(Person)}
    papers = {person.identity_hash: person.id for person in people.values() if person.identity_hash}
    for row in rows_of(table, source, columns=columns, required=("legal_name", "legal_form", "country")):
        hashed = _hash_identity(row, maker.key)
        earlier = known.get(row.texts.get("id", ""))
        organisation, complaints = _read_organisation(row, earlier, maker)
        person, about_person = _read_person(row, hashed, maker, organisation_id=organisation.id if organisation else "")
        complaints |= about_person
        if organisation is None or complaints:
            table.blame(row, complaints)
            continue
        complaints = _about_others(organisation, known, named, table)
        if complaints:
            table.blame(row, complaints)
            continue
        named[_name_of(organisation)] = organisation.id
        table.take(organisation, is_known=earlier is not None)
        known.setdefault(organisation.id, organisation)
        taken = _take_person(table, person, people)
        if taken is not None and hashed and papers.setdefault(hashed, taken.id) != taken.id:
            table.remarks.append(row.fault("identity_number", same_paper(papers[hashed])))
    return table.store(records)


def import_endpoints(records: Records, source: Iterable[bytes], *, maker: Maker) -> Imported:
    """Take in a table of end points of organisations that are registered.

    Raises:
        ValueError: The head is not understood; then nothing went in.
    """
    assert maker.lint is not None, "end points are linted on their way in"  # noqa: S101  for the type checker
    table = Intake()
    owners = {found.id for found in records.find(Organisation)}
    known = {found.id: found for found in records.find(MemberEndpoint)}
    same = {signature(found): found.id for found in known.values()}
    names = _by_owner(records)
    reviewed = _by_subject(records)
    recipients = {found.id: found for found in records.find(Recipient)}
    for row in rows_of(table, source, columns=ENDPOINT_COLUMNS, required=("organisation_id", "direction")):
        earlier = known.get(row.texts.get("id", ""))
        endpoint, complaints = _read_endpoint(row, earlier, maker)
        if endpoint is not None and not complaints:
            complaints = _about_owner(endpoint, earlier, owners) or about_endpoint(endpoint, same)
        if endpoint is None or complaints:
            table.blame(row, complaints)
            continue
        findings = maker.lint(
            endpoint, rules_of(reviewed.get(endpoint.id, ())), names.get(endpoint.organisation_id, ())
        )
        table.blame(row, about_findings(findings))
        if any(finding.hard for finding in findings):
            continue
        table.warnings += [row.fault(found.place, f"{found.words} [{found.rule}]") for found in findings]
        table.remarks += [row.fault(name, words) for name, words in about_use(endpoint, recipients).items()]
        same[signature(endpoint)] = endpoint.id
        table.take(endpoint, is_known=earlier is not None)
    return table.store(records)


def rows_of(
    table: Intake, source: Iterable[bytes], *, columns: tuple[str, ...], required: tuple[str, ...]
) -> Iterator[Row]:
    """Give the rows of a table that may be read; what is wrong with the others is noted.

    Raises:
        ValueError: The head is not understood.
    """
    for row in read_table(source, columns=columns, required=required):
        if isinstance(row, RowFault):
            table.faults.append(row)
        elif (id_ := row.texts.get("id", "")) and not ID.fullmatch(id_):
            table.blame(row, {"id": "leave it empty for a new one; else as o-abcdefghij234567."})
        elif id_ and (id_ in table.added or id_ in table.changed):
            table.blame(row, {"id": "this id stands in a line before. Leave it empty for a new one."})
        else:
            yield row


def _read_organisation(row: Row, earlier: Organisation | None, maker: Maker) -> tuple[Organisation | None, Complaints]:
    given = {
        "id": row.texts.get("id") or maker.new_id("o-"),
        "created_at": earlier.created_at if earlier else maker.now,
        "changed_at": maker.now,
    }
    organisation, complaints = read_record(
        Organisation, texts_in(row, ORGANISATION_COLUMNS), given=kept_fields(row, earlier) | given
    )
    if organisation is None:
        return None, complaints
    return tidy_organisation(organisation)


def _read_endpoint(row: Row, earlier: MemberEndpoint | None, maker: Maker) -> tuple[MemberEndpoint | None, Complaints]:
    given: dict[str, Any] = {
        "id": row.texts.get("id") or maker.new_id("e-"),
        "created_at": earlier.created_at if earlier else maker.now,
    }
    texts = texts_in(row, ENDPOINT_COLUMNS)
    kept = kept_fields(row, earlier)
    if not texts.get("prefix") and "prefix" not in kept:
        given["prefix"] = ""
    if not texts.get("valid_from"):
        given["valid_from"] = earlier.valid_from if earlier else maker.now
    if not texts.get("valid_until"):
        start = read_start(texts, maker.now)
        given["valid_until"] = earlier.valid_until if earlier else start + dt.timedelta(days=VALID_DAYS)
    endpoint, complaints = read_record(MemberEndpoint, texts, given=kept | given)
    if endpoint is None:
        return None, complaints
    tidied, complaints = tidy_endpoint(endpoint)
    return (tidied if complaints else maker.locate(tidied)), complaints


def read_start(texts: dict[str, str], now: dt.datetime) -> dt.datetime:
    """Give when an end point begins: as its text says, else now; a text that is none is told with its field."""
    try:
        return cast("dt.datetime", read_field(MemberEndpoint, "valid_from", text=texts.get("valid_from", "")))
    except ValueError:
        return now


def texts_in(row: Row, columns: tuple[str, ...]) -> dict[str, str]:
    """Give the texts of some columns of a row."""
    return {name: text for name, text in row.texts.items() if name in columns}


def kept_fields(row: Row, earlier: Struct | None) -> dict[str, Any]:
    """Give the fields of the earlier record that this table has no column for."""
    return (
        {}
        if earlier is None
        else {name: value for name, value in structs.asdict(earlier).items() if name not in row.texts}
    )


def _hash_identity(row: Row, key: RegisterKey) -> str:
    """Take the identity number out of a row, and give its hash; "!" where it is none."""
    number = row.texts.pop("identity_number", "")
    if not number:
        return ""
    try:
        return key.identity_hash(row.texts.get("identity_kind", ""), number)
    except ValueError:
        return "!"


def _read_person(row: Row, hashed: str, maker: Maker, *, organisation_id: str) -> tuple[Person | None, Complaints]:
    texts = {field: row.texts.get(column, "") for column, field in PERSON_COLUMNS.items()}
    kind, seen_by = row.texts.get("identity_kind", ""), row.texts.get("identity_seen_by", "")
    if not any((*texts.values(), kind, hashed)):
        return None, {}
    person, complaints = tidy_person(
        Person(
            id=maker.new_id("p-"),
            organisation_id=organisation_id,
            **texts,
            identity_kind=kind,
            identity_hash=hashed,
            identity_seen_at=maker.now if hashed else None,
            identity_seen_by=seen_by,
            created_at=maker.now,
        )
    )
    if hashed == "!":
        complaints["identity_number"] = "it has fewer than 5 letters and digits. Read it from the paper again."
    if bool(hashed) != bool(kind):
        complaints["identity_kind"] = "the number and its kind belong together. Give both, or neither."
    if hashed and not seen_by:
        complaints["identity_seen_by"] = "who saw the paper must be named."
    field_columns = {field: column for column, field in PERSON_COLUMNS.items()}
    return person, {field_columns.get(name, name): words for name, words in complaints.items()}


def _take_person(table: Intake, person: Person | None, known: dict[tuple[str, str], Person]) -> Person | None:
    """Take a person in; one that the organisation has already is renewed, and keeps the paper that was seen."""
    if person is None:
        return None
    earlier = known.get((person.organisation_id, person.name))
    if earlier is None:
        table.people.append(person)
        return person
    person = structs.replace(person, id=earlier.id, created_at=earlier.created_at)
    if not person.identity_hash:
        kept = ("identity_kind", "identity_hash", "identity_seen_at", "identity_seen_by")
        person = structs.replace(person, **{name: getattr(earlier, name) for name in kept})
    table.people_changed.append(person)
    return person


def _name_of(organisation: Organisation) -> tuple[str, str, str]:
    field = naming_field(organisation)
    return organisation.country, field, getattr(organisation, field)


def _about_others(
    given: Organisation, known: dict[str, Organisation], named: dict[tuple[str, str, str], str], table: Intake
) -> Complaints:
    if given.sponsor_id and (given.sponsor_id == given.id or given.sponsor_id not in known):
        return {"sponsor_id": "no organisation has this id. Register the sponsor first."}
    field = naming_field(given)
    other = named.get(_name_of(given), given.id)
    if other == given.id:
        return {}
    where = "in a line before" if other in table.added else f"already, as {other}"
    return {field: f"registered {where}. To change that one, give its id in the column id."}


def _about_owner(endpoint: MemberEndpoint, earlier: MemberEndpoint | None, owners: set[str]) -> Complaints:
    if endpoint.organisation_id not in owners:
        return {"organisation_id": "no organisation has this id. Look for it with: raabta org list"}
    if earlier is not None and earlier.organisation_id != endpoint.organisation_id:
        return {"id": "this end point is another organisation's. Leave the id empty for a new one."}
    return {}


def _by_owner(records: Records) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for person in records.find(Person):
        names.setdefault(person.organisation_id, []).append(person.name)
    return names


def _by_subject(records: Records) -> dict[str, list[Review]]:
    reviews: dict[str, list[Review]] = {}
    for review in records.find(Review):
        reviews.setdefault(review.subject, []).append(review)
    return reviews
