"""Reports that belong together: the same thing cannot be reached, through the same operator, at about the same time.

Reports form a group while no two that follow each other lie further apart than ``WINDOW``. A group's id is made from
its first report, and never changes afterwards: a report that is in a group stays there.

Reports are never proof. A group of three independent ones is a reason to look, and to open an incident if a person
thinks so; nothing here opens one. Known people (a member, a contact) count once each. Who left no contact cannot be
told apart; there only the same words, written again, count once. Somebody who wants to can therefore send three:
what keeps such waves small is the limit of the form (``hub.forms``), and that a person decides.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Final, Literal

from msgspec import Struct

from raabta.model.incident import MemberReport
from raabta.model.site import Component

WINDOW: Final = dt.timedelta(hours=2)
"""Two reports of one event seldom lie further apart while it lasts. Judgement, not measured."""
INDEPENDENT_MIN: Final = 3
"""So many independent reports are a reason to open an incident. Judgement; a person decides."""


class Sighting(Struct, frozen=True, kw_only=True):
    """What grouping needs of a report. ``what`` is a component's id, or a host that belongs to none."""

    report_id: str
    what: str
    operator_id: str
    at: dt.datetime
    group_id: str = ""
    incident_id: str = ""


class ReportGroup(Struct, frozen=True, kw_only=True):
    """Reports that belong together.

    ``suggests`` is "open" where so many are a reason to open an incident, "link" where some of them belong to one and
    some to none yet. ``n_independent`` counts the newest ones only, see ``raabta.pipeline.informing.desk.reports``.
    """

    id: str
    target: str
    operator_id: str
    n_reports: int
    n_independent: int
    first_at: dt.datetime
    last_at: dt.datetime
    incident_ids: tuple[str, ...] = ()
    suggests: Literal["", "open", "link"] = ""


def what_of(target: str, components: Sequence[Component]) -> str:
    """Give the component whose host a target is, or lies below; else the target."""
    below = [target.split(".", n)[-1] for n in range(target.count(".") + 1)]
    return next((one.id for host in below for one in components if host in one.hosts), target)


def find_groups(sightings: Iterable[Sighting]) -> dict[str, list[Sighting]]:
    """Give each group's id with its reports, oldest first; every report is in one group."""
    groups: dict[str, list[Sighting]] = {}
    ordered = sorted(sightings, key=lambda one: (one.what, one.operator_id, one.at, one.report_id))
    for _, several in groupby(ordered, key=lambda one: (one.what, one.operator_id)):
        for run in _runs(list(several)):
            found = next((one.group_id for one in run if one.group_id), _name(run[0]))
            for one in run:
                groups.setdefault(one.group_id or found, []).append(one)
    return groups


def _runs(several: list[Sighting]) -> Iterable[list[Sighting]]:
    run: list[Sighting] = []
    for one in several:
        if run and one.at - run[-1].at > WINDOW:
            yield run
            run = []
        run.append(one)
    yield run


def _name(first: Sighting) -> str:
    return f"gr-{first.report_id.removeprefix('rp-')}"


def count_independent(reports: Iterable[MemberReport], *, receiver_of: Callable[[str], str] = str.casefold) -> int:
    """Count reports that do not obviously come from one and the same person.

    Args:
        reports: Of one group.
        receiver_of: Gives who receives what is sent to a contact: the same for all spellings of one mailbox or number.
    """
    return len({_sender(report, receiver_of) for report in reports})


def _sender(report: MemberReport, receiver_of: Callable[[str], str]) -> tuple[str, str]:
    if report.member_id:
        return "member", report.member_id
    if report.contact:
        return "contact", receiver_of(report.contact)
    words = " ".join(report.words.casefold().split())
    return ("words", words) if words else ("report", report.id)


def suggestion(sightings: Sequence[Sighting], *, n_independent: int) -> Literal["", "open", "link"]:
    """Say what a group suggests."""
    n_linked = sum(bool(one.incident_id) for one in sightings)
    if n_linked:
        return "link" if n_linked < len(sightings) else ""
    return "open" if n_independent >= INDEPENDENT_MIN else ""
