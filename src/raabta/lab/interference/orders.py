"""What is to be said to one namespace by ``nft``, ``iptables-restore``, ``ip`` and ``tc``, and saying it.

All tools of all namespaces run side by side, each with one batch: 10–30 ms for a country.
"""

import subprocess
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final

from raabta.lab.needs import tool_environment
from raabta.lab.world.build import LabUnavailableError

Enter = Callable[[str], AbstractContextManager[None]]

_COMMAND_S: Final = 20.0
"""Longest wait for one batch."""

_CHAINS: Final = {
    "raw": "type filter hook prerouting priority -310;",
    "forward": "type filter hook forward priority 0;",
    "nat": "type nat hook prerouting priority -100;",
}
"""Chains of our table: before everything, where packets are passed on, and where destinations are rewritten."""

IptablesRule = tuple[str, str]
"""(table, rule), such as ``("mangle", "-A FORWARD -j ACCEPT")``."""


@dataclass(slots=True)
class Orders:
    """Orders to one namespace. ``nft`` are rules by chain (``raw``, ``forward``, ``nat``) of one table."""

    nft: dict[str, list[str]] = field(default_factory=dict)
    iptables: list[IptablesRule] = field(default_factory=list)
    ip6tables: list[IptablesRule] = field(default_factory=list)
    ip: list[str] = field(default_factory=list)
    tc: list[str] = field(default_factory=list)

    def add_nft(self, chain: str, *rules: str) -> None:
        """Put rules at the end of a chain."""
        self.nft.setdefault(chain, []).extend(rules)

    def add_iptables(self, table: str, *rules: str) -> None:
        """Put the same rules into IPv4's and IPv6's tables."""
        self.iptables += [(table, rule) for rule in rules]
        self.ip6tables += [(table, rule) for rule in rules]

    def batches(self) -> list[tuple[list[str], str]]:
        """Give commands with what they read."""
        found: list[tuple[list[str], str]] = []
        if self.ip:
            found.append((["ip", "-batch", "-"], "\n".join(self.ip) + "\n"))
        if self.nft:
            found.append((["nft", "-f", "-"], nft_script(self.nft)))
        if self.iptables:
            found.append((["iptables-restore", "--noflush"], iptables_script(self.iptables)))
        if self.ip6tables:
            found.append((["ip6tables-restore", "--noflush"], iptables_script(self.ip6tables)))
        if self.tc:
            found.append((["tc", "-batch", "-"], "\n".join(self.tc) + "\n"))
        return found


def nft_script(rules: Mapping[str, list[str]]) -> str:
    """Write one table with the chains that are needed."""
    chains = "".join(
        f"  chain {chain} {{\n    {_CHAINS[chain]}\n" + "".join(f"    {rule}\n" for rule in rules[chain]) + "  }\n"
        for chain in _CHAINS
        if chain in rules
    )
    return f"table inet raabta {{\n{chains}}}\n"


def iptables_script(rules: list[IptablesRule]) -> str:
    """Write what ``iptables-restore`` reads."""
    tables = dict.fromkeys(table for table, _ in rules)
    parts = (f"*{table}\n" + "".join(f"{rule}\n" for of, rule in rules if of == table) + "COMMIT\n" for table in tables)
    return "".join(parts)


def carry_out(orders: Mapping[str, Orders], *, enter: Enter) -> None:
    """Say everything to every namespace.

    Raises:
        LabUnavailableError: A tool is missing, or refused; its words are in the text.
    """
    running: list[tuple[str, subprocess.Popen[str], str]] = []
    environment = tool_environment()
    for name, order in orders.items():
        for command, text in order.batches():
            with enter(name):
                running.append((f"{command[0]} in {name}", _start(command, environment), text))
    failures: list[str] = []
    for what, process, text in running:
        _, said = process.communicate(text, timeout=_COMMAND_S)
        if process.returncode != 0:
            failures.append(f"{what}: {said.strip()}")
    if failures:
        raise LabUnavailableError("; ".join(failures))


def _start(command: list[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(  # noqa: S603  our own words
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
    except FileNotFoundError as error:
        raise LabUnavailableError(f"{command[0]} is not installed") from error
