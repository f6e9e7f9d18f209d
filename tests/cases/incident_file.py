"""An incident of a November night, and the desk that keeps its file."""

import datetime as dt
from typing import Any, Final

from raabta.model.incident import Incident, IncidentState, IncidentStep, Party, Promise
from raabta.model.site import Component, Operator, Site
from raabta.pipeline.informing.settings import Clocks, DutyPerson, Publishing

NOW: Final = dt.datetime(2024, 11, 10, 9, 30, tzinfo=dt.UTC)
INCIDENT: Final = "in-vpn"


def minutes(number: float) -> dt.timedelta:
    """So many minutes."""
    return dt.timedelta(minutes=number)


def at(number: float) -> dt.datetime:
    """So many minutes after ``NOW``."""
    return NOW + minutes(number)


def desk(zone: str = "Asia/Karachi", **fields: Any) -> Publishing:
    """Settings with two components, two operators, and three people on two levels of duty."""
    site = Site(
        name_en="Association",
        name_ur="انجمن",
        url="https://status.example.pk",
        country="pk",
        zone=zone,
        components=(
            Component(id="vpn", name_en="VPN", name_ur="وی پی این"),
            Component(id="cdn", name_en="Sites behind a CDN", name_ur="سی ڈی این"),
        ),
        operators=(Operator(id="north", name_en="North", name_ur="نارتھ"),),
    )
    duty = (
        DutyPerson(name="sana", email="sana@example.pk"),
        DutyPerson(name="omar", email="omar@example.pk"),
        DutyPerson(name="chair", email="chair@example.pk", level=1),
    )
    given: dict[str, Any] = {"duty": duty, "clocks": Clocks(escalate_min=20)}
    return Publishing(site=site, **given | fields)


def incident(**fields: Any) -> Incident:
    """Make an incident as somebody opens it."""
    given: dict[str, Any] = {
        "id": INCIDENT,
        "title_en": "VPNs fail across the country",
        "kind": "vpn",
        "component_ids": ("vpn",),
        "started_at": at(-25),
        "opened_by": "Sana",
        "created_at": NOW,
        "changed_at": NOW,
    }
    return Incident(**given | fields)


def steps(*taken: tuple[IncidentState, float]) -> tuple[IncidentStep, ...]:
    """Make steps, each with the minute at which it was taken."""
    return tuple(IncidentStep(state=state, at=at(minute), by="Sana") for state, minute in taken)


def party(id_: str = "pa-cdn", **fields: Any) -> Party:
    """Make a party."""
    given: dict[str, Any] = {"incident_id": INCIDENT, "role": "cdn", "name_en": "Cloud Network", "desk": "NOC"}
    return Party(id=id_, **{"created_at": NOW} | given | fields)


def promise(id_: str = "pr-a", **fields: Any) -> Promise:
    """Make a promise of the CDN, due in an hour."""
    given: dict[str, Any] = {"words_en": "Repair", "made_at": NOW, "due_at": at(60), "by": "Sana"}
    return Promise(id=id_, **{"incident_id": INCIDENT, "party_id": "pa-cdn"} | given | fields)
