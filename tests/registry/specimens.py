"""A register to try things in, and records for it."""

import datetime as dt
import itertools
from base64 import b64encode
from collections.abc import Callable
from typing import Any, Final

from raabta.model.register import MemberEndpoint, Organisation, Person
from raabta.registry import Register, RegisterKey, open_register

NOW: Final = dt.datetime(2026, 11, 23, 10, 30, 0, 123456, tzinfo=dt.UTC)
KEY: Final = RegisterKey(seal=b"s" * 32, identity=b"i" * 32)
OTHER_KEY: Final = RegisterKey(seal=b"t" * 32, identity=b"i" * 32)
IDENTITY_NUMBER: Final = "35202-1234567-1"
DEVICE_KEY: Final = b64encode(b"d" * 32).decode()


def ids() -> Callable[[str], str]:
    """Count ids: o-0000000000000001 and so on."""
    numbers = itertools.count(1)
    return lambda prefix: f"{prefix.rstrip('-')}-{next(numbers):016}"


def opened(url: str = "sqlite://", key: RegisterKey = KEY) -> Register:
    """Open a register; in memory, where nothing is said."""
    return open_register(url, key=key, now=lambda: NOW, new_id=ids())


def organisation(id_: str = "o-a", **fields: Any) -> Organisation:
    """Make an organisation."""
    given: dict[str, Any] = {"legal_name": f"Company {id_}", "legal_form": "private_limited", "country": "pk"}
    return Organisation(id=id_, **({"created_at": NOW, "changed_at": NOW} | given | fields))


def person(id_: str = "p-a", **fields: Any) -> Person:
    """Make a focal person."""
    given: dict[str, Any] = {"organisation_id": "o-a", "name": "Zainab Secretname", "email": "zainab@example.pk"}
    return Person(id=id_, created_at=NOW, **(given | fields))


def endpoint(id_: str = "e-a", **fields: Any) -> MemberEndpoint:
    """Make an end point."""
    given: dict[str, Any] = {
        "organisation_id": "o-a",
        "direction": "member_source",
        "prefix": "39.40.1.1/32",
        "asn": 17557,
        "remote": "185.1.2.3/32",
        "port": 51820,
        "protocol": "wireguard",
        "valid_from": NOW,
        "valid_until": NOW + dt.timedelta(days=365),
    }
    return MemberEndpoint(id=id_, created_at=NOW, **(given | fields))
