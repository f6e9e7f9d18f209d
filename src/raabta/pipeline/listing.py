"""Register to list: everything that a recipient's list is made from, read in one transaction.

``remedy.entries`` decides; this joins it with the register and with what proofs are worth today (``registry.proofs``).
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final, TypeVar

from raabta.model.exemption import ExemptionList, LeaseGrant, Recipient, Restriction, Review
from raabta.model.register import Case, Consent, MemberEndpoint, Organisation, Person, Proof
from raabta.reference.tables import Tables
from raabta.registry.proofs import endpoint_level, has_papers, organisation_level
from raabta.registry.store import Records
from raabta.remedy.entries import Compiled, RegisterView, compile_list
from raabta.remedy.lint import bench_of

LIST_LIVES: Final = dt.timedelta(days=30)
"""How long a list is good for: as long as the offline signature over it (remedy.repository). That it is still the
newest is said daily by the online key."""

OfMember = TypeVar("OfMember", Case, Consent, MemberEndpoint, Person, Proof)


def compile_from(
    records: Records,
    recipient_id: str,
    *,
    tables: Tables,
    now: dt.datetime,
    previous: ExemptionList | None = None,
    expires_at: dt.datetime | None = None,
) -> Compiled:
    """Make a recipient's list from the register.

    Args:
        records: Of ``register.look()``.
        recipient_id: Whose list.
        tables: For lint.
        now: Aware UTC; the list is made at this time.
        previous: The recipient's list before: serials and places in the log are carried over.
        expires_at: When the list ends; None for 30 days from now.

    Returns:
        The list, with ``log_size`` and ``log_root`` of the previous one (``remedy.log.record_changes`` renews them),
        and what is not in it, with the reason.

    Raises:
        LookupError: The recipient is not in the register.
        ValueError: No list can be made. The text says why and what to try.
    """
    recipient = records.get(Recipient, recipient_id)
    if recipient is None:
        message = f"{recipient_id}: no recipient has this id. Enter the operator first: raabta list recipient add"
        raise LookupError(message)
    view = view_of(records, now=now)
    return compile_list(
        view,
        bench=bench_of(tables, recipient),
        now=now,
        expires_at=expires_at or now + LIST_LIVES,
        previous=previous,
    )


def view_of(records: Records, *, now: dt.datetime) -> RegisterView:
    """Read what lists are made from, with the evidence of each end point and grant as it is today."""
    endpoints = tuple(records.find(MemberEndpoint))
    cases = tuple(records.find(Case))
    grants = tuple(records.find(LeaseGrant))
    organisations = {organisation.id: organisation for organisation in records.find(Organisation)}
    levels = _Levels(records, organisations, cases, now)
    evidence = {endpoint.id: levels.of_endpoint(endpoint) for endpoint in endpoints}
    by_device = {(one.organisation_id, key): one for one in endpoints for key in one.device_keys}
    for grant in grants:
        endpoint = by_device.get((grant.organisation_ref, grant.device_key))
        evidence[grant.id] = 0 if endpoint is None else levels.of_grant(endpoint)
    countries = Counter(organisation.country for organisation in organisations.values())
    return RegisterView(
        country=max(countries, key=lambda code: (countries[code], code), default=""),
        endpoints=endpoints,
        cases=cases,
        consents=tuple(records.find(Consent)),
        grants=grants,
        restrictions=tuple(records.find(Restriction)),
        reviews=tuple(records.find(Review)),
        evidence=evidence,
    )


class _Levels:
    """Evidence levels, with proofs and papers looked up once for each member."""

    def __init__(
        self, records: Records, organisations: dict[str, Organisation], cases: Iterable[Case], now: dt.datetime
    ) -> None:
        self._organisations = organisations
        self._cases = _by_member(cases)
        self._people = _by_member(records.find(Person))
        self._proofs = _by_member(records.find(Proof, status="proved"))
        self._of_endpoints: defaultdict[str, list[Proof]] = defaultdict(list)
        for proofs in self._proofs.values():
            for proof in proofs:
                self._of_endpoints[proof.endpoint_id].append(proof)
        self._now = now
        self._seen: dict[str, bool] = {}

    def of_endpoint(self, endpoint: MemberEndpoint) -> int:
        """The level of an end point's own address."""
        member = endpoint.organisation_id
        proofs = self._of_endpoints.get(endpoint.id, ())
        return endpoint_level(endpoint, proofs, has_papers=self._has_papers(member), now=self._now)

    def of_grant(self, endpoint: MemberEndpoint) -> int:
        """The level of a grant towards, or from, an end point: as ``pipeline.leasing`` has it."""
        level = self.of_endpoint(endpoint)
        organisation = self._organisations.get(endpoint.organisation_id)
        if endpoint.direction != "member_source" or organisation is None:
            return level
        proofs = self._proofs[organisation.id]
        seen = self._has_papers(organisation.id)
        return max(level, organisation_level(organisation, proofs, has_papers=seen, now=self._now))

    def _has_papers(self, member: str) -> bool:
        if member not in self._seen:
            organisation = self._organisations.get(member)
            self._seen[member] = organisation is not None and has_papers(
                organisation, self._people[member], cases=self._cases[member]
            )
        return self._seen[member]


def _by_member(rows: Iterable[OfMember]) -> "defaultdict[str, list[OfMember]]":
    found: defaultdict[str, list[OfMember]] = defaultdict(list)
    for row in rows:
        found[row.organisation_id].append(row)
    return found
