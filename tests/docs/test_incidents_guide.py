"""The guide of incident files says what the rules say."""

import re

from raabta.model.incident import INCIDENT_STEPS
from raabta.pipeline.informing.settings import Clocks
from tests.docs.test_pages import DOCS, tables, text_of

GUIDE = text_of(DOCS / "guides" / "incidents.md")


def test_the_guide_shows_which_state_may_follow_which() -> None:
    (rows,) = (rows for _, head, rows in tables(GUIDE) if head == ["state", "may be followed by"])
    shown = {row[0].strip("`"): set(re.findall(r"\w+", row[1])) & INCIDENT_STEPS.keys() for row in rows}
    assert shown == INCIDENT_STEPS


def test_the_guide_names_settings_that_there_are_with_their_defaults() -> None:
    named = re.findall(r"`clocks\.(\w+)`(?: \((\d+)\))?", GUIDE)
    assert {name for name, _ in named} == set(Clocks.__struct_fields__)
    assert [getattr(Clocks(), name) for name, default in named if default] == [int(one) for _, one in named if one]
