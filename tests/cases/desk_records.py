"""A register with one incident and some members, and the desk that takes reports."""

import itertools
from typing import Any, Final

from raabta.model.register import Consent, Organisation
from raabta.model.site import Component, Operator, Site
from raabta.pipeline.informing.settings import Publishing
from raabta.registry import Register
from raabta.registry.incidents.targets import make_code
from tests.cases.incident_file import NOW, incident
from tests.registry.specimens import opened

IDS: Final = itertools.count(1)


def new_id(prefix: str) -> str:
    """Make an id that no other record has."""
    return f"{prefix}{next(IDS):06}"


def new_code() -> str:
    """Make a code that no other report has."""
    return make_code(next(IDS).to_bytes(5, "big"))


def settings() -> Publishing:
    """Two components, of which one has a host; two operators."""
    site = Site(
        name_en="Association",
        name_ur="انجمن",
        url="https://status.example.pk",
        country="pk",
        zone="Asia/Karachi",
        components=(
            Component(id="vpn", name_en="VPN tunnels", name_ur="وی پی این"),
            Component(id="cdn", name_en="Sites behind a CDN", name_ur="سی ڈی این", hosts=("cdn.example.com",)),
        ),
        operators=(
            Operator(id="north", name_en="North", name_ur="نارتھ"),
            Operator(id="south", name_en="South", name_ur="ساؤتھ"),
        ),
    )
    return Publishing(site=site)


def register_with(n_members: int = 0) -> Register:
    """Open a register with the incident, and so many members who agreed to public sums."""
    register = opened()
    with register.change() as records:
        records.add(incident())
        records.add_all([member(number) for number in range(n_members)])
        records.add_all([consent(number) for number in range(n_members)])
    return register


def member(number: int) -> Organisation:
    """Make a member."""
    return Organisation(
        id=f"o-{number}",
        legal_name=f"Company {number}",
        legal_form="private_limited",
        country="pk",
        created_at=NOW,
        changed_at=NOW,
    )


def consent(number: int, recipient: str = "public", **fields: Any) -> Consent:
    """Make a member's consent to sums."""
    given: dict[str, Any] = {
        "id": f"n-{recipient}-{number}",
        "organisation_id": f"o-{number}",
        "purpose": "statistics",
        "recipient": recipient,
        "given_at": NOW,
    }
    return Consent(**given | fields)
