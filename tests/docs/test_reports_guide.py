"""The guide of reports names commands, options and numbers that there are."""

import re
import shlex
from typing import Any

import pytest
import typer.main

from raabta.cli.incident import app
from raabta.model.vocabulary import SMALL
from raabta.pipeline.informing.desk import closing, reports
from raabta.registry.incidents import aggregating, grouping
from tests.docs.test_pages import DOCS, text_of

GUIDE = text_of(DOCS / "guides" / "reports.md")
LINES = [line.partition("  #")[0] for line in re.findall(r"^raabta incident (.+)$", GUIDE, re.MULTILINE)]


@pytest.mark.parametrize("line", LINES)
def test_every_command_of_the_guide_has_the_options_that_stand_there(line: str) -> None:
    words = shlex.split(line)
    command: Any = typer.main.get_command(app)
    while words and hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    known = {name for item in command.params for name in item.opts}
    assert {word for word in words if word.startswith("-") and word != "-"} - known == set()


def test_the_guide_says_the_numbers_that_hold() -> None:
    assert (SMALL, aggregating.SPREAD_PERCENT) == (5, 10)
    assert (grouping.INDEPENDENT_MIN, grouping.WINDOW.total_seconds()) == (3, 7200)
    assert (reports.MAILS_A_DAY_TO_ONE, reports.MAILS_A_DAY, closing.ANSWER_WAITS.days) == (2, 500, 4)
    for words in ("At least five members", "two such\nmails a day, and all together 500", "waited for four days"):
        assert words.replace("\n", " ") in GUIDE.replace("\n", " ")
