"""Codes that make a subscriber a member's: the desk gives one to a member, who gives it to its people.

A code names the organisation and its last day, and is signed (``tokens``). It may be used often until then. It opens
what is written for members; it says nothing else, and nobody can make one up or lengthen its life.
"""

import datetime as dt

from raabta.model.register import Organisation
from raabta.pipeline.informing.subscribing.limits import INVITATION_DAYS_MAX
from raabta.pipeline.informing.tokens import make_token, read_token
from raabta.registry.records import Records


def make_invitation(records: Records, organisation_id: str, *, now: dt.datetime, days: int) -> str:
    """Make a code for a member, good until the end of the day (UTC) so many days from now.

    Raises:
        LookupError: There is no such organisation.
        ValueError: Too many days, or none.
    """
    if records.get(Organisation, organisation_id) is None:
        message = f"{organisation_id}: no organisation has this id. Look for it with: raabta org list"
        raise LookupError(message)
    if not 1 <= days <= INVITATION_DAYS_MAX:
        message = f"--days: from 1 to {INVITATION_DAYS_MAX}."
        raise ValueError(message)
    last_day = now.astimezone(dt.UTC) + dt.timedelta(days=days)
    return make_token(records.key, "invite", id_=f"{organisation_id}-{last_day:%Y%m%d}")


def read_invitation(records: Records, code: str, *, now: dt.datetime) -> str:
    """Give the organisation of a code, "" for an empty one.

    Raises:
        ValueError: It is none of ours, too old, or its organisation is gone.
    """
    if not code:
        return ""
    try:
        organisation_id, _, last_day = read_token(records.key, "invite", token=code).rpartition("-")
    except ValueError:
        organisation_id, last_day = "", ""
    if not organisation_id or records.get(Organisation, organisation_id) is None:
        message = "invitation: this code is not one of ours. Copy all of it, or leave it out; your association has it."
        raise ValueError(message)
    if f"{now.astimezone(dt.UTC):%Y%m%d}" > last_day:
        message = "invitation: this code has ended. Ask your association for a new one, or leave it out."
        raise ValueError(message)
    return organisation_id
