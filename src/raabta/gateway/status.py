"""Status: which list the kernel holds, until when, what waits, and what is wrong; counts of the whole only."""

from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct

from raabta.gateway import nft
from raabta.gateway.agent import Agent
from raabta.gateway.applying import is_foreign
from raabta.remedy.flows import find_flows
from raabta.remedy.render.sheet import GRACE

State = Literal["nothing", "loaded", "grace", "closed", "lost", "foreign"]
"""``nothing``: never loaded; ``loaded``: in force; ``grace``: in force although nobody could say for a day or more that
it is the newest; ``closed``: over; ``lost``: the kernel lost its table (a restart, ``nft flush ruleset``); ``foreign``:
somebody else changed the table, or made it."""


class Status(Struct, frozen=True, kw_only=True):
    """One look at a gateway."""

    state: State
    recipient: str
    serial: int | None
    leases_version: int | None
    pulled_serial: int | None
    """Of the newest list that was fetched and verified: it waits, if it is higher than ``serial``."""
    n_entries: int
    """In force now, leases among them."""
    n_leases: int
    expires_at: datetime | None
    closes_at: datetime | None
    """When the kernel ends all exemptions by itself, if nothing newer comes."""
    applied_at: datetime | None
    pulled_at: datetime | None
    held_above: int
    """After an undo: lists up to this serial are not loaded by themselves."""
    counters: dict[str, tuple[int, int]]
    """Packets and bytes of the whole since the table was made: spared, cut, blocked."""
    trouble: str


def status(agent: Agent) -> Status:
    """Look at kernel and folder. Changes nothing.

    Raises:
        OSError: nft cannot be run.
        ValueError: A file is damaged, or nft refused.
    """
    now = agent.now()
    kernel = agent.kernel()
    notes = agent.store.notes()
    rows = agent.store.history().rows
    held = nft.read_held() if kernel.has_table else None
    load = kernel.load or agent.before(kernel)
    pulled = agent.pulled()
    state: State = "nothing" if load is None else "lost"
    closes_at = flows = None
    if load is not None:
        flows = find_flows(load.list, now=now, fresh_until=load.fresh_until)
        closes_at = datetime.fromtimestamp(flows.closes_s, UTC)
    if held is not None:
        state = "foreign" if is_foreign(agent, held) or kernel.load is None else _state_by_time(closes_at, now)
    leases = [lease for lease in load.leases if lease.not_before <= now < lease.not_after] if load else []
    return Status(
        state=state,
        recipient=agent.settings.recipient.id,
        serial=kernel.load.list.serial if kernel.load else None,
        leases_version=kernel.load.leases_version if kernel.load else None,
        pulled_serial=pulled.list.serial if pulled else None,
        n_entries=(flows.n_entries if flows else 0) + len(leases) if kernel.load else 0,
        n_leases=len(leases) if kernel.load else 0,
        expires_at=load.list.expires_at if load else None,
        closes_at=closes_at,
        applied_at=rows[-1].applied_at if rows else None,
        pulled_at=notes.pulled_at,
        held_above=notes.held_above,
        counters=held.counters if held else {},
        trouble=notes.trouble,
    )


def _state_by_time(closes_at: datetime | None, now: datetime) -> State:
    if closes_at is None or closes_at <= now:
        return "closed"
    return "grace" if closes_at - now <= GRACE else "loaded"
