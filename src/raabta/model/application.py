"""A complete application, as a regulator asks for it: what is printed, and what is handed over as data.

It holds what this type of application asks for and nothing else. An identity number has no place here: the paper was
seen, and the person writes the number in by hand.
"""

import datetime as dt
from typing import Final

from msgspec import Struct

APPLICATION_VERSION: Final = 1


class ApplicationPaper(Struct, frozen=True, kw_only=True):
    """One line of the checklist: the paper, and when and by whom it was seen, or why it is not needed."""

    title: str
    seen_on: dt.date | None = None
    seen_by: str = ""
    waived: str = ""


class ApplicationEndpoint(Struct, frozen=True, kw_only=True):
    """One end point that is applied for."""

    address: str
    remote: str
    tunnel: str
    operator: str
    addressing: str
    site: str
    purpose: str
    valid_until: dt.date


class Application(Struct, frozen=True, kw_only=True):
    """The whole application. Fields that this type does not ask for are ""."""

    case_id: str
    kind: str
    title: str
    country: str
    regulator: str
    reference: str
    legal_name: str
    trade_name: str
    legal_form: str
    registration_number: str
    tax_number: str
    board_number: str
    association_number: str
    sponsor: str
    focal_name: str
    focal_role: str
    focal_email: str
    focal_phone: str
    identity_kind: str
    identity_seen_on: dt.date | None
    papers: tuple[ApplicationPaper, ...]
    endpoints: tuple[ApplicationEndpoint, ...]
    made_at: dt.datetime
    version: int = APPLICATION_VERSION
