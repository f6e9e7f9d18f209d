"""From what the kernel holds to what it is to hold: only what differs is named, and gates never have a gap."""

import datetime as dt

import pytest

from raabta.remedy.flows import CUT_S, Flows, Shape, find_flows
from raabta.remedy.policy import (
    Layout,
    Marker,
    PolicySettings,
    check_mark,
    policy_digest,
    policy_text,
    read_layout,
    read_marker,
)
from raabta.remedy.transaction import Change, Held, find_change, find_differences
from tests.cases.gating import NOW, entry, exemptions

NOW_S = int(NOW.timestamp())
DAY = dt.timedelta(days=1)
DAY_S = 86_400
SETTINGS = PolicySettings()
PLAIN = Shape(4, 32, 32, "port")
SPARED = f"spared_{PLAIN.name}"
CUT = f"cut_{PLAIN.name}"


def _flows(*numbers: int, days: int = 90, life: dt.timedelta = 30 * DAY) -> Flows:
    entries = tuple(entry(number, now=NOW, not_after=NOW + days * DAY) for number in numbers)
    return find_flows(exemptions(entries, now=NOW, life=life), now=NOW)


def _key(number: int) -> str:
    return f"198.18.0.{number} . 198.19.0.{number} . 17 . 51820"


def _marker(serial: int = 1) -> Marker:
    return Marker(serial=serial, leases=1, content="0" * 16, policy="")


def _change(flows: Flows, held: Held | None, *, serial: int = 1, now_s: int = NOW_S) -> Change:
    return find_change(flows, held, marker=_marker(serial), settings=SETTINGS, now_s=now_s)


def _held(flows: Flows, changed: dict[str, dict[str, int]] | None = None) -> Held:
    """What the kernel holds right after these flows were loaded."""
    layout = Layout(tuples=(PLAIN,))
    sets: dict[str, dict[str, int]] = {name: {} for name in layout.sets}
    for shape, elements in flows.spared.items():
        sets[f"spared_{shape.name}"] = {key: end_s - NOW_S for key, end_s in elements.items()}
    for shape, elements in flows.cut.items():
        sets[f"cut_{shape.name}"] = {key: end_s - NOW_S for key, end_s in elements.items()}
    closes_s = flows.closes_s - NOW_S
    sets["alive_0"] = dict.fromkeys(("ipv4", "ipv6"), closes_s)
    sets["closing_0"] = dict.fromkeys(("ipv4", "ipv6"), closes_s + CUT_S)
    marker = Marker(serial=1, leases=1, content="0" * 16, policy=policy_digest(layout, SETTINGS))
    return Held(markers=(marker,), sets=sets | (changed or {}), rules="")


def test_the_same_again_is_no_transaction() -> None:
    change = _change(_flows(1, 2), _held(_flows(1, 2)))
    assert (change.text, change.n_kept, change.is_new_policy) == ("", 2, False)


def test_a_new_list_names_what_comes_and_goes_and_not_what_stays() -> None:
    change = _change(_flows(1, 2, 4), _held(_flows(1, 2, 3)), serial=2)
    assert change.text.splitlines() == [
        f"delete element inet raabta {SPARED} {{ {_key(3)} }}",
        f"add element inet raabta {SPARED} {{ {_key(4)} timeout {90 * DAY_S}s }}",
        f"add element inet raabta {CUT} {{ {_key(3)} timeout {CUT_S}s }}",
        f"delete chain inet raabta {_held(_flows()).markers[0].name}",
        f"add chain inet raabta {change.marker.name}",
    ]
    assert (change.n_added, change.n_removed, change.n_kept) == (1, 1, 2)


def test_an_end_that_moved_is_set_by_delete_and_add() -> None:
    change = _change(_flows(1, days=80), _held(_flows(1, days=90)), serial=2)
    assert f"delete element inet raabta {SPARED} {{ {_key(1)} }}" in change.text
    assert f"add element inet raabta {SPARED} {{ {_key(1)} timeout {80 * DAY_S}s }}" in change.text
    assert (change.n_moved, change.n_kept) == (1, 0)


def test_a_drift_of_clocks_moves_nothing() -> None:
    flows = _flows(1)
    held = _held(flows, {SPARED: {_key(1): 90 * DAY_S - 600}})
    assert _change(flows, held).text == ""


def test_an_element_that_ends_this_second_is_left_to_the_kernel() -> None:
    held = _held(_flows(1), {SPARED: {_key(1): 90 * DAY_S, _key(9): 1}})
    assert "delete element" not in _change(_flows(1), held).text


def test_what_is_being_cut_stays_cut_and_what_was_to_be_cut_later_does_not() -> None:
    held = _held(_flows(1), {CUT: {_key(7): 60, _key(8): DAY_S}})
    change = _change(_flows(1), held, serial=2)
    assert f"delete element inet raabta {CUT} {{ {_key(8)} }}" in change.text
    assert _key(7) not in change.text


def test_a_longer_life_fills_the_other_gate_and_leaves_the_first() -> None:
    change = _change(_flows(1, life=60 * DAY), _held(_flows(1, life=30 * DAY)), serial=2)
    assert (
        f"add element inet raabta alive_1 {{ ipv4 timeout {67 * DAY_S}s : goto find4, "
        f"ipv6 timeout {67 * DAY_S}s : goto find6 }}"
    ) in change.text
    assert "alive_0" not in change.text


def test_a_shorter_life_empties_the_gate_that_would_stay_open_too_long() -> None:
    change = _change(_flows(1, life=DAY), _held(_flows(1, life=30 * DAY)), serial=2)
    assert "delete element inet raabta alive_0 { ipv4, ipv6 }" in change.text
    assert "add element inet raabta alive_1" in change.text


def test_a_shape_that_is_new_replaces_the_rules_and_keeps_the_elements() -> None:
    entries = (entry(1, now=NOW), entry(2, now=NOW, source="198.18.4.8/29"))
    change = _change(find_flows(exemptions(entries, now=NOW), now=NOW), _held(_flows(1)), serial=2)
    assert change.is_new_policy
    assert _key(1) not in change.text
    assert "delete table" not in change.text


def test_a_table_of_somebody_elses_is_made_anew_and_what_is_being_cut_stays_cut() -> None:
    held = Held(markers=(), sets={CUT: {_key(7): 60}}, rules="x")
    change = find_change(_flows(1), held, marker=_marker(), settings=SETTINGS, now_s=NOW_S, rebuild=True)
    assert change.text.startswith("add table inet raabta\ndelete table inet raabta\nadd table inet raabta\n")
    assert f"add element inet raabta {CUT} {{ {_key(7)} timeout 60s }}" in change.text


def test_differences_are_told_by_set_and_number() -> None:
    flows = _flows(1, 2)
    assert find_differences(flows, _held(flows), now_s=NOW_S) == []
    held = _held(flows, {SPARED: {_key(1): 50 * DAY_S, _key(3): 90 * DAY_S}})
    assert find_differences(flows, held, now_s=NOW_S) == [
        f"set {SPARED}: 1 elements missing",
        f"set {SPARED}: 1 elements too many",
        f"set {SPARED}: 1 elements with another end",
    ]


def test_a_marker_is_read_from_a_chains_name_and_from_no_other() -> None:
    marker = Marker(serial=42, leases=7, content="0123456789abcdef", policy="0123456789ab")
    assert read_marker(marker.name) == marker
    assert read_marker("on_arrival") is None


def test_a_layout_is_read_from_the_names_of_its_sets() -> None:
    layout = Layout(tuples=(PLAIN, Shape(6, 48, 0, "protocol")))
    assert read_layout(layout.sets) == layout


def test_a_changed_mark_is_another_policy_and_the_order_of_shapes_is_not() -> None:
    one = Layout(tuples=(PLAIN, Shape(6, 48, 0, "protocol")))
    other = Layout(tuples=one.tuples[::-1])
    assert policy_digest(one, SETTINGS) == policy_digest(other, SETTINGS)
    assert policy_digest(one, SETTINGS) != policy_digest(one, PolicySettings(mark=1))
    assert "notrack" in "\n".join(policy_text(one, PolicySettings(notrack=True)))
    assert "notrack" not in "\n".join(policy_text(one, SETTINGS))


@pytest.mark.parametrize("mark", [0, 3, 1 << 32, -1])
def test_a_mark_is_one_bit(mark: int) -> None:
    with pytest.raises(ValueError, match="no single bit"):
        check_mark(mark)
