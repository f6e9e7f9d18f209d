"""One person is no second person, however the name is written."""

import pytest

from raabta.publish.bulletin.approvers import acting_person, is_among


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Amina Khan", "khan  AMINA"),
        ("Amina", "Amina\u3164"),
        ("Amina", "A\u115fmina"),
        ("Amina", "Amina\u200b\u00ad\ufe0f"),
        ("\u0639\u0644\u064a", "\u0639\u0644\u06cc"),
        ("\u0643\u0627\u0645\u0631\u0627\u0646", "\u06a9\u0627\u0645\u0631\u0627\u0646"),
        ("\u06c1\u0645\u0627", "\u06be\u0645\u0627"),
        ("\u06c1\u0645\u0627", "\u0647\u0640\u0645\u0627"),
        ("Caca", "\u0421\u0430\u0441\u0430"),
        ("Amina 2", "amina\u06f2"),
    ],
)
def test_two_ways_of_writing_are_one_name(name: str, other: str) -> None:
    assert is_among(other, [name])
    assert is_among(name, ["Sana", other])


@pytest.mark.parametrize("other", ["Aminah", "Amira", "Sana", "\u0627\u0645\u06cc\u0646\u06c1"])
def test_two_people_are_two(other: str) -> None:
    assert not is_among(other, ["Amina", "Amina Khan"])


@pytest.mark.parametrize("name", ["\u0410mina", "Amin\u03b1", "Amina \u062e\u0627\u0646"])
def test_a_name_of_mixed_scripts_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="one script"):
        acting_person(name)


def test_a_name_that_nobody_sees_is_refused() -> None:
    with pytest.raises(ValueError, match="no letter that anybody sees"):
        acting_person("\u3164\u115f")


@pytest.mark.parametrize("name", ["Amina Khan", "\uff21mina", "\u0639\u0644\u06cc\u200c\u062e\u0627\u0646", "O'Neil-2"])
def test_honest_names_pass_as_they_were_typed(name: str) -> None:
    assert acting_person(name) == name
