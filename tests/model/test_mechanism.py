"""Invariants of the tree of mechanisms, whose ids are permanent."""

import re

from raabta.model import LAYERS, LOCI, MECHANISMS, STATES, STATES_OF_THE_WORLD
from raabta.model.mechanism import layer_of, parent


def test_every_id_is_its_own_key_and_is_at_most_three_words() -> None:
    assert {key: mechanism.id for key, mechanism in MECHANISMS.items()} == {key: key for key in MECHANISMS}
    assert [key for key in MECHANISMS if not re.fullmatch(r"[a-z]+(\.[a-z_]+){0,2}", key)] == []


def test_every_id_begins_with_a_layer() -> None:
    assert {layer_of(key) for key in MECHANISMS} <= set(LAYERS)


def test_every_inner_node_is_in_the_tree() -> None:
    assert {parent(key) for key in MECHANISMS} - {""} - set(MECHANISMS) - {"path"} == set()


def test_every_mechanism_puts_a_cell_into_a_state_other_than_ok_at_a_known_locus() -> None:
    assert {mechanism.state for mechanism in MECHANISMS.values()} <= set(STATES_OF_THE_WORLD) - {"ok"}
    assert {mechanism.locus for mechanism in MECHANISMS.values()} <= set(LOCI)


def test_no_two_mechanisms_have_the_same_words() -> None:
    words = [mechanism.words for mechanism in MECHANISMS.values()]
    assert sorted(words) == sorted(set(words))


def test_words_for_people_hold_no_ids() -> None:
    assert [mechanism.id for mechanism in MECHANISMS.values() if re.search(r"[a-z]\.[a-z]|_", mechanism.words)] == []


def test_the_axes_share_no_value() -> None:
    assert set(STATES) & set(LOCI) == set()
    assert set(STATES) & set(LAYERS) == set()
    assert set(LAYERS) & set(LOCI) == set()
