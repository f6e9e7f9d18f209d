"""The tables that rules are held against, prepared once for many entries."""

from msgspec import Struct

from raabta.model.exemption import Recipient
from raabta.reference.addresses import PrefixTable
from raabta.reference.tables import Tables
from raabta.reference.targets import load_targets
from raabta.remedy.linting.places import Place, Quiet, place_of, read_span


class LintBench(Struct, frozen=True, kw_only=True):
    """What rules are held against. Make it by ``bench_of``, once.

    Attributes:
        tables: The package's, or those of ``reference.own.load_own_tables``.
        recipient: Who gets the list; None where that is not known: then no rule about the recipient is applied.
        critical_hosts: Host names that no restriction may hit.
        critical_places: Prefixes that no restriction may hit.
        quiet: Where the tables have nothing to say.
    """

    tables: Tables
    recipient: Recipient | None
    critical_hosts: frozenset[str]
    critical_places: PrefixTable[str]
    quiet: Quiet

    @property
    def asns(self) -> tuple[int, ...]:
        """The recipient's networks; empty where no rule about them is applied."""
        return () if self.recipient is None else self.recipient.asns

    def place(self, text: str, seen: dict[str, Place]) -> Place:
        """Judge a prefix's text, once for each ``seen``."""
        known = seen.get(text)
        if known is None:
            known = seen[text] = place_of(text, self.tables, quiet=self.quiet)
        return known


def bench_of(tables: Tables, recipient: Recipient | None = None) -> LintBench:
    """Prepare the tables for lint. Costs some milliseconds: do it once.

    Args:
        tables: Where addresses belong; ``tables.critical`` adds to the package's list of targets.
        recipient: Who gets the list.

    Raises:
        ValueError: A prefix of ``tables.critical`` has host bits set.
    """
    own = {
        text.lower().removesuffix("."): read_span(text if "/" in text else _single(text)) for text in tables.critical
    }
    hosts = {name for name, span in own.items() if span is None}
    places = [(name if "/" in name else _single(name), name) for name, span in own.items() if span is not None]
    return LintBench(
        tables=tables,
        recipient=recipient,
        critical_hosts=frozenset(hosts | _hosts_of_targets()),
        critical_places=PrefixTable(places, default=""),
        quiet=Quiet(tables),
    )


def _single(address: str) -> str:
    return f"{address}/{128 if ':' in address else 32}"


def _hosts_of_targets() -> set[str]:
    hosts = set()
    for target in load_targets().targets:
        for endpoint in target.endpoints:
            rest = endpoint.url.partition("://")[2].partition("/")[0]
            if not rest.startswith("["):
                hosts.add(rest.partition(":")[0].lower())
    return hosts
