"""What every verb of the agent works with: settings, folder, tables, clock; and kernel and folder read together."""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Final

from msgspec import Struct

from raabta.gateway import nft
from raabta.gateway.fetch import Fetched, fetch, last_good
from raabta.gateway.settings import GatewaySettings
from raabta.gateway.state import Load, Store
from raabta.remedy.flows import Flows, entries_of_leases, find_flows
from raabta.remedy.lint import LintBench, bench_of

OLD_TABLES: Final = Path("/proc/net/ip_tables_names")
"""Where kernels name the tables of the older iptables, of this network namespace."""


class Kernel(Struct, frozen=True, kw_only=True):
    """Which load the kernel holds, as far as its name and this folder tell."""

    has_table: bool
    marker: str
    """"" where the kernel holds no list, or more than one name, which somebody else must have made."""
    load: Load | None
    """None where the kernel holds none, or one that this folder does not know."""


class Agent:
    """One gateway. It changes nothing by being made, but for its folder.

    Args:
        settings: Of gateway.toml.
        now: The clock: aware UTC.

    Raises:
        OSError: The folder cannot be written.
    """

    def __init__(self, settings: GatewaySettings, *, now: Callable[[], datetime]) -> None:
        self.settings = settings
        self.now = now
        self.store = Store(settings.state)

    @cached_property
    def bench(self) -> LintBench:
        """Tables and recipient for the rules. The tables are read once."""
        return bench_of(self.settings.load_tables(), self.settings.recipient)

    def pull(self) -> Load:
        """Fetch and verify the newest list. What was good stands whatever happens.

        Raises:
            OSError: The source could not be reached or read.
            ValueError: What came was refused.
        """
        return _load(fetch(self.settings.source(), self.settings.state, now=self.now(), bench=self.bench))

    def pulled(self) -> Load | None:
        """Read what was last fetched and verified; None where nothing was.

        Raises:
            ValueError: The kept files are damaged.
        """
        found = last_good(self.settings.state, now=self.now(), bench=self.bench)
        return _load(found) if found else None

    def kernel(self) -> Kernel:
        """Ask the kernel which load it holds. Takes some 10 ms and the reading of the list.

        Raises:
            OSError: nft cannot be run.
            ValueError: It refused, or a file of the folder is damaged.
        """
        names = nft.marker_names()
        marker = names[0] if names and len(names) == 1 else ""
        return Kernel(has_table=names is not None, marker=marker, load=self.store.load_of(marker) if marker else None)

    def before(self, kernel: Kernel) -> Load | None:
        """Give the load that a new one replaces: the kernel's, else the last that it is known to have held."""
        if kernel.load is not None:
            return kernel.load
        rows = self.store.history().rows
        return self.store.load_of(rows[-1].marker) if rows else None

    def flows(self, load: Load) -> Flows:
        """Say what the kernel is to hold for a load, now.

        Raises:
            ValueError: An entry cannot be loaded.
        """
        verified = entries_of_leases(load.leases, load.list)
        return find_flows(load.list, now=self.now(), verified=verified, fresh_until=load.fresh_until)

    def now_s(self) -> int:
        """The time in whole seconds since 1970."""
        return int(self.now().timestamp())


def _load(fetched: Fetched) -> Load:
    return Load(
        list=fetched.list,
        leases=fetched.leases,
        leases_version=fetched.versions.get("leases", 0),
        fresh_until=fetched.fresh_until,
    )


def old_tables() -> str:
    """Read which tables of the older iptables there are, "" where the kernel has none."""
    return OLD_TABLES.read_text("ascii") if OLD_TABLES.exists() else ""
