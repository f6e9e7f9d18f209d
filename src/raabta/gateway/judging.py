"""Whether a list may be loaded: what speaks against it, and what a person may override.

Signatures and freshness were checked by ``gateway.fetch``. Here the same rules are asked again, and what only this
gateway can know: what it holds now, how much would change, and whether its own tables allow the policy.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct

from raabta.gateway.findings import each_rule_once
from raabta.gateway.settings import GatewaySettings
from raabta.gateway.state import Load, Notes, content_of
from raabta.model.exemption import ExemptionEntry, ExemptionList
from raabta.remedy.lint import LintBench, lint_list
from raabta.remedy.policy import Marker
from raabta.remedy.render.sheet import GRACE

CLOCK_SLACK: Final = timedelta(minutes=10)
"""How far a clock may be behind before a list of today seems to be of tomorrow. Judgement."""


class Refusal(Struct, frozen=True, kw_only=True):
    """Why a list is not loaded. ``code`` is permanent."""

    code: str
    words: str
    may_override: bool = False
    """Whether ``--override`` lets it pass."""


BLOCKS_AT_ONCE: Final = 10
"""So few protective blocks may come or go with a list whatever their share: attacks begin and end in a day."""


class Differences(Struct, frozen=True, kw_only=True):
    """How a list differs from the one before, in entries."""

    n_before: int
    n_after: int
    n_added: int
    n_removed: int
    n_blocks_before: int = 0
    n_blocks_changed: int = 0

    @property
    def change_share(self) -> float:
        """Of the entries before; 0 where there were none."""
        return max(self.n_added, self.n_removed) / self.n_before if self.n_before else 0.0

    @property
    def block_share(self) -> float:
        """Of protective blocks, likewise; but where there were none, the first ones are a change of all."""
        return self.n_blocks_changed / max(1, self.n_blocks_before)


def differences(before: ExemptionList | None, after: ExemptionList) -> Differences:
    """Count entries by what they spare. An entry that only lasts longer, or less long, has not changed."""
    old = set(map(_spares, before.entries)) if before else set()
    new = set(map(_spares, after.entries))
    old_blocks = {row.target for row in before.restrictions} if before else set()
    new_blocks = {row.target for row in after.restrictions}
    return Differences(
        n_before=len(old),
        n_after=len(new),
        n_added=len(new - old),
        n_removed=len(old - new),
        n_blocks_before=len(old_blocks),
        n_blocks_changed=max(len(new_blocks - old_blocks), len(old_blocks - new_blocks)) if before else 0,
    )


def _spares(entry: ExemptionEntry) -> tuple[str, str, str, int]:
    return entry.source, entry.destination, entry.transport, entry.port


def refusals(
    load: Load,
    before: Load | None,
    *,
    settings: GatewaySettings,
    notes: Notes,
    now: datetime,
    bench: LintBench,
) -> Iterator[Refusal]:
    """Say what speaks against loading a list in place of another.

    Args:
        load: What would be loaded.
        before: What the kernel holds, or held before it lost its tables; None where it never held anything.
        settings: Limits.
        notes: What is remembered.
        now: Aware UTC.
        bench: Tables and recipient for the rules.
    """
    of = load.list
    if of.recipient != settings.recipient.id:
        yield _refusal(
            "list.recipient", f"the list is for {of.recipient!r}, this gateway is {settings.recipient.id!r}."
        )
    if now < of.made_at - CLOCK_SLACK:
        yield _refusal("clock.behind", f"the list was made at {of.made_at}, later than now: set this machine's clock.")
    if notes.latest_at and now < notes.latest_at - CLOCK_SLACK:
        words = f"the clock went back: it showed {notes.latest_at} before. Set it right; if it is right: --override"
        yield Refusal(code="clock.back", words=words, may_override=True)
    if of.expires_at + GRACE <= now:
        yield _refusal("list.over", f"the list expired at {of.expires_at}, and its grace is over. Pull a newer one.")
    yield from _by_serial(load, before, now)
    if before is not None and before.list == of:
        return
    yield from _by_size(before, of, settings.limits.max_change_share)
    findings = [finding for finding in lint_list(of, bench=bench, now=now) if finding.hard]
    if findings:
        words = f"rules forbid it: {each_rule_once(findings)} Tell the publisher."
        yield _refusal("list.rules", words)


def _by_serial(load: Load, before: Load | None, now: datetime) -> Iterator[Refusal]:
    if before is None or load.list.serial > before.list.serial:
        if load.list.expires_at <= now:
            yield _refusal("list.expired", f"the list expired at {load.list.expires_at}. Pull a newer one.")
        return
    if load.list.serial < before.list.serial:
        words = f"serial {load.list.serial} is older than {before.list.serial}, which is loaded. To go back: "
        yield _refusal("serial.older", f"{words}raabta gateway rollback")
    elif load.list != before.list:
        yield _refusal("serial.reused", f"another list with serial {load.list.serial} is loaded. Tell the publisher.")


def _by_size(before: Load | None, of: ExemptionList, max_share: float) -> Iterator[Refusal]:
    found = differences(before.list if before else None, of)
    advice = "Ask the publisher whether that is meant, then: raabta gateway apply --override"
    if found.change_share > max_share:
        words = (
            f"{found.n_added} entries come and {found.n_removed} go, of {found.n_before}: more than {max_share:.0%}."
        )
        yield Refusal(code="change.large", words=f"{words} {advice}", may_override=True)
    if found.n_blocks_changed > BLOCKS_AT_ONCE and found.block_share > max_share:
        words = f"{found.n_blocks_changed} blocks change, of {found.n_blocks_before}: more than {max_share:.0%}."
        yield Refusal(code="change.blocks", words=f"{words} {advice}", may_override=True)


def _refusal(code: str, words: str) -> Refusal:
    return Refusal(code=code, words=words)


def unsafe_notrack(others: Sequence[dict[str, Any]], old_tables: str) -> str:
    """Say why spared packets may not be taken out of connection tracking here; "" where they may.

    Args:
        others: The operator's tables, as nft tells them in JSON.
        old_tables: Names of tables of the older iptables, one a line.
    """
    if "nat" in old_tables.split():
        return "iptables has a table nat: translated packets need connection tracking"
    for item in others:
        chain, rule = item.get("chain", {}), item.get("rule", {})
        if chain.get("type") == "nat":
            return f"chain {chain['name']} of table {chain['table']} translates addresses, which needs tracking"
        if any(_asks_state(part) for part in rule.get("expr", ())):
            return f"chain {rule['chain']} of table {rule['table']} asks for a connection's state, which needs tracking"
    return ""


def marks_restored(others: Sequence[dict[str, Any]]) -> str:
    """Say where the operator's rules copy a connection's whole mark over a packet's; "" where none does."""
    for item in others:
        rule = item.get("rule", {})
        if any(_copies_mark(part) for part in rule.get("expr", ())):
            return f"chain {rule['chain']} of table {rule['table']}"
    return ""


def _asks_state(part: object) -> bool:
    """Whether JSON of a rule has the key ``ct``, or an older match whose kind is hidden (``xt``), which may be one."""
    if isinstance(part, dict):
        return "ct" in part or "xt" in part or any(map(_asks_state, part.values()))
    return isinstance(part, list) and any(map(_asks_state, part))


def _copies_mark(part: dict[str, Any]) -> bool:
    mangle = part.get("mangle", {})
    return bool(mangle.get("key") == {"meta": {"key": "mark"}} and mangle.get("value") == {"ct": {"key": "mark"}})


def name_of(load: Load) -> Marker:
    """Give the kernel's name for a load, but for the policy, which is filled in when it is laid out."""
    return Marker(serial=load.list.serial, leases=load.leases_version, content=content_of(load), policy="")
