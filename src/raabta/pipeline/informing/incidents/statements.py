"""What parties stated officially: word for word, with the source. It stands beside our cause, not in its place."""

import datetime as dt

from msgspec import structs

from raabta.model.incident import Statement
from raabta.pipeline.informing.incidents.parties import require_party
from raabta.pipeline.informing.incidents.showing import require_incident
from raabta.registry.incidents.finding import whole_id
from raabta.registry.incidents.steps import acting, past_moment
from raabta.registry.incidents.texts import needed, tidy_line, tidy_text, tidy_url
from raabta.registry.store import Records


def add_statement(records: Records, statement: Statement, *, now: dt.datetime) -> Statement:
    """Keep a statement.

    Raises:
        ValueError: A field is wrong.
        LookupError: There is no such incident, or no such party in it.
    """
    require_incident(records, statement.incident_id)
    require_party(records, statement.party_id, incident_id=statement.incident_id)
    tidied = structs.replace(_tidied(statement), at=past_moment("at", statement.at, now=now))
    records.add(tidied)
    return tidied


def change_statement(records: Records, changed: Statement) -> Statement:
    """Replace its translation, source, cause claimed, or whether it is public. Its words and time stay.

    Raises:
        ValueError: A field is wrong.
        LookupError: There is no such statement.
    """
    earlier = require_statement(records, changed.id)
    tidied = _tidied(changed)
    kept = structs.replace(
        earlier,
        text_ur=tidied.text_ur,
        source=tidied.source,
        cause_claimed=tidied.cause_claimed,
        public=tidied.public,
    )
    records.put(kept)
    return kept


def require_statement(records: Records, id_: str) -> Statement:
    """Give a statement, by its id or the beginning of it.

    Raises:
        LookupError: There is none of this id.
    """
    found = records.get(Statement, whole_id(records, id_, prefix="st-", kind=Statement))
    if found is None:
        message = f"there is no statement {id_!r}. Try: raabta incident statement list"
        raise LookupError(message)
    return found


def _tidied(given: Statement) -> Statement:
    source = tidy_line("source", given.source, n_most=500)
    return structs.replace(
        given,
        text_en=needed("text_en", tidy_text("text_en", given.text_en)),
        text_ur=tidy_text("text_ur", given.text_ur),
        source=tidy_url("source", source) if "://" in source else source,
        cause_claimed=tidy_line("cause_claimed", given.cause_claimed),
        by=acting(given.by),
    )
