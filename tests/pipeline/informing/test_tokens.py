import itertools
import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raabta.pipeline.informing.tokens import Purpose, make_token, read_token
from tests.registry.specimens import KEY, OTHER_KEY

PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
ID = "su-mfrggzdfmztwq2lk"


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_token_gives_back_what_it_was_made_for(purpose: Purpose) -> None:
    assert read_token(KEY, purpose, token=make_token(KEY, purpose, id_=ID)) == ID


@pytest.mark.parametrize(("made_for", "used_for"), list(itertools.permutations(PURPOSES, 2)))
def test_a_token_of_one_purpose_is_none_of_another(made_for: Purpose, used_for: Purpose) -> None:
    with pytest.raises(ValueError, match="was not made here"):
        read_token(KEY, used_for, token=make_token(KEY, made_for, id_=ID))


def test_a_token_outlives_a_deletion_which_replaces_the_sealing_secret() -> None:
    assert read_token(OTHER_KEY, "leave", token=make_token(KEY, "leave", id_=ID)) == ID


def test_a_token_may_come_back_in_capitals() -> None:
    assert read_token(KEY, "bounce", token=make_token(KEY, "bounce", id_=ID).upper()) == ID


def test_a_token_fits_the_local_part_of_an_address_and_a_url() -> None:
    token = make_token(KEY, "bounce", id_=ID)
    assert re.fullmatch(r"[a-z2-7-]+", token)
    assert len(f"bounces+{token}") <= 64


@given(place=st.integers(0, 39), sign=st.sampled_from("abcdefghijklmnopqrstuvwxyz234567-"))
def test_a_token_with_one_sign_changed_is_refused(place: int, sign: str) -> None:
    token = make_token(KEY, "leave", id_=ID)
    changed = token[:place] + sign + token[place + 1 :]
    if changed != token:
        with pytest.raises(ValueError, match="was not made here"):
            read_token(KEY, "leave", token=changed)


@given(st.text(max_size=80))
def test_any_text_is_refused_in_the_same_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"^this link is not whole, or was not made here"):
        read_token(KEY, "confirm", token=text)


def test_letters_that_look_alike_are_refused() -> None:
    token = make_token(KEY, "leave", id_="su-kkkk")
    with pytest.raises(ValueError, match="was not made here"):
        read_token(KEY, "leave", token=token.replace("k", "\u212a"))  # KELVIN SIGN, whose small letter is k


@pytest.mark.parametrize("id_", ["", "-a", "a-", "a b", "su_a", "SU-A", "a/b", "a" * 41, "ü"])
def test_no_token_is_made_for_what_is_no_id(id_: str) -> None:
    with pytest.raises(ValueError, match="no token can be made"):
        make_token(KEY, "leave", id_=id_)
