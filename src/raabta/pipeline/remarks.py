"""Remarks on what was entered: nothing that is refused, but what would be missed later, said at once.

An end point that names the wrong operator, a consent for somebody who gets no list, a paper that another person has
shown: each is told when it is entered, with what to try.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from raabta.model.exemption import Recipient
from raabta.model.register import MemberEndpoint, Organisation, Person
from raabta.registry.country import country_codes, load_country
from raabta.registry.store import Records

NAMES_AT_ONCE: Final = 500
"""Up to here names are asked for by id; beyond, all are read: databases bound how many values a question may have."""


def about_use(endpoint: MemberEndpoint, recipients: Mapping[str, Recipient]) -> dict[str, str]:
    """Say, by field, what will keep an end point out of a list or an application.

    Args:
        endpoint: As it is stored.
        recipients: Those of the register, by id; the end point's operator at least.
    """
    remarks: dict[str, str] = {}
    operator = endpoint.operator
    recipient = recipients.get(operator)
    if operator and recipient is None:
        remarks["operator"] = (
            f"{operator} is no recipient of this register, so no list has this end point. "
            f"Enter it first: raabta list recipient add {operator}"
        )
    elif recipient is not None and _is_elsewhere(endpoint, recipient):
        networks = ", ".join(f"AS{asn}" for asn in recipient.asns)
        remarks["operator"] = (
            f"the address is announced by AS{endpoint.asn}, not by {operator} ({networks}), so its list leaves it out. "
            f"Correct it: raabta endpoint change {endpoint.id} --operator, or: raabta list recipient change {operator}"
        )
    if not endpoint.purpose:
        remarks["purpose"] = f"an application needs it: raabta endpoint change {endpoint.id} --purpose TEXT"
    return remarks


def _is_elsewhere(endpoint: MemberEndpoint, recipient: Recipient) -> bool:
    """Whether another network announces the member's side; of a gateway abroad the network is not the member's."""
    known = endpoint.asn and recipient.asns and endpoint.direction != "remote_gateway"
    return bool(known) and endpoint.asn not in recipient.asns


def about_recipient(records: Records, id_: str) -> str:
    """Say that a consent names nobody who gets anything; "" where it names a recipient or a regulator."""
    if records.get(Recipient, id_) is not None:
        return ""
    regulators = sorted(load_country(code).regulator for code in country_codes())
    if id_ in regulators:
        return ""
    return (
        f"{id_} is neither a recipient of this register nor a regulator ({', '.join(regulators)}). "
        f"See raabta list recipient list, or enter it: raabta list recipient add {id_}"
    )


def about_paper(records: Records, person: Person) -> str:
    """Say that a person's identity paper was seen before for another one; "" where it was not."""
    if not person.identity_hash:
        return ""
    others = records.find(Person, identity_hash=person.identity_hash)
    other = next((one.id for one in others if one.id != person.id), "")
    return same_paper(other) if other else ""


def same_paper(other: str) -> str:
    """Say for which person a paper was seen before. The number is not told: nobody has it."""
    return f"this paper was seen before, for {other}. If it is the same person, delete one of the two."


def legal_names(records: Records, organisation_ids: Iterable[str]) -> dict[str, str]:
    """Give the legal names of organisations by id, with one question to the database."""
    asked = sorted(set(organisation_ids))
    found = records.find(Organisation, **({"id": asked} if len(asked) <= NAMES_AT_ONCE else {}))
    return {organisation.id: organisation.legal_name for organisation in found} if asked else {}
