"""Verify: whether the kernel holds exactly what the list says, and whether listed traffic is spared in fact."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from raabta.gateway import nft
from raabta.gateway.agent import Agent
from raabta.gateway.applying import is_foreign
from raabta.model.effect import Effect
from raabta.remedy.transaction import find_differences

if TYPE_CHECKING:
    from raabta.pipeline.expecting import ExpectPlan, Measuring


class Comparison(Struct, frozen=True, kw_only=True):
    """What the kernel holds, against the list that it names.

    Attributes:
        serial: Of the list; None where the kernel holds none that is known here.
        n_elements: In the kernel: tuples that are spared.
        wrong: What differs, in words; nothing where all is as it should be.
        compared_at: When.
    """

    serial: int | None
    n_elements: int
    wrong: tuple[str, ...]
    compared_at: datetime


def compare(agent: Agent) -> Comparison:
    """Read all that the kernel holds, and hold it against the list.

    Raises:
        OSError: nft cannot be run.
        ValueError: A file is damaged, or nft refused.
    """
    now = agent.now()
    kernel = agent.kernel()
    held = nft.read_held() if kernel.has_table else None
    if held is None:
        return Comparison(serial=None, n_elements=0, wrong=("the kernel has no table inet raabta",), compared_at=now)
    n_elements = sum(len(elements) for name, elements in held.sets.items() if name.startswith("spared_"))
    if kernel.load is None:
        words = "its table inet raabta names no list that this folder knows"
        return Comparison(serial=None, n_elements=n_elements, wrong=(words,), compared_at=now)
    wrong = find_differences(agent.flows(kernel.load), held, now_s=agent.now_s())
    if is_foreign(agent, held):
        wrong.insert(0, "its rules are not those that the agent loaded")
    return Comparison(serial=kernel.load.list.serial, n_elements=n_elements, wrong=tuple(wrong), compared_at=now)


def measure(agent: Agent, measuring: "Measuring") -> list[Effect]:
    """Ask whether exemptions work, for each file that gateway.toml names, one after the other; keep the results.

    Args:
        agent: The gateway.
        measuring: Network, clock and chance, as ``pipeline.expecting`` takes them.

    Raises:
        OSError: Results cannot be written.
        ValueError: A file is wrong.
    """
    # Measuring needs half of the package, loading a list does not.
    from raabta.pipeline.expect_file import read_plan  # noqa: PLC0415
    from raabta.pipeline.expecting import expect_exempt  # noqa: PLC0415

    plans = [_with_witness(read_plan(file, url=""), agent) for file in agent.settings.verify_files]
    effects = [asyncio.run(expect_exempt(plan, measuring)) for plan in plans]
    results = agent.settings.verify_results
    if results:
        with results.open("ab") as stream:
            stream.writelines(msgspec.json.encode(effect) + b"\n" for effect in effects)
    return effects


def _with_witness(plan: "ExpectPlan", agent: Agent) -> "ExpectPlan":
    """Add what the witness outside saw; where that is not fresh, the result says what it could not tell without it."""
    from raabta.pipeline.expecting import facts_of_outside  # noqa: PLC0415  as above

    file = agent.settings.verify_outside
    if file is None or not file.is_file():
        return plan
    try:
        effects = [msgspec.json.decode(line, type=Effect) for line in file.read_bytes().splitlines() if line.strip()]
        outside = facts_of_outside(effects, label=plan.label, now=agent.now())
    except ValueError:  # none is fresh, or the file is half written
        return plan
    return msgspec.structs.replace(plan, outside=outside)
