"""Scenario files: read, checked, with every mistake told at once."""

import functools
import importlib.resources
from pathlib import Path

import msgspec

from raabta.lab.scenario.check import check_meaning
from raabta.lab.scenario.shape import check_head, open_draft
from raabta.lab.scenario.types import Scenario
from raabta.model import Rejection


class ScenarioError(Exception):
    """A scenario file is wrong. ``mistakes`` holds all that was found, each with its line, field and what to try."""

    def __init__(self, mistakes: list[Rejection]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda mistake: (mistake.line, mistake.field)))
        super().__init__("\n".join(map(_line, self.mistakes)))


def parse_scenario(text: str, *, file: str = "-") -> Scenario:
    """Read the text of a scenario file.

    Args:
        text: TOML, as docs/guides/scenarios.md describes it.
        file: Its name, for messages.

    Raises:
        ScenarioError: With all mistakes.
    """
    draft = open_draft(text, file=file)
    if not draft.mistakes:
        check_head(draft)
        check_meaning(draft)
    if draft.mistakes:
        raise ScenarioError(draft.mistakes)
    return msgspec.convert(draft.content, Scenario)


def load_scenario(path: Path) -> Scenario:
    """Read a scenario file.

    Raises:
        ScenarioError: With all mistakes, or because the file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = f"it cannot be read: {error}; give the path of a TOML file in UTF-8"
        raise ScenarioError([Rejection(file=str(path), line=1, field="", reason=reason)]) from error
    return parse_scenario(text, file=str(path))


@functools.cache
def load_packaged() -> dict[str, Scenario]:
    """Read the scenarios of the package, by name (the file's, without ``.toml``), in alphabetical order.

    Raises:
        ScenarioError: With all mistakes of the first file that has any.
    """
    folder = importlib.resources.files("raabta.lab") / "scenarios"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return {
        file.name.removesuffix(".toml"): parse_scenario(file.read_text(encoding="utf-8"), file=file.name)
        for file in files
    }


def _line(mistake: Rejection) -> str:
    place = f"{mistake.file}:{mistake.line}"
    return f"{place}: {mistake.field}: {mistake.reason}" if mistake.field else f"{place}: {mistake.reason}"
