"""From the register to a complete application: what the regulator asks for, and what the member agreed to.

What is assembled here goes to one recipient, the country's regulator, and only where the member's consent for that is
in force. Fields that the type of application does not ask for are left out.
"""

import datetime as dt
from typing import cast

import msgspec

from raabta.model.application import Application, ApplicationEndpoint, ApplicationPaper
from raabta.model.register import (
    CASE_STEPS,
    Case,
    CaseStatus,
    CaseStep,
    Consent,
    Document,
    MemberEndpoint,
    Organisation,
    Person,
)
from raabta.registry.cases import advance, missing
from raabta.registry.country import ApplicationType, Country, load_country
from raabta.registry.store import Records
from raabta.registry.wellformed import without_identity_numbers


def has_consent(records: Records, organisation_id: str, *, purpose: str, recipient: str) -> bool:
    """Whether an organisation agrees, now, that its data go to a recipient for a purpose."""
    found = records.find(Consent, organisation_id=organisation_id, purpose=purpose, recipient=recipient)
    return any(consent.withdrawn_at is None for consent in found)


def required(records: Records, case_id: str) -> Case:
    """Give a case that must be there.

    Raises:
        LookupError: There is none.
    """
    case = records.get(Case, case_id)
    if case is None:
        message = f"there is no case {case_id}. Try: raabta case list"
        raise LookupError(message)
    return case


def country_of(records: Records, case: Case) -> Country:
    """The country whose rules a case follows: its organisation's."""
    owner = records.get(Organisation, case.organisation_id)
    return load_country(owner.country if owner is not None else case.kind.partition(".")[0])


def take_step(
    records: Records,
    case_id: str,
    *,
    status: str,
    by_and_reason: tuple[str, str],
    answer: tuple[str | None, dt.date | None],
    now: dt.datetime,
) -> Case:
    """Take one step of a case, and keep it.

    Args:
        records: The register, open for a change.
        case_id: The case.
        status: The status to take.
        by_and_reason: Who took it, and the reason code, each "" where there is none.
        answer: The regulator's reference and until when the registration holds, each None to leave it as it is.
        now: The time of the step.

    Raises:
        LookupError: There is no such case.
        ValueError: The step is refused: the text says why and what to do.
    """
    case = required(records, case_id)
    if status not in CASE_STEPS:
        message = f"{without_identity_numbers(status)!r} is no status. There are: {', '.join(CASE_STEPS)}."
        raise ValueError(message)
    country = country_of(records, case)
    reference, valid_until = answer
    case = msgspec.structs.replace(
        case,
        reference=case.reference if reference is None else reference,
        valid_until=valid_until or case.valid_until,
    )
    by, reason = by_and_reason
    changed = advance(
        case,
        CaseStep(status=cast("CaseStatus", status), at=now, by=by, reason=reason),
        country=country,
        gaps=gaps_of(records, case, country=country),
        has_consent=has_consent(records, case.organisation_id, purpose="application", recipient=country.regulator),
    )
    records.put(changed)
    return changed


def endpoints_of(records: Records, case: Case) -> list[MemberEndpoint]:
    """The end points of a case that are still in the register."""
    found = (records.get(MemberEndpoint, id_) for id_ in case.endpoint_ids)
    return [endpoint for endpoint in found if endpoint is not None]


def count_earlier(records: Records, case: Case) -> int:
    """Addresses of the organisation in its other cases of the same kind that were handed in: the fee counts them."""
    others = records.find(Case, organisation_id=case.organisation_id, kind=case.kind)
    handed_in = [other for other in others if other.id != case.id and _was_handed_in(other)]
    return len({id_ for other in handed_in for id_ in other.endpoint_ids})


def gaps_of(records: Records, case: Case, *, country: Country) -> list[str]:
    """What still stands in the way of handing a case in."""
    return missing(case, endpoints=endpoints_of(records, case), n_earlier=count_earlier(records, case), country=country)


def assemble_application(records: Records, case_id: str, *, country: Country, now: dt.datetime) -> Application:
    """Put an application together.

    Raises:
        LookupError: There is no such case.
        ValueError: The member has not agreed, or something is missing: the text says what.
    """
    case = required(records, case_id)
    organisation = records.get(Organisation, case.organisation_id)
    if organisation is None:
        message = f"case {case_id} belongs to {case.organisation_id}, which is no longer in the register."
        raise LookupError(message)
    if not has_consent(records, organisation.id, purpose="application", recipient=country.regulator):
        message = (
            f"{organisation.id} has not agreed that this goes to {country.regulator}. With their word: "
            f"raabta org consent give {organisation.id} application {country.regulator}"
        )
        raise ValueError(message)
    gaps = gaps_of(records, case, country=country)
    if gaps:
        message = f"case {case_id} is not complete: {'; '.join(gaps)}."
        raise ValueError(message)
    people = list(records.find(Person, organisation_id=organisation.id))
    if not people:
        message = f"{organisation.id} has no focal person. Add one: raabta org person add {organisation.id}"
        raise ValueError(message)
    sponsor = records.get(Organisation, organisation.sponsor_id) if organisation.sponsor_id else None
    return _application(
        case,
        organisation,
        person=people[-1],
        sponsor=sponsor,
        endpoints=endpoints_of(records, case),
        frame=(country, now),
    )


def _application(
    case: Case,
    organisation: Organisation,
    *,
    person: Person,
    sponsor: Organisation | None,
    endpoints: list[MemberEndpoint],
    frame: tuple[Country, dt.datetime],
) -> Application:
    country, now = frame
    asked = country.application_of(case.kind)
    is_company = organisation.legal_form != "individual"
    return Application(
        case_id=case.id,
        kind=case.kind,
        title=asked.title,
        country=country.code,
        regulator=country.regulator_name,
        reference=case.reference,
        legal_name=organisation.legal_name,
        trade_name=organisation.trade_name,
        legal_form=organisation.legal_form,
        registration_number=organisation.registration_number if is_company else "",
        tax_number=organisation.tax_number if is_company else "",
        board_number=organisation.board_number if _asks(asked, "board_call_centre") else "",
        association_number=organisation.association_number,
        sponsor=sponsor.legal_name if sponsor and _asks(asked, "sponsor_voucher") else "",
        focal_name=person.name,
        focal_role=person.role,
        focal_email=person.email,
        focal_phone=person.phone,
        identity_kind=person.identity_kind,
        identity_seen_on=None if person.identity_seen_at is None else person.identity_seen_at.date(),
        papers=tuple(_paper(line, country) for line in case.documents),
        endpoints=tuple(_endpoint(endpoint) for endpoint in endpoints),
        made_at=now,
    )


def _asks(asked: ApplicationType, paper: str) -> bool:
    return any(paper in line for line in asked.requires)


def _was_handed_in(case: Case) -> bool:
    return any(step.status == "submitted" for step in case.steps)


def _paper(line: Document, country: Country) -> ApplicationPaper:
    return ApplicationPaper(
        title=country.document[line.kind].title,
        seen_on=None if line.seen_at is None else line.seen_at.date(),
        seen_by=line.seen_by,
        waived=line.waived,
    )


def _endpoint(endpoint: MemberEndpoint) -> ApplicationEndpoint:
    port = f" port {endpoint.port}" if endpoint.port else ""
    return ApplicationEndpoint(
        address=endpoint.prefix,
        remote=endpoint.remote + (port if endpoint.remote else ""),
        tunnel=f"{endpoint.protocol} {endpoint.transport}",
        operator=endpoint.operator,
        addressing=endpoint.addressing,
        site=endpoint.site,
        purpose=endpoint.purpose,
        valid_until=endpoint.valid_until.date(),
    )
