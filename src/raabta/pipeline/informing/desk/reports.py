"""Reports of members and visitors: "I cannot reach X".

What is kept of a report says what does not work, and as little as possible of who says so: a component or a bare host
name, an operator, a town, a symptom. No function here takes an address of a machine. Words and contact are stored
encrypted; before, words lose addresses, phone numbers and the paths of URLs (``registry.incidents.targets``). The
contact goes when the report is closed and answered (``closing``).

Everybody who leaves an e-mail address is told at once that the report came in. That could be used to have us write to
strangers, so the form's share of such mails is limited: some a day for one address, and some a day in all. Whoever
gets none has the code still: the page shows it.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal, get_args

from msgspec import Struct, structs
from sqlalchemy import func, select, tuple_

from raabta.model.bulletin import LANGUAGES
from raabta.model.incident import MemberReport, Symptom
from raabta.model.publication import Publication
from raabta.model.register import Organisation
from raabta.model.subscription import Delivery, DeliveryReason
from raabta.pipeline.informing.settings import Publishing
from raabta.pipeline.informing.subscribing.addresses import mailbox_of, tidy_address
from raabta.registry.incidents.finding import whole_id
from raabta.registry.incidents.steps import moment
from raabta.registry.incidents.targets import read_code, read_target, scrub_words
from raabta.registry.incidents.texts import tidy_line, tidy_text
from raabta.registry.records import Records
from raabta.registry.schema import table_of
from raabta.registry.wellformed import PHONE

WORDS_CHARACTERS_MAX: Final = 2_000
PLACE_CHARACTERS_MAX: Final = 60
BEGAN_DAYS_MAX: Final = 90
"""What began longer ago is another story. Judgement."""
SKEW: Final = dt.timedelta(minutes=10)
"""Clocks of people's machines go wrong by so much."""

DAY: Final = dt.timedelta(days=1)
MAILS_A_DAY_TO_ONE: Final = 2
MAILS_A_DAY: Final = 500
"""Acknowledgements to addresses that came by the form. A wave of reports stays within; judgement."""


class ReportGiven(Struct, frozen=True, kw_only=True):
    """What somebody said. Nothing here is an address of who said it, but the contact, which is sealed.

    ``contact`` is an e-mail address, or a phone number where the desk took the report.
    """

    way: Literal["web", "email", "phone", "desk"]
    target: str
    language: str = "en"
    operator_id: str = ""
    place: str = ""
    symptom: Symptom = "other"
    words: str = ""
    contact: str = ""
    member_id: str = ""
    began_at: dt.datetime | None = None


class ReportState(Struct, frozen=True, kw_only=True):
    """What became of a report, for who knows its code. ``thread_id`` is the public incident it belongs to, if any."""

    code: str
    state: Literal["new", "acknowledged", "linked", "closed"]
    target: str
    reported_at: dt.datetime
    acknowledged_at: dt.datetime | None = None
    closed_because: str = ""
    thread_id: str = ""


def take_report(
    records: Records,
    given: ReportGiven,
    *,
    settings: Publishing,
    now: dt.datetime,
    new_id: Callable[[str], str],
    code: str,
) -> MemberReport:
    """Keep a report, and have its sender told that it came in.

    Args:
        records: Of a change.
        given: What was said.
        settings: Components and operators.
        now: Aware UTC.
        new_id: Makes the report's id.
        code: From ``make_code``: eight signs of Crockford's base32. Give the sender the one that comes back.

    Returns:
        The report as it is kept.

    Raises:
        ValueError: A field is wrong. The text names it, says what to write, and does not repeat it.
        LookupError: There is no such member.
    """
    own_code = read_code(code)
    if not own_code or records.count(MemberReport, code=own_code):
        raise ValueError("code: not eight letters and digits, or given to another report. Draw another one.")
    if given.member_id and records.get(Organisation, given.member_id) is None:
        message = f"{given.member_id}: no organisation has this id. Look for it with: raabta org list"
        raise LookupError(message)
    is_told = given.way != "web"  # who speaks with the desk is told there
    tidied = _tidied(given, settings, now)
    report = MemberReport(
        id=new_id("rp-"),
        code=own_code,
        reported_at=now,
        acknowledged_at=now if is_told else None,
        state="acknowledged" if is_told else "new",
        **structs.asdict(tidied),
    )
    if "@" in report.contact and (given.way != "web" or _may_be_mailed(records, report.contact, now)):
        records.add(mail_to(report, "acknowledge", now=now))
    records.add(report)
    return report


def _tidied(given: ReportGiven, settings: Publishing, now: dt.datetime) -> ReportGiven:
    operators = [one.id for one in settings.site.operators]
    _among("operator", given.operator_id, ["", *operators])
    _among("language", given.language, LANGUAGES)
    _among("symptom", given.symptom, get_args(Symptom))
    began_at = None if given.began_at is None else moment("began", given.began_at)
    if began_at is not None and not now - dt.timedelta(days=BEGAN_DAYS_MAX) <= began_at <= now + SKEW:
        message = f"began: a time within the last {BEGAN_DAYS_MAX} days."
        raise ValueError(message)
    place = tidy_line("place", given.place, n_most=PLACE_CHARACTERS_MAX)
    if any(one.isdigit() or one == "@" for one in place):
        raise ValueError("place: a town at most, without street or number.")
    return structs.replace(
        given,
        began_at=began_at,
        target=read_target(given.target, components=settings.site.components),
        place=place,
        words=scrub_words(tidy_text("words", given.words, n_most=WORDS_CHARACTERS_MAX)),
        contact=_tidied_contact(given, settings),
    )


def _among(name: str, value: str, known: Iterable[str]) -> None:
    if value not in (choices := list(known)):
        message = f"{name}: one of {', '.join(filter(None, choices)) or 'none: settings name no such'}."
        raise ValueError(message)


def _tidied_contact(given: ReportGiven, settings: Publishing) -> str:
    contact = given.contact.strip()
    if not contact:
        return ""
    if given.way != "web" and PHONE.fullmatch(contact):
        return tidy_line("contact", contact)
    try:
        return tidy_address(contact, "email", settings=settings, by_desk=False)
    except ValueError:
        ways = "an e-mail address as name@example.pk, or nothing"
        message = f"contact: {ways}." if given.way == "web" else f"contact: {ways}, or a phone number."
        raise ValueError(message) from None


def _may_be_mailed(records: Records, contact: str, now: dt.datetime) -> bool:
    columns = table_of(MemberReport).c
    today = (columns.reported_at > now - DAY, columns.way == "web")
    if records.connection.execute(select(func.count()).where(*today)).scalar_one() >= MAILS_A_DAY:
        return False
    mailbox = mailbox_of(contact, "email")
    others = [one.id for one in records.where(MemberReport, *today) if _mailbox(one) == mailbox]
    return records.count(Delivery, reason="acknowledge", to_id=others) < MAILS_A_DAY_TO_ONE


def _mailbox(report: MemberReport) -> str:
    return mailbox_of(report.contact, "email") if "@" in report.contact else ""


def mail_to(report: MemberReport, reason: DeliveryReason, *, now: dt.datetime) -> Delivery:
    """Give the delivery that tells who reported something; what it says is made when it is sent."""
    return Delivery(
        id=f"{reason}/{report.id}/{report.id}",
        channel="email",
        reason=reason,
        subject_id=report.id,
        to_id=report.id,
        created_at=now,
        next_try_at=now,
    )


def state_of_report(records: Records, code: str) -> ReportState | None:
    """Say what became of the report with this code, however it is written; None where there is none.

    Words, contact, operator and place do not come out this way. An incident is named only once it is public.
    """
    found = read_code(code)
    report = next(records.find(MemberReport, code=found), None) if found else None
    if report is None:
        return None
    is_public = bool(report.incident_id) and records.count(Publication, id=report.incident_id) > 0
    return ReportState(
        code=report.code,
        state=report.state,
        target=report.target,
        reported_at=report.reported_at,
        acknowledged_at=report.acknowledged_at,
        closed_because=report.closed_because,
        thread_id=report.incident_id if is_public else "",
    )


def acknowledge_reports(records: Records, ids: Iterable[str], *, now: dt.datetime) -> list[MemberReport]:
    """Note that somebody of the desk looked at reports; those that were looked at before stay as they are.

    Args:
        records: Of a change.
        ids: Of reports (or their codes), groups, or incidents: then all of theirs.
        now: Aware UTC.

    Raises:
        LookupError: There is none of one of these.
    """
    new = [report for report in chosen_reports(records, ids) if report.state == "new"]
    seen = [structs.replace(report, state="acknowledged", acknowledged_at=now) for report in new]
    records.put_all(seen)
    return seen


def chosen_reports(records: Records, ids: Iterable[str]) -> list[MemberReport]:
    """Give reports by ids of reports, codes, ids of groups or of incidents; each once.

    Raises:
        LookupError: There is none of one of these.
    """
    found: dict[str, MemberReport] = {}
    for id_ in ids:
        field, key = _looked_up(records, id_)
        several = list(records.find(MemberReport, **{field: key}))
        if not several:
            message = f"{id_}: no report has this id, code, group or incident. Look with: raabta incident report list"
            raise LookupError(message)
        found.update((report.id, report) for report in several)
    return list(found.values())


def newest_reports(
    records: Records, *, states: Sequence[str] = (), within: str = "", after: str = "", n_most: int
) -> list[MemberReport]:
    """Give reports, the newest first, without words and contact: those stay sealed.

    Args:
        records: The register.
        states: Only in one of these; all where empty.
        within: Only of this group or incident; "" for all.
        after: The id of the last one that was shown.
        n_most: How many at most.

    Raises:
        LookupError: There is no report ``after``.
    """
    columns = table_of(MemberReport).c
    names = [name for name in MemberReport.__struct_fields__ if name not in {"words", "contact"}]
    query = select(*(columns[name] for name in names))
    if states:
        query = query.where(columns.state.in_(list(states)))
    if within:
        field, key = _looked_up(records, within)
        query = query.where(columns[field] == key)
    if after:
        last = next(iter(chosen_reports(records, [after])))
        query = query.where(tuple_(columns.reported_at, columns.id) < tuple_(last.reported_at, last.id))
    rows = records.connection.execute(query.order_by(columns.reported_at.desc(), columns.id.desc()).limit(n_most))
    return [MemberReport(**dict(zip(names, row, strict=True))) for row in rows]


def _looked_up(records: Records, id_: str) -> tuple[str, str]:
    prefix = id_.strip().lower()[:3]
    field = {"gr-": "group_id", "in-": "incident_id", "rp-": "id"}.get(prefix)
    if field is None:
        return "code", read_code(id_)
    return field, whole_id(records, id_, prefix=prefix, kind=MemberReport, field=field)
