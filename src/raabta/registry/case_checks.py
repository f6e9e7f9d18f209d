"""Whether a case that somebody else kept can have gone so: its type, end points, papers and steps.

Pure. A case that comes from a table was not taken through ``registry.cases`` step by step. Which step may follow which,
and its reason, is checked here as there; papers and consent of past steps are not: what was handed in, was.
"""

import datetime as dt
from collections.abc import Mapping
from itertools import pairwise

from raabta.model.register import CASE_STEPS, Case, CaseStep, MemberEndpoint, Organisation
from raabta.registry.cases import NEEDS_REASON
from raabta.registry.country import Country, country_codes, load_country
from raabta.registry.wellformed import Complaints


def check_case(
    case: Case, *, organisation: Organisation, endpoints: Mapping[str, MemberEndpoint], now: dt.datetime
) -> Complaints:
    """Say what is wrong with a case, by field; nothing of it is repeated.

    Args:
        case: With its steps.
        organisation: Whose it is.
        endpoints: All that are registered, by id.
        now: No step lies later.
    """
    if organisation.country.lower() not in country_codes():
        return {"organisation_id": "there are no data for the country of this organisation."}
    country, found = load_country(organisation.country), Complaints()
    try:
        application = country.application_of(case.kind)
    except ValueError:
        kinds = ", ".join(f"{country.code.lower()}.{name}" for name in country.application)
        return {"kind": f"one of {kinds}."}  # the error's own words repeat the text
    if organisation.legal_form not in application.legal_forms:
        found["kind"] = f"{application.title} is for: {application.applicants}. See: raabta case types"
    named = [endpoints.get(id_) for id_ in case.endpoint_ids]
    if any(one is None or one.organisation_id != organisation.id for one in named):
        found["endpoint_ids"] = "one is no end point of this organisation. Look for it: raabta endpoint list"
    if words := _about_papers(case, country):
        found["documents"] = words
    if words := _about_steps(case.steps, country, now):
        found["steps"] = words
    if case.status == "approved" and not case.reference:
        found["reference"] = "an approved application has the regulator's reference."
    return found


def _about_papers(case: Case, country: Country) -> str:
    kinds = [paper.kind for paper in case.documents]
    if not set(kinds) <= country.document.keys():
        return f"one is no paper of {country.name}. There are: {', '.join(sorted(country.document))}."
    return "" if len(set(kinds)) == len(kinds) else "a paper stands there twice."


def _about_steps(steps: tuple[CaseStep, ...], country: Country, now: dt.datetime) -> str:
    if steps and steps[0].status != "draft":
        return "an application begins as draft. Give all steps, in their order."
    for place, (before, step) in enumerate(pairwise(steps), start=2):
        if step.status not in CASE_STEPS[before.status]:
            allowed = ", ".join(sorted(CASE_STEPS[before.status]))
            return f"step {place}: after {before.status} comes {allowed}, not {step.status}."
        if step.at < before.at:
            return f"step {place}: it lies before the one before it."
    if steps and steps[-1].at > now:
        return f"step {len(steps)}: it lies in the future."
    return next(
        (words for place, step in enumerate(steps, start=1) if (words := _about_reason(place, step, country))), ""
    )


def _about_reason(place: int, step: CaseStep, country: Country) -> str:
    possible = sorted(code for code, row in country.reason.items() if step.status in row.steps)
    if step.reason and step.reason not in possible:
        return f"step {place}: the reason is none for {step.status}. There are: {', '.join(possible) or 'none'}."
    if not step.reason and step.status in NEEDS_REASON:
        return f"step {place}: {step.status} needs a reason: `because` and one of {', '.join(possible)}."
    return ""
