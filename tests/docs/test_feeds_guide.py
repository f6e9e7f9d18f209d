"""The guide to feeds says how states and evidence are told elsewhere, as the code tells them."""

import re
from pathlib import Path

from raabta.publish.feeds.cap import CERTAINTY, SEVERITY
from raabta.publish.feeds.statuspage import COMPONENT, STATUS

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "feeds.md").read_text(encoding="utf-8")


def told(row: str) -> dict[str, str]:
    """Read "a, b `X`; c `Y`" as {a: X, b: X, c: Y}."""
    cell = next(line for line in GUIDE.splitlines() if line.startswith(f"| {row} |")).split("|")[2]
    pairs = re.findall(r"([a-z, ]+) `(\w+)`", cell)
    return {name.strip(): word for names, word in pairs for name in names.split(",") if name.strip()}


def test_the_guide_tells_states_in_statuspages_words() -> None:
    rows = re.findall(r"^\| ([a-z, ]+) \| `(\w+)` \|$", GUIDE, re.MULTILINE)
    found = {name.strip().replace(" ", "_"): word for names, word in rows for name in names.split(",")}
    assert found == STATUS


def test_the_guide_tells_what_severities_make_of_components() -> None:
    row = next(line for line in GUIDE.splitlines() if line.startswith("| severity none, minor, major, critical"))
    assert re.findall(r"`(\w+)`", row) == list(COMPONENT.values())


def test_the_guide_tells_certainty_and_severity_of_alerts() -> None:
    assert told("certainty") == {name.replace("_", " "): word for name, word in CERTAINTY.items()}
    assert told("severity") == SEVERITY
