"""A field's line is found, in the forms of TOML that scenarios use."""

from raabta.lab.scenario.places import find_places, line_of

TEXT = """\
title = "x = y"
network = [
  { name = "a", line = { delay_ms = 3 } },
  # a remark
  { name = "b" },
]
words = [
  "[[truth]]",
]

[[target]]
name = "one"

[[target]]  # the second
name = "two"
line = { loss = 0.1 }
[target.more]
"""


def test_headings_keys_and_inline_tables_have_their_lines() -> None:
    assert find_places(TEXT) == {
        "title": 1,
        "network": 2,
        "network[0]": 3,
        "network[1]": 5,
        "words": 7,
        "target[0]": 11,
        "target[0].name": 12,
        "target[1]": 14,
        "target[1].name": 15,
        "target[1].line": 16,
        "target[1].more": 17,
    }


def test_a_field_without_a_line_has_that_of_what_is_around_it() -> None:
    places = find_places(TEXT)
    assert line_of(places, "target[1].line.loss") == 16
    assert line_of(places, "network[1].line") == 5
    assert line_of(places, "target[1].host") == 14
    assert line_of(places, "family") == 1
