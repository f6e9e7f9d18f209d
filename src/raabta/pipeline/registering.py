"""Into the register: every organisation, person and end point is checked, and every end point linted, on its way in.

This is the Python API of what ``raabta org`` and ``raabta endpoint`` do; ``pipeline.importing`` takes CSV in on the
same way. A hard finding keeps an end point out, unless a named person reviewed the rule: then the ``Review`` is
stored beside it, in the same transaction.
"""

import datetime as dt
import re
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final, TypeVar

from msgspec import Struct, structs

from raabta.model.exemption import LintFinding, Recipient, Review
from raabta.model.register import Consent, MemberEndpoint, Organisation, Person
from raabta.pipeline.remarks import about_use
from raabta.reference.tables import Tables
from raabta.registry.store import Records
from raabta.registry.wellformed import (
    Complaints,
    has_identity_number,
    tidy_endpoint,
    tidy_organisation,
    tidy_person,
)

Lint = Callable[[MemberEndpoint, Collection[str], Collection[str]], Sequence[LintFinding]]
"""What rules say of an end point: (end point, rules that were reviewed, names of the organisation's people)."""

Record = TypeVar("Record", bound=Struct)

VALID_DAYS: Final = 365
"""How long an end point is registered for, where nothing else is said: the longest allowed, but for a leap day."""

RECIPIENT: Final = re.compile(r"[a-z][a-z0-9._-]{0,63}")
IN_REVIEW: Final = "this looks like a person's identity number, which is not kept. Leave it out."


class Registered(Struct, frozen=True, kw_only=True):
    """An end point that was taken in, what rules had to say of it, and what it lacks for use (by field)."""

    endpoint: MemberEndpoint
    findings: tuple[LintFinding, ...] = ()
    remarks: dict[str, str] = {}

    @property
    def notes(self) -> list[str]:
        """All of it in words, each with its field."""
        found = [f"{found.place}: {found.words} [{found.rule}] {found.advice}" for found in self.findings]
        return found + [f"{name}: {words}" for name, words in self.remarks.items()]


def lint_with(tables: Tables, *, now: dt.datetime) -> Lint:
    """Give lint over these tables."""
    from raabta.remedy.lint import bench_of, lint_endpoint  # noqa: PLC0415  organisations have no need of it

    bench = bench_of(tables)

    def _lint(endpoint: MemberEndpoint, reviewed: Collection[str], names: Collection[str]) -> Sequence[LintFinding]:
        return lint_endpoint(endpoint, bench=bench, now=now, reviewed=reviewed, names=names)

    return _lint


def locate_with(tables: Tables) -> Callable[[MemberEndpoint], MemberEndpoint]:
    """Give what fills in the network that announces an end point's address, where nobody said."""

    def locate(endpoint: MemberEndpoint) -> MemberEndpoint:
        if endpoint.asn or not endpoint.prefix:
            return endpoint
        return structs.replace(endpoint, asn=tables.networks.asn(endpoint.prefix.partition("/")[0]))

    return locate


def add_organisation(records: Records, given: Organisation) -> Organisation:
    """Take an organisation in.

    Raises:
        ValueError: A field is wrong, or it is registered already. The text names the field, not what stood there.
    """
    tidied, complaints = tidy_organisation(given)
    refuse(complaints or about_organisation(records, tidied))
    records.add(tidied)
    return tidied


def change_organisation(records: Records, changed: Organisation, *, now: dt.datetime) -> Organisation:
    """Replace an organisation's record.

    Raises:
        ValueError: As for ``add_organisation``.
        LookupError: There is none of this id.
    """
    tidied, complaints = tidy_organisation(structs.replace(changed, changed_at=now))
    refuse(complaints or about_organisation(records, tidied))
    records.put(tidied)
    return tidied


def about_organisation(records: Records, given: Organisation) -> Complaints:
    """Say what of an organisation does not go with the others: registered twice, or a sponsor that is not there."""
    if given.sponsor_id and (given.sponsor_id == given.id or records.get(Organisation, given.sponsor_id) is None):
        return {"sponsor_id": "no organisation has this id. Register the sponsor first."}
    name = naming_field(given)
    others = records.find(Organisation, **{name: getattr(given, name)}, country=given.country)
    other = next((other for other in others if other.id != given.id and naming_field(other) == name), None)
    return {} if other is None else _twice(name, other.id)


def naming_field(organisation: Organisation) -> str:
    """Name the field by which an organisation is the same as another; namesakes among freelancers are not."""
    if organisation.registration_number:
        return "registration_number"
    return "id" if organisation.legal_form == "individual" else "legal_name"


def _twice(name: str, other: str) -> Complaints:
    return {name: f"registered already as {other}. To change that one: raabta org change {other}"}


def add_person(records: Records, given: Person) -> Person:
    """Take a focal person in.

    Raises:
        ValueError: A field is wrong. The text names the field, not what stood there.
        LookupError: The organisation is not there.
    """
    require(records, Organisation, id_=given.organisation_id)
    tidied, complaints = tidy_person(given)
    refuse(complaints)
    records.add(tidied)
    return tidied


def add_endpoint(
    records: Records, given: MemberEndpoint, *, lint: Lint, review: Review | None = None, is_new: bool = True
) -> Registered:
    """Take an end point in, or replace one (``is_new`` False).

    Args:
        records: Of ``register.change()``.
        given: The end point.
        lint: What rules say: ``lint_with(tables, now=…)``.
        review: A named person's decision to let rules pass for it; stored with it. Earlier ones count as well.
        is_new: Whether it is new.

    Raises:
        ValueError: A field is wrong, a rule keeps it out, or it is registered already.
        LookupError: The organisation, or the end point to replace, is not there.
    """
    require(records, Organisation, id_=given.organisation_id)
    tidied, complaints = tidy_endpoint(given)
    others = (other for other in records.find(MemberEndpoint, organisation_id=tidied.organisation_id))
    refuse(complaints or about_endpoint(tidied, {signature(other): other.id for other in others}))
    reviews = [*records.find(Review, subject=tidied.id), *((review,) if review else ())]
    names = [person.name for person in records.find(Person, organisation_id=tidied.organisation_id)]
    refuse({"review": IN_REVIEW} if review and has_identity_number(f"{review.by} {review.reason}") else {})
    findings = tuple(lint(tidied, rules_of(reviews), names))
    refuse(about_findings(findings))
    (records.add if is_new else records.put)(tidied)
    if review:
        records.add(review)
    operator = records.get(Recipient, tidied.operator) if tidied.operator else None
    remarks = about_use(tidied, {operator.id: operator} if operator else {})
    return Registered(endpoint=tidied, findings=findings, remarks=remarks)


def signature(endpoint: MemberEndpoint) -> tuple[Any, ...]:
    """Give what makes two end points the same."""
    devices = endpoint.device_keys if not endpoint.prefix else ()
    return (
        endpoint.organisation_id,
        endpoint.direction,
        endpoint.prefix,
        endpoint.remote,
        endpoint.transport,
        endpoint.port,
        endpoint.protocol,
        devices,
        endpoint.site if not endpoint.prefix else "",
    )


def about_endpoint(given: MemberEndpoint, known: dict[tuple[Any, ...], str]) -> Complaints:
    """Say whether the same end point is registered already; ``known`` are signatures with their ids."""
    other = known.get(signature(given), given.id)
    return {} if other == given.id else {"prefix": f"the same end point is registered already as {other}."}


def about_findings(findings: Sequence[LintFinding]) -> Complaints:
    """Give hard findings as complaints by the field that they are about."""
    complaints: Complaints = {}
    for finding in findings:
        if finding.hard:
            complaints.setdefault(finding.place, f"{finding.words} [{finding.rule}] {finding.advice}")
    return complaints


def rules_of(reviews: Sequence[Review]) -> frozenset[str]:
    """Give the rules that reviews let pass."""
    return frozenset(rule for review in reviews for rule in review.rules)


def end_endpoint(records: Records, id_: str, *, now: dt.datetime) -> MemberEndpoint:
    """End an end point now: it leaves the lists when they are next made.

    Raises:
        LookupError: There is none.
        ValueError: It has ended already.
    """
    endpoint = require(records, MemberEndpoint, id_=id_)
    if endpoint.valid_until <= now:
        message = f"{id_}: it has ended already, at {endpoint.valid_until:%Y-%m-%d %H:%M} UTC."
        raise ValueError(message)
    ended = structs.replace(endpoint, valid_from=min(endpoint.valid_from, now), valid_until=now)
    records.put(ended)
    return ended


def give_consent(records: Records, given: Consent) -> Consent:
    """Write down a consent. One that is in force for the same purpose and recipient is kept as it is.

    Raises:
        LookupError: The organisation is not there.
        ValueError: The recipient's id is none.
    """
    require(records, Organisation, id_=given.organisation_id)
    refuse({} if RECIPIENT.fullmatch(given.recipient) else {"recipient": "the id of a recipient, as ptcl or pta."})
    same = {"organisation_id": given.organisation_id, "purpose": given.purpose, "recipient": given.recipient}
    earlier = next(records.find(Consent, **same, withdrawn_at=None), None)
    if earlier is not None:
        return earlier
    records.add(given)
    return given


def withdraw_consent(records: Records, id_: str, *, now: dt.datetime) -> Consent:
    """Withdraw a consent: what rests on it leaves the lists when they are next made.

    Raises:
        LookupError: There is none.
        ValueError: It was withdrawn already.
    """
    consent = require(records, Consent, id_=id_)
    if consent.withdrawn_at is not None:
        message = f"{id_}: withdrawn already, at {consent.withdrawn_at:%Y-%m-%d %H:%M} UTC."
        raise ValueError(message)
    withdrawn = structs.replace(consent, withdrawn_at=now)
    records.put(withdrawn)
    return withdrawn


def require(records: Records, kind: type[Record], *, id_: str) -> Record:
    """Give a record that must be there.

    Raises:
        LookupError: It is not.
    """
    found = records.get(kind, id_)
    if found is None:
        where = "raabta endpoint list" if kind is MemberEndpoint else "raabta org list"
        message = f"{id_}: no {NAMES.get(kind, kind.__name__)} has this id. Look for it with: {where}"
        raise LookupError(message)
    return found


def refuse(complaints: Complaints) -> None:
    """Refuse what is complained about.

    Raises:
        ValueError: With every complaint.
    """
    if complaints:
        raise ValueError("; ".join(f"{name}: {words}" for name, words in complaints.items()))


NAMES: Final[dict[type[Struct], str]] = {
    Organisation: "organisation",
    MemberEndpoint: "end point",
    Consent: "consent",
    Person: "person",
}
