"""From the register to a recipient's list: which end points become entries, and why the others do not.

An end point becomes an entry when all of this holds today: it is in force; its member consented that this recipient
gets it; an application for it is approved and has not run out; control of its address is proved (evidence level 2);
its member's side stands in a network of the recipient; no rule of lint is broken. What no longer holds is gone from
the next list: nothing is ever carried over but an entry's first serial and its place in the log.

    member's source      source = its address,      destination = the other end, "" for any
    gateway abroad       source = the member's own, destination = the gateway
    inbound service      source = who dials it,     destination = the service; where nobody says who dials,
                         source = the service, any destination, any port: what it answers

Ids and references are made with the recipient's secret, so that two recipients cannot tell by them that two entries are
one member's, and nobody can try ids.
"""

import base64
import datetime as dt
import hmac
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal

import msgspec
from msgspec import Struct

from raabta.model.exemption import (
    ExemptionEntry,
    ExemptionList,
    LeaseGrant,
    LintFinding,
    Recipient,
    Restriction,
    Review,
)
from raabta.model.register import Case, Consent, MemberEndpoint
from raabta.remedy.lint import LintBench, is_refused, lint_list
from raabta.remedy.linting.endpoints import with_length
from raabta.remedy.linting.entries import LEAST_EVIDENCE
from raabta.remedy.linting.hosts import read_host
from raabta.remedy.linting.places import Place

CONSENT: Final = "exemption_list"
_REF_CHARS: Final = 20
"""100 bits of base32: nobody tries them, and 100,000 of them are all different."""
_REF_BYTES: Final = 15
"""As many as the characters are made of: 8 of 5 bytes."""
_ROUNDS_MAX: Final = 5
"""After leaving out what is wrong, what it hid may be: a wider entry that is gone no longer contains another."""

Reason = Literal[
    "ended",
    "not_begun",
    "other_network",
    "no_consent",
    "no_case",
    "evidence",
    "mobile",
    "no_source",
    "host_name",
    "unreadable",
    "no_endpoint",
    "lint",
]

REASONS: Final[dict[Reason, tuple[str, str]]] = {
    "ended": ("its time is over", "Renew it: raabta endpoint change"),
    "not_begun": ("its time has not begun", "Nothing: a later list has it."),
    "other_network": (
        "another network announces it than those of the operator that it names",
        "Correct the operator: raabta endpoint change --operator, or its networks: raabta list recipient change",
    ),
    "no_consent": ("the member did not consent to this recipient", "Ask the member: raabta org consent give"),
    "no_case": ("no application for it is approved and in force", "See its application: raabta case list"),
    "evidence": ("control of its address is not proved, or no longer", "raabta endpoint prove ENDPOINT"),
    "mobile": ("its address changes", "Grant leases: raabta lease grant add"),
    "no_source": ("the member's own address is not stated", "State it as remote, or grant leases."),
    "host_name": ("its other end is a name, and traffic has addresses only", "State the address."),
    "unreadable": ("its prefix cannot be read", "Correct it: raabta endpoint change"),
    "no_endpoint": ("no end point in force has this device's key", "raabta lease grant end, or renew the end point"),
    "lint": ("a rule keeps it out", "See the findings."),
}
"""Why something is not in a list, in words, and what to try."""


class RegisterView(Struct, frozen=True, kw_only=True):
    """What of the register a list is made from.

    Attributes:
        country: Where most members are, as the register writes it.
        evidence: Evidence level by id of end point and of grant.
        log_size: Of the log when the list is made, and its root (hex).
    """

    country: str
    endpoints: tuple[MemberEndpoint, ...] = ()
    cases: tuple[Case, ...] = ()
    consents: tuple[Consent, ...] = ()
    grants: tuple[LeaseGrant, ...] = ()
    restrictions: tuple[Restriction, ...] = ()
    reviews: tuple[Review, ...] = ()
    evidence: Mapping[str, int] = {}
    log_size: int = 0
    log_root: str = ""


class LeftOut(Struct, frozen=True, kw_only=True):
    """What of this recipient's networks is not in its list. ``subject`` is the id in the register.

    ``detail`` says of this one what the reason's words leave open, "" for nothing.
    """

    subject: str
    organisation_id: str
    reason: Reason
    findings: tuple[LintFinding, ...] = ()
    detail: str = ""


class Compiled(Struct, frozen=True, kw_only=True):
    """A list, and what the association should know of it. Nothing but ``list`` leaves the house.

    Attributes:
        list: Lint finds nothing hard in it.
        left_out: What is not in it and might be expected to be.
        findings: What lint tells of it (soft).
        subjects: Register id (end point, grant, restriction) by id in the list.
    """

    list: ExemptionList
    left_out: tuple[LeftOut, ...] = ()
    findings: tuple[LintFinding, ...] = ()
    subjects: Mapping[str, str] = {}


def compile_list(
    view: RegisterView,
    *,
    bench: LintBench,
    now: dt.datetime,
    expires_at: dt.datetime,
    previous: ExemptionList | None = None,
) -> Compiled:
    """Make a recipient's list.

    Args:
        view: Of the register.
        bench: Tables, and the recipient with its reference key.
        now: Aware UTC; the list is made at this time.
        expires_at: When the list ends.
        previous: The list before, None for the first: serials and places in the log are carried over.

    Raises:
        ValueError: The bench has no recipient, or one without a reference key; or the list as a whole breaks a rule.
    """
    recipient = bench.recipient
    if recipient is None or not recipient.reference_key:
        message = "a list is made for a recipient with a reference key: enter the operator with raabta list recipient"
        raise ValueError(message)
    work = _Work(view, bench=bench, recipient=recipient, now=now, previous=previous)
    entries = [entry for endpoint in view.endpoints if (entry := work.entry(endpoint)) is not None]
    made = ExemptionList(
        recipient=recipient.id,
        country=view.country,
        serial=work.serial,
        made_at=now,
        expires_at=expires_at,
        entries=tuple(sorted(entries, key=work.rank)),
        grants=tuple(grant for row in view.grants if (grant := work.grant(row)) is not None),
        restrictions=tuple(work.restrictions()),
        log_size=view.log_size,
        log_root=view.log_root,
    )
    made, soft = work.without_faults(made)
    ordered = msgspec.structs.replace(
        made,
        entries=tuple(sorted(made.entries, key=lambda entry: entry.id)),
        grants=tuple(sorted(made.grants, key=lambda grant: grant.id)),
        restrictions=tuple(sorted(made.restrictions, key=lambda restriction: restriction.id)),
    )
    listed = {entry.id for entry in ordered.entries} | {grant.id for grant in ordered.grants}
    listed |= {restriction.id for restriction in ordered.restrictions}
    subjects = {id_: subject for id_, subject in work.subjects.items() if id_ in listed}
    return Compiled(list=ordered, left_out=tuple(work.left_out), findings=tuple(soft), subjects=subjects)


def opaque(recipient: Recipient, kind: str, *, text: str) -> str:
    """Make a reference that only this recipient sees: the same text gives another one with another recipient's key."""
    digest = hmac.digest(recipient.reference_key.encode(), f"{kind}\n{text}".encode(), "sha256")
    return f"{kind}-{base64.b32encode(digest[:_REF_BYTES]).decode('ascii').lower()[:_REF_CHARS]}"


class _Work:
    """One list under way."""

    def __init__(
        self,
        view: RegisterView,
        *,
        bench: LintBench,
        recipient: Recipient,
        now: dt.datetime,
        previous: ExemptionList | None,
    ) -> None:
        self.left_out: list[LeftOut] = []
        self.subjects: dict[str, str] = {}
        self.serial = 1 if previous is None else previous.serial + 1
        self._bench = bench
        self._recipient = recipient
        self._now = now
        self._evidence = view.evidence
        self._before = {} if previous is None else {entry.id: entry for entry in previous.entries}
        self._blocked_before = {} if previous is None else {one.id: one for one in previous.restrictions}
        self._previous = previous
        self._view = view
        self._owner: dict[str, str] = {}
        self._places: dict[str, Place] = {}
        self._members: dict[str, str] = {}
        self._consenting = frozenset(_consenting(view.consents, recipient.id))
        self._approved = _approved(view.cases, now)
        self._reviewed = _reviewed(view.reviews)
        self._by_device: dict[tuple[str, str], list[MemberEndpoint]] = defaultdict(list)
        for endpoint in view.endpoints:
            for key in endpoint.device_keys:
                self._by_device[endpoint.organisation_id, key].append(endpoint)

    def rank(self, entry: ExemptionEntry) -> tuple[bool, str]:
        """Put what stood in the list before first: of two that are the same the later is left out."""
        return entry.id not in self._before, entry.id

    def entry(self, endpoint: MemberEndpoint) -> ExemptionEntry | None:
        """Make an end point's entry; None where it is another recipient's or has to stay out."""
        own = _own_side(endpoint)
        is_here = self._is_here(endpoint, own)
        if not is_here and endpoint.operator != self._recipient.id:
            return None
        reason = self._hindrance(endpoint, own, is_here=is_here)
        if reason is not None:
            detail = self._announced(own) if reason == "other_network" else ""
            self._leave_out(endpoint.id, endpoint.organisation_id, reason, detail=detail)
            return None
        source, destination, port = _ends(endpoint)
        tuple_text = f"{endpoint.id} {source} {destination} {endpoint.transport} {port}"
        case = self._approved[endpoint.id]
        id_ = opaque(self._recipient, "x", text=tuple_text)
        self._note(id_, endpoint.id, endpoint.organisation_id)
        before = self._before.get(id_)
        return ExemptionEntry(
            id=id_,
            source=source,
            destination=destination,
            transport=endpoint.transport,
            port=port,
            origin_asn=self._place(own).asn or endpoint.asn,
            organisation_ref=self._member(endpoint.organisation_id),
            evidence_level=self._evidence[endpoint.id],
            basis=case.kind,
            not_before=endpoint.valid_from,
            not_after=_end_of(endpoint, case),
            serial=self.serial if before is None else before.serial,
            log_index=None if before is None else before.log_index,
            member_side="destination" if endpoint.direction == "inbound_service" and endpoint.remote else "source",
            reviewed=self._reviewed.get(endpoint.id, ""),
        )

    def grant(self, row: LeaseGrant) -> LeaseGrant | None:
        """Make a grant ready for the list. In the register its ``organisation_ref`` is the organisation's id."""
        asns = tuple(asn for asn in row.asns if asn in self._recipient.asns)
        if not asns:
            return None
        organisation_id = row.organisation_ref
        endpoints = [
            endpoint
            for endpoint in self._by_device[organisation_id, row.device_key]
            if endpoint.valid_from <= self._now < endpoint.valid_until
        ]
        case = next((self._approved[one.id] for one in endpoints if one.id in self._approved), None)
        reason: Reason | None = None
        if row.not_after <= self._now:
            reason = "ended"
        elif organisation_id not in self._consenting:
            reason = "no_consent"
        elif not endpoints:
            reason = "no_endpoint"
        elif case is None:
            reason = "no_case"
        elif self._evidence.get(row.id, 0) < LEAST_EVIDENCE:
            reason = "evidence"
        if reason is not None or case is None:
            self._leave_out(row.id, organisation_id, reason or "no_case")
            return None
        self._note(row.id, row.id, organisation_id)
        subjects = [row.id, *(endpoint.id for endpoint in endpoints)]
        reviews = {rule for subject in subjects for rule in self._reviewed.get(subject, "").split()}
        return msgspec.structs.replace(
            row,
            asns=asns,
            organisation_ref=self._member(organisation_id),
            evidence_level=self._evidence[row.id],
            basis=case.kind,
            not_after=min(row.not_after, *(_end_of(one, case) for one in endpoints)),
            reviewed=" ".join(sorted({*row.reviewed.split(), *reviews})),
        )

    def restrictions(self) -> Iterator[Restriction]:
        """Give the protective blocks that are in force."""
        for row in self._view.restrictions:
            if not row.not_before <= self._now < row.not_after:
                continue
            self._note(row.id, row.id, "")
            before = self._blocked_before.get(row.id)
            reviewed = {*row.reviewed.split(), *self._reviewed.get(row.id, "").split()}
            index = row.log_index if before is None else before.log_index
            yield msgspec.structs.replace(row, reviewed=" ".join(sorted(reviewed)), log_index=index)

    def without_faults(self, made: ExemptionList) -> tuple[ExemptionList, list[LintFinding]]:
        """Leave out what rules refuse, until nothing is refused.

        Raises:
            ValueError: The list as a whole breaks a rule.
        """
        for _ in range(_ROUNDS_MAX):
            findings = lint_list(made, bench=self._bench, now=self._now, previous=self._previous, places=self._places)
            if not is_refused(findings):
                return made, findings
            made = self._without_worst(made, findings)
        message = f"the list for {self._recipient.id} still breaks rules after {_ROUNDS_MAX} rounds. Please report it."
        raise ValueError(message)

    def _without_worst(self, made: ExemptionList, findings: Iterable[LintFinding]) -> ExemptionList:
        """Leave out what is wrong by itself; where nothing is, what is wrong beside others."""
        hard: dict[str, list[LintFinding]] = defaultdict(list)
        for finding in findings:
            if finding.hard:
                hard[finding.subject].append(finding)
        alone = {id_ for id_, found in hard.items() if any(not _is_relative(one) for one in found)}
        gone = alone or set(hard)
        unknown = gone - self._owner.keys()
        if unknown:
            words = "; ".join(f"{one.rule}: {one.words}" for id_ in unknown for one in hard[id_])
            message = f"the list for {self._recipient.id} cannot be made: {words}"
            raise ValueError(message)
        for id_ in sorted(gone):
            self._leave_out(self.subjects[id_], self._owner[id_], "lint", tuple(hard[id_]))
        return msgspec.structs.replace(
            made,
            entries=tuple(entry for entry in made.entries if entry.id not in gone),
            grants=tuple(grant for grant in made.grants if grant.id not in gone),
            restrictions=tuple(one for one in made.restrictions if one.id not in gone),
        )

    def _is_here(self, endpoint: MemberEndpoint, own: str) -> bool:
        """Whether an end point is this recipient's: by who announces the member's side, else by what is stated."""
        asns = self._recipient.asns
        if not asns:
            return self._recipient.kind != "operator"
        asn = self._place(own).asn if own else 0
        if asn:
            return asn in asns
        if endpoint.operator:
            return endpoint.operator == self._recipient.id
        return endpoint.direction != "remote_gateway" and endpoint.asn in asns

    def _announced(self, own: str) -> str:
        """Say whose network the member's side stands in, and which ones are this recipient's."""
        asn = self._place(own).asn if own else 0
        by = f"announced by AS{asn}" if asn else "announced by nobody that the tables know"
        networks = ", ".join(f"AS{one}" for one in self._recipient.asns) or "no network is entered for it"
        return f"{by}, not by {self._recipient.id} ({networks})"

    def _hindrance(self, endpoint: MemberEndpoint, own: str, *, is_here: bool) -> Reason | None:
        if endpoint.valid_until <= self._now:
            return "ended"
        if endpoint.valid_from > self._now:
            return "not_begun"
        if not is_here:
            return "other_network"
        if not endpoint.prefix or endpoint.cgnat:
            return "mobile"
        if not own:
            return "no_source"
        if endpoint.remote and self._place(endpoint.remote).span is None and read_host(endpoint.remote):
            return "host_name"
        if self._place(own).span is None:
            return "unreadable"
        if endpoint.organisation_id not in self._consenting:
            return "no_consent"
        if endpoint.id not in self._approved:
            return "no_case"
        return "evidence" if self._evidence.get(endpoint.id, 0) < LEAST_EVIDENCE else None

    def _place(self, text: str) -> Place:
        return self._bench.place(with_length(text), self._places)

    def _member(self, organisation_id: str) -> str:
        known = self._members.get(organisation_id)
        if known is None:
            known = self._members[organisation_id] = opaque(self._recipient, "m", text=organisation_id)
        return known

    def _note(self, id_: str, subject: str, organisation_id: str) -> None:
        self.subjects[id_] = subject
        self._owner[id_] = organisation_id

    def _leave_out(
        self,
        subject: str,
        organisation_id: str,
        reason: Reason,
        findings: tuple[LintFinding, ...] = (),
        *,
        detail: str = "",
    ) -> None:
        self.left_out.append(
            LeftOut(subject=subject, organisation_id=organisation_id, reason=reason, findings=findings, detail=detail)
        )


def _is_relative(finding: LintFinding) -> bool:
    """Whether a rule is about an entry beside others."""
    return finding.rule.startswith("duplicate.")


def _own_side(endpoint: MemberEndpoint) -> str:
    """Give the prefix that the member has in an operator's network, "" where it is not stated."""
    return endpoint.remote if endpoint.direction == "remote_gateway" else endpoint.prefix


def _ends(endpoint: MemberEndpoint) -> tuple[str, str, int]:
    """Give source, destination and port of an end point's entry."""
    prefix, remote = with_length(endpoint.prefix), with_length(endpoint.remote)
    if endpoint.direction == "member_source":
        return prefix, remote, endpoint.port
    if remote:
        return remote, prefix, endpoint.port
    return prefix, "", 0


def _end_of(endpoint: MemberEndpoint, case: Case) -> dt.datetime:
    """When an entry ends: with its end point, or with the last day of its approval."""
    if case.valid_until is None:
        return endpoint.valid_until
    day_after = case.valid_until + dt.timedelta(days=1)
    return min(endpoint.valid_until, dt.datetime.combine(day_after, dt.time(), dt.UTC))


def _consenting(consents: Iterable[Consent], recipient: str) -> Iterator[str]:
    """Give the organisations that agreed, and did not take it back, that this recipient gets their entries."""
    for consent in consents:
        if consent.purpose == CONSENT and consent.recipient == recipient and consent.withdrawn_at is None:
            yield consent.organisation_id


def _approved(cases: Iterable[Case], now: dt.datetime) -> dict[str, Case]:
    """Give, for each end point, the approved application that lasts longest."""
    found: dict[str, Case] = {}
    for case in cases:
        if case.status != "approved" or (case.valid_until is not None and case.valid_until < now.date()):
            continue
        for endpoint_id in case.endpoint_ids:
            known = found.get(endpoint_id)
            if known is None or _lasts(case) > _lasts(known):
                found[endpoint_id] = case
    return found


def _lasts(case: Case) -> tuple[dt.date, str]:
    return case.valid_until or dt.date.max, case.id


def _reviewed(reviews: Iterable[Review]) -> dict[str, str]:
    """Give the rules that reviews let pass, by what they are about."""
    found: dict[str, set[str]] = defaultdict(set)
    for review in reviews:
        found[review.subject].update(review.rules)
    return {subject: " ".join(sorted(rules)) for subject, rules in found.items()}
