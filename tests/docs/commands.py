"""Writes docs/commands.md, the reference of the commands of register, lists and gateway: each with its options.

    python -m tests.docs.commands

The page is made from what the commands offer, so it cannot fall behind; a test compares it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import typer.main

from raabta.cli import app

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "commands.md"
GROUPS: Final = (
    "org",
    "endpoint",
    "case",
    "lease",
    "list",
    "gateway",
    "incident",
    "bulletin",
    "subscribe",
    "publish",
    "pack",
)

HEAD: Final = """\
# Commands of the register, the lists, the gateway and the desk

Made by `python -m tests.docs.commands` from the commands themselves; do not edit. The guides say when to use which:
[register](guides/register.md), [applications](guides/applications.md), [proofs](guides/proofs.md),
[leases](guides/leases.md), [lists](guides/lists.md), [signing](guides/signing.md), [gateway](guides/gateway.md),
[incidents](guides/incidents.md), [reports](guides/reports.md), [bulletins](guides/bulletins.md),
[publishing](guides/publishing.md), [sending](guides/sending.md), [subscriptions](guides/subscriptions.md),
[evidence packs](guides/evidence-packs.md).
"""


def leaves(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Every command below a group, with its whole name; the group too, where it does something by itself."""
    found = getattr(command, "commands", None)
    if found is None or command.invoke_without_command:
        yield name, command
    for part, below in (found or {}).items():
        yield from leaves(below, f"{name} {part}")


def register_commands() -> list[tuple[str, Any]]:
    """The commands of this page, in the order in which help shows them."""
    top: Any = typer.main.get_command(app)
    return [leaf for group in GROUPS if group in top.commands for leaf in leaves(top.commands[group], group)]


def section(name: str, command: Any) -> str:
    """One command: how it is called, what it does, its options."""
    arguments = [_called(item) for item in command.params if item.param_type_name == "argument"]
    options = [item for item in command.params if item.param_type_name == "option" and "--help" not in item.opts]
    lines = [f"## `raabta {' '.join([name, *arguments])}`", "", " ".join((command.help or "").split()), ""]
    if options:
        lines += ["| option | meaning |", "|---|---|", *map(_row, options), ""]
    return "\n".join(lines)


def _called(item: Any) -> str:
    shown = (item.metavar or item.name or "").upper()
    return shown if item.required else f"[{shown}]"


def _row(item: Any) -> str:
    names = ", ".join(f"`{text}`" for text in (*item.opts, *item.secondary_opts))
    needed = " (needed)" if item.required else ""
    return f"| {names} | {_words(item)}{needed} |"


def _words(item: Any) -> str:
    return " ".join((item.help or "").split()).replace("|", "\\|")


def whole_page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(section(name, command) for name, command in register_commands())]).rstrip("\n") + "\n"


if __name__ == "__main__":
    PAGE.write_text(whole_page(), encoding="utf-8")
