"""What front pages need to know, beside the threads themselves."""

from collections.abc import Iterable, Sequence
from typing import Final, Literal

from msgspec import Struct

from raabta.model.bulletin import Meeting
from raabta.model.incident import Severity
from raabta.model.publication import PublicThread
from raabta.model.site import Site

ComponentState = Literal["fine", "watched", "works", "minor", "major", "critical"]
"""``fine``: no open incident. ``watched``: one that has no effect now. ``works``: only maintenance."""

STATES: Final[tuple[ComponentState, ...]] = ("fine", "watched", "works", "minor", "major", "critical")
"""From the best to the worst."""
_BY_SEVERITY: Final[dict[Severity, ComponentState]] = {
    "none": "watched",
    "minor": "minor",
    "major": "major",
    "critical": "critical",
}

N_NEWEST: Final = 10
"""Closed threads on a front page, at most."""
N_OPEN_LISTED: Final = 500
"""Open threads in one list, at most: never as many at once; judgement."""
N_OF_COMPONENT: Final = 50
"""Threads on a component's page, at most, beside those that are open."""


class MonthCount(Struct, frozen=True, kw_only=True):
    """How many threads began in a month, ``2024-11``."""

    month: str
    n_threads: int
    n_open: int = 0


class SiteView(Struct, frozen=True, kw_only=True):
    """What is told on front pages. ``make_view`` makes one.

    ``open_threads`` are all that are open, ``newest_threads`` the newest ones whether open or not; both newest first,
    as ``months``. ``states`` has every component of the settings.
    """

    open_threads: tuple[PublicThread, ...]
    newest_threads: tuple[PublicThread, ...]
    months: tuple[MonthCount, ...] = ()
    states: dict[str, ComponentState]


def make_view(
    open_threads: Iterable[PublicThread],
    newest_threads: Iterable[PublicThread],
    *,
    months: Iterable[MonthCount] = (),
    site: Site,
) -> SiteView:
    """Make what front pages are rendered from.

    Args:
        open_threads: All open threads, in any order.
        newest_threads: The newest threads, in any order; ``2 * N_NEWEST`` are enough.
        months: Months that have threads, in any order.
        site: Its components.
    """
    every = newest_first(open_threads)
    return SiteView(
        open_threads=every,
        newest_threads=newest_first(newest_threads),
        months=tuple(sorted(months, key=lambda one: one.month, reverse=True)),
        states={one.id: component_state(one.id, every) for one in site.components},
    )


def newest_first(threads: Iterable[PublicThread]) -> tuple[PublicThread, ...]:
    """Sort by the newest update."""
    return tuple(sorted(threads, key=lambda one: (one.sequence, one.id), reverse=True))


def component_state(component_id: str, open_threads: Sequence[PublicThread]) -> ComponentState:
    """Say how a component is: the worst of the open incidents that concern it."""
    return worst(state_of(one) for one in open_threads if component_id in one.component_ids)


def worst(states: Iterable[ComponentState]) -> ComponentState:
    """Give the worst of some states, ``fine`` where there are none."""
    return max(states, key=STATES.index, default="fine")


def state_of(thread: PublicThread) -> ComponentState:
    """Say what a thread means for the components it names. Notices, meetings and advisories mean nothing for them."""
    if not thread.is_open or thread.kind != "incident":
        return "fine"
    return "works" if thread.incident_kind == "maintenance" else _BY_SEVERITY[thread.severity]


def meeting_of(thread: PublicThread) -> Meeting | None:
    """Give when and where a thread's meeting is, by its newest update that says so; None where there is none."""
    found = [meeting for update in thread.updates for meeting in update.meeting]
    return found[-1] if found else None
