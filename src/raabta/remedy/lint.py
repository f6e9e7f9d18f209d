"""Lint: what may not stand in an exemption list, told with the rule that says so.

The same functions run where an end point is registered, where a list is compiled, signed, pulled and applied: a list
that would spare everybody, a content network or an address that nobody has is refused at every stage.

    bench = bench_of(load_own_tables(path), recipient)
    findings = lint_list(listed, bench=bench, now=now)
    if is_refused(findings): ...

Rules are data with permanent ids (``data/rules.toml``; for people docs/lint-rules.md). A *hard* finding keeps the entry
out, a soft one is told. What a named person reviewed becomes soft, where the rule allows that at all.

Time: an entry is judged by when its list was made. One that ended since is told and no fault, since kernel timeouts
end it: a gateway that is cut off must not lose the other entries. Texts that may hold a person's data are never
repeated in a finding.

Limits: what the tables do not know to be shared cannot be told; who announces a prefix is asked of its first and last
address; a name is guessed from titles and common given names (``linting.personal``).
"""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from raabta.model.exemption import ExemptionEntry, ExemptionList, LeaseGrant, LintFinding, Restriction
from raabta.model.register import MemberEndpoint
from raabta.remedy.linting.bench import LintBench, bench_of
from raabta.remedy.linting.endpoints import check_endpoint
from raabta.remedy.linting.entries import EntryCheck, Moment
from raabta.remedy.linting.overlap import find_overlaps
from raabta.remedy.linting.places import Place
from raabta.remedy.linting.restrictions import check_restriction, find_hits
from raabta.remedy.linting.whole import check_whole
from raabta.remedy.rules import Subject, load_rules

__all__ = [
    "LintBench",
    "bench_of",
    "is_refused",
    "lint_endpoint",
    "lint_entry",
    "lint_grant",
    "lint_list",
    "lint_restriction",
    "load_rules",
]


def lint_endpoint(
    endpoint: MemberEndpoint,
    *,
    bench: LintBench,
    now: datetime,
    reviewed: Collection[str] = (),
    names: Collection[str] = (),
) -> list[LintFinding]:
    """Say what is wrong with an end point before it is registered.

    Args:
        endpoint: As it would be registered. Its ``id`` becomes the findings' subject.
        bench: Tables and, where known, the operator as recipient.
        now: Aware UTC.
        reviewed: Ids of rules that a Review lets pass for it.
        names: Names of the organisation's people, which no text field may hold.
    """
    return check_endpoint(endpoint, bench=bench, moment=Moment(now=now), reviewed=reviewed, names=names)


def lint_entry(entry: ExemptionEntry, *, bench: LintBench, now: datetime) -> list[LintFinding]:
    """Say what is wrong with one entry by itself. Rules of ``entry.reviewed`` that may be reviewed pass, as soft."""
    return EntryCheck(bench, Moment(now=now)).entry(entry)


def lint_grant(grant: LeaseGrant, *, bench: LintBench, now: datetime) -> list[LintFinding]:
    """Say what is wrong with a grant of leases. ``grant.reviewed`` as in ``lint_entry``."""
    return EntryCheck(bench, Moment(now=now)).grant(grant)


def lint_restriction(
    restriction: Restriction, *, bench: LintBench, now: datetime, reviewed: Collection[str] = ()
) -> list[LintFinding]:
    """Say what is wrong with a protective block. Rules in ``reviewed`` and ``restriction.reviewed`` pass, as soft."""
    return check_restriction(restriction, bench=bench, moment=Moment(now=now), reviewed=reviewed)


def lint_list(
    listed: ExemptionList,
    *,
    bench: LintBench,
    now: datetime,
    previous: ExemptionList | None = None,
    places: dict[str, Place] | None = None,
) -> list[LintFinding]:
    """Say what is wrong with a list: as a whole, entry by entry, and between entries.

    Args:
        listed: The list.
        bench: Tables; its recipient, where known, must be the list's.
        now: Aware UTC.
        previous: The list before, whose serial must not be higher.
        places: What this bench has judged before, by text; what is judged now is added.

    Returns:
        Findings: first about the whole (subject: the recipient's id), then in the order of the list. Who reads a
        signed list refuses all of it for one hard finding; who compiles one leaves the named entries out
        (``remedy.entries``).
    """
    made_at = listed.made_at if listed.made_at.tzinfo is not None else now.astimezone(UTC)
    moment = Moment(now=now, made_at=min(made_at, now))
    check = EntryCheck(bench, moment, places)
    findings = check_whole(listed, bench=bench, moment=moment, previous=previous)
    for entry in listed.entries:
        findings += check.entry(entry)
    for entry, rule, other in find_overlaps(listed.entries, check.places):
        findings.append(Subject(id=entry.id).finding(rule, "source", value=other))
    for grant in listed.grants:
        findings += check.grant(grant)
    for restriction in listed.restrictions:
        findings += check_restriction(restriction, bench=bench, moment=moment)
    for restriction, hit in find_hits(listed.restrictions, listed.entries, places=check.places):
        findings.append(Subject(id=restriction.id).finding("restriction.hits_entry", "target", value=hit))
    return findings + _repeated_ids(listed)


def is_refused(findings: Iterable[LintFinding]) -> bool:
    """Whether any of the findings is hard."""
    return any(finding.hard for finding in findings)


def _repeated_ids(listed: ExemptionList) -> list[LintFinding]:
    findings = []
    for records in (listed.entries, listed.grants, listed.restrictions):
        ids = [record.id for record in records]
        if len(set(ids)) < len(ids):
            repeated = [name for name, n in Counter(ids).items() if n > 1]
            findings += [Subject(id=name).finding("duplicate.id", "id") for name in repeated]
    return findings
