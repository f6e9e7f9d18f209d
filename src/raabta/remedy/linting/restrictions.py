"""A protective block: founded, owned, ended, narrow, and not on what others share or need."""

import bisect
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from raabta.model.exemption import ExemptionEntry, LintFinding, Restriction
from raabta.remedy.linting.bench import LintBench
from raabta.remedy.linting.entries import Broken, Moment, told_time
from raabta.remedy.linting.hosts import is_suffix, is_under, read_host
from raabta.remedy.linting.personal import in_code, in_text
from raabta.remedy.linting.places import Place, Span, has_host_bits, read_span, sharers, text_of
from raabta.remedy.linting.times import broken_times
from raabta.remedy.rules import Subject, misplaced_reviews, reviewed_rules

WIDEST_BLOCK4: Final = 24
WIDEST_BLOCK6: Final = 48
"""The narrowest networks that are announced by themselves: whoever attacks from more of one is a case for a review."""
FAR_WIDEST_BLOCK4: Final = 16
FAR_WIDEST_BLOCK6: Final = 32
"""Wider than this a block is no protection from somebody but a cut of a whole provider. Judgement."""


def check_restriction(
    restriction: Restriction, *, bench: LintBench, moment: Moment, reviewed: Iterable[str] = ()
) -> list[LintFinding]:
    """Give what is wrong with a protective block."""
    passed = reviewed_rules(restriction.reviewed) | frozenset(reviewed)
    subject = Subject(id=restriction.id, reviewed=passed)
    broken = [
        *_broken_target(restriction, bench),
        *_broken_words(restriction, moment),
        *((in_code(rule) or "review.unknown", "reviewed", rule, "") for rule in misplaced_reviews(passed)),
    ]
    return [subject.finding(rule, place, value=value, detail=detail) for rule, place, value, detail in broken]


def find_hits(
    restrictions: Iterable[Restriction], entries: Iterable[ExemptionEntry], *, places: Mapping[str, Place]
) -> Iterator[tuple[Restriction, str]]:
    """Give (restriction, id of an entry) for each block that hits an end of an entry: the first such entry."""
    blocks = [(restriction, read_span(_with_length(restriction.target))) for restriction in restrictions]
    if not blocks:
        return
    ends = sorted(
        (span.is_ipv6, span.first, span.last, entry.id)
        for entry in entries
        for text in (entry.source, entry.destination)
        if text in places and (span := places[text].span) is not None
    )
    for restriction, block in blocks:
        if block is None:
            continue
        hit = next(_touching(ends, block), None)
        if hit is not None:
            yield restriction, hit


def _touching(ends: list[tuple[bool, int, int, str]], block: Span) -> Iterator[str]:
    # Ends are /29 and narrower, or /48: one that begins before the block may reach into it, so begin one earlier.
    at = max(0, bisect.bisect_left(ends, (block.is_ipv6, block.first, 0, "")) - 1)
    for is_ipv6, first, last, entry_id in ends[at:]:
        if (is_ipv6, first) > (block.is_ipv6, block.last):
            return
        if is_ipv6 == block.is_ipv6 and last >= block.first:
            yield entry_id


def _with_length(target: str) -> str:
    if "/" in target:
        return target
    return f"{target}/128" if ":" in target else f"{target}/32"


def _broken_target(restriction: Restriction, bench: LintBench) -> Iterator[Broken]:
    target = restriction.target
    span = read_span(_with_length(target))
    if span is not None:
        yield from _broken_prefix(restriction, span, bench)
        return
    host = read_host(target)
    if not host:
        yield "restriction.target_malformed", "target", target, ""
        return
    if is_suffix(host):
        yield "restriction.name_too_wide", "target", target, ""
    hit = next((name for name in sorted(bench.critical_hosts) if is_under(name, host)), "")
    if hit:
        yield "restriction.critical", "target", target, hit


def _broken_prefix(restriction: Restriction, span: Span, bench: LintBench) -> Iterator[Broken]:
    target = restriction.target
    if has_host_bits(span):
        yield "prefix.host_bits", "target", target, text_of(span)
        return
    if span.length < (FAR_WIDEST_BLOCK6 if span.is_ipv6 else FAR_WIDEST_BLOCK4):
        yield "restriction.far_too_wide", "target", target, _length_words(span, FAR_WIDEST_BLOCK4, FAR_WIDEST_BLOCK6)
        return
    if span.length < (WIDEST_BLOCK6 if span.is_ipv6 else WIDEST_BLOCK4):
        yield "restriction.too_wide", "target", target, _length_words(span, WIDEST_BLOCK4, WIDEST_BLOCK6)
    kinds = bench.tables.special.kinds_within(span.first, span.last, is_ipv6=span.is_ipv6)
    for kind in sorted(kinds):
        yield ("address.cgnat" if kind == "cgnat" else "address.special"), "target", target, kind.replace("_", " ")
    asn = bench.tables.networks.source.asn(span.first, span.is_ipv6)
    for row in sharers(span, bench.tables, asn=asn):
        if row.kind == "cdn" and not span.is_single:
            yield "restriction.shared_wide", "target", target, row.name
        else:
            yield (
                ("restriction.shared_told" if restriction.shared else "restriction.shared"),
                "target",
                target,
                row.name,
            )
        if row.kind == "public_dns":
            yield "restriction.critical", "target", target, row.name
    hits = bench.critical_places.within(span.first, span.last, is_ipv6=span.is_ipv6)
    for hit in dict.fromkeys(name for name in hits if name):
        yield "restriction.critical", "target", target, hit


def _length_words(span: Span, length4: int, length6: int) -> str:
    return f"/{length6 if span.is_ipv6 else length4}"


def _broken_words(restriction: Restriction, moment: Moment) -> Iterator[Broken]:
    if not restriction.basis.strip():
        yield "restriction.no_basis", "basis", "", ""
    if not restriction.owner.strip():
        yield "restriction.no_owner", "owner", "", ""
    for field, text in (("basis", restriction.basis), ("owner", restriction.owner), ("shared", restriction.shared)):
        if rule := in_text(text):
            yield rule, field, "", ""
    if rule := in_code(restriction.id):
        yield rule, "id", "", ""
    for rule, place, at in broken_times(
        restriction.not_before, restriction.not_after, now=moment.now, made_at=moment.made_at
    ):
        yield rule, place, told_time(at), ""
