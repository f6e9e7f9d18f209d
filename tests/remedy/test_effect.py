"""From openings to an answer: effective, not effective or undecidable, and why. Worked by hand, and by simulation."""

import datetime as dt
import random
import re
from pathlib import Path
from typing import Any, Final

import pytest

from raabta.model.effect import EFFECTS, Effect, Leg, OpeningFact
from raabta.remedy import effect as judging
from raabta.remedy.effect import judge, tally_days
from raabta.remedy.effect_reasons import REASONS

NOON: Final = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
TIMEOUT: Final = "generic_timeout_error"

ENDINGS: Final[dict[str, dict[str, Any]]] = {
    "answered": {"rtt_ms": 180.0},
    "late": {"rtt_ms": 2_000.0, "late": True},
    "silent": {"failure": TIMEOUT, "operation": "open"},
    "unconnected": {"failure": TIMEOUT, "operation": "connect"},
    "reset": {"failure": "connection_reset", "operation": "open"},
    "closed": {"failure": "eof_error", "operation": "open"},
    "refused": {"failure": "connection_refused", "operation": "open", "sender": "target", "icmp": "3.3"},
    "rejected": {"failure": "host_unreachable", "operation": "open", "sender": "router", "icmp": "3.13"},
    "unreachable": {"failure": "host_unreachable", "operation": "open", "sender": "router", "icmp": "3.1"},
    "local": {"failure": "network_unreachable", "operation": "open"},
}

Counts = dict[str, int]


def facts(leg: Leg, counts: Counts, *, place: int = 0, at_s: float = 1.0, tcp: bool = False) -> list[OpeningFact]:
    return [
        OpeningFact(
            leg=leg,
            place=place,
            protocol="openvpn" if tcp else "wireguard",
            transport="tcp" if tcp else "udp",
            at_s=at_s,
            n_sent=n,
            n_answered=n if ending in ("answered", "late") else 0,
            **ENDINGS[ending],
        )
        for ending, n in counts.items()
    ]


def found(
    endpoint: Counts,
    *twins: Counts,
    outside: Counts | None = None,
    outside_twin: Counts | None = None,
    line: Counts | None = None,
    tcp: bool = False,
) -> Effect:
    rows = facts("endpoint", endpoint, tcp=tcp)
    for number, twin in enumerate(twins):
        rows += facts("twin", twin, place=number, tcp=tcp)
        rows += facts("outside_twin", outside_twin or {}, place=number, tcp=tcp)
    rows += facts("outside", outside or {}, tcp=tcp) + facts("line", line or {})
    return judge(rows, endpoint="e-1", measured_at=NOON, asn=64601)


ALL: Final[Counts] = {"answered": 60}
NONE: Final[Counts] = {"silent": 60}
SEEN: Final[Counts] = {"answered": 20}
UNSEEN: Final[Counts] = {"silent": 20}
SOME: Final[Counts] = {"answered": 18, "silent": 42}
CLEAN: Final[Counts] = {"answered": 60}
MEDIAN: Final[Counts] = {"answered": 55, "silent": 5}


# --- the three answers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "case"),
    [
        ("effective.dropped", {"twins": [NONE], "outside_twin": SEEN}),
        ("effective.dropped", {"twins": [NONE, NONE]}),
        ("effective.throttled", {"twins": [SOME]}),
        ("effective.throttled", {"twins": [{"answered": 20, "late": 40}]}),
        ("effective.rejected", {"twins": [{"rejected": 30, "silent": 30}]}),
        ("undecidable.nothing_restricted", {"twins": [ALL]}),
        ("undecidable.twin_silent", {"twins": [NONE]}),
        ("undecidable.twin_down", {"twins": [NONE], "outside_twin": UNSEEN}),
        ("undecidable.twin_down", {"twins": [{"refused": 20, "silent": 40}]}),
        ("undecidable.twins_differ", {"twins": [NONE, ALL]}),
    ],
)
def test_an_end_point_that_passes(reason: str, case: dict[str, Any]) -> None:
    twins = case.pop("twins")
    assert found(ALL, *twins, **case).reason == reason
    assert found(MEDIAN, *twins, **case).reason == reason


@pytest.mark.parametrize(
    ("reason", "endpoint", "case"),
    [
        ("not_effective.dropped", NONE, {"twins": [NONE], "outside": SEEN, "outside_twin": SEEN, "line": CLEAN}),
        ("not_effective.throttled", SOME, {"twins": [SOME], "line": CLEAN}),
        ("not_effective.throttled", SOME, {"twins": [SOME], "line": MEDIAN}),
        ("not_effective.rejected", {"rejected": 30, "silent": 30}, {"twins": [{"rejected": 30, "silent": 30}]}),
        ("undecidable.both_silent", NONE, {"twins": [NONE]}),
        ("undecidable.twin_unknown", NONE, {"twins": [NONE], "outside": SEEN, "line": CLEAN}),
        ("undecidable.nothing_passes", NONE, {"twins": [NONE], "outside": SEEN, "outside_twin": SEEN}),
        ("undecidable.no_network", NONE, {"twins": [NONE], "outside": SEEN, "outside_twin": SEEN, "line": NONE}),
        ("undecidable.endpoint_silent", NONE, {"twins": [SOME], "line": CLEAN}),
        ("undecidable.endpoint_silent", NONE, {"twins": [ALL]}),
        ("undecidable.endpoint_down", NONE, {"twins": [ALL], "outside": UNSEEN}),
        ("undecidable.endpoint_down", NONE, {"twins": [NONE], "outside": UNSEEN, "outside_twin": SEEN}),
        ("undecidable.endpoint_down", {"refused": 20, "silent": 40}, {"twins": [ALL]}),
        ("undecidable.endpoint_alone", NONE, {"twins": [ALL], "outside": SEEN}),
        ("undecidable.endpoint_unsteady", {"answered": 30, "silent": 30}, {"twins": [ALL], "line": CLEAN}),
        ("undecidable.too_lossy", SOME, {"twins": [SOME]}),
        ("undecidable.too_lossy", {"answered": 30, "silent": 30}, {"twins": [SOME], "line": SOME}),
        ("undecidable.no_network", NONE, {"twins": [NONE], "line": NONE}),
        ("undecidable.no_network", {"local": 60}, {"twins": [{"local": 60}]}),
    ],
)
def test_an_end_point_that_does_not_pass(reason: str, endpoint: Counts, case: dict[str, Any]) -> None:
    twins = case.pop("twins")
    assert found(endpoint, *twins, **case).reason == reason


@pytest.mark.parametrize(
    ("reason", "endpoint", "twin"),
    [
        ("effective.reset", {"answered": 18}, {"reset": 18}),
        ("not_effective.reset", {"reset": 18}, {"reset": 18}),
        ("not_effective.reset", {"reset": 2, "unconnected": 16}, {"reset": 3, "unconnected": 15}),
        ("effective.dropped", {"answered": 18}, {"silent": 18}),
        ("not_effective.dropped", {"silent": 18}, {"silent": 18}),
        ("undecidable.nothing_restricted", {"answered": 17, "late": 1}, {"answered": 18}),
        ("undecidable.endpoint_refuses", {"closed": 18}, {"answered": 18}),
        ("undecidable.endpoint_refuses", {"reset": 18}, {"answered": 18}),
        ("undecidable.endpoint_refuses", {"closed": 18}, {"reset": 18}),
        ("undecidable.twin_unknown", {"answered": 18}, {"closed": 18}),
    ],
)
def test_over_tcp_a_connection_that_opens_is_a_sign_of_life(reason: str, endpoint: Counts, twin: Counts) -> None:
    assert found(endpoint, twin, tcp=True).reason == reason


def test_a_witness_that_is_answered_late_or_now_and_then_has_still_seen_that_a_server_is_up() -> None:
    late, some = {"answered": 11, "late": 9}, {"answered": 8, "silent": 12}
    assert found(NONE, NONE, outside=late, outside_twin=late, line=MEDIAN).reason == "not_effective.dropped"
    assert found(ALL, NONE, outside_twin=late).reason == "effective.dropped"
    assert found(NONE, ALL, outside=late).reason == "undecidable.endpoint_alone"
    assert found(NONE, ALL, outside=some).reason == "undecidable.endpoint_alone"
    assert found({"silent": 40, "refused": 20}, ALL, outside=SEEN).reason == "undecidable.endpoint_alone"


def test_a_line_whose_own_queue_delays_some_answers_does_not_hide_a_restriction() -> None:
    endpoint, twin = {"answered": 62, "late": 8}, {"answered": 6, "silent": 54}
    assert found(endpoint, twin, line=CLEAN).reason == "effective.throttled"
    half = {"answered": 30, "silent": 30}
    assert found({"answered": 36, "late": 1, "silent": 33}, half, line=CLEAN).reason == "not_effective.throttled"


def test_a_twin_behind_a_bad_path_of_its_own_is_no_restriction_but_two_of_them_are() -> None:
    weak = {"answered": 44, "silent": 16}
    assert found(ALL, weak, line=CLEAN).answer == "undecidable"
    two_thirds = {"answered": 40, "silent": 20}
    assert found(ALL, two_thirds, line=CLEAN).answer == "undecidable"
    assert found(ALL, two_thirds, two_thirds, line=CLEAN).reason == "effective.throttled"


def test_an_end_point_behind_a_bad_path_of_its_own_can_still_be_seen_to_be_spared() -> None:
    weak = {"answered": 44, "silent": 16}
    assert found(weak, NONE, outside=SEEN, outside_twin=SEEN, line=CLEAN).reason == "effective.dropped"
    assert found(weak, ALL, line=CLEAN).answer == "undecidable"


def test_a_throttle_does_the_same_to_all_that_meet_it() -> None:
    held, late = {"answered": 23, "late": 8, "silent": 29}, {"answered": 52, "late": 18}
    assert found(late, held, line=CLEAN).answer != "not_effective"


def test_a_full_way_abroad_beside_a_clear_line_is_no_restriction() -> None:
    full = {"answered": 47, "silent": 13}
    assert found(full, full, line=CLEAN).answer == "undecidable"


def test_over_tcp_addresses_that_are_blocked_are_told_where_a_witness_saw_them_up() -> None:
    no_one = {"unconnected": 18}
    seen = {"answered": 6}
    blocked = found(no_one, no_one, outside=seen, outside_twin=seen, line=CLEAN, tcp=True)
    assert blocked.reason == "not_effective.dropped"
    assert found({"answered": 18}, no_one, no_one, outside_twin=seen, tcp=True).reason == "effective.dropped"


def test_where_the_line_carries_other_things_nothing_is_called_too_lossy() -> None:
    half, twin = {"answered": 44, "silent": 26}, {"answered": 26, "silent": 34}
    rows = facts("endpoint", {"answered": 10}, at_s=0.0) + facts("endpoint", half, at_s=2.0)
    rows += facts("twin", twin, at_s=2.0) + facts("line", CLEAN, at_s=2.0)
    assert judge(rows, endpoint="e", measured_at=NOON).reason == "undecidable.not_sure"


def test_an_end_point_that_stops_once_the_twin_was_tried_is_told_apart() -> None:
    rows = facts("endpoint", {"answered": 10}, at_s=0.0) + facts("endpoint", {"silent": 50}, at_s=2.0)
    rows += facts("twin", NONE, at_s=2.0) + facts("outside_twin", SEEN)
    assert judge(rows, endpoint="e", measured_at=NOON).reason == "undecidable.twin_spoils"


def test_a_line_that_is_answered_from_next_door_does_not_count() -> None:
    near = [OpeningFact(leg="line", protocol="tcp", transport="tcp", at_s=1, n_sent=60, n_answered=60, rtt_ms=20.0)]
    rows = facts("endpoint", SOME) + facts("twin", SOME)
    assert judge([*rows, *near], endpoint="e", measured_at=NOON).reason == "undecidable.too_lossy"


def test_a_fact_may_hold_answered_openings_and_others() -> None:
    mixed = [
        OpeningFact(leg="endpoint", protocol="w", transport="udp", at_s=0, n_sent=60, n_answered=58, failure=TIMEOUT),
        OpeningFact(leg="twin", protocol="w", transport="udp", at_s=1, n_sent=60, n_answered=15, failure=TIMEOUT),
    ]
    effect = judge(mixed, endpoint="e", measured_at=NOON)
    assert (effect.reason, effect.n_endpoint_answered, effect.n_twin_answered) == ("effective.throttled", 58, 15)


def test_nothing_measured_is_no_finding() -> None:
    assert judge([], endpoint="e", measured_at=NOON).reason == "undecidable.no_network"
    nameless = [
        OpeningFact(
            leg="endpoint", protocol="w", transport="udp", at_s=0, failure="dns_nxdomain_error", operation="resolve"
        )
    ]
    assert judge(nameless, endpoint="e", measured_at=NOON).reason == "undecidable.no_address"


def test_the_answer_carries_what_it_rests_on_and_can_be_judged_anew() -> None:
    effect = found(ALL, NONE, outside_twin=SEEN)
    counted = (effect.n_endpoint, effect.n_endpoint_answered, effect.n_twin, effect.n_twin_answered)
    assert (counted, effect.restriction, effect.asn) == ((60, 60, 60, 0), "drop", 64601)
    again = judge(tuple(reversed(effect.facts)), endpoint="e-1", measured_at=NOON, asn=64601)
    assert (again.answer, again.reason, again.likelihood) == (effect.answer, effect.reason, effect.likelihood)
    assert judge(effect.facts, endpoint="e-1", measured_at=NOON, keep_facts=False).facts == ()


# --- by simulation --------------------------------------------------------------------------------------------------


def test_of_simulated_lines_hardly_any_gets_a_wrong_answer_and_most_restrictions_are_told() -> None:
    chance = random.Random(20261122)
    n_told, n_restricted, wrong = 0, 0, []
    for _ in range(120):
        truth, effect = simulated(chance)
        if effect.answer not in (truth, "undecidable"):
            wrong.append((truth, effect.reason, effect.likelihood))
        if truth != "undecidable":
            n_restricted += 1
            n_told += effect.answer == truth
    assert len(wrong) <= 2, wrong
    assert n_restricted > 25
    assert n_told >= 0.6 * n_restricted


def simulated(chance: random.Random) -> tuple[str, Effect]:
    """A line with bursts of loss; a drop, a throttle or nothing; servers up or down; a witness or none."""
    loss = chance.choice([0.0, 0.0, 0.01, 0.03, 0.086, 0.086, 0.15, 0.25, 0.4])
    action = chance.choice(["none", "drop", "throttle"])
    let_through = {"none": 1.0, "drop": 0.0, "throttle": chance.choice([0.05, 0.2, 0.4])}[action]
    is_spared, is_up, is_twin_up = chance.random() < 0.5, chance.random() < 0.85, chance.random() < 0.92

    def train(leg: Leg, share: float, at_s: float) -> list[OpeningFact]:
        n = sum(chance.random() < share for _ in range(10))
        return facts(leg, {"answered": n, "silent": 10 - n}, at_s=at_s)

    rows = train("endpoint", (1 - loss) * is_up * (1.0 if is_spared else let_through), 0.0)
    for number in range(6):
        carried = 1 - min(0.95, loss + (0.5 if loss and chance.random() < 0.08 else 0.0))
        rows += train("endpoint", carried * is_up * (1.0 if is_spared else let_through), 3.0 + number)
        rows += train("twin", carried * is_twin_up * let_through, 3.0 + number)
        rows += train("line", carried, 3.0 + number)
    if chance.random() < 0.6:
        rows += train("outside", 0.98 * is_up, 0.0) + train("outside_twin", 0.98 * is_twin_up, 0.0)
    effect = judge(rows, endpoint="e", measured_at=NOON)
    if action == "none" or not (is_up and is_twin_up):
        return "undecidable", effect
    return ("effective" if is_spared else "not_effective"), effect


# --- words ----------------------------------------------------------------------------------------------------------


def test_every_reason_that_the_code_gives_has_words_and_no_other_has() -> None:
    source = Path(judging.__file__).read_text(encoding="utf-8")
    said = set(re.findall(r'"((?:endpoint|twin|both|too|no|not|nothing|twins)_[a-z]+)"', source))
    codes = {code.partition(".")[2] for code in REASONS if code.startswith("undecidable.")}
    assert codes <= said | {"not_sure"}
    assert {code.partition(".")[0] for code in REASONS} == set(EFFECTS)
    for answer in ("effective", "not_effective"):
        assert {f"{answer}.{one}" for one in ("dropped", "reset", "rejected", "throttled")} <= REASONS.keys()


def test_every_reason_says_what_to_do() -> None:
    assert [code for code, reason in REASONS.items() if not (reason.words.endswith(".") and reason.advice)] == []


# --- days -----------------------------------------------------------------------------------------------------------


def test_results_are_counted_per_operator_and_day() -> None:
    works, fails = found(ALL, NONE, outside_twin=SEEN), found(NONE, NONE)
    days = tally_days([works, works, fails])
    assert [(day.asn, day.day, day.endpoint) for day in days] == [(64601, NOON.date(), "e-1")]
    assert (days[0].n_effective, days[0].n_not_effective, days[0].n_undecidable) == (2, 0, 1)
