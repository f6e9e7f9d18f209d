"""One entry of a list, and one grant of leases: every rule that needs no other entry."""

import base64
import binascii
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

import msgspec

from raabta.model.exemption import EVIDENCE_LEVELS, ExemptionEntry, LeaseGrant, LintFinding
from raabta.remedy.linting.bench import LintBench
from raabta.remedy.linting.personal import in_code
from raabta.remedy.linting.places import Place
from raabta.remedy.linting.times import are_plain, broken_times
from raabta.remedy.rules import Subject, misplaced_reviews, reviewed_rules

LEAST_EVIDENCE: Final = 2
"""Below it nothing enters a list (``model.exemption.EVIDENCE_LEVELS``)."""
LONGEST_LEASE_H: Final = 12
_KEY_BYTES: Final = 32
_WITH_PORTS: Final = frozenset({"udp", "tcp"})
_UNKNOWN: Final = Place(None, 0, ())
_CODE_FIELDS: Final = ("id", "organisation_ref", "basis")

Broken = tuple[str, str, object, object]
"""A rule, the field, what stands there, what it is compared with."""


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """When lint runs: now, and when the list was made (None: now)."""

    now: datetime
    made_at: datetime | None = None


class EntryCheck:
    """Rules for many entries of one list: prefixes and codes that occur again are judged once."""

    def __init__(self, bench: LintBench, moment: Moment, places: dict[str, Place] | None = None) -> None:
        self._bench = bench
        self._moment = moment
        self._since = moment.now if moment.made_at is None else moment.made_at
        self._asns = frozenset(bench.asns)
        self._codes: dict[str, str] = {}
        self.places = {} if places is None else places

    def entry(self, entry: ExemptionEntry) -> list[LintFinding]:
        """Give what is wrong with an entry."""
        source = self._bench.place(entry.source, self.places)
        destination = self._bench.place(entry.destination, self.places) if entry.destination else _UNKNOWN
        # Hot: an entry without a fault costs a few comparisons, and no generator runs.
        if (
            not source.wrong
            and not destination.wrong
            and entry.destination
            and 0 < entry.port <= 65_535
            and entry.transport in _WITH_PORTS
            and not entry.reviewed
            and not entry.lease
            and LEAST_EVIDENCE <= entry.evidence_level <= 3
            and entry.origin_asn in (source.asn, destination.asn)
            and (not self._asns or entry.origin_asn in self._asns)
            and entry.origin_asn
            and source.span is not None
            and destination.span is not None
            and source.span.is_ipv6 == destination.span.is_ipv6
            and are_plain(entry.not_before, entry.not_after, now=self._moment.now, since=self._since)
            and not in_code(entry.id)
            and not self._code(entry.organisation_ref)
            and entry.basis
            and not self._code(entry.basis)
        ):
            return []
        subject = Subject(id=entry.id, reviewed=reviewed_rules(entry.reviewed))
        return _findings(subject, self._broken_entry(entry, source, destination))

    def grant(self, grant: LeaseGrant) -> list[LintFinding]:
        """Give what is wrong with a grant of leases."""
        subject = Subject(id=grant.id, reviewed=reviewed_rules(grant.reviewed))
        return _findings(subject, self._broken_grant(grant))

    def _broken_entry(self, entry: ExemptionEntry, source: Place, destination: Place) -> Iterator[Broken]:
        if entry.source:
            yield from _broken_place("source", entry.source, source)
        else:
            yield "prefix.missing", "source", "", ""
        if entry.destination:
            yield from _broken_place("destination", entry.destination, destination)
        else:
            yield "precise.no_destination", "destination", "", ""
        if source.span and destination.span and source.span.is_ipv6 != destination.span.is_ipv6:
            yield "prefix.mixed_families", "destination", "", ""
        yield from _broken_port(entry)
        yield from self._broken_origin(entry.origin_asn, (source, destination))
        if not are_plain(entry.not_before, entry.not_after, now=self._moment.now, since=self._since):
            yield from self._broken_times(entry)
        yield from self._broken_words(entry)
        if entry.lease:
            yield from _broken_lease(entry, source)

    def _broken_grant(self, grant: LeaseGrant) -> Iterator[Broken]:
        if grant.destination:
            yield from _broken_place(
                "destination", grant.destination, self._bench.place(grant.destination, self.places)
            )
        else:
            yield "grant.no_destination", "destination", "", ""
        if grant.port == 0 and grant.transport in _WITH_PORTS:
            yield "grant.any_port", "port", "", ""
        yield from (broken for broken in _broken_port(grant) if broken[0] != "precise.any_port")
        if not 1 <= grant.max_h <= LONGEST_LEASE_H:
            yield "grant.too_long", "max_h", grant.max_h, ""
        if not _is_key(grant.device_key):
            yield "grant.device_key", "device_key", "", ""
        for asn in grant.asns:
            if self._asns and asn not in self._asns:
                yield "origin.not_recipient", "asns", asn, self._recipient
        yield from self._broken_times(grant)
        yield from self._broken_words(grant)

    @property
    def _recipient(self) -> str:
        return "" if self._bench.recipient is None else self._bench.recipient.id

    def _broken_origin(self, stated: int, places: Iterable[Place]) -> Iterator[Broken]:
        announced = [place.asn for place in places if place.asn]
        if stated == 0:
            yield "origin.unstated", "origin_asn", "", ""
        elif announced and stated not in announced:
            yield "origin.mismatch", "origin_asn", stated, " and ".join(f"AS{asn}" for asn in announced)
        if not self._asns:
            return
        # What the tables say counts, not what is stated: one side must be in a network of the recipient.
        if stated and stated not in self._asns:
            yield "origin.not_recipient", "origin_asn", stated, self._recipient
        elif announced and not self._asns.intersection(announced):
            yield "origin.not_recipient", "origin_asn", announced[0], self._recipient

    def _broken_times(self, record: ExemptionEntry | LeaseGrant) -> Iterator[Broken]:
        moment = self._moment
        for rule, place, at in broken_times(
            record.not_before, record.not_after, now=moment.now, made_at=moment.made_at
        ):
            yield rule, place, told_time(at), ""

    def _broken_words(self, record: ExemptionEntry | LeaseGrant) -> Iterator[Broken]:
        level = record.evidence_level
        if level not in EVIDENCE_LEVELS:
            yield "evidence.unknown", "evidence_level", level, ""
        elif level < LEAST_EVIDENCE:
            yield "evidence.too_low", "evidence_level", level, EVIDENCE_LEVELS[level]
        if not record.basis:
            yield "basis.missing", "basis", "", ""
        for field in _CODE_FIELDS:
            value = getattr(record, field)
            if (value or field != "basis") and (rule := in_code(value) if field == "id" else self._code(value)):
                yield rule, field, "", ""
        for rule in misplaced_reviews(reviewed_rules(record.reviewed)) if record.reviewed else ():
            yield (in_code(rule) or "review.unknown"), "reviewed", rule, ""

    def _code(self, code: str) -> str:
        known = self._codes.get(code)
        if known is None:
            known = self._codes[code] = in_code(code)
        return known


def told_time(at: datetime) -> str:
    """Write a time in short."""
    return at.isoformat(sep=" ", timespec="minutes").replace("+00:00", " UTC")


def _findings(subject: Subject, broken: Iterable[Broken]) -> list[LintFinding]:
    return [subject.finding(rule, place, value=value, detail=detail) for rule, place, value, detail in broken]


def _broken_place(field: str, text: str, place: Place) -> Iterator[Broken]:
    for rule, detail in place.wrong:
        yield rule, field, text, detail


def _broken_port(record: ExemptionEntry | LeaseGrant) -> Iterator[Broken]:
    if not 0 <= record.port <= 65_535:
        yield "port.malformed", "port", record.port, ""
    elif record.port and record.transport not in _WITH_PORTS:
        yield "port.needless", "port", record.transport, ""
    elif not record.port and record.transport in _WITH_PORTS:
        yield "precise.any_port", "port", "", ""
    if record.transport == "any":
        yield "precise.any_transport", "transport", "", ""


def _broken_lease(entry: ExemptionEntry, source: Place) -> Iterator[Broken]:
    if (entry.not_after - entry.not_before).total_seconds() > LONGEST_LEASE_H * 3600:
        yield "grant.too_long", "not_after", round((entry.not_after - entry.not_before).total_seconds() / 3600), ""
    if source.span is not None and not source.span.is_single:
        yield "prefix.far_too_wide", "source", entry.source, "more than the one address of a lease"


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == _KEY_BYTES
    except (binascii.Error, ValueError):
        return False
