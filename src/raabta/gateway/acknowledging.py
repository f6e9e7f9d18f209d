"""Saying which list is in force, signed by the gateway's own key, as a file for whatever carries it."""

from hashlib import sha256
from pathlib import Path

import msgspec

from raabta.gateway.agent import Agent
from raabta.gateway.state import Load, write_whole
from raabta.remedy.acknowledgement import Acknowledgement, sign_acknowledgement
from raabta.remedy.canonical import canonical
from raabta.remedy.policy import Marker


def acknowledge(agent: Agent, load: Load, *, marker: Marker) -> Acknowledgement:
    """Write an acknowledgement into the folder, and a copy where gateway.toml says.

    Raises:
        OSError: A folder cannot be written.
    """
    said = sign_acknowledgement(
        Acknowledgement(
            recipient=load.list.recipient,
            serial=load.list.serial,
            list_hash=sha256(canonical(load.list)).hexdigest(),
            leases_version=load.leases_version,
            n_entries=agent.flows(load).n_entries,
            marker=marker.name,
            applied_at=agent.now(),
            key="",
        ),
        agent.store.signing_key(),
    )
    raw = canonical(said)
    write_whole(latest(agent), raw)
    copies = agent.settings.acknowledge_to
    if copies:
        copies.mkdir(parents=True, exist_ok=True)
        write_whole(copies / f"{load.list.recipient}-{load.list.serial}-{load.leases_version}.json", raw)
    return said


def latest(agent: Agent) -> Path:
    """Say where the newest acknowledgement is."""
    return agent.store.folder / "acks" / "latest.json"


def is_acknowledged(agent: Agent, marker: str) -> bool:
    """Whether what the kernel holds has been acknowledged."""
    place = latest(agent)
    return place.is_file() and msgspec.json.decode(place.read_bytes(), type=Acknowledgement).marker == marker
