"""A member in the register, whose gateway is proved and whose device may be granted leases."""

import datetime as dt
from typing import Any

from raabta.model.exemption import Recipient
from raabta.model.register import Case, MemberEndpoint, Organisation, Proof
from raabta.registry.store import Records

ORGANISATION = "o-aaaaaaaaaaaaaaaa"
ENDPOINT = "e-aaaaaaaaaaaaaaaa"
RECIPIENT = "fibre"
DAY = dt.timedelta(days=1)


def fill(records: Records, *, now: dt.datetime, proved: bool = True, **endpoint: Any) -> None:
    """Put an organisation, its gateway, an approved case, a proof and an operator into the register."""
    records.add(
        Organisation(
            id=ORGANISATION,
            legal_name="Karobar Private Limited",
            legal_form="private_limited",
            country="pk",
            created_at=now - 9 * DAY,
            changed_at=now - 9 * DAY,
        )
    )
    given: dict[str, Any] = {
        "id": ENDPOINT,
        "organisation_id": ORGANISATION,
        "direction": "remote_gateway",
        "prefix": "198.18.40.5/32",
        "operator": RECIPIENT,
        "protocol": "wireguard",
        "port": 51820,
        "valid_from": now - 9 * DAY,
        "valid_until": now + 200 * DAY,
        "created_at": now - 9 * DAY,
    }
    records.add(MemberEndpoint(**given | endpoint))
    records.add(
        Case(
            id="c-aaaaaaaaaaaaaaaa",
            organisation_id=ORGANISATION,
            endpoint_ids=(ENDPOINT,),
            kind="pk.A",
            status="approved",
            created_at=now - 9 * DAY,
            changed_at=now - 2 * DAY,
        )
    )
    if proved:
        records.add(
            Proof(
                id="f-aaaaaaaaaaaaaaaa",
                organisation_id=ORGANISATION,
                endpoint_id=ENDPOINT,
                kind="acme_http",
                subject="198.18.40.5",
                challenge="x",
                status="proved",
                issued_at=now - 2 * DAY,
                proved_at=now - DAY,
                expires_at=now + 50 * DAY,
                witnesses=("this machine",),
            )
        )
    records.add(Recipient(id=RECIPIENT, name="Fibre", asns=(64500,), reference_key="00" * 32))
