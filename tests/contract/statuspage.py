"""Statuspage's public API, version 2, as tables: every field, its types, and what it may say.

Compiled by hand from the API page that each Statuspage has (``/api/v2``) and from documents that large pages serve.

    name: types of the decoded JSON
"""

from typing import Any, Final

NULL: Final = type(None)

Fields = dict[str, tuple[Any, ...]]

PAGE: Final[Fields] = {"id": (str,), "name": (str,), "url": (str,), "time_zone": (str,), "updated_at": (str,)}

STATUS: Final[Fields] = {"indicator": (str,), "description": (str,)}

COMPONENT: Final[Fields] = {
    "id": (str,),
    "name": (str,),
    "status": (str,),
    "created_at": (str,),
    "updated_at": (str,),
    "position": (int,),
    "description": (str, NULL),
    "showcase": (bool,),
    "start_date": (str, NULL),
    "group_id": (str, NULL),
    "page_id": (str,),
    "group": (bool,),
    "only_show_if_degraded": (bool,),
}
GROUP: Final[Fields] = COMPONENT | {"components": (list,)}

INCIDENT: Final[Fields] = {
    "id": (str,),
    "name": (str,),
    "status": (str,),
    "created_at": (str,),
    "updated_at": (str,),
    "monitoring_at": (str, NULL),
    "resolved_at": (str, NULL),
    "impact": (str,),
    "shortlink": (str,),
    "started_at": (str,),
    "page_id": (str,),
    "incident_updates": (list,),
    "components": (list,),
    "reminder_intervals": (str, NULL),
}
MAINTENANCE: Final[Fields] = INCIDENT | {"scheduled_for": (str,), "scheduled_until": (str,)}

UPDATE: Final[Fields] = {
    "id": (str,),
    "status": (str,),
    "body": (str,),
    "incident_id": (str,),
    "created_at": (str,),
    "updated_at": (str,),
    "display_at": (str,),
    "affected_components": (list, NULL),
    "deliver_notifications": (bool,),
    "custom_tweet": (str, NULL),
    "tweet_id": (str, NULL),
}
CHANGE: Final[Fields] = {"code": (str,), "name": (str,), "old_status": (str,), "new_status": (str,)}

INDICATORS: Final = {"none", "minor", "major", "critical", "maintenance"}
COMPONENT_STATUSES: Final = {
    "operational",
    "degraded_performance",
    "partial_outage",
    "major_outage",
    "under_maintenance",
}
INCIDENT_STATUSES: Final = {"investigating", "identified", "monitoring", "resolved", "postmortem"}
MAINTENANCE_STATUSES: Final = {"scheduled", "in_progress", "verifying", "completed"}
IMPACTS: Final = {"none", "minor", "major", "critical", "maintenance"}

FILES: Final[dict[str, set[str]]] = {
    "summary": {"page", "status", "components", "incidents", "scheduled_maintenances"},
    "status": {"page", "status"},
    "components": {"page", "components"},
    "incidents": {"page", "incidents"},
    "incidents/unresolved": {"page", "incidents"},
    "scheduled-maintenances": {"page", "scheduled_maintenances"},
    "scheduled-maintenances/upcoming": {"page", "scheduled_maintenances"},
    "scheduled-maintenances/active": {"page", "scheduled_maintenances"},
}
"""Under ``/api/v2/``, each with ``.json``; what stands at the top of each."""
