"""An application on its way: which papers it needs, what still stands in its way, and each step with its time.

Pure: a case goes in, the changed case comes out. Which status may follow which stands in ``model.register.CASE_STEPS``;
what a status demands, in ``_DEMANDS`` below. Papers are *seen* by an officer; of the file only a keyed hash is kept, so
that an exchanged paper is noticed.

A case can be gone back in, never rewritten: every step stays with its time, who took it, and a reason code where one is
needed.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from raabta.model.register import (
    CASE_STEPS,
    Case,
    CaseStatus,
    CaseStep,
    Document,
    MemberEndpoint,
    Organisation,
)
from raabta.registry.country import ApplicationType, Country
from raabta.registry.wellformed import about_text, without_identity_numbers

NEEDS_REASON: Final = frozenset({"rejected", "revoked", "expired", "appeal"})
"""Statuses that nobody is put into without being told why."""

FEE: Final = "fee_receipt"

OPEN: Final = frozenset({"draft", "evidence", "verified", "submitted", "operator_check", "appeal"})
"""Statuses in which somebody still has to do something."""


def open_case(
    id_: str,
    kind: str,
    *,
    organisation: Organisation,
    endpoints: Sequence[MemberEndpoint],
    country: Country,
    now: dt.datetime,
) -> Case:
    """Begin an application as a draft.

    Raises:
        ValueError: The country has no such type, it is not for this applicant, or an end point is another's.
    """
    application = country.application_of(kind)
    if organisation.legal_form not in application.legal_forms:
        message = (
            f"{kind} ({application.title}) is for: {application.applicants}. {organisation.id} is registered as "
            f"{organisation.legal_form}. A freelancer applies as pk.B, or forms a company first: raabta case way."
        )
        raise ValueError(message)
    for endpoint in endpoints:
        if endpoint.organisation_id != organisation.id:
            message = f"end point {endpoint.id} belongs to another organisation than {organisation.id}."
            raise ValueError(message)
    return Case(
        id=id_,
        organisation_id=organisation.id,
        endpoint_ids=tuple(endpoint.id for endpoint in endpoints),
        kind=kind,
        steps=(CaseStep(status="draft", at=now),),
        created_at=now,
        changed_at=now,
    )


def see_document(case: Case, paper: Document, *, country: Country, now: dt.datetime) -> Case:
    """Note that a paper was seen, or waived with a reason. A paper seen again replaces the earlier line.

    Raises:
        ValueError: No such paper exists in this country, it was neither seen nor waived, a text holds an identity
            number, or the case is decided.
    """
    if paper.kind not in country.document:
        known = ", ".join(sorted(country.document))
        message = f"{without_identity_numbers(paper.kind)!r} is no paper of {country.name}. There are: {known}."
        raise ValueError(message)
    if case.status not in OPEN:
        message = f"case {case.id} is {case.status}: its papers are settled. Go on with a new step first."
        raise ValueError(message)
    if paper.seen_at is None and not paper.waived:
        message = f"{paper.kind}: say who saw it, or why it is not needed."
        raise ValueError(message)
    if paper.seen_at is not None and paper.waived:
        message = f"{paper.kind}: it was seen, so nobody need say why it is not needed. Give one of the two."
        raise ValueError(message)
    if paper.seen_at is not None and not paper.seen_by:
        message = f"{paper.kind}: say who saw it (by), or why it is not needed."
        raise ValueError(message)
    _check_texts({"who saw it": paper.seen_by, "why it is not needed": paper.waived})
    others = tuple(line for line in case.documents if line.kind != paper.kind)
    return msgspec.structs.replace(case, documents=(*others, paper), changed_at=now)


def requirements(
    case: Case, *, endpoints: Sequence[MemberEndpoint], n_earlier: int, country: Country
) -> list[tuple[str, ...]]:
    """What papers a case needs: each line is met by any one of its papers.

    ``n_earlier`` counts the addresses that the organisation already has from earlier applications of this kind, since
    the fee counts them too.
    """
    application = country.application_of(case.kind)
    lines = list(application.requires)
    n_addresses = n_earlier + sum(bool(endpoint.prefix) for endpoint in endpoints)
    if application.fee_from_addresses and n_addresses >= application.fee_from_addresses:
        lines.append((FEE,))
    return lines


def missing(case: Case, *, endpoints: Sequence[MemberEndpoint], n_earlier: int = 0, country: Country) -> list[str]:
    """What still stands in the way of handing the case in, in words; empty where nothing does."""
    application = country.application_of(case.kind)
    have = {line.kind for line in case.documents if line.seen_at is not None or line.waived}
    lines = requirements(case, endpoints=endpoints, n_earlier=n_earlier, country=country)
    words = [
        "a paper was not seen: " + " or ".join(country.document[paper].title for paper in line)
        for line in lines
        if not have & set(line)
    ]
    if not endpoints:
        words.append("no end point is named")
    return words + [word for endpoint in endpoints for word in _endpoint_gaps(endpoint, application)]


def _endpoint_gaps(endpoint: MemberEndpoint, application: ApplicationType) -> list[str]:
    gaps = []
    mobile = application.accepts_mobile and endpoint.addressing == "mobile"
    if not endpoint.prefix and not mobile:
        gaps.append(f"end point {endpoint.id} has no address")
    if not endpoint.operator and not mobile:
        gaps.append(f"end point {endpoint.id} names no operator, who must confirm subscriber and address")
    if application.needs_remote and endpoint.direction == "member_source" and not endpoint.remote:
        gaps.append(f"end point {endpoint.id} names no remote gateway")
    if not endpoint.purpose:
        gaps.append(f"end point {endpoint.id} names no purpose")
    return gaps


def advance(
    case: Case, step: CaseStep, *, country: Country, gaps: Sequence[str] = (), has_consent: bool = False
) -> Case:
    """Take one step.

    Args:
        case: The case before it.
        step: Status, time, by whom, and the reason code where one is needed.
        country: The country's data.
        gaps: What ``missing`` said.
        has_consent: Whether the member agrees that this application goes to the regulator.

    Raises:
        ValueError: The step cannot follow, or something that it demands is not there. The text says what to do.
    """
    allowed = CASE_STEPS[case.status]
    if step.status not in allowed:
        message = (
            f"case {case.id} is {case.status}; from there it goes to: {', '.join(sorted(allowed)) or 'nowhere'}, "
            f"not to {step.status}."
        )
        raise ValueError(message)
    if step.at < case.changed_at:
        message = f"case {case.id} was changed at {case.changed_at.isoformat()}; a step cannot lie before that."
        raise ValueError(message)
    _check_texts({"by": step.by, "reason": step.reason, "reference": case.reference})
    _check_reason(step, country)
    demand = _DEMANDS.get(step.status)
    words = demand(case, gaps, has_consent) if demand else ""
    if words:
        message = f"case {case.id} cannot become {step.status}: {words}"
        raise ValueError(message)
    return msgspec.structs.replace(case, status=step.status, steps=(*case.steps, step), changed_at=step.at)


def _check_texts(typed: dict[str, str]) -> None:
    for name, text in typed.items():
        if words := about_text(name, text):
            message = f"{name}: {words}"
            raise ValueError(message)


def _check_reason(step: CaseStep, country: Country) -> None:
    possible = sorted(code for code, row in country.reason.items() if step.status in row.steps)
    if not step.reason and step.status in NEEDS_REASON:
        message = f"{step.status} needs a reason: one of {', '.join(possible)}."
        raise ValueError(message)
    if step.reason and step.reason not in possible:
        message = f"{step.reason!r} is no reason for {step.status}. There are: {', '.join(possible) or 'none'}."
        raise ValueError(message)


def _demand_papers(_case: Case, gaps: Sequence[str], _has_consent: bool) -> str:
    return "; ".join(gaps)


def _demand_consent(case: Case, gaps: Sequence[str], has_consent: bool) -> str:
    if not has_consent:
        return (
            "the member has not agreed that it goes to the regulator. "
            f"raabta org consent give {case.organisation_id} application REGULATOR"
        )
    return "; ".join(gaps)


def _demand_reference(case: Case, _gaps: Sequence[str], _has_consent: bool) -> str:
    return "" if case.reference else "the regulator's reference is not entered (--reference)."


_DEMANDS: Final[dict[CaseStatus, Callable[[Case, Sequence[str], bool], str]]] = {
    "verified": _demand_papers,
    "submitted": _demand_consent,
    "approved": _demand_reference,
}
