"""The call-back proof: two controls, three days, one challenge, one subscriber's address."""

import datetime as dt
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from raabta.pipeline.calling_back import CallBack, CallBackFinding, judge_call_back
from raabta.wire.receipt import Receipt, public_text
from tests.cases.leasing import ADDRESS, CONTROL_KEYS, CONTROLS, DEVICE, NOW, a_receipt, key_of

CHALLENGE = "c" * 22 + "." + "k" * 43
DAY = dt.timedelta(days=1)


def a_day(n: int, *, address: str = ADDRESS, apart_s: float = 1.0, key: Ed25519PrivateKey = DEVICE) -> list[Receipt]:
    """Two controls' receipts, ``n`` days before now."""
    at = NOW - n * DAY
    times = (at, at + dt.timedelta(seconds=apart_s))
    return [
        a_receipt(control, address=address, at=seen, nonce=CHALLENGE, key=key)
        for control, seen in zip(CONTROLS, times, strict=False)
    ]


def judged(*days: list[Receipt], **changed: Any) -> CallBackFinding:
    given: dict[str, Any] = {
        "challenge": CHALLENGE,
        "prefix": f"{ADDRESS}/32",
        "issued_at": NOW - 40 * DAY,
        "control_keys": CONTROL_KEYS,
    }
    return judge_call_back([one for day in days for one in day], CallBack(**given | changed), now=NOW)


def test_two_controls_on_three_days_prove_an_address() -> None:
    found = judged(a_day(6), a_day(3), a_day(0))
    assert found.is_proved
    assert [(NOW.date() - day).days for day in found.days] == [6, 3, 0]
    assert set(found.witnesses) == {public_text(control) for control in CONTROLS[:2]}
    assert found.key == public_text(DEVICE)


def test_three_times_on_one_day_are_one_day() -> None:
    found = judged(a_day(0), a_day(0), a_day(0), a_day(1))
    assert "2 of 3 days" in found.missing


def test_one_control_is_not_two() -> None:
    assert "0 of 3 days" in judged(*([a_day(n)[0], a_day(n)[0]] for n in range(3))).missing


def test_controls_asked_at_two_moments_do_not_agree_on_one() -> None:
    assert "0 of 3 days" in judged(*(a_day(n, apart_s=121) for n in range(3))).missing


def test_a_control_that_nobody_knows_does_not_count() -> None:
    known = frozenset({public_text(CONTROLS[0])})
    assert "0 of 3 days" in judged(*(a_day(n) for n in range(3)), control_keys=known).missing


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"challenge": "another members challenge"}, id="another-challenge"),
        pytest.param({"issued_at": NOW + 3 * DAY}, id="older-than-the-challenge"),
        pytest.param({"account_keys": frozenset({public_text(key_of("another"))})}, id="another-key"),
        pytest.param({"control_keys": frozenset()}, id="no-controls"),
    ],
)
def test_receipts_for_something_else_are_not_looked_at(changed: dict[str, Any]) -> None:
    found = judged(*(a_day(n) for n in range(3)), **changed)
    assert (found.is_proved, found.days) == (False, ())
    assert "raabta endpoint call-back" in found.missing


def test_days_older_than_thirty_do_not_count_nor_does_the_future() -> None:
    assert "2 of 3 days" in judged(a_day(31), a_day(3), a_day(0)).missing
    assert "2 of 3 days" in judged(a_day(-1), a_day(3), a_day(0)).missing


def test_two_keys_do_not_share_their_days() -> None:
    other = key_of("another")
    assert "2 of 3 days" in judged(a_day(2), a_day(1), a_day(0, key=other)).missing


def test_another_address_proves_nothing_of_this_one() -> None:
    found = judged(a_day(2), a_day(1), a_day(0, address="198.18.7.10"))
    assert "2 of 3 days" in found.missing
    assert "2 receipts are for another address" in found.missing


def test_a_day_on_which_controls_saw_two_addresses_is_split_nat_and_does_not_count() -> None:
    third = a_receipt(CONTROLS[2], address="198.18.7.10", at=NOW, nonce=CHALLENGE)
    found = judged(a_day(2), a_day(1), [*a_day(0), third])
    assert not found.is_proved
    assert "split NAT" in found.missing


def test_an_ipv6_subscriber_may_change_the_address_within_the_64() -> None:
    days = [a_day(n, address=f"2001:db8::{n + 1}") for n in range(3)]
    assert judged(*days, prefix="2001:db8::/64").is_proved
    assert not judged(*days, prefix="2001:db8::1/128").is_proved


@pytest.mark.parametrize("prefix", ["198.18.7.8/31", "198.18.7.0/24", "2001:db8::/63", "0.0.0.0/0"])
def test_a_network_is_not_proved_by_one_of_its_addresses(prefix: str) -> None:
    with pytest.raises(ValueError, match="reverse DNS"):
        judged(a_day(0), prefix=prefix)


def test_an_end_point_without_an_address_cannot_be_proved_so() -> None:
    with pytest.raises(ValueError, match="is none"):
        judged(a_day(0), prefix="")


def test_a_flood_of_receipts_is_cut() -> None:
    forged = msgspec.structs.replace(a_day(0)[0], signature="AA==")
    assert not judged([forged] * 300, a_day(2), a_day(1), a_day(0)).is_proved
