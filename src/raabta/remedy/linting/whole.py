"""A list as a whole: its version, age, recipient and serial."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from raabta.model.exemption import LIST_VERSION, ExemptionList, LintFinding
from raabta.remedy.canonical import canonical
from raabta.remedy.linting.bench import LintBench
from raabta.remedy.linting.entries import Broken, Moment, told_time
from raabta.remedy.linting.personal import in_code
from raabta.remedy.linting.sums import check_sums
from raabta.remedy.linting.times import SKEW
from raabta.remedy.rules import Subject

LONGEST_LIFE: Final = timedelta(days=31)
"""How long the offline signature of a list is good for (design: a month), and a day of grace."""


def check_whole(
    listed: ExemptionList, *, bench: LintBench, moment: Moment, previous: ExemptionList | None
) -> list[LintFinding]:
    """Give what is wrong with a list apart from its entries. The findings' subject is the recipient's id."""
    subject = Subject(id=listed.recipient)
    broken = [*_broken(listed, bench, moment), *_broken_serial(listed, previous), *check_sums(listed)]
    return [subject.finding(rule, place, value=value, detail=detail) for rule, place, value, detail in broken]


def _broken(listed: ExemptionList, bench: LintBench, moment: Moment) -> Iterator[Broken]:
    if listed.version != LIST_VERSION:
        yield "list.version", "version", listed.version, LIST_VERSION
    for field in ("recipient", "country"):
        value = getattr(listed, field)
        if (value or field == "recipient") and (rule := in_code(value)):
            yield rule, field, "", ""
    if bench.recipient is not None and listed.recipient != bench.recipient.id:
        yield "list.wrong_recipient", "recipient", listed.recipient, bench.recipient.id
    naive = [field for field in ("made_at", "expires_at") if getattr(listed, field).tzinfo is None]
    for field in naive:
        yield "time.no_zone", field, "", ""
    if naive:
        return
    if listed.made_at > moment.now + SKEW:
        yield "list.from_future", "made_at", told_time(listed.made_at), ""
    if listed.expires_at <= listed.made_at:
        yield "list.reversed", "expires_at", "", ""
    elif listed.expires_at <= moment.now:
        yield "list.expired", "expires_at", told_time(listed.expires_at), ""
    if listed.expires_at - listed.made_at > LONGEST_LIFE:
        yield "list.lives_long", "expires_at", (listed.expires_at - listed.made_at).days, ""


def _broken_serial(listed: ExemptionList, previous: ExemptionList | None) -> Iterator[Broken]:
    if previous is None or previous.recipient != listed.recipient:
        return
    if listed.serial < previous.serial:
        yield "list.serial_older", "serial", listed.serial, previous.serial
    elif listed.serial == previous.serial and canonical(listed) != canonical(previous):
        yield "list.serial_reused", "serial", listed.serial, ""
