"""An end point before it is registered: the rules of entries as far as they can be known then, and its texts."""

from collections.abc import Collection, Iterator
from typing import Final

from raabta.model.exemption import LintFinding
from raabta.model.register import MemberEndpoint
from raabta.remedy.linting.bench import LintBench
from raabta.remedy.linting.entries import Broken, Moment, told_time
from raabta.remedy.linting.hosts import read_host
from raabta.remedy.linting.personal import in_code, in_text
from raabta.remedy.linting.places import Place
from raabta.remedy.linting.times import broken_times
from raabta.remedy.rules import Subject, misplaced_reviews

_WITH_PORTS: Final = frozenset({"udp", "tcp"})
_NO_REMOTE: Final = {
    "member_source": "its traffic to anybody would be spared",
    "remote_gateway": "without the member's own address no entry can be made of it, only grants of leases",
    "inbound_service": "its traffic with anybody would be spared",
}
# Rules of an entry's time that do not hold yet when an end point is registered for later.
_LATER: Final = frozenset({"time.not_yet"})


def check_endpoint(
    endpoint: MemberEndpoint, *, bench: LintBench, moment: Moment, reviewed: Collection[str], names: Collection[str]
) -> list[LintFinding]:
    """Give what is wrong with an end point."""
    subject = Subject(id=endpoint.id, reviewed=reviewed)
    broken = [
        *_broken_prefix(endpoint, bench),
        *_broken_remote(endpoint, bench),
        *_broken_port(endpoint),
        *_broken_texts(endpoint, names),
        *(
            (rule, place.replace("not_before", "valid_from").replace("not_after", "valid_until"), told_time(at), "")
            for rule, place, at in broken_times(endpoint.valid_from, endpoint.valid_until, now=moment.now)
            if rule not in _LATER
        ),
        *((in_code(rule) or "review.unknown", "reviewed", rule, "") for rule in misplaced_reviews(reviewed)),
    ]
    return [subject.finding(rule, place, value=value, detail=detail) for rule, place, value, detail in broken]


def with_length(text: str) -> str:
    """Give a prefix for what may be a bare address."""
    if not text or "/" in text:
        return text
    return f"{text}/128" if ":" in text else f"{text}/32"


def _broken_prefix(endpoint: MemberEndpoint, bench: LintBench) -> Iterator[Broken]:
    if endpoint.cgnat:
        yield "address.cgnat", "cgnat", "the end point", ""
    if not endpoint.prefix:
        if endpoint.addressing != "mobile":
            yield "endpoint.no_prefix", "prefix", "", ""
        return
    place = bench.place(with_length(endpoint.prefix), {})
    for rule, detail in place.wrong:
        yield rule, "prefix", endpoint.prefix, detail
    if endpoint.addressing == "pool":
        yield "endpoint.pool", "addressing", "", ""
    yield from _broken_origin(endpoint, place, bench)


def _broken_origin(endpoint: MemberEndpoint, place: Place, bench: LintBench) -> Iterator[Broken]:
    if endpoint.asn == 0:
        yield "origin.unstated", "asn", "", ""
    elif place.asn and place.asn != endpoint.asn:
        yield "origin.mismatch", "asn", endpoint.asn, f"AS{place.asn}"
    is_far = endpoint.direction == "remote_gateway"  # abroad: no network of the recipient
    if is_far or not bench.asns or bench.recipient is None:
        return
    asn = place.asn or endpoint.asn
    if asn and asn not in bench.asns:
        yield "origin.not_recipient", "asn", asn, bench.recipient.id


def _broken_remote(endpoint: MemberEndpoint, bench: LintBench) -> Iterator[Broken]:
    if not endpoint.remote:
        yield "endpoint.no_remote", "remote", "", _NO_REMOTE[endpoint.direction]
        return
    if read_host(endpoint.remote):
        yield "name.unpaired", "remote", "", ""
        return
    place = bench.place(with_length(endpoint.remote), {})
    for rule, detail in place.wrong:
        yield rule, "remote", endpoint.remote, detail


def _broken_port(endpoint: MemberEndpoint) -> Iterator[Broken]:
    if not 0 <= endpoint.port <= 65_535:
        yield "port.malformed", "port", endpoint.port, ""
    elif endpoint.port and endpoint.transport not in _WITH_PORTS:
        yield "port.needless", "port", endpoint.transport, ""
    elif not endpoint.port and endpoint.transport in _WITH_PORTS:
        yield "precise.any_port", "port", "", ""
    if endpoint.transport == "any":
        yield "precise.any_transport", "transport", "", ""


def _broken_texts(endpoint: MemberEndpoint, names: Collection[str]) -> Iterator[Broken]:
    for field in ("site", "purpose"):
        if rule := in_text(getattr(endpoint, field), names=names):
            yield rule, field, "", ""
    for field in ("id", "operator", "organisation_id"):
        value = getattr(endpoint, field)
        if value and (rule := in_code(value)):
            yield rule, field, "", ""
