"""What a list amounts to: many narrow entries, many blocks, many lengths, numbers beyond reason."""

import datetime as dt
from typing import Any

import msgspec
import pytest

from raabta.model.exemption import ExemptionEntry, ExemptionList, Restriction
from raabta.remedy.linting.sums import LENGTHS_MAX, check_sums

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


def entry(number: int, **changed: Any) -> ExemptionEntry:
    given: dict[str, Any] = {
        "id": f"x-{number}",
        "source": f"39.{32 + (number >> 13)}.{number >> 5 & 255}.{(number & 31) * 8}/29",
        "organisation_ref": "r",
        "evidence_level": 2,
        "basis": "pk.C",
        "not_before": NOW,
        "not_after": NOW + dt.timedelta(days=30),
    }
    return ExemptionEntry(**given | changed)


def listed(*entries: ExemptionEntry, **changed: Any) -> ExemptionList:
    made = ExemptionList(
        recipient="north",
        country="pk",
        serial=1,
        made_at=NOW,
        expires_at=NOW + dt.timedelta(days=30),
        entries=entries,
    )
    return msgspec.structs.replace(made, **changed)


def rules(found: ExemptionList) -> set[str]:
    return {rule for rule, *_ in check_sums(found)}


def test_a_whole_network_in_narrow_pieces_without_a_destination_is_too_much() -> None:
    assert rules(listed(*map(entry, range(8192)))) == set()
    assert rules(listed(*map(entry, range(8193)))) == {"list.spares_much"}


def test_the_same_pieces_towards_one_gateway_are_as_many_members() -> None:
    assert rules(listed(*(entry(number, destination="217.6.1.1/32") for number in range(8193)))) == set()


def test_half_the_internet_of_ipv6_without_a_destination_is_too_much() -> None:
    assert rules(listed(entry(1, source="2400::/8"))) == {"list.spares_much"}


def test_blocks_of_a_country_are_too_much() -> None:
    blocks = tuple(
        Restriction(
            id=f"r-{number}",
            target=f"39.{number}.0.0/16",
            reason="malware",
            basis="b",
            owner="o",
            not_before=NOW,
            not_after=NOW + dt.timedelta(days=1),
        )
        for number in range(17)
    )
    assert rules(listed(restrictions=blocks[:16])) == set()
    assert rules(listed(restrictions=blocks)) == {"list.blocks_much"}


def test_more_lengths_than_a_gateway_loads_are_told_before_it_is_asked_to() -> None:
    many = [entry(length, source=f"2400:db8::/{length}", destination="2400::1/128") for length in range(48, 128)]
    assert rules(listed(*many[:LENGTHS_MAX])) == set()
    assert rules(listed(*many)) == {"list.many_lengths"}


@pytest.mark.parametrize(
    "changed",
    [{"serial": -5}, {"serial": 10**30}, {"log_size": -1}, {"log_root": "3520212345671\n"}, {"log_root": "G" * 64}],
)
def test_numbers_beyond_reason_are_told(changed: dict[str, Any]) -> None:
    assert rules(listed(**changed)) == {"list.number"}
