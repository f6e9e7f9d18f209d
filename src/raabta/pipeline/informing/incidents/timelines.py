"""All records of an incident, and the timeline made from them."""

from raabta.model.bulletin import Bulletin
from raabta.model.incident import Attachment, Message, Party, Promise, Question, Statement, TimelineLine, TimelineNote
from raabta.pipeline.informing.incidents.showing import require_incident
from raabta.registry.incidents.finding import report_times
from raabta.registry.incidents.steps import utc
from raabta.registry.incidents.timeline import IncidentRecords, SayTime, make_timeline
from raabta.registry.store import Records


def read_file(records: Records, incident_id: str) -> IncidentRecords:
    """Read all records of an incident. Members' reports are there as times only.

    Raises:
        LookupError: There is none of this id.
    """
    incident = require_incident(records, incident_id)
    return IncidentRecords(
        incident=incident,
        parties={party.id: party for party in records.find(Party, incident_id=incident_id)},
        messages=tuple(records.find(Message, incident_id=incident_id)),
        promises=tuple(records.find(Promise, incident_id=incident_id)),
        statements=tuple(records.find(Statement, incident_id=incident_id)),
        notes=tuple(records.find(TimelineNote, incident_id=incident_id)),
        attachments=tuple(records.find(Attachment, incident_id=incident_id)),
        questions=tuple(records.find(Question, incident_id=incident_id)),
        bulletins=tuple(records.find(Bulletin, thread_id=incident_id)),
        reported_at=tuple(report_times(records, incident_id)),
    )


def timeline(
    records: Records, incident_id: str, *, say_time: SayTime = utc, with_contents: bool = False
) -> list[TimelineLine]:
    """Give an incident's timeline, the earliest first, made from the records of all who write in it.

    Args:
        records: The register.
        incident_id: Whose.
        say_time: Writes a time within words.
        with_contents: Whether subjects of messages are shown: never in what leaves the house.

    Raises:
        LookupError: There is none of this id.
    """
    return make_timeline(read_file(records, incident_id), say_time=say_time, with_contents=with_contents)
