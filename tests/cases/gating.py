"""Lists and gateways for tests: own tables for 198.18.0.0/15, entries by number, an agent with a clock of its own."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Final

from raabta.gateway.agent import Agent
from raabta.gateway.settings import load_settings
from raabta.gateway.state import Load
from raabta.model.exemption import ExemptionEntry, ExemptionList, Lease, LeaseGrant, Restriction

NOW: Final = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
ASN: Final = 64500

TABLES: Final = """\
as_of = 2026-11-22
base = "none"
ordinary = ["198.18.0.0/15", "2001:db8::/32"]

[[network]]
prefix = "198.18.0.0/16"
asn = 64500
country = "PK"

[[network]]
prefix = "198.19.0.0/16"
asn = 64999
country = "DE"

[[network]]
prefix = "2001:db8::/33"
asn = 64500
country = "PK"

[[network]]
prefix = "2001:db8:8000::/33"
asn = 64999
country = "DE"
"""


def entry(number: int, *, now: dt.datetime, **changed: object) -> ExemptionEntry:
    """Entry number so and so: a member's address in 198.18.0.0/16 to a gateway in 198.19.0.0/16."""
    fields: dict[str, object] = {
        "id": f"x-{number}",
        "source": f"198.18.{number >> 8 & 255}.{number & 255}/32",
        "destination": f"198.19.{number >> 8 & 255}.{number & 255}/32",
        "transport": "udp",
        "port": 51820 + (number >> 16),
        "origin_asn": ASN,
        "organisation_ref": f"r-{number % 1700}",
        "evidence_level": 2,
        "basis": "pk.A",
        "not_before": now - dt.timedelta(days=1),
        "not_after": now + dt.timedelta(days=90),
        "serial": 1,
    }
    return ExemptionEntry(**(fields | changed))  # type: ignore[arg-type]


def exemptions(
    entries: tuple[ExemptionEntry, ...],
    *,
    now: dt.datetime,
    serial: int = 1,
    grants: tuple[LeaseGrant, ...] = (),
    restrictions: tuple[Restriction, ...] = (),
    life: dt.timedelta = dt.timedelta(days=30),
) -> ExemptionList:
    """A list of the recipient isp-a."""
    return ExemptionList(
        recipient="isp-a",
        country="PK",
        serial=serial,
        made_at=now - dt.timedelta(minutes=1),
        expires_at=now + life,
        entries=entries,
        grants=grants,
        restrictions=restrictions,
    )


def load(listed: ExemptionList, *, leases: tuple[Lease, ...] = (), leases_version: int = 1) -> Load:
    """A list as ``gateway.fetch`` would give it, known to be the newest until it expires."""
    return Load(list=listed, leases=leases, leases_version=leases_version, fresh_until=listed.expires_at)


def gateway(folder: Path, *, clock: Callable[[], dt.datetime], more: str = "") -> Agent:
    """An agent in a folder, with own tables, that believes nobody's signatures."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tables.toml").write_text(TABLES, "utf-8")
    (folder / "root.json").write_text("{}", "utf-8")
    settings = 'url = "file:///nowhere/"\nrecipient = "isp-a"\nasns = [64500]\ntables = "tables.toml"\n'
    (folder / "gateway.toml").write_text(settings + more, "utf-8")
    return Agent(load_settings(folder / "gateway.toml"), now=clock)
