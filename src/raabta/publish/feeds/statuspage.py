"""The public API of Atlassian Statuspage, version 2, as files: what its clients read, field for field.

Under ``api/v2/``, each with ``.json``: ``summary``, ``status``, ``components``, ``incidents``,
``incidents/unresolved``, ``scheduled-maintenances``, ``scheduled-maintenances/upcoming`` and
``scheduled-maintenances/active``. The format has one language: English, where the site has it. Only incidents have a
place in it; notices, meetings and advisories stand in the other feeds.

States are told in Statuspage's words: reported, confirmed and cause sought are "investigating", cause identified and
mitigating are "identified", reviewed is "postmortem". Maintenance is by the clock "scheduled", then "in_progress", and
"completed" when a bulletin says that it is over.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, Final

from raabta.model.incident import IncidentState, Severity
from raabta.model.publication import PublicThread, PublicUpdate
from raabta.model.site import Component, Site
from raabta.publish.feeds.cleaning import cleaned, one_line
from raabta.publish.feeds.items import (
    NEVER,
    OVER,
    Item,
    bare_title,
    first_language,
    host_of,
    lines_of,
    name_of,
    site_name,
    thread_url,
)
from raabta.publish.feeds.jsonfeed import as_json
from raabta.publish.moments import local

FOLDER: Final = "api/v2"
LISTED_MAX: Final = 50
"""Of incidents.json and scheduled-maintenances.json: "the 50 most recent" (Statuspage's own limit)."""

STATUS: Final[dict[IncidentState, str]] = {
    "reported": "investigating",
    "confirmed": "investigating",
    "cause_sought": "investigating",
    "cause_identified": "identified",
    "mitigating": "identified",
    "monitoring": "monitoring",
    "resolved": "resolved",
    "reviewed": "postmortem",
}
COMPONENT: Final[dict[Severity, str]] = {
    "none": "operational",
    "minor": "degraded_performance",
    "major": "partial_outage",
    "critical": "major_outage",
}
_WORST: Final = ("operational", "under_maintenance", "degraded_performance", "partial_outage", "major_outage")
_SEVERITIES: Final[tuple[Severity, ...]] = ("none", "minor", "major", "critical")
_SAID: Final = {
    "none": "All Systems Operational",
    "minor": "Minor Service Outage",
    "major": "Partial System Outage",
    "critical": "Major Service Outage",
    "maintenance": "Service Under Maintenance",
}
"""Statuspage's own sentences: clients show or compare them."""


def render(threads: Sequence[PublicThread], site: Site, *, now: dt.datetime) -> dict[str, bytes]:
    """Make the files of ``api/v2/``.

    Args:
        threads: Public threads, newest first; all that are open must be among them.
        site: Who speaks, about which components.
        now: What maintenance is under way depends on it.
    """
    incidents = [cleaned(one) for one in threads if one.kind == "incident"]
    api = _Api(incidents, cleaned(site), now)
    works = [one for one in incidents if _is_maintenance(one)]
    others = [one for one in incidents if not _is_maintenance(one)]
    unresolved = [one for one in others if _is_unresolved(one)]
    running = [one for one in works if api.status_of(one) in ("in_progress", "verifying")]
    planned = [one for one in works if api.status_of(one) == "scheduled"]
    components = {"components": api.components()}
    status = {"status": api.status()}
    bodies: dict[str, dict[str, Any]] = {
        "summary": components
        | {"incidents": api.incidents(unresolved), "scheduled_maintenances": api.incidents(running + planned)}
        | status,
        "status": status,
        "components": components,
        "incidents": {"incidents": api.incidents(others[:LISTED_MAX])},
        "incidents/unresolved": {"incidents": api.incidents(unresolved)},
        "scheduled-maintenances": {"scheduled_maintenances": api.incidents(works[:LISTED_MAX])},
        "scheduled-maintenances/upcoming": {"scheduled_maintenances": api.incidents(planned)},
        "scheduled-maintenances/active": {"scheduled_maintenances": api.incidents(running)},
    }
    return {f"{FOLDER}/{name}.json": as_json({"page": api.page()} | body) for name, body in bodies.items()}


class _Api:
    """What all files are made from."""

    def __init__(self, incidents: list[PublicThread], site: Site, now: dt.datetime) -> None:
        self._incidents = incidents
        self._site = site
        self._now = now
        self._language = first_language(site)
        self._page_id = host_of(site).replace(".", "-")
        self._statuses = {one.id: self._component_status(one) for one in site.components}

    def page(self) -> dict[str, Any]:
        """Say whose page it is, and when it changed: by a bulletin, or by the clock."""
        told = [update.at for thread in self._incidents for update in thread.updates]
        clock = [at for one in self._incidents if _is_maintenance(one) for at in _span(one) if at <= self._now]
        return {
            "id": self._page_id,
            "name": site_name(self._site, language=self._language),
            "url": self._site.url,
            "time_zone": self._site.zone,
            "updated_at": self._time(max(told + clock, default=NEVER)),
        }

    def status(self) -> dict[str, str]:
        """Say in one word how things are."""
        worst = _worst(one.severity for one in self._incidents if _is_unresolved(one) and not _is_maintenance(one))
        is_at_work = any(self.status_of(one) == "in_progress" for one in self._incidents if _is_maintenance(one))
        indicator = "maintenance" if worst == "none" and is_at_work else worst
        return {"indicator": indicator, "description": _SAID[indicator]}

    def components(self) -> list[dict[str, Any]]:
        """List components and their groups, as pages show them."""
        groups = list(dict.fromkeys(one.group_en for one in self._site.components if one.group_en))
        listed: list[dict[str, Any]] = []
        for name in groups:
            members = [one for one in self._site.components if one.group_en == name]
            worst = max((self._statuses[one.id] for one in members), key=_WORST.index)
            changed = max(self._changed_at(one.id) for one in members)
            group = self._component(_group_id(name), name, status=worst, changed=changed)
            listed.append(group | {"group": True, "components": [one.id for one in members]})
        listed += [self.component(one) for one in self._site.components if not one.group_en]
        for position, one in enumerate(listed, start=1):
            one["position"] = position
        return listed + [self.component(one) for one in self._site.components if one.group_en]

    def component(self, component: Component) -> dict[str, Any]:
        """Describe one component."""
        siblings = [one.id for one in self._site.components if one.group_en == component.group_en]
        changed = self._changed_at(component.id)
        shown = self._component(component.id, component.name_en, status=self._statuses[component.id], changed=changed)
        group = _group_id(component.group_en) if component.group_en else None
        return shown | {"position": siblings.index(component.id) + 1, "group_id": group}

    def incidents(self, threads: Iterable[PublicThread]) -> list[dict[str, Any]]:
        """Describe incidents or maintenance."""
        return [self._incident(one) for one in threads]

    def status_of(self, thread: PublicThread) -> str:
        """Say a thread's state in Statuspage's words."""
        if not _is_maintenance(thread):
            return STATUS[thread.state or "confirmed"]
        if not _is_unresolved(thread):
            return "completed"
        if thread.state == "monitoring":
            return "verifying"
        return "scheduled" if self._now < thread.started_at else "in_progress"

    def _incident(self, thread: PublicThread) -> dict[str, Any]:
        first, last = thread.updates[0], thread.updates[-1]
        watched = [one.at for one in thread.updates if one.incident_state == "monitoring"]
        over = [one.at for one in thread.updates if one.incident_state in OVER]
        impact = "maintenance" if _is_maintenance(thread) else _worst(one.severity for one in thread.updates)
        known = {one.id: one for one in self._site.components}
        shown = {
            "id": thread.id,
            "name": name_of(thread, language=self._language),
            "status": self.status_of(thread),
            "created_at": self._time(first.at),
            "updated_at": self._time(last.at),
            "monitoring_at": self._time(watched[-1]) if watched else None,
            "resolved_at": self._time(over[0]) if over and not _is_unresolved(thread) else None,
            "impact": impact,
            "shortlink": thread_url(thread, self._site, language=self._language),
            "started_at": self._time(thread.started_at),
            "page_id": self._page_id,
            "incident_updates": self._updates(thread),
            "components": [self.component(known[id_]) for id_ in thread.component_ids if id_ in known],
            "reminder_intervals": None,
        }
        if not _is_maintenance(thread):
            return shown
        start, until = _span(thread)
        return shown | {"scheduled_for": self._time(start), "scheduled_until": self._time(until)}

    def _updates(self, thread: PublicThread) -> list[dict[str, Any]]:
        before: dict[str, str] = {}
        shown: list[dict[str, Any]] = []
        for update in thread.updates:
            after = dict.fromkeys(update.component_ids or thread.component_ids, _status_then(thread, update))
            shown.append(self._update(thread, update, self._changes(before, after)))
            before = after
        return shown[::-1]

    def _update(
        self, thread: PublicThread, update: PublicUpdate, changes: list[dict[str, str]] | None
    ) -> dict[str, Any]:
        at = self._time(update.at)
        return {
            "id": update.id,
            "status": self._update_status(thread, update),
            "body": _body(thread, update, self._site),
            "incident_id": thread.id,
            "created_at": at,
            "updated_at": at,
            "display_at": at,
            "affected_components": changes,
            "deliver_notifications": True,
            "custom_tweet": None,
            "tweet_id": None,
        }

    def _update_status(self, thread: PublicThread, update: PublicUpdate) -> str:
        if not _is_maintenance(thread):
            return STATUS[update.incident_state or "confirmed"]
        if update.incident_state in OVER:
            return "completed"
        return "scheduled" if update.at < thread.started_at else "in_progress"

    def _changes(self, before: dict[str, str], after: dict[str, str]) -> list[dict[str, str]] | None:
        names = {one.id: one_line(one.name_en) for one in self._site.components}
        changes = [
            {"code": id_, "name": names[id_], "old_status": before.get(id_, "operational"), "new_status": status}
            for id_, status in after.items()
            if id_ in names
        ]
        return changes or None

    def _component(self, id_: str, name: str, *, status: str, changed: dt.datetime) -> dict[str, Any]:
        return {
            "id": id_,
            "name": one_line(name),
            "status": status,
            "created_at": self._time(NEVER),
            "updated_at": self._time(changed),
            "position": 0,
            "description": None,
            "showcase": False,
            "start_date": None,
            "group_id": None,
            "page_id": self._page_id,
            "group": False,
            "only_show_if_degraded": False,
        }

    def _changed_at(self, component_id: str) -> dt.datetime:
        concerned = (one for one in self._incidents if component_id in one.component_ids)
        return max((one.updates[-1].at for one in concerned), default=NEVER)

    def _component_status(self, component: Component) -> str:
        found = ["operational"]
        for thread in self._incidents:
            if component.id not in thread.component_ids or not _is_unresolved(thread):
                continue
            if not _is_maintenance(thread):
                found.append(COMPONENT[thread.severity])
            elif self.status_of(thread) == "in_progress":
                found.append("under_maintenance")
        return max(found, key=_WORST.index)

    def _time(self, at: dt.datetime) -> str:
        return local(at, self._site).isoformat(timespec="milliseconds")


def _body(thread: PublicThread, update: PublicUpdate, site: Site) -> str:
    """Give an update's title and words: Statuspage's updates have no title of their own."""
    language = first_language(site)
    return f"{bare_title(update, language=language)}\n\n{lines_of(Item(thread, update), site, language=language)}"


def _is_maintenance(thread: PublicThread) -> bool:
    return thread.incident_kind == "maintenance"


def _is_unresolved(thread: PublicThread) -> bool:
    """Say whether it goes on: a thread may be open for its report when all works again."""
    return thread.is_open and thread.state not in OVER


def _span(thread: PublicThread) -> tuple[dt.datetime, dt.datetime]:
    """Give from when until when maintenance is planned; without an end, until the next update."""
    start = thread.started_at
    return start, max(start, thread.ended_at or thread.next_update_at or start)


def _status_then(thread: PublicThread, update: PublicUpdate) -> str:
    if update.incident_state in OVER:
        return "operational"
    if not _is_maintenance(thread):
        return COMPONENT[update.severity]
    return "operational" if update.at < thread.started_at else "under_maintenance"


def _worst(severities: Iterable[Severity]) -> Severity:
    return max(severities, key=_SEVERITIES.index, default="none")


def _group_id(name: str) -> str:
    """Make an id of a group's name; the dot keeps it apart from components' ids."""
    return "group." + "".join(letter if letter.isalnum() else "-" for letter in one_line(name).lower())
