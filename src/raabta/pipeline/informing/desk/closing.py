"""Closing a report: the person gets an answer, and then the contact goes.

By e-mail the answer leaves through the outbox, so the contact stays until that message is settled, and not longer than
``ANSWER_WAITS``. ``forget_contacts`` takes away what is no longer needed; whatever closes reports or sends messages
calls it. Who left a phone number is called by a person first (``told``).
"""

import datetime as dt
from collections.abc import Iterable
from typing import Final

from msgspec import structs
from sqlalchemy import func, literal, select

from raabta.model.incident import MemberReport
from raabta.model.subscription import Delivery
from raabta.pipeline.informing.desk.reports import chosen_reports, mail_to
from raabta.registry.incidents.targets import scrub_words
from raabta.registry.incidents.texts import needed, tidy_text
from raabta.registry.records import Records
from raabta.registry.schema import table_of

BECAUSE_CHARACTERS_MAX: Final = 500
ANSWER_WAITS: Final = dt.timedelta(days=4)
"""An answer is given up after three days; then the contact goes all the same."""
FORGOTTEN_AT_ONCE: Final = 500
EMPTY_SEALED_CHARACTERS: Final = 43
"""Length of a text that is sealed, if it has two bytes at most: no contact is so short. Sealing hides no lengths."""


def close_reports(
    records: Records, ids: Iterable[str], *, because: str, now: dt.datetime, told: bool = False
) -> list[MemberReport]:
    """Close reports, and have their senders told why.

    Args:
        records: Of a change.
        ids: Of reports (or their codes), groups or incidents: then all of theirs that are not closed yet.
        because: What became of it, in words for the person who reported it.
        now: Aware UTC.
        told: Somebody has told them already: then nothing is sent, and contacts go at once.

    Returns:
        The reports that were closed.

    Raises:
        LookupError: There is none of one of these.
        ValueError: Nothing is said, all are closed already, or somebody must be called first.
    """
    words = needed("because", tidy_text("because", because, n_most=BECAUSE_CHARACTERS_MAX))
    still = [one for one in chosen_reports(records, ids) if one.state != "closed"]
    if not still:
        raise ValueError("these reports are closed already.")
    by_phone = [one.id for one in still if one.contact and "@" not in one.contact]
    if by_phone and not told:
        message = f"{by_phone[0]}: its sender left a phone number. Call first, then close it with --told."
        raise ValueError(message)
    closed = [_closed(one, scrub_words(words), now=now, told=told) for one in still]
    records.put_all(closed)
    records.add_all([mail_to(one, "answer", now=now) for one in closed if one.contact])
    forget_contacts(records, now=now)
    return closed


def _closed(report: MemberReport, words: str, *, now: dt.datetime, told: bool) -> MemberReport:
    return structs.replace(
        report,
        state="closed",
        closed_because=words,
        acknowledged_at=report.acknowledged_at or now,
        contact="" if told else report.contact,
    )


def forget_contacts(records: Records, *, now: dt.datetime) -> int:
    """Take the contacts out of closed reports whose answer was sent, or cannot be; count them.

    Args:
        records: Of a change.
        now: Aware UTC.

    Returns:
        How many went: ``FORGOTTEN_AT_ONCE`` at most, so that nobody waits for a backlog. The next call takes the rest.
    """
    reports, answers = table_of(MemberReport).c, table_of(Delivery).c
    waits = select(answers.id).where(
        answers.id == literal("answer/") + reports.id + "/" + reports.id,
        answers.state.in_(["waiting", "sending"]),
        answers.created_at > now - ANSWER_WAITS,
    )
    done = select(reports.id).where(
        reports.state == "closed", func.length(reports.contact) > EMPTY_SEALED_CHARACTERS, ~waits.exists()
    )
    ids = list(records.connection.execute(done.limit(FORGOTTEN_AT_ONCE)).scalars())
    if ids:
        records.put_all([structs.replace(one, contact="") for one in records.find(MemberReport, id=ids)])
    return len(ids)
