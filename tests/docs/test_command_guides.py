"""The guides of the commands say what the commands offer, write and end with."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer.main

from raabta.cli import app
from raabta.diagnose.counts import Counts
from raabta.lab.fitting import FAMILY_CAP, TEMPERATURES
from raabta.lab.results import CellResult
from raabta.wire.control import ControlAnswer
from raabta.wire.ooni.writing import TestKeys
from tests.docs.commands import PAGE, leaves, register_commands, whole_page
from tests.docs.test_pages import DOCS, PAGES, ROOT, fenced, table, tables, text_of

COMMAND: Any = typer.main.get_command(app)
GUIDES = {
    "diagnose": DOCS / "guides" / "diagnose-command.md",
    "probe": DOCS / "guides" / "probe-command.md",
    "control": DOCS / "guides" / "control.md",
    "lab": DOCS / "guides" / "lab-command.md",
}
NAMES = ("diagnose", "probe", "control", "lab list", "lab run", "lab score", "lab fit", "lab shell", "lab exempt")


REFERENCE = tuple(name for name, _ in register_commands())
"""Commands whose options stand in docs/commands.md, which is made from them."""


def command(name: str) -> Any:
    """The command of a name such as ``lab run``."""
    found = COMMAND
    for word in name.split():
        found = found.commands[word]
    return found


def guide(name: str) -> str:
    """The text of the guide of a command."""
    return text_of(GUIDES[name.partition(" ")[0]])


def offered(name: str) -> set[str]:
    """The long options of a command."""
    return {text for item in command(name).params for text in item.opts if text.startswith("--")}


def described(name: str) -> set[str]:
    """The options in a guide's table; each command of the lab has one under its name."""
    return {
        option
        for heading, head, rows in tables(guide(name))
        if head == ["option", "meaning"] and (" " not in name or heading == f"`raabta {name}`")
        for row in rows
        for option in re.findall(r"--[a-z][a-z-]+", row[0])
    }


def used(name: str) -> Iterator[tuple[str, str]]:
    """(page, option) of every call of a command on any page, and not of one below it."""
    below = "|".join(getattr(command(name), "commands", {})) or "$"
    for page in (*PAGES, ROOT / "CONTRIBUTING.md"):
        for call in re.findall(rf"raabta {name}\b(?! (?:{below})\b)([^\n`#|]*)", text_of(page)):
            for option in re.findall(r"(?<=\s)--[a-z][a-z-]+", call):
                yield page.name, option


def test_every_command_is_here() -> None:
    names = {name for top, found in COMMAND.commands.items() for name, _ in leaves(found, top)}
    assert names == {*NAMES, *REFERENCE}


def test_the_reference_is_what_the_commands_offer() -> None:
    assert text_of(PAGE) == whole_page(), "docs/commands.md is old: python -m tests.docs.commands"


@pytest.mark.parametrize("guide", [file for file in PAGES if file != PAGE], ids=lambda page: page.name)
def test_a_table_of_options_in_a_guide_is_whole(guide: Path) -> None:
    for heading, head, rows in tables(text_of(guide)):
        name = heading.strip("`").removeprefix("raabta ")
        if head == ["option", "meaning"] and name in REFERENCE:
            assert {text for row in rows for text in re.findall(r"--[a-z][a-z-]+", row[0])} == offered(name), heading


@pytest.mark.parametrize("name", NAMES)
def test_every_option_of_a_command_stands_in_its_guide_and_no_other(name: str) -> None:
    assert described(name) == offered(name)


@pytest.mark.parametrize("name", [*NAMES, *REFERENCE])
def test_no_page_uses_an_option_that_a_command_lacks(name: str) -> None:
    assert {(page, option) for page, option in used(name) if option not in offered(name) | {"--help"}} == set()


@pytest.mark.parametrize("name", [name for name in NAMES if name != "lab list"])
def test_every_exit_code_of_the_help_stands_in_the_guide(name: str) -> None:
    _, found, words = " ".join((command(name).help or "").split()).partition("Exit code: ")
    assert found
    codes = {row[0] for _, head, rows in tables(guide(name)) if head[0] == "code" for row in rows}
    assert set(re.findall(r"(?:^|, )(\d+) ", words)) - codes == set()


# --- what is written ------------------------------------------------------------------------------------------


def own_fields(shape: Any) -> Iterator[str]:
    """Every field of a shape, however deep, that OONI does not define."""
    for field in msgspec.structs.fields(shape):
        if field.name.startswith("x_"):
            yield field.name
        elif nested := next(iter(shapes(field.type)), None):
            yield from own_fields(nested)


def shapes(kind: Any) -> list[Any]:
    """The structs that a type annotation holds."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return [kind]
    return [one for part in getattr(kind, "__args__", ()) for one in shapes(part)]


def test_every_field_of_our_own_in_a_measurement_is_explained() -> None:
    rows = table(GUIDES["probe"], "field", "meaning")
    explained = {name for row in rows for name in re.findall(r"\bx_\w+", row[0])}
    # The control's answer is kept as it came: its guide explains it, but for the signature.
    assert explained == {*own_fields(TestKeys), "x_signature"}


def test_every_field_of_our_own_in_a_control_answer_is_explained() -> None:
    rows = table(GUIDES["control"], "field", "meaning")
    assert {name for row in rows for name in re.findall(r"\bx_\w+", row[0])} == set(own_fields(ControlAnswer))


def test_every_field_of_a_row_of_the_lab_is_explained() -> None:
    rows = table(GUIDES["lab"], "field", "meaning")
    explained = {name for row in rows for name in re.findall(r"`(\w+)`", row[0])}
    assert explained == {field.name for field in msgspec.structs.fields(CellResult)}


def test_the_numbers_of_fitting_are_those_of_the_code() -> None:
    page = " ".join(text_of(DOCS / "guides" / "scoring.md").split())
    counts = Counts()
    assert f"at most {FAMILY_CAP:.0f} observations" in page
    assert f"counts as {counts.pseudo:.0f} observations (`pseudo`)" in page
    assert f"{counts.pseudo_well:,.0f} (`pseudo_well`)" in page
    assert f"From {min(TEMPERATURES):g} to {max(TEMPERATURES):g}," in page


# --- what is shown --------------------------------------------------------------------------------------------


def test_the_readme_shows_what_a_probe_without_a_network_says() -> None:
    from tests.cli.test_probe_report import own_network, shown

    said = shown(own_network({"interface": "none", "gateway": "none", "beyond": "silent"}))
    blocks = fenced(text_of(ROOT / "README.md"), "text")
    (block,) = [block for block in blocks if block.startswith("It is your own network")]
    assert words(block) == words(said)


def words(text: str) -> str:
    """Words alone: figures change with the tables, and breaks of lines with the width."""
    return " ".join(re.sub(r"\d+(?:\.\d+)?", "N", text).split())


def test_the_readme_and_the_guide_show_the_same_run_of_the_lab() -> None:
    found = {
        block
        for page in (ROOT / "README.md", GUIDES["lab"])
        for block in fenced(text_of(page), "text")
        if block.startswith("scenario ")
    }
    assert len(found) == 1


def test_the_scenarios_that_pages_name_exist() -> None:
    packaged = {path.stem for path in (ROOT / "src" / "raabta" / "lab" / "scenarios").glob("*.toml")}
    called = re.findall(r"raabta lab (?:run|shell|score) ([a-z][a-z0-9-]+)(?=[ \n`])", "\n".join(map(text_of, PAGES)))
    assert called
    assert set(called) - packaged == set()


def test_guides_that_need_files_name_such_that_exist() -> None:
    pages = list((DOCS / "guides").glob("*.md"))
    named = {
        file for page in pages for file in re.findall(r"`((?:src|tests)/[\w/.-]+\.(?:py|toml|md))`", text_of(page))
    }
    assert {file for file in named if not Path(ROOT, file).exists()} == set()
